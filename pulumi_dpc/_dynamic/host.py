"""Give the provider what the stock host of Python dynamic providers does not offer.

The host (``python -m pulumi.dynamic``) hands a provider two dictionaries and nothing else. The engine's
request and the gRPC context are locals of a frame further up, and this module looks for them there. What
follows from that was measured; "section" below means one of ``docs/pulumi-host.md``. Each piece is detected
at run time. Where one is missing, or with ``DPC_HOST_HOOKS=off``, callers get the host's plain behaviour.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from pulumi.runtime.proto.engine_pb2_grpc import EngineStub

Hook = TypeVar("Hook", bound=Callable[..., Any])

_PROVIDER_KEY = "__provider"
_UNKNOWN = 2  # google.rpc.Code of the host's own errors; the engine ignores a trailer with another code
_LOG_SECONDS = 2.0  # the engine is on this machine; a slow display must not slow a deployment
_WATCHED_SECONDS, _UNWATCHED_SECONDS = 2.0, 15.0  # between progress texts that differ only in their numbers


class Failure(Exception):
    """Say what the user should read, as the whole text of the error."""


class InitFailed(Exception):
    """Say that the resource exists although the operation failed: the engine keeps it and goes on next time.

    Args:
        id: The resource's id.
        properties: Its outputs as far as they are known, JSON-like; the serialised provider is added here.
        reason: The whole message in one text, because the engine shows nothing else.
    """

    def __init__(self, id: str, properties: Mapping[str, Any], reason: str) -> None:  # noqa: A002 - Pulumi's word
        super().__init__(reason)
        self.id = id
        self.properties = properties
        self.reason = reason


class Call:
    """Describe the engine's request that is being answered, and talk to its row in the display.

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

    def progress(self, text: str) -> None:
        """Show a passing text in the resource's row, in place of the one before.

        Without a live display every text is a line of its own, so one that only counts on is sent rarely.
        """
        kind, now = re.sub(r"\d+", "", text), time.monotonic()
        if kind != self._shown or now >= self._again_at:
            self._shown, self._again_at = kind, now + _progress_seconds()
            self._log("INFO", text, ephemeral=True)

    def warn(self, text: str) -> None:
        """Put a warning on the resource; it stays in the command's report and does not fail it."""
        if not self._log("WARNING", text):
            line = " ".join(f"warning: {self.name or 'pulumi_dpc'}: {text}".split())
            with contextlib.suppress(OSError):  # nobody reads it
                print(line, file=sys.stderr, flush=True)  # noqa: T201 - it is shown on the stack's row

    def _log(self, severity: str, text: str, *, ephemeral: bool = False) -> bool:
        """Send the engine a message for this resource; tell whether it arrived (section 5)."""
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


def _enabled() -> bool:
    return os.environ.get("DPC_HOST_HOOKS", "").lower() != "off"


def _callers_locals(*names: str) -> Iterator[Mapping[str, Any]]:
    """Yield the locals of every caller that has all these names, innermost first."""
    frame = sys._getframe(1) if _enabled() else None  # noqa: SLF001 - documented, CPython only; PyPy has it too
    while frame:
        if all(name in frame.f_code.co_varnames for name in names):
            yield frame.f_locals
        frame = frame.f_back


_of_this_thread = threading.local()


def current_call() -> Call:
    """Return the call that this thread is answering, one object per call; outside the host an empty one.

    The servicer's method has ``request`` and ``context`` as its parameters (section 1).
    """
    request = context = None
    for caller in _callers_locals("request", "context"):
        if hasattr(caller.get("context"), "set_trailing_metadata"):
            request, context = caller["request"], caller["context"]
            break
    call: Call | None = getattr(_of_this_thread, "call", None)
    if call is None or call.request is not request:
        call = _of_this_thread.call = Call(request, context)
    return call


def raise_worker_limit(n: int = 256) -> bool:
    """Let the host answer up to ``n`` calls at a time instead of 4; tell whether it does.

    Four waiting creates would stop every other operation, and Cancel, which needs a thread too, would not be
    heard. The executor is a local of the function that its threads run (section 4). It starts threads only as
    calls arrive, so those that a refresh has queued before the provider is loaded need theirs now.
    """
    for caller in _callers_locals("executor_reference", "work_queue"):
        executor = caller["executor_reference"]()
        with contextlib.suppress(AttributeError):  # another kind of executor, or a changed one
            executor._max_workers = max(n, executor._max_workers)  # noqa: SLF001 - no public way, here and below
            for _ in range(caller["work_queue"].qsize()):
                executor._adjust_thread_count()  # noqa: SLF001
            return True
    return False


_interrupt = threading.Event()


