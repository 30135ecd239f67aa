"""The runner: carry out a plan; when a step fails, start again what it has stopped.

The steps come from `plan`. What is known after each goes into `outcome.Known`, which alone decides what is true at the
end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pulumi_dpc._definition.comparison import difference_paths, is_same
from pulumi_dpc._definition.definition import without_ids
from pulumi_dpc._names import AGENT_ID
from pulumi_dpc.errors import ApiError, DpcError, Interrupted, NotFound, WaitTimedOut

from . import run_state
from .commands import Command, Commandable, send_command, send_once
from .outcome import End, Known, Outcome
from .plan import Live, Plan, Recorded, Step
from .run_state import Watch
from .stored import alterations_of
from .waiting import AgentState, AgentWatch, RunContext, RunStateJudge, wait

Definition = Mapping[str, Any]


class Pipeline(Commandable, Protocol):
    """One live pipeline: what the runner may ask and send."""

    def definition(self) -> Definition:
        """Return the live definition."""

    def poll(self) -> str:
        """Return the live status."""

    def put(self, body: Definition) -> Definition | None:
        """Replace the definition, and return what is stored then, None where the answer does not tell."""

    def delete(self) -> None:
        """Delete it."""

    def is_gone(self) -> bool:
        """Tell whether a 404 is to be believed."""

    def agent_state(self, agent_id: str | None) -> AgentState:
        """Return what is known of that agent."""


def carry_out(
    pipeline: Pipeline, plan: Plan, live: Live, recorded: Recorded, context: RunContext, *, sent: bool = False
) -> Outcome:
    """Carry out the plan and return what is true then; failures are part of the outcome, not raised.

    Args:
        pipeline: The live pipeline.
        plan: The steps.
        live: What the plan was made from.
        recorded: What the outputs recorded before.
        context: Time, a way to speak, and bounds.
        sent: A write of this operation went before the plan (the POST of a create).
    """
    return _Run(pipeline, plan, live, recorded, context, sent=sent).outcome()


class _Run:
    """One plan being carried out: first the steps, then how each is done, then the restart when one has failed."""

    def __init__(
        self,
        pipeline: Pipeline,
        plan: Plan,
        live: Live,
        recorded: Recorded,
        context: RunContext,
        *,
        sent: bool,
    ) -> None:
        self._pipeline = pipeline
        self._plan = plan
        self._before = live
        self._recorded = recorded
        self._context = context
        self._known = Known.of(live, running_before=recorded.running, sent=sent)

    def outcome(self) -> Outcome:
        for warning in self._plan.warnings:
            self._context.warn(warning)
        try:
            for step in self._plan.steps:
                _CARRY_OUT[step](self)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not lose what is there, nor whether it runs
            return self._failed(error if isinstance(error, DpcError) else _unexpected(error))
        return self._known.ended(End.DONE, self._plan)

    def stop(self) -> None:
        try:
            self._command("STOP")
        except ApiError as error:
            # Nobody may be there to take the command; editing or deleting the pipeline is then the repair.
            if not self._plan.may_skip_stop_confirmation or run_state.is_known(self._known.status):
                raise
            self._context.warn(f"STOP was not accepted while its status is {self._known.status}: {error}")

    def start(self) -> None:
        if self._is_running_again():
            return
        if self._known.stop_sent and self._known.status != run_state.NOT_RUNNING:
            self._stop_if_it_runs_on()
        self._command("START")

    def _stop_if_it_runs_on(self) -> None:
        """Stop what was not seen to stop, and still runs: it would go on with the old definition."""
        if Step.PUT in self._plan.steps and run_state.is_running(self._poll()):
            self.stop()
            self._await_stopped()

    def put(self) -> None:
        try:
            stored = self._pipeline.put(self._plan.body)
        except DpcError as error:
            self._known.write_failed(error, is_put=True)
            stored = self._was_put_after_all(error)
            if stored is None:
                raise
        altered = alterations_of(self._pipeline, self._plan, self._before, self._recorded, stored)
        self._known.written(self._plan.body, altered)

    def _was_put_after_all(self, error: DpcError) -> Definition | None:
        """Return what is stored if a PUT whose answer was lost was carried out; None if not, or if nobody can tell."""
        if not error.maybe_applied or isinstance(error, Interrupted):
            return None
        try:
            stored = self._pipeline.definition()
        except DpcError:
            return None
        altered = tuple(one for one in self._recorded.alterations if one.holds(stored))
        self._known.definition_seen(self._recorded.in_our_words(stored), altered)
        edited = difference_paths(self._before.definition, self._plan.definition)
        return stored if any(is_same(stored, self._plan.definition, path) for path in edited) else None

    def delete(self) -> None:
        try:
            self._pipeline.delete()
        except DpcError as error:
            self._known.write_failed(error, is_put=False)
            raise

    def await_running(self) -> None:
        is_on_its_way = not self._known.start_sent  # by somebody else's START
        self._wait(Watch(for_running=True, grace=self._context.limits.grace, seen_starting=is_on_its_way))

    def await_stopped(self) -> None:
        self._await_stopped()
        if self._is_running_again() and (self._changes_pipeline or not self._owed()):
            self.stop()
            self._await_stopped()

    def _await_stopped(self) -> None:
        may_skip = self._plan.may_skip_stop_confirmation
        self._wait(Watch(for_running=False), give_up=self._need_not_wait, may_skip=may_skip)

    @property
    def _changes_pipeline(self) -> bool:
        return Step.PUT in self._plan.steps or Step.DELETE in self._plan.steps

    def _is_running_again(self) -> bool:
        """Tell whether what was found stopping was started since, by somebody else or by an earlier command."""
        return not self._known.stop_sent and run_state.is_running(self._known.status)

    def _need_not_wait(self, status: str) -> bool:
        """Tell whether to stop waiting: it runs again, or its agent is away, of which the second is a warning."""
        if self._is_running_again():
            return True
        if not (self._plan.may_skip_stop_confirmation and self._agent.is_away):
            return False
        self._context.warn(
            f"could not be confirmed as stopped (its status is {status}, and {self._agent.latest}); continuing with"
            " the change"
        )
        return True

    def confirm_stopped(self) -> None:
        if self._known.status != run_state.NOT_RUNNING:
            self._wait(Watch(for_running=False))

    def _poll(self) -> str:
        status = self._pipeline.poll()
        self._known.polled(status)
        return status

    def _wait(
        self,
        watch: Watch,
        *,
        give_up: Callable[[str], bool] = lambda _status: False,
        may_skip: bool = False,
    ) -> None:
        self._agent = AgentWatch(self._ask_agent, self._context.limits.grace)
        try:
            judge = RunStateJudge(watch, self._agent, give_up, self._context.ways_out)
            wait(judge, self._poll, self._context)
        except WaitTimedOut:
            if run_state.is_known(self._known.status) or not may_skip:
                raise
            self._context.warn(
                f"could not be confirmed as stopped ({self._agent.latest}); continuing with the change"
            )

    def _ask_agent(self) -> AgentState:
        return self._pipeline.agent_state(self._agent_id)

    @property
    def _agent_id(self) -> str | None:
        return self._known.definition.get(AGENT_ID)

    def _command(self, word: Command) -> None:
        send_command(word, self._pipeline, self._poll, self._known, self._context)

    def _failed(self, error: DpcError) -> Outcome:
        try:
            if isinstance(error, NotFound) and self._pipeline.is_gone():
                return self._known.ended(End.GONE, self._plan, error)
        except DpcError as doubt:
            error = doubt
        self._restore(error)
        as_before = self._known.is_as_before(self._before, self._plan, error)
        return self._known.ended(End.REFUSED if as_before else End.PARTIAL, self._plan, error)

    def _owed(self) -> bool:
        """Tell whether it should run at the end: a delete that failed owes what it stopped."""
        return self._plan.was_running if self._plan.should_run is None else self._plan.should_run

    def _restore(self, error: DpcError) -> None:
        """Start again what this run has stopped and should run; take a move back first if START was refused there."""
        if not (self._known.stop_sent and self._owed()):
            return
        try:
            if self._known.start_refused and self._is_moved():
                self._take_back_edit()
            elif self._known.start_refused or self._known.start_sent:
                return
            if isinstance(error, Interrupted):
                send_once("START", self._pipeline, self._known)  # and no wait: the user wants to leave
            else:
                self._start_again(wait_for_stop=not isinstance(error, WaitTimedOut))
        except Exception:  # noqa: BLE001 - the first error is told; what is known holds what was seen since
            return

    def _is_moved(self) -> bool:
        """Tell whether the edit has moved the pipeline to another agent."""
        agent, body = (AGENT_ID,), self._plan.body
        return is_same(self._known.definition, body, agent) and not is_same(
            self._before.definition, body, agent
        )

    def _take_back_edit(self) -> None:
        """Write what was there before the edit, in the words in which it was written: the service may show a mask."""
        before = self._before.as_recorded or self._before
        self._pipeline.put(without_ids(before.definition))
        self._known.taken_back(before)

    def _start_again(self, *, wait_for_stop: bool) -> None:
        status = self._poll()
        if run_state.is_up(status):
            return
        if status == run_state.STOPPING and wait_for_stop:
            self.await_stopped()
        if self._known.status != run_state.STARTING:
            self.start()
            self._known.started_again()
        self.await_running()


def _unexpected(error: Exception) -> DpcError:
    """Return a bug of ours as an error that is accounted for like any other."""
    return DpcError(f"unexpected error in pulumi_dpc: {type(error).__name__}: {error} (please report)")


_CARRY_OUT: dict[Step, Callable[[_Run], None]] = {
    Step.STOP: _Run.stop,
    Step.AWAIT_STOPPED: _Run.await_stopped,
    Step.PUT: _Run.put,
    Step.DELETE: _Run.delete,
    Step.START: _Run.start,
    Step.AWAIT_RUNNING: _Run.await_running,
    Step.CONFIRM_STOPPED: _Run.confirm_stopped,
}
