"""The runner: carry out a plan; when a step fails, start again what it has stopped.

The steps come from `plan`. What is known after each goes into a `Record`, which alone decides what is true at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pulumi_dpc._definition.alteration import Alteration, find_alterations
from pulumi_dpc._definition.comparison import difference_paths, differences, is_same
from pulumi_dpc._definition.definition import without_ids
from pulumi_dpc.errors import ApiError, Conflict, DpcError, Interrupted, NotFound, WaitTimedOut

from . import run_state
from .outcome import End, Outcome, Record
from .plan import Live, Plan, Said, Step
from .run_state import Watch
from .waiting import AgentState, AgentWatch, Surroundings, wait

COMMAND_BUDGET = 120.0
"""Nominal seconds in which a command whose answers are lost is looked up and sent again."""

_LOOKED_UP = (400, 409, 422)
"""Refusals of a command that may mean "already so" (docs/api.md section 5.3): looked up, not believed."""


Command = Literal["START", "STOP"]
Definition = Mapping[str, Any]


@dataclass(frozen=True)
class AgentUser:
    """A pipeline that runs on the agent on which another one is to be started."""

    id: str
    name: str


class AgentBusy(Conflict):
    """A START that was refused because the agent runs another pipeline."""


class Pipeline(Protocol):
    """One live pipeline: what the runner may ask and send."""

    def definition(self) -> Definition:
        """Return the live definition."""

    def look(self) -> str:
        """Return the live status."""

    def put(self, body: Definition) -> Definition | None:
        """Replace the definition, and return what is stored then, None where the answer does not tell."""

    def command(self, word: Command) -> None:
        """Send START or STOP once."""

    def delete(self) -> None:
        """Delete it."""

    def is_gone(self) -> bool:
        """Tell whether a 404 is to be believed."""

    def agent_state(self, agent_id: str | None) -> AgentState:
        """Return what is known of that agent."""

    def agent_user(self, agent_id: str) -> AgentUser | None:
        """Return another pipeline that runs on that agent, as far as it can be seen."""


def converge(
    pipeline: Pipeline, plan: Plan, live: Live, said: Said, around: Surroundings, *, sent: bool = False
) -> Outcome:
    """Carry out the plan and return what is true then; failures are part of the outcome, not raised.

    Args:
        pipeline: The live pipeline.
        plan: The steps.
        live: What the plan was made from.
        said: What the outputs recorded before.
        around: Time, voice and bounds.
        sent: A write of this operation went before the plan (the POST of a create).
    """
    return _Run(pipeline, plan, live, said, around, sent=sent).outcome()


class _Run:
    """Carry out one plan: first the steps, then how each is done, then the restart when one has failed."""

    def __init__(
        self, pipeline: Pipeline, plan: Plan, live: Live, said: Said, around: Surroundings, *, sent: bool
    ) -> None:
        self._pipeline = pipeline
        self._plan = plan
        self._before = live
        self._said = said
        self._around = around
        running = run_state.is_running(live.status, otherwise=said.running)
        self._record = Record(live.definition, live.status, running, sent=sent, alterations=live.alterations)
        self._record.seen_running = run_state.is_up(live.status)

    def outcome(self) -> Outcome:
        for warning in self._plan.warnings:
            self._around.warn(warning)
        try:
            for step in self._plan.steps:
                _CARRY_OUT[step](self)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not lose what is there, nor whether it runs
            return self._failed(error if isinstance(error, DpcError) else _unexpected(error))
        return self._record.ended(End.DONE, self._plan)

    def stop(self) -> None:
        self._record.stop_sent = True
        try:
            self._command("STOP")
        except ApiError as error:
            # Nobody may be there to take the command; editing or deleting the pipeline is then the repair.
            if not self._plan.may_pass_unknown or run_state.is_known(self._record.status):
                raise
            self._around.warn(f"STOP was not accepted while its status is {self._record.status}: {error}")

    def start(self) -> None:
        if self._is_running_again():
            return
        self._record.start_sent = True
        self._command("START")

    def put(self) -> None:
        try:
            stored = self._pipeline.put(self._plan.body)
        except DpcError as error:
            self._record.sent |= error.maybe_applied
            self._record.put_lost = error.maybe_applied
            stored = self._was_put_after_all(error)
            if stored is None:
                raise
        self._record.sent = True
        self._record.definition, self._record.alterations = self._plan.body, self._alterations(stored)

    def _was_put_after_all(self, error: DpcError) -> Definition | None:
        """Return what is stored if a PUT whose answer was lost was carried out; what could not be read stays lost."""
        if not error.maybe_applied or isinstance(error, Interrupted):
            return None
        try:
            stored = self._pipeline.definition()
        except DpcError:
            return None
        self._record.put_lost = False
        self._record.definition = self._said.in_our_words(stored)
        self._record.alterations = tuple(one for one in self._said.alterations if one.holds(stored))
        edited = difference_paths(self._before.definition, self._plan.wished)
        return stored if any(is_same(stored, self._plan.wished, path) for path in edited) else None

    def _alterations(self, stored: Definition | None) -> tuple[Alteration, ...]:
        """Return what the service stores otherwise than it was told, read once where its answer does not tell."""
        is_echo = stored is not None and not differences(stored, self._plan.wished)
        if stored is None or (is_echo and self._plan.is_rewrite):
            try:
                stored = self._pipeline.definition()
            except DpcError:
                return ()  # it is written; what it is stored as the next refresh tells
        return find_alterations(stored, self._plan.wished)

    def delete(self) -> None:
        try:
            self._pipeline.delete()
        except DpcError as error:
            self._record.sent |= error.maybe_applied
            raise

    def await_running(self) -> None:
        on_its_way = self._record.status == run_state.STARTING and not self._record.start_sent
        watch = Watch(for_running=True, grace=self._around.limits.grace, seen_starting=on_its_way)
        self._wait(watch)

    def await_stopped(self) -> None:
        self._await_stopped()
        if self._is_running_again() and (self._is_edit or not self._owed()):
            self.stop()
            self._await_stopped()

    def _await_stopped(self) -> None:
        may_pass = self._plan.may_pass_unknown
        self._wait(Watch(for_running=False, grace=0), give_up=self._need_not_wait, may_pass_unknown=may_pass)

    @property
    def _is_edit(self) -> bool:
        return Step.PUT in self._plan.steps or Step.DELETE in self._plan.steps

    def _is_running_again(self) -> bool:
        """Tell whether what was found stopping was started since, by somebody else or by an earlier command."""
        return not self._record.stop_sent and run_state.is_running(self._record.status)

    def _need_not_wait(self, status: str) -> bool:
        """End the wait for a stop that will not come, or that nobody can see."""
        if self._is_running_again():
            return True
        if not (self._plan.may_pass_unknown and self._agent.is_away):
            return False
        self._around.warn(
            f"is {status} and {self._agent.latest}; the change goes on without having seen it stop"
        )
        return True

    def confirm_stopped(self) -> None:
        if self._record.status != run_state.NOT_RUNNING:
            self._wait(Watch(for_running=False, grace=0))

    def _look(self) -> str:
        status = self._pipeline.look()
        self._record.saw(status)
        return status

    def _wait(
        self,
        watch: Watch,
        *,
        give_up: Callable[[str], bool] = lambda _status: False,
        may_pass_unknown: bool = False,
    ) -> None:
        self._agent = AgentWatch(self._ask_agent, self._around.limits.grace)
        try:
            wait(watch, self._look, self._around, self._agent, give_up=give_up)
        except WaitTimedOut:
            if run_state.is_known(self._record.status) or not may_pass_unknown:
                raise
            self._around.warn(f"was not seen to stop ({self._agent.latest}); the change goes on without")

    def _ask_agent(self) -> AgentState:
        return self._pipeline.agent_state(self._agent_id)

    @property
    def _agent_id(self) -> str | None:
        return self._record.definition.get("agentId")

    def _command(self, word: Command) -> None:
        """Send a command; a lost answer is looked up before it is sent again."""
        began, attempt = self._around.clock.now(), 0
        while True:
            try:
                self._pipeline.command(word)
            except DpcError as error:
                if error.maybe_applied:
                    self._record.lost_sight()
                refused = isinstance(error, ApiError) and error.status in _LOOKED_UP
                if isinstance(error, Interrupted) or not (refused or error.maybe_applied):
                    raise
                if _is_heading(word, self._look()):
                    self._record.sent = True
                    return
                self._check_again(word, error, self._around.clock.now() - began)
                attempt += 1
                self._around.clock.sleep(run_state.look_delay(attempt))
            else:
                self._record.accepted(word)
                return

    def _check_again(self, word: Command, error: DpcError, elapsed: float) -> None:
        """Return if a command that was not carried out is to be sent again, else raise why not."""
        if isinstance(error, Conflict) and word == "START" and self._agent_id is not None:
            user = self._agent_user(self._agent_id)
            is_leaving = user is not None and self._around.may_leave(user.id, self._agent_id)
            if user is None or not is_leaving or elapsed >= self._around.limits.grace:
                raise _busy(error, self._agent_id, user) from error
            self._around.progress(f"waiting for the agent, which runs {user.name!r}, {elapsed:.0f} s")
        elif not error.maybe_applied or elapsed >= COMMAND_BUDGET:
            raise error

    def _agent_user(self, agent_id: str) -> AgentUser | None:
        try:
            return self._pipeline.agent_user(agent_id)
        except DpcError:
            return None  # the refusal is what the user should read

    def _failed(self, error: DpcError) -> Outcome:
        try:
            if isinstance(error, NotFound) and self._pipeline.is_gone():
                return self._record.ended(End.GONE, self._plan, error)
        except DpcError as doubt:
            error = doubt
        self._restore(error)
        as_before = self._record.is_as_before(self._before, self._plan, error)
        return self._record.ended(End.REFUSED if as_before else End.PARTIAL, self._plan, error)

    def _owed(self) -> bool:
        """Tell whether it should run at the end: a delete that failed owes what it stopped."""
        return self._plan.ran if self._plan.goal is None else self._plan.goal

    def _restore(self, error: DpcError) -> None:
        """Start again what this run has stopped and should run."""
        if not (self._record.stop_sent and self._owed()):
            return
        try:
            if isinstance(error, AgentBusy):
                self._take_back_edit()
            if self._record.start_sent:
                return
            if isinstance(error, Interrupted):
                self._start_and_leave()
            else:
                self._start_again(wait_for_stop=not isinstance(error, WaitTimedOut))
        except Exception:  # noqa: BLE001 - the first error is told; the record holds what was seen since
            return

    def _take_back_edit(self) -> None:
        """Write what was there before, where an edit has moved a running pipeline to an agent that is busy."""
        before = self._before.definition
        is_moved = is_same(self._record.definition, self._plan.wished, ("agentId",)) and not is_same(
            before, self._plan.wished, ("agentId",)
        )
        if is_moved:
            self._pipeline.put(without_ids(before))
            self._record.definition, self._record.alterations = before, self._before.alterations
            self._record.start_sent, self._record.taken_back = False, True

    def _start_and_leave(self) -> None:
        """Send one START and do not wait: the user wants to leave."""
        self._record.start_sent = True
        try:
            self._pipeline.command("START")
        except DpcError as lost:
            if lost.maybe_applied:
                self._record.lost_sight()
            raise
        self._record.accepted("START")

    def _start_again(self, *, wait_for_stop: bool) -> None:
        status = self._look()
        if run_state.is_up(status):
            return
        if status == run_state.STOPPING and wait_for_stop:
            self.await_stopped()
        if self._record.status != run_state.STARTING:
            self.start()
            self._record.started_again = True
        self.await_running()


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


def _unexpected(error: Exception) -> DpcError:
    """Return a bug of ours as an error that is accounted for like any other."""
    return DpcError(f"unexpected error in pulumi_dpc: {type(error).__name__}: {error} (please report)")


def _is_heading(word: str, status: str) -> bool:
    """Tell whether the status shows that the command was carried out."""
    return run_state.is_known(status) and run_state.is_running(status) == (word == "START")


_CARRY_OUT: dict[Step, Callable[[_Run], None]] = {
    Step.STOP: _Run.stop,
    Step.AWAIT_STOPPED: _Run.await_stopped,
    Step.PUT: _Run.put,
    Step.DELETE: _Run.delete,
    Step.START: _Run.start,
    Step.AWAIT_RUNNING: _Run.await_running,
    Step.CONFIRM_STOPPED: _Run.confirm_stopped,
}
