"""The end of a program whose deployment has failed: without the tracebacks of the interrupts that end it.

The engine tells a program nothing of a failed deployment: it ends the language host with SIGINT to its process group,
and the host ends the program with another one. Python would print two tracebacks, longer than the error above them.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType

HOSTS_SCRIPT = "pulumi-language-python-exec"
_SECONDS = 1.0  # for the second of two interrupts that are sent at the same time

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def silence_interrupts() -> None:
    """Keep silent about the interrupts with which the language host ends this program, where it runs it.

    Everything else is passed on to the hook before. An interrupt that the program handles, raises or gets alone, as
    from a ``kill -INT``, is not the host's.
    """
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - documented, CPython only; PyPy has it too
    while frame and frame.f_back:
        frame = frame.f_back
    if frame and _is_hosts(frame):
        sys.excepthook = _silent(sys.excepthook)


def _silent(before: Hook) -> Hook:
    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        may_be_hosts = trace is not None and _is_hosts(trace.tb_frame) and all(map(_is_signal, _chain(error)))
        if not may_be_hosts or (error.__context__ is None and not _comes_again()):
            before(kind, error, trace)

    return show


def _is_hosts(frame: FrameType) -> bool:
    return frame.f_code.co_filename.endswith(HOSTS_SCRIPT)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _is_signal(error: BaseException) -> bool:
    """Tell whether an exception is that of Python's own handler of SIGINT, which no statement has raised."""
    import dis  # only a program that ends in an interrupt needs it

    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if type(error) is not KeyboardInterrupt or trace is None:
        return False
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] != dis.opmap["RAISE_VARARGS"]


def _comes_again() -> bool:
    """Tell whether a second interrupt follows the first at once."""
    arrived = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: arrived.set())
    try:
        return arrived.wait(_SECONDS)
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
