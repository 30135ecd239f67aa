"""START and STOP: sent, looked up where the answer does not tell, and sent again where that is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from pulumi_dpc._resources.polling import poll_delay
from pulumi_dpc.errors import ApiError, Conflict, DpcError, Interrupted

from . import run_state
from .outcome import Known
from .waiting import RunContext

Command = Literal["START", "STOP"]

COMMAND_BUDGET = 120.0
"""Nominal seconds in which a command whose answers are lost is looked up and sent again."""

_LOOKED_UP = (400, 409, 422)
"""Refusals of a command that may mean "already so" (docs/api.md section 5.3): looked up, not believed."""


@dataclass(frozen=True)
class AgentUser:
    """A pipeline that runs on the agent on which another one is to be started."""

    id: str
    name: str


class AgentBusy(Conflict):
    """A START that was refused because the agent runs another pipeline."""


class Commandable(Protocol):
    """What takes commands, and tells what came of them."""

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
    began, attempt = context.clock.now(), 0
    while True:
        try:
            pipeline.command(word)
        except DpcError as error:
            if error.maybe_applied:
                known.command_unconfirmed()
            refused = isinstance(error, ApiError) and error.status in _LOOKED_UP
            if isinstance(error, Interrupted) or not (refused or error.maybe_applied):
                raise
            if _shows(poll(), word):
                known.command_seen_done()
                return
            _raise_unless_again(word, error, pipeline, known, context, context.clock.now() - began)
            attempt += 1
            context.clock.sleep(poll_delay(attempt))
        else:
            known.command_accepted(word)
            return


def _shows(status: str, word: Command) -> bool:
    """Tell whether a status shows that the command was carried out."""
    return run_state.is_known(status) and run_state.is_running(status) == (word == "START")


def _raise_unless_again(
    word: Command, error: DpcError, pipeline: Commandable, known: Known, context: RunContext, elapsed: float
) -> None:
    """Return if a command that was not carried out is to be sent again, else raise why not."""
    agent_id = known.definition.get("agentId")
    if isinstance(error, Conflict) and word == "START" and agent_id is not None:
        user = _user_of(agent_id, pipeline)
        is_leaving = user is not None and context.may_leave(user.id, agent_id)
        if user is None or not is_leaving or elapsed >= context.limits.grace:
            raise _busy(error, agent_id, user) from error
        context.progress(f"waiting for the agent, which runs {user.name!r}, {elapsed:.0f} s")
    elif not error.maybe_applied or elapsed >= COMMAND_BUDGET:
        raise error


def _user_of(agent_id: str, pipeline: Commandable) -> AgentUser | None:
    try:
        return pipeline.agent_user(agent_id)
    except DpcError:
        return None  # the refusal is what the user should read


def _busy(error: Conflict, agent_id: str, user: AgentUser | None) -> Conflict:
    """Return why a START was refused with 409, and what to do about it."""
    if user is None:
        sentence = (
            f"could not be started: {error}. If another pipeline runs on its agent {agent_id}, stop that one or choose"
            " another agent with agent_id: one agent runs one pipeline"
        )
        return _as_refused(Conflict, error, sentence)
    sentence = (
        f"could not be started, because its agent {agent_id} runs the pipeline {user.name!r} ({user.id}), and one agent"
        " runs one pipeline. Stop that one, or choose another agent with agent_id, and run `pulumi up` again; if it is"
        f" removed from this program, `pulumi up --continue-on-error` deletes it first. The service said: {error}"
    )
    return _as_refused(AgentBusy, error, sentence)


def _as_refused(kind: type[Conflict], error: ApiError, sentence: str) -> Conflict:
    return kind(
        sentence,
        status=error.status,
        method=error.method,
        path=error.path,
        detail=error.detail,
        violations=error.violations,
        request_id=error.request_id,
    )
