"""How a command stands: what it has done and said, whether it goes on, and who waits for that."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .providers import PROVIDER_TYPE
from .stack import Diagnostic, Step
from .unsupported import BrokenMock, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from .masking import Mask


class Progress:
    """What the threads of a command tell each other."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.unsupported = ""
        self.is_mock_broken = self.is_deaf = False
        self.diagnostics: list[Diagnostic] = []
        self.progress: list[Diagnostic] = []
        self.errored = self.canceled = self.bailed = False
        self._steps: list[Step] = []
        self._said_lock = threading.Lock()
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._program_ended = threading.Event()
        self._idle = threading.Condition()
        self._active = 0

    @property
    def steps(self) -> list[Step]:
        default = f"::{PROVIDER_TYPE}::default"
        return [step for step in self._steps if not step.urn.endswith(default)]

    def say(self, severity: str, urn: str, text: str, *, ephemeral: bool = False) -> None:
        """Keep a message for the user; one without a urn belongs to the whole command."""
        with self._said_lock:
            kept = self.progress if ephemeral else self.diagnostics
            kept.append(Diagnostic(severity, urn, self.mask.hide(text).strip()))

    def fail(self, urn: str, text: str) -> None:
        """Report an error that is no step's and stop: nothing new begins, what runs may finish."""
        self.say("error", urn, text)
        self.bail()

    def refuse(self, refusal: Unsupported) -> None:
        """Stop at what the double does not do, and keep what it is apart from the program's own errors."""
        if not self.unsupported:
            self.unsupported = self.mask.hide(str(refusal))
            self.is_mock_broken = isinstance(refusal, BrokenMock)
        self.fail("", str(refusal))

    def bail(self) -> None:
        self.bailed = True
        self.stop()

    def stop(self, *, canceled: bool = False) -> None:
        if canceled:
            self.canceled = True
        else:
            self.errored = True
        self._stop.set()
        with self._idle:
            self._idle.notify_all()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def end_of_program(self) -> None:
        """Take note that the program has said all it has to say; it may go on living, for its hooks."""
        self._program_ended.set()
        self.wake()

    @property
    def has_heard_program(self) -> bool:
        return self._program_ended.is_set()

    def end(self) -> None:
        self._stop.set()
        self._ended.set()

    def turn_away(self) -> None:
        """Take no more messages of the program, nor of a provider: a function complains of being interrupted."""
        self.is_deaf = True

    def await_end(self) -> None:
        self._ended.wait()

    def await_idle(self, is_killed: Callable[[], bool]) -> None:
        """Return when no step is running, or all has been killed."""
        with self._idle:
            self._idle.wait_for(lambda: not self._active or is_killed())

    def wake(self) -> None:
        with self._idle:
            self._idle.notify_all()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return when `condition` holds or the deployment has been stopped; `wake` makes it look again."""
        with self._idle:
            self._idle.wait_for(lambda: self.stopped or condition())

    def _emit(self, op: str, urn: str, keys: frozenset[str] = frozenset()) -> int:
        with self._said_lock:
            self._steps.append(Step(op, urn, "", keys))
            return len(self._steps) - 1
