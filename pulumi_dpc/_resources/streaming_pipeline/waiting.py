"""The wait for a run state: the judge of a start or a stop, and the pipeline's agent meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.retries import Notify
from pulumi_dpc._resources.polling import LearnedTimes, Verdict, poll_until
from pulumi_dpc.errors import Interrupted, StartFailed, WaitTimedOut

from . import run_state
from .run_state import Watch
from .ways_out import IN_A_PROGRAM, WaysOut


@dataclass(frozen=True)
class Limits:
    """The longest that is waited, in nominal seconds.

    Attributes:
        start: Longest wait for a start.
        stop: Longest wait for a stop.
        grace: How long after an accepted START it may read NOT_RUNNING before that counts as a failed start.
    """

    start: float = 600.0
    stop: float = 300.0
    grace: float = 60.0


AGENT_INTERVAL = 15.0
"""Nominal seconds between two questions about the agent of a pipeline whose status says nothing."""


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
class RunContext:
    """What a run needs from outside: time, a way to speak, and bounds.

    Attributes:
        clock: Time, and the sleep that a Ctrl-C ends.
        progress: Shows a passing line such as ``starting, 40 s``.
        warn: Shows a warning that stays.
        limits: Bounds of the waits.
        start_times: Shared by all runs of a process.
        may_leave: Tells of a pipeline's id and its agent's whether the program takes it from that agent.
        is_ours: Tells of a pipeline's id whether this program declares it.
        may_declare_more: Tells whether the program may still be declaring resources.
        has_begun: Tells of a pipeline's id whether its own update in this command has begun.
        ways_out: What errors tell a person to do.
    """

    clock: Clock
    progress: Notify
    warn: Notify
    limits: Limits
    start_times: LearnedTimes
    may_leave: Callable[[str, str], bool] = lambda _pipeline, _agent: False
    is_ours: Callable[[str], bool] = lambda _pipeline: False
    has_begun: Callable[[str], bool] = lambda _pipeline: False
    may_declare_more: Callable[[], bool] = lambda: False
    ways_out: WaysOut = IN_A_PROGRAM


@dataclass
class RunStateJudge:
    """The judge of one wait for a start or a stop.

    Attributes:
        watch: What is waited for.
        agent: The pipeline's agent.
        give_up: Asked after each poll that has not ended the wait; True ends it without an error.
        ways_out: What its errors tell a person to do.
    """

    watch: Watch
    agent: AgentWatch
    give_up: Callable[[str], bool]
    ways_out: WaysOut = IN_A_PROGRAM

    def __post_init__(self) -> None:
        self.is_timed = self.watch.for_running and not self.watch.seen_starting
        """One that is on its way already does not tell how long a start takes."""

    @property
    def doing(self) -> str:
        """What the pipeline is doing meanwhile, in a word."""
        return "starting" if self.watch.for_running else "stopping"

    def judge(self, status: str, elapsed: float) -> Verdict:
        """Judge one poll of the status.

        Raises:
            StartFailed: It stopped, or never began to start.
            WaitTimedOut: Its agent is away for longer than it may.
        """
        verdict, self.watch = self.watch.judge(status, elapsed)
        if verdict is None:
            raise StartFailed(self._failed_sentence(status, elapsed))
        if verdict is not Verdict.GO_ON:
            return verdict
        self.agent.see(status, elapsed)
        if self.give_up(status):
            return Verdict.DONE
        if self.agent.is_lost(elapsed):
            raise self.timed_out(status, elapsed)
        return Verdict.GO_ON

    def row(self, elapsed: float) -> str:
        """Return what the resource's row shows: the shortest first, because a terminal cuts off the rest."""
        text = f"{self.doing}, {elapsed:.0f} s"
        if self.agent.latest is not None and self.agent.latest.is_away:
            return f"{text}; {self.agent.latest.title} {self.agent.latest.state}"
        return text

    def timed_out(self, status: str, elapsed: float) -> WaitTimedOut:
        """Return the error of a wait that took too long, with the agent where that is why."""
        sentence, agent = f"is {status} after {elapsed:.0f} s of {self.doing}", self.agent.latest
        if agent is None:
            return WaitTimedOut(f"{sentence}; {self.ways_out.longer_wait}")
        if agent.is_away:
            return WaitTimedOut(f"{sentence}, because {agent}. {self.ways_out.agent_away}")
        return WaitTimedOut(f"{sentence}; {agent}; {self.ways_out.longer_wait}")

    def _failed_sentence(self, status: str, elapsed: float) -> str:
        how = "stopped again" if self.watch.seen_starting or self.watch.seen_up else "did not begin to start"
        return (
            f"{how}: it is {status} {elapsed:.0f} s after START was accepted. The API gives no reason; the pipeline's"
            f" log in the Matillion UI does. {self.ways_out.start_failed}"
        )


def wait(judge: RunStateJudge, poll: Callable[[], str], context: RunContext) -> str:
    """Poll the status until the judge's wait is over, and return the last one.

    Raises:
        StartFailed: It stopped, or never began to start.
        WaitTimedOut: The limit is over, or the agent is away for longer than it may.
        Interrupted: The user cancelled.
    """
    limits = context.limits
    try:
        status = poll_until(
            judge,
            poll,
            clock=context.clock,
            progress=context.progress,
            limit=limits.start if judge.watch.for_running else limits.stop,
            learned=context.start_times if judge.is_timed else None,
        )
    except Interrupted as error:
        raise Interrupted(
            f"the wait was interrupted while it was {judge.doing}; {context.ways_out.interrupted}"
        ) from error
    context.progress(run_state.in_words(status))
    return status
