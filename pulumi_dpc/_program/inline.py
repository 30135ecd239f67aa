"""An inline program of the Automation API: it runs in its caller's process, whose environment is not the workspace's.

The engine and its providers see the caller's environment with the workspace's ``env_vars`` over it. An inline program
sees the first alone, so its lookups could ask another account than its resources. The workspace is found in the frame
that waits for the engine, which is not public (``docs/pulumi-host.md`` section 17); where it is not found, nothing is
asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from types import FrameType

NOT_FOUND = (
    "this is an inline program of the Automation API, whose workspace cannot be found in this version of Pulumi's SDK:"
    " its env_vars may name another account than the environment of this process. Give the lookup settings=..., or"
    " opts=pulumi.InvokeOptions(provider=dpc.Provider(...)) to its _output form"
)


def environment_of_program() -> Mapping[str, str] | None:
    """Return the environment variables that the resources of this program see, None where they cannot be told.

    To be called in the thread of the program.
    """
    server = _language_server(sys._getframe())  # noqa: SLF001 - documented, CPython only
    if server is None:
        # A thread that such a program has begun, or one of the caller's own: which of the two cannot be told.
        is_any = any(_is_server(frame.f_locals.get("self")) for frame in _frames_of_all_threads())
        return None if is_any else os.environ
    for frame in _frames_of_all_threads():
        names = frame.f_locals
        if any(value is server for value in list(names.values())):
            given = getattr(getattr(names.get("self"), "workspace", None), "env_vars", None)
            if isinstance(given, Mapping):
                return {**os.environ, **given}
    return None


def _language_server(frame: FrameType | None) -> object | None:
    """Return the server that runs this thread's program, if that is an inline program."""
    while frame is not None:
        server: object = frame.f_locals.get("self")
        if _is_server(server):
            return server
        frame = frame.f_back
    return None


def _is_server(value: object) -> bool:
    kind: type | tuple[()] = getattr(sys.modules.get("pulumi.automation._server"), "LanguageServer", ())
    return isinstance(value, kind)


def _frames_of_all_threads() -> Iterator[FrameType]:
    for newest in sys._current_frames().values():  # noqa: SLF001 - as above
        frame: FrameType | None = newest
        while frame is not None:
            yield frame
            frame = frame.f_back
