"""What is known while a plan is carried out, and what that makes true when it ends.

Only the events of `Known` change what is known. It tells whether a failure is plain (everything is as it was) or
partial (``docs/design.md`` section 4, rule 6), and whether the pipeline is owed a start; `state` writes that into the
outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

from pulumi_dpc._definition.alteration import Alteration
from pulumi_dpc._definition.comparison import differences
from pulumi_dpc.errors import ApiError, DpcError

from . import run_state
from .plan import Live, Plan

Definition = Mapping[str, Any]


class End(Enum):
    """How a run ended."""

    DONE = "done"
    REFUSED = "refused"
    """Nothing changed, or everything is as it was before: what is recorded stays true."""
    PARTIAL = "partial"
    GONE = "gone"


@dataclass(frozen=True)
class Outcome:
    """What is true after a run, as outputs record it.

    Attributes:
        end: How it ended.
        definition: The definition, in the words in which it was written.
        status: The last status word.
        running: Whether it runs, as far as that is known.
        resume: It is owed a start.
        error: Why it failed.
        run_sentence: Whether it runs, for the operator.
        alterations: Where the service stores something else than was written.
    """

    end: End
    definition: Definition
    status: str
    running: bool
    resume: bool = False
    error: DpcError | None = None
    run_sentence: str = ""
    alterations: tuple[Alteration, ...] = ()

    def message(self, beginning: str = "") -> str:
        """Return what went wrong and whether it runs, as one sentence each; details such as violations follow."""
        sentence, *details = f"{beginning}{self.error}".splitlines() or [""]
        owed = ""
        if self.resume:
            then = "looks whether it does" if self.status == run_state.STARTING else "starts it"
            owed = f" It should run: the next `pulumi up` {then}."
        return "\n".join([f"{sentence.rstrip('.')}. {self.run_sentence}{owed}", *details])

    @property
    def unfinished(self) -> bool:
        """Whether the next operation has to look and repair."""
        return self.end is End.PARTIAL


@dataclass
class Known:
    """What is known of one pipeline during a run.

    Attributes:
        definition: The definition, in the words in which it was written.
        status: The last status word.
        running: Whether it runs, as far as that is known.
        alterations: Where the service stores something else than was written.
        sent: A write was sent that the service has, or may have, carried out.
        stop_sent: STOP was sent.
        start_sent: START was sent, and was accepted or its answer lost.
        start_refused: START was sent, and refused.
    """

    definition: Definition
    status: str
    running: bool
    alterations: tuple[Alteration, ...] = ()
    sent: bool = False
    stop_sent: bool = False
    start_sent: bool = False
    start_refused: bool = False
    _put_is_lost: bool = False
    _is_seen_running: bool = False
    _is_started_again: bool = False
    _is_taken_back: bool = False
    _is_unconfirmed: bool = False

    @classmethod
    def of(cls, live: Live, *, running_before: bool, sent: bool) -> Known:
        """Return what is known when a run begins.

        Args:
            live: What the service has answered.
            running_before: Whether it ran when last seen, which counts where the status says nothing.
            sent: A write of this operation went before.
        """
        known = cls(live.definition, live.status, running_before, live.alterations, sent)
        known.polled(live.status)
        return known

    def polled(self, status: str) -> None:
        """Record a status that the service has answered."""
        self.status = status
        self._is_unconfirmed = False
        self.running = run_state.is_running(status, otherwise=self.running)
        self._is_seen_running = run_state.is_up(status)

    def command_sent(self, word: str) -> None:
        """Record that a command is on its way: until it is refused it may have been carried out."""
        self.stop_sent |= word == "STOP"
        if word == "START":
            self.start_sent, self.start_refused = True, False

    def command_refused(self, word: str) -> None:
        """Record that a command was refused, so the pipeline is as it was."""
        if word == "START":
            self.start_sent, self.start_refused = False, True

    def command_accepted(self, word: str) -> None:
        """Record an accepted command: START reads as STARTING, STOP as STOPPING."""
        self.sent = True
        self.polled(run_state.STARTING if word == "START" else run_state.STOPPING)

    def command_unconfirmed(self) -> None:
        """Record that a command's answer was lost; the last polled status is no longer trusted."""
        self.sent = self._is_unconfirmed = True
        self._is_seen_running = False

    def command_seen_done(self) -> None:
        """Record that the status shows a command to be carried out whose answer did not say so."""
        self.sent = True

    def write_failed(self, error: DpcError, *, is_put: bool) -> None:
        """Record that a PUT or DELETE failed, after which the service may have carried it out or not."""
        self.sent |= error.maybe_applied
        self._put_is_lost |= is_put and error.maybe_applied

    def definition_seen(self, definition: Definition, alterations: tuple[Alteration, ...]) -> None:
        """Record the definition that was read after the answer of a PUT was lost."""
        self._put_is_lost = False
        self.definition, self.alterations = definition, alterations

    def written(self, definition: Definition, alterations: tuple[Alteration, ...]) -> None:
        """Record a definition that the service has taken."""
        self.sent = True
        self.definition_seen(definition, alterations)

    def taken_back(self, before: Live) -> None:
        """Record that an edit was undone, because the pipeline could not run with it."""
        self.definition, self.alterations = before.definition, before.alterations
        self._is_taken_back = True

    def started_again(self) -> None:
        """Record that the pipeline was told to start again after a failure."""
        self._is_started_again = True

    def ended(self, end: End, plan: Plan, error: DpcError | None = None) -> Outcome:
        """Return what is true when a run of this plan ends so."""
        failed = end is End.PARTIAL
        running = self.running and not (failed and self.start_sent and not self._is_seen_running)
        may_resume = plan.was_running and plan.should_run is not False
        return Outcome(
            end=end,
            definition=self.definition,
            status=self.status,
            running=running,
            resume=failed and may_resume and not self._is_seen_running,
            error=error,
            run_sentence=self._run_sentence(),
            alterations=self.alterations,
        )

    def is_as_before(self, before: Live, plan: Plan, error: DpcError) -> bool:
        """Tell whether a failure is plain: nothing was sent, or the last request was refused and all is as before."""
        if not self.sent:
            return True
        rejected = (
            isinstance(error, ApiError)
            and not error.maybe_applied
            and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
        )
        return (
            rejected
            and not (self._put_is_lost or self._is_unconfirmed)
            and any(
                not differences(self.definition, one.definition)
                for one in (before, before.as_recorded)
                if one
            )
            and (self._is_seen_running if plan.was_running else self.status == run_state.NOT_RUNNING)
        )

    def _run_sentence(self) -> str:
        taken_back = "The change was taken back. " if self._is_taken_back else ""
        return taken_back + self._state_sentence()

    def _state_sentence(self) -> str:
        if self._is_unconfirmed:
            return "Whether it runs is not known."
        if self._is_started_again and self.status == run_state.STOPPING:
            return f"It was told to start again, and its status is {self.status}."
        if self._is_seen_running:
            return "It is running."
        words = {
            run_state.STARTING: "It is starting.",
            run_state.STOPPING: "It is stopping.",
            run_state.NOT_RUNNING: "It is stopped.",
        }
        return words.get(self.status, f"Its status is {self.status}.")