def interrupted() -> threading.Event:
    """Return the event that the user's first Ctrl-C sets, from the first call of this function on.

    The engine then calls Cancel and waits for the operations in flight. The host's Cancel does nothing, and
    gRPC holds the bound method, so only the code of that function can be replaced (section 8). The engine
    calls Cancel at the end of every command too, when no operation is left to hear it.
    """
    servicer = getattr(sys.modules.get("__main__"), "DynamicResourceProviderServicer", None)
    cancel = getattr(servicer, "Cancel", None)
    if _enabled() and isinstance(cancel, types.FunctionType) and not hasattr(cancel, "replaced"):
        replaced = types.FunctionType(cancel.__code__, cancel.__globals__, closure=cancel.__closure__)
        cancel.replaced = replaced  # type: ignore[attr-defined]
        # A decorated Cancel, which no host has yet, refuses: a Ctrl-C then waits.
        with contextlib.suppress(ValueError):
            cancel.__code__ = _cancel.__code__
    return _interrupt


def _cancel(self: Any, request: Any, context: Any) -> Any:
    """Lend its code to the host's Cancel, so that it runs with that function's globals and not with these."""
    from pulumi_dpc._dynamic import host  # noqa: PLW0406

    host.interrupted().set()
    return type(self).Cancel.replaced(self, request, context)


def can_init_fail() -> bool:
    """Tell whether an ``InitFailed`` raised now would reach the engine as one."""
    return _can_answer(current_call()) and _serialized_provider(current_call().request) is not None


def boundary(hook: Hook) -> Hook:
    """Turn whatever a hook raises into an answer that reads as one error of the resource.

    ``SystemExit`` and its like included: one that leaves the hook ends the call without an answer, and the
    engine waits for ever (section 1).
    """

    @functools.wraps(hook)
    def answered(*args: Any, **kwargs: Any) -> Any:
        try:
            return hook(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - see the docstring
            _answer(error)

    return answered  # type: ignore[return-value]


def _answer(error: BaseException) -> NoReturn:
    """End the call with this error; the trailer, where there can be one, decides what the engine reads of it.

    The host ends the call with the traceback as its message, or, before SDK 3.260, "Exception calling
    application: …"; it keeps the trailer (sections 1 and 1b).
    """
    text, call = _sentence(error), current_call()
    with contextlib.suppress(Exception):  # then the host's own rendering remains
        if _can_answer(call):
            details = [_init_failed(error, text, call.request)] if isinstance(error, InitFailed) else []
            call.context.set_trailing_metadata((("grpc-status-details-bin", _status(text, details)),))
    raise Failure(text) from error


def _sentence(error: BaseException) -> str:
    """Return what the user reads, with the traceback where ``DPC_DEBUG=1`` asks for it."""
    text = str(error)
    if not isinstance(error, (Failure, InitFailed)):
        summary = "".join(traceback.format_exception_only(error)).strip()
        text = f"unexpected error in pulumi_dpc: {summary} (please report; set DPC_DEBUG=1 for the traceback)"
    if os.environ.get("DPC_DEBUG") == "1":
        text += "\n" + "".join(traceback.format_exception(error))
    return text


def _can_answer(call: Call) -> bool:
    try:
        from pulumi.runtime.proto.provider_pb2 import ErrorResourceInitFailed  # noqa: F401
        from pulumi.runtime.proto.status_pb2 import Status  # noqa: F401
    except ImportError:
        return False
    return call.context is not None


def _status(message: str, details: list[Any]) -> bytes:
    """Encode the error that the engine prefers to the one the host sends."""
    from google.protobuf.any_pb2 import Any as AnyMessage
    from pulumi.runtime.proto.status_pb2 import Status

    status = Status(code=_UNKNOWN, message=message)
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status.SerializeToString()


def _init_failed(failed: InitFailed, reason: str, request: Any) -> Any:
    """Return the detail that makes the engine keep id and properties (section 1b)."""
    from google.protobuf.struct_pb2 import Struct
    from pulumi.runtime.proto.provider_pb2 import ErrorResourceInitFailed

    properties = Struct()
    properties.update(_without_none(failed.properties))
    properties.fields[_PROVIDER_KEY].CopyFrom(_serialized_provider(request))
    return ErrorResourceInitFailed(id=failed.id, properties=properties, reasons=[reason])


def _serialized_provider(request: Any) -> Any:
    """Return the provider as the engine sent it, which every stored output must repeat."""
    for field in ("news", "properties", "inputs"):
        fields = getattr(getattr(request, field, None), "fields", {})
        if _PROVIDER_KEY in fields:
            return fields[_PROVIDER_KEY]
    return None


def _without_none(value: Any) -> Any:
    """Drop None from mappings but not from lists, as the host does with the outputs of a success."""
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(item) for item in value]
    return value
