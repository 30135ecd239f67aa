"""START and STOP: sent, looked up where the answer does not tell, and sent again where that is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from pulumi_dpc._api.retries import BUDGET
from pulumi_dpc._names import AGENT_ID
from pulumi_dpc._resources.polling import poll_delay
from pulumi_dpc.errors import ApiError, Conflict, DpcError, Interrupted

from . import run_state
from .outcome import Known
from .waiting import RunContext

Command = Literal["START", "STOP"]

FREED_TRIES = 3
"""How often in a row START is sent again after a 409 with no pipeline seen on the agent: it may just be free now."""

_LOOKED_UP = (400, 409, 422)
"""Refusals of a command that may mean "already so" (docs/api.md section 5.3): looked up, not believed."""


@dataclass(frozen=True)
class AgentUser:
    """A pipeline that has the agent on which another one is to be started: it runs, or is not stopped yet."""

    id: str
    name: str
    status: str


class Commandable(Protocol):
    """A pipeline that takes commands, and that can name another one on its agent."""

    def command(self, word: Command) -> None:
        """Send START or STOP once."""

    def agent_user(self, agent_id: str) -> AgentUser | None:
        """Return another pipeline that runs on that agent, as far as it can be seen."""


def send_command(
    word: Command, pipeline: Commandable, poll: Callable[[], str], known: Known, context: RunContext
) -> None:
    """Send a command until it is accepted, or seen to be carried out.

    Raises:
        DpcError: It was refused, or its answers were lost for too long.
    """
    began, attempt, unseen = context.clock.now(), 0, 0
    while True:
        try:
            send_once(word, pipeline, known)
        except DpcError as error:
            refused = isinstance(error, ApiError) and error.status in _LOOKED_UP
            if isinstance(error, Interrupted) or not (refused or error.maybe_applied):
                raise
            if _shows(poll(), word):
                known.command_seen_done()
                return
            elapsed = context.clock.now() - began
            is_seen = _raise_unless_repeatable(word, error, pipeline, known, context, elapsed)
            attempt, unseen = attempt + 1, 0 if is_seen else unseen + 1
            if unseen > FREED_TRIES and isinstance(error, ApiError):
                raise _as_refused(error, _NOT_SEEN.format(error, context.ways_out.start_refused)) from error
            context.clock.sleep(poll_delay(attempt))
        else:
            return


def send_once(word: Command, pipeline: Commandable, known: Known) -> None:
    """Send a command, and record what its answer tells.

    Raises:
        DpcError: It was not accepted, or its answer was lost.
    """
    known.command_sent(word)
    try:
        pipeline.command(word)
    except DpcError as error:
        if error.maybe_applied:
            known.command_unconfirmed()
        elif isinstance(error, ApiError):
            known.command_refused(word)
        raise
    known.command_accepted(word)


def _shows(status: str, word: Command) -> bool:
    """Tell whether a status shows that the command was carried out."""
    return run_state.is_known(status) and run_state.is_running(status) == (word == "START")


def _raise_unless_repeatable(
    word: Command, error: DpcError, pipeline: Commandable, known: Known, context: RunContext, elapsed: float
) -> bool:
    """Raise if a command that was not carried out must not be sent again.

    Return False if nobody can see why START was refused (only a few such tries are made), else True.
    """
    agent_id = known.definition.get(AGENT_ID)
    if not (isinstance(error, Conflict) and word == "START" and agent_id is not None):
        if not error.maybe_applied or elapsed >= BUDGET:
            raise error
        return True
    user = find_agent_user(agent_id, pipeline)
    if user is None:
        return False
    raise_unless_worth_waiting(user, agent_id, context, elapsed, error)
    return True


def raise_unless_worth_waiting(
    user: AgentUser, agent_id: str, context: RunContext, elapsed: float, error: ApiError | None = None
) -> None:
    """Show that the agent is waited for; raise if it will not become free, or if the grace is over."""
    if not _may_become_free(user, agent_id, context) or elapsed >= context.limits.grace:
        raise describe_busy_agent(user, context, error) from error
    context.progress(f"waiting, {elapsed:.0f} s; the agent runs {user.name!r}")


def _may_become_free(user: AgentUser, agent_id: str, context: RunContext) -> bool:
    """Tell whether the pipeline that has an agent is about to leave it: it stops, or the program moves it away.

    One that the program has not declared yet may be declared in a moment.
    """
    is_foreign = not context.is_ours(user.id)
    is_leaving = user.status == run_state.STOPPING or context.may_leave(user.id, agent_id)
    return is_leaving or (is_foreign and context.may_declare_more())


def find_agent_user(agent_id: str, pipeline: Commandable) -> AgentUser | None:
    """Return another pipeline that has the agent; None where none is seen, or the look failed: START tells."""
    try:
        return pipeline.agent_user(agent_id)
    except DpcError:
        return None


_NOT_SEEN = "could not be started: {}. If another pipeline runs on its agent, {}: one agent runs one pipeline"


def describe_busy_agent(user: AgentUser, context: RunContext, error: ApiError | None = None) -> DpcError:
    """Return why a pipeline cannot be started on an agent that runs another one, and what to do about it.

    Args:
        user: The other pipeline.
        context: Tells whether it is of this program.
        error: What the service said to a START; None if none was sent.
    """
    ways_out = context.ways_out
    way_out = ways_out.agent_taken_by_ours if context.is_ours(user.id) else ways_out.agent_taken
    because = f"runs the pipeline {user.name!r} ({user.id}), and one agent runs one pipeline. {way_out}"
    if error is None:
        return DpcError(
            f"was not moved to another agent, and nothing was changed, because that agent {because}"
        )
    sentence = f"could not be started, because its agent {because}. The service said: {error}"
    return _as_refused(error, sentence)


def _as_refused(error: ApiError, sentence: str) -> Conflict:
    return Conflict(
        sentence,
        status=error.status,
        method=error.method,
        path=error.path,
        detail=error.detail,
        violations=error.violations,
        request_id=error.request_id,
    )
