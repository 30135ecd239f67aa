"""The wait for a run state: look, judge, sleep, until it is reached, has failed or the time is up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from . import run_state
from .clock import Clock
from .errors import Interrupted, StartFailed, WaitTimedOut
from .run_state import Verdict, Watch


@dataclass(frozen=True)
class Limits:
    """Bound the waits, in nominal seconds.

    Attributes:
        start: Longest wait for a start.
        stop: Longest wait for a stop.
        grace: How long after an accepted START it may read NOT_RUNNING before that counts as a failed start.
    """

    start: float = 600.0
    stop: float = 300.0
    grace: float = 60.0


_LATEST = 16
"""Starts that a guess is made from: an agent may be slower today than an hour ago."""


@dataclass
class StartTimes:
    """Remember how long starts took in this process, to look at the next ones when they should be up."""

    seen: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_LATEST))

    def add(self, not_yet: float, up: float) -> None:
        """Record one start by its last look that did not see it running and the first that did.

        Both are in nominal seconds after the accepted START.
        """
        self.seen.append((not_yet, up))

    def left(self, elapsed: float) -> float | None:
        """Return the nominal seconds until a start that began ``elapsed`` ago should be up; None without a guess.

        The truth lies between the looks, so the guess halves what the latest starts leave open; where they
        differ among themselves it is the quickest.
        """
        if not self.seen:
            return None
        slowest, quickest = max(not_yet for not_yet, _ in self.seen), min(up for _, up in self.seen)
        certain = quickest - slowest <= run_state.FIRST_DELAY
        return (quickest if certain else (slowest + quickest) / 2) - elapsed


@dataclass(frozen=True)
class Surroundings:
    """Give a run what it needs from outside and may not import: time, voice and bounds.

    Attributes:
        clock: Time, and the sleep that a Ctrl-C ends.
        progress: Shows a passing line such as ``starting, 40 s``.
        warn: Shows a warning that stays.
        limits: Bounds of the waits.
        start_times: Shared by all runs of a process.
    """

    clock: Clock
    progress: Callable[[str], None]
    warn: Callable[[str], None]
    limits: Limits
    start_times: StartTimes


def wait(
    watch: Watch,
    look: Callable[[], str],
    around: Surroundings,
    *,
    give_up: Callable[[str], bool] = lambda _status: False,
) -> str:
    """Look until the watch is over and return the last status.

    Args:
        watch: What is waited for.
        look: Asks for the status.
        around: Time, voice and bounds.
        give_up: Asked after each look that has not ended the wait; True ends it without an error.

    Raises:
        StartFailed: It stopped, or never began to start.
        WaitTimedOut: The limit is over.
        Interrupted: The user cancelled.
    """
    doing = "starting" if watch.for_running else "stopping"
    try:
        return _wait(watch, look, around, doing, give_up)
    except Interrupted as error:
        raise Interrupted(
            f"the wait was interrupted while it was {doing}; the next command goes on"
        ) from error


def _wait(
    watch: Watch,
    look: Callable[[], str],
    around: Surroundings,
    doing: str,
    give_up: Callable[[str], bool],
) -> str:
    limit = around.limits.start if watch.for_running else around.limits.stop
    # One that is on its way already does not tell how long a start takes.
    is_timed = watch.for_running and not watch.seen_starting
    began, looks, elapsed = around.clock.now(), 0, 0.0
    while True:
        status = look()
        looks, before, elapsed = looks + 1, elapsed, around.clock.now() - began
        verdict, watch = watch.look(status, elapsed)
        if verdict is Verdict.DONE:
            around.progress(status.lower().replace("_", " "))
            return status
        if verdict is Verdict.FAILED:
            raise StartFailed(_failed_sentence(watch, status, elapsed))
        if verdict is Verdict.CONFIRM:
            if is_timed:
                around.start_times.add(before, elapsed)
            around.clock.sleep(run_state.CONFIRM_AFTER)
            continue
        if give_up(status):
            return status
        if elapsed >= limit:
            raise WaitTimedOut(
                f"is {status} after {limit:.0f} s of {doing}; custom_timeouts allows a longer wait"
            )
        around.progress(f"{doing}, {elapsed:.0f} s")
        expected = around.start_times.left(elapsed) if is_timed else None
        around.clock.sleep(min(run_state.look_delay(looks, expected=expected), limit - elapsed))


def _failed_sentence(watch: Watch, status: str, elapsed: float) -> str:
    how = "stopped again" if watch.seen_starting or watch.seen_up else "did not begin to start"
    return (
        f"{how}: it is {status} {elapsed:.0f} s after START was accepted. The API gives no reason; the pipeline's"
        " log in the Matillion UI does. Run `pulumi up` again once the cause is mended"
    )
