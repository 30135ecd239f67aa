"""The waits for what an agent's service has accepted: a change that shows, and an agent that is gone."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_dpc._resources.polling import Verdict
from pulumi_dpc.errors import WaitTimedOut

DELETE_LIMIT = 300.0
CHANGE_LIMIT = 60.0
"""Nominal seconds after which an accepted change that does not show is told, and taken for done."""


@dataclass(frozen=True)
class AgentJudge:
    """The judge of one wait, whose answer is what is still missing; an empty one ends it.

    Attributes:
        doing: What the agent's row shows meanwhile.
        late: The error's sentence when the time is up, with ``{}`` for the seconds.
    """

    doing: str
    late: str

    def judge(self, answer: str, _elapsed: float) -> Verdict:
        """Judge one poll."""
        return Verdict.GO_ON if answer else Verdict.DONE

    def row(self, elapsed: float) -> str:
        """Return what the resource's row shows."""
        return f"{self.doing}, {elapsed:.0f} s"

    def timed_out(self, answer: str, elapsed: float) -> WaitTimedOut:
        """Return the error of a wait that took too long."""
        return WaitTimedOut(self.late.format(f"{elapsed:.0f}", answer))


CHANGE = AgentJudge("waiting for the change to show", "{} s later: {}")
DELETION = AgentJudge(
    "being deleted",
    "was told to be deleted, and is still there {} s later; run the command again, or let it wait longer with"
    " custom_timeouts",
)
