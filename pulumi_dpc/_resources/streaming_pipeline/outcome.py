"""What a run knows after each step, and what that makes true when it ends.

The record alone decides what is stored of a failure: whether it is plain (everything is as it was) or partial
(``docs/design.md`` section 4, rule 6), and whether the pipeline is owed a start.
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


class End(Enum):
    """Say how a run ended."""

    DONE = "done"
    REFUSED = "refused"
    """Nothing changed, or everything is as it was before: what is stored stays true."""
    PARTIAL = "partial"
    GONE = "gone"


@dataclass(frozen=True)
class Outcome:
    """Say what is true after a run, as outputs record it."""

    end: End
    definition: Mapping[str, Any]
    status: str
    running: bool
    resume: bool = False
    error: DpcError | None = None
    run_sentence: str = ""
    alterations: tuple[Alteration, ...] = ()

    def story(self, beginning: str = "") -> str:
        """Return what went wrong and whether it runs, as one sentence each; details such as violations follow."""
        sentence, *details = f"{beginning}{self.error}".splitlines() or [""]
        owed = ""
        if self.resume:
            then = "looks whether it does" if self.status == run_state.STARTING else "starts it"
            owed = f" It should run: the next `pulumi up` {then}."
        return "\n".join([f"{sentence.rstrip('.')}. {self.run_sentence}{owed}", *details])

    @property
    def unfinished(self) -> bool:
        """Tell whether the next operation has to look and repair."""
        return self.end is End.PARTIAL


@dataclass
class Record:
    """Remember what is known after each step."""

    definition: Mapping[str, Any]
    status: str
    running: bool
    sent: bool = False
    stop_sent: bool = False
    start_sent: bool = False
    put_lost: bool = False
    seen_running: bool = False
    started_again: bool = False
    taken_back: bool = False
    """The edit was carried out, and then undone because the pipeline could not run with it."""
    in_doubt: bool = False
    """A command was sent, its answer is lost, and nobody has looked since."""
    alterations: tuple[Alteration, ...] = ()
    """Where the service has something else than ``definition`` says, because it stored that otherwise."""

    def saw(self, status: str) -> None:
        """Take note of a look."""
        self.status = status
        self.in_doubt = False
        self.running = run_state.is_running(status, otherwise=self.running)
        self.seen_running = run_state.is_up(status)

    def lost_sight(self) -> None:
        """Take note of a command whose answer is lost: what was seen before says nothing any more."""
        self.sent = self.in_doubt = True
        self.seen_running = False

    def accepted(self, word: str) -> None:
        """Take note of an accepted command: START reads as STARTING, STOP as STOPPING."""
        self.sent = True
        self.saw(run_state.STARTING if word == "START" else run_state.STOPPING)

    def ended(self, end: End, plan: Plan, error: DpcError | None = None) -> Outcome:
        """Return what is true when a run of this plan ends so."""
        failed = end is End.PARTIAL
        running = self.running and not (failed and self.start_sent and not self.seen_running)
        return Outcome(
            end=end,
            definition=self.definition,
            status=self.status,
            running=running,
            resume=failed and plan.ran and plan.goal is not False and not self.seen_running,
            error=error,
            run_sentence=self._run_sentence(),
            alterations=self.alterations,
        )

    def is_as_before(self, before: Live, plan: Plan, error: DpcError) -> bool:
        """Tell whether a failure is plain: nothing was sent, or what was sent has changed nothing."""
        if not self.sent:
            return True
        rejected = (
            isinstance(error, ApiError)
            and not error.maybe_applied
            and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
        )
        return (
            rejected
            and not self.put_lost
            and not differences(self.definition, before.definition)
            and (self.seen_running if plan.ran else self.status == run_state.NOT_RUNNING)
        )

    def _run_sentence(self) -> str:
        return (
            f"The change was taken back. {self._state_sentence()}"
            if self.taken_back
            else self._state_sentence()
        )

    def _state_sentence(self) -> str:
        if self.in_doubt:
            return "Whether it runs is not known."
        if self.started_again and self.status == run_state.STOPPING:
            return f"It was told to start again, and its status is {self.status}."
        words = {
            run_state.STARTING: "It is starting.",
            run_state.STOPPING: "It is stopping.",
            run_state.NOT_RUNNING: "It is stopped.",
        }
        return (
            "It is running." if self.seen_running else words.get(self.status, f"Its status is {self.status}.")
        )
