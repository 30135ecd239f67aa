"""The wait for a run state: look, judge, sleep, until it is reached, has failed or the time is up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_dpc._api.clock import Clock
from pulumi_dpc.errors import Interrupted, StartFailed, WaitTimedOut

from . import run_state
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


AGENT_INTERVAL = 15.0
"""Nominal seconds between two looks at the agent of a pipeline whose status says nothing."""


@dataclass(frozen=True)
class AgentState:
    """What is known of a pipeline's agent.

    Attributes:
        title: Its name, as far as that is known, for a row of the display.
        full_title: The same with its id.
        state: What is the matter with it, such as ``is not connected``.
        is_away: It is surely not connected, or gone: nobody reports the pipeline's status, or takes a command.
    """

    title: str
    full_title: str
    state: str
    is_away: bool = False

    def __str__(self) -> str:
        return f"its {self.full_title} {self.state}"


@dataclass
class AgentWatch:
    """The agent during one wait: asked about as soon as a status says nothing, and from time to time after that.

    Attributes:
        ask: Asks the service for the agent.
        grace: Nominal seconds for which it may be away before the wait is given up.
    """

    ask: Callable[[], AgentState]
    grace: float
    latest: AgentState | None = None
    _asked_at: float = 0.0
    _away_since: float | None = None

    def see(self, status: str, elapsed: float) -> None:
        """Take what one poll of the pipeline's status means for the agent."""
        if run_state.is_known(status):
            self.latest = self._away_since = None
            return
        if self.latest is None or elapsed - self._asked_at >= AGENT_INTERVAL:
            self.latest, self._asked_at = self.ask(), elapsed
            if not self.latest.is_away:
                self._away_since = None
            elif self._away_since is None:
                self._away_since = elapsed

    @property
    def is_away(self) -> bool:
        """Whether the agent is known to be away now."""
        return self.latest is not None and self.latest.is_away

    def is_lost(self, elapsed: float) -> bool:
        """Tell whether it has been away for longer than it may."""
        return self._away_since is not None and elapsed - self._away_since >= self.grace


@dataclass(frozen=True)
class Surroundings:
    """Give a run what it needs from outside and may not import: time, voice and bounds.

    Attributes:
        clock: Time, and the sleep that a Ctrl-C ends.
        progress: Shows a passing line such as ``starting, 40 s``.
        warn: Shows a warning that stays.
        limits: Bounds of the waits.
        start_times: Shared by all runs of a process.
        may_leave: Tells of a pipeline's id and its agent's whether the program takes it from that agent.
    """

    clock: Clock
    progress: Callable[[str], None]
    warn: Callable[[str], None]
    limits: Limits
    start_times: StartTimes
    may_leave: Callable[[str, str], bool] = lambda _pipeline, _agent: False


def wait(
    watch: Watch,
    look: Callable[[], str],
    around: Surroundings,
    agent: AgentWatch,
    *,
    give_up: Callable[[str], bool] = lambda _status: False,
) -> str:
    """Look until the watch is over and return the last status.

    Args:
        watch: What is waited for.
        look: Asks for the status.
        around: Time, voice and bounds.
        agent: The pipeline's agent.
        give_up: Asked after each look that has not ended the wait; True ends it without an error.

    Raises:
        StartFailed: It stopped, or never began to start.
        WaitTimedOut: The limit is over, or the agent is away for longer than it may.
        Interrupted: The user cancelled.
    """
    doing = "starting" if watch.for_running else "stopping"
    try:
        return _wait(watch, look, around, agent, doing, give_up)
    except Interrupted as error:
        raise Interrupted(
            f"the wait was interrupted while it was {doing}; the next command goes on"
        ) from error


def _wait(
    watch: Watch,
    look: Callable[[], str],
    around: Surroundings,
    agent: AgentWatch,
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
        agent.see(status, elapsed)
        if give_up(status):
            return status
        if elapsed >= limit or agent.is_lost(elapsed):
            raise WaitTimedOut(_timed_out_sentence(agent, status, min(elapsed, limit), doing))
        around.progress(_row(agent, doing, elapsed))
        expected = around.start_times.left(elapsed) if is_timed else None
        around.clock.sleep(min(run_state.look_delay(looks, expected=expected), limit - elapsed))


def _row(agent: AgentWatch, doing: str, elapsed: float) -> str:
    if agent.latest is not None and agent.latest.is_away:
        return f"{agent.latest.title} {agent.latest.state}, {elapsed:.0f} s"
    return f"{doing}, {elapsed:.0f} s"


def _timed_out_sentence(agent: AgentWatch, status: str, elapsed: float, doing: str) -> str:
    sentence = f"is {status} after {elapsed:.0f} s of {doing}"
    if agent.latest is None:
        return f"{sentence}; custom_timeouts allows a longer wait"
    if agent.latest.is_away:
        return (
            f"{sentence}, because {agent.latest}. Start that agent, or give the pipeline another one with agent_id, and"
            " run `pulumi up` again"
        )
    return f"{sentence}; {agent.latest}; custom_timeouts allows a longer wait"


def _failed_sentence(watch: Watch, status: str, elapsed: float) -> str:
    how = "stopped again" if watch.seen_starting or watch.seen_up else "did not begin to start"
    return (
        f"{how}: it is {status} {elapsed:.0f} s after START was accepted. The API gives no reason; the pipeline's"
        " log in the Matillion UI does. Run `pulumi up` again once the cause is mended"
    )
