"""The engine's request that is being answered, and what is shown in its resource's row."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .frames import callers_locals

if TYPE_CHECKING:
    from pulumi.runtime.proto.engine_pb2_grpc import EngineStub

_LOG_SECONDS = 2.0  # the engine is on this machine; a slow display must not slow a deployment
_WATCHED_SECONDS, _UNWATCHED_SECONDS = 2.0, 15.0  # between progress texts that differ only in their numbers


class Call:
    """The engine's request that is being answered, and its row in the display.

    Attributes:
        urn: The resource's URN, None where the host does not tell.
        name: Its name in the program.
        timeout: What ``custom_timeouts`` gives this operation, in seconds; 0.0 where it gives nothing.
        ignored: The property paths of ``ignore_changes``, in a diff or an update.
    """

    def __init__(self, request: Any = None, context: Any = None) -> None:
        self.request = request
        self.context = context
        self.urn: str | None = getattr(request, "urn", "") or None
        self.name: str | None = getattr(request, "name", "") or (self.urn and self.urn.split("::", 3)[-1])
        self.timeout = float(getattr(request, "timeout", 0.0))
        self.ignored: tuple[str, ...] = tuple(getattr(request, "ignoreChanges", ()))
        self._shown = ""
        self._again_at = 0.0

    def old_inputs(self) -> Mapping[str, Any] | None:
        """Return the inputs that the state has, in a diff or an update; None where the host does not tell."""
        if not getattr(self.request, "HasField", lambda _name: False)("old_inputs"):
            return None
        from pulumi.runtime.rpc import deserialize_properties

        found: Mapping[str, Any] = deserialize_properties(self.request.old_inputs, keep_unknowns=True)
        return found

    def progress(self, text: str) -> None:
        """Show a passing text in the resource's row, in place of the one before.

        Without a live display every text is a line of its own, so one that only counts on is sent rarely.
        """
        kind, now = re.sub(r"\d+", "", text), time.monotonic()
        if kind != self._shown or now >= self._again_at:
            self._shown, self._again_at = kind, now + _progress_seconds()
            self._log("INFO", text, ephemeral=True)

    def inform(self, text: str) -> None:
        """Put a sentence on the resource that stays in the command's report."""
        self._log("INFO", text)

    def warn(self, text: str) -> None:
        """Put a warning on the resource; it stays in the command's report and does not fail it."""
        if not self._log("WARNING", text):
            line = " ".join(f"warning: {self.name or 'pulumi_dpc'}: {text}".split())
            with contextlib.suppress(OSError):  # nobody reads it
                print(line, file=sys.stderr, flush=True)  # noqa: T201 - it is shown on the stack's row

    def _log(self, severity: str, text: str, *, ephemeral: bool = False) -> bool:
        """Send the engine a message for this resource; tell whether it arrived (``docs/pulumi-host.md`` section 5)."""
        if self.urn is None:
            return False
        try:
            from pulumi.runtime.proto import engine_pb2

            level = engine_pb2.LogSeverity.Value(severity)
            message = engine_pb2.LogRequest(severity=level, message=text, urn=self.urn, ephemeral=ephemeral)
            _engine().Log(message, timeout=_LOG_SECONDS)
        except Exception:  # noqa: BLE001 - no operation may fail because its display cannot be reached
            return False
        return True


@functools.cache
def _engine() -> EngineStub:
    """Connect to the engine, whose address is the last argument it started the host with."""
    import grpc
    from pulumi.runtime.proto.engine_pb2_grpc import EngineStub

    # gRPC honours http_proxy even for loopback.
    return EngineStub(grpc.insecure_channel(sys.argv[-1], options=[("grpc.enable_http_proxy", 0)]))


@functools.cache
def _progress_seconds() -> float:
    """Guess whether a person watches a live display, which the engine does not tell a provider.

    The host's own streams are pipes, but it keeps the controlling terminal of the CLI, if there is one.
    """
    if os.environ.get("CI"):
        return _UNWATCHED_SECONDS
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except (OSError, AttributeError):  # no terminal; no such flag on Windows
        return _UNWATCHED_SECONDS
    return _WATCHED_SECONDS


_of_this_thread = threading.local()


def current_call() -> Call:
    """Return the call that this thread is answering, one object per call; outside the host an empty one.

    The servicer's method has ``request`` and ``context`` as its parameters (``docs/pulumi-host.md`` section 1).
    """
    request = context = None
    for caller in callers_locals("request", "context"):
        if hasattr(caller.get("context"), "set_trailing_metadata"):
            request, context = caller["request"], caller["context"]
            break
    call: Call | None = getattr(_of_this_thread, "call", None)
    if call is None or call.request is not request:
        call = _of_this_thread.call = Call(request, context)
    return call
