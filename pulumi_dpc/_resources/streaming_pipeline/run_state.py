"""Pure rules of the run state: what a status counts as and when a wait is over.

The words are the service's (``docs/api.md`` section 5.1). There is no word for "failed": a pipeline that failed
reads NOT_RUNNING, so a failed start is told from a slow one by what was seen before and by the time passed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pulumi_dpc._resources.polling import Verdict

STARTING = "STARTING"
SNAPSHOTTING = "SNAPSHOTTING"
STREAMING = "STREAMING"
STOPPING = "STOPPING"
NOT_RUNNING = "NOT_RUNNING"

_RUNNING = {STREAMING: True, SNAPSHOTTING: True, STARTING: True, STOPPING: False, NOT_RUNNING: False}


def is_running(status: str, otherwise: bool = False) -> bool:  # noqa: FBT001, FBT002 - the last knowledge, a value
    """Tell whether a status counts as running; one without information keeps the last knowledge."""
    return _RUNNING.get(status, otherwise)


def is_known(status: str) -> bool:
    """Tell whether a status carries information: UNKNOWN and words newer than this package do not."""
    return status in _RUNNING


def in_words(status: str) -> str:
    """Return a status for a row of the display."""
    return status.lower().replace("_", " ")


def is_up(status: str) -> bool:
    """Tell whether it runs now, and is not merely on its way up."""
    return status in (STREAMING, SNAPSHOTTING)


@dataclass(frozen=True)
class Watch:
    """What decides, between the polls of one wait, when it is over.

    Attributes:
        for_running: The wait is for a start, else for a stop.
        grace: Nominal seconds after an accepted START in which NOT_RUNNING may still mean "not begun yet"; a stop has
            none.
        seen_starting: A poll has seen it on its way up, so NOT_RUNNING now means that the start failed.
        seen_up: The poll before saw it running.
    """

    for_running: bool
    grace: float = 0.0
    seen_starting: bool = False
    seen_up: bool = False

    def judge(self, status: str, elapsed: float) -> tuple[Verdict | None, Watch]:
        """Judge one poll, ``elapsed`` nominal seconds after the command was accepted; None: the start has failed."""
        if not self.for_running:
            return (Verdict.DONE if status == NOT_RUNNING else Verdict.GO_ON), self
        if is_up(status):
            return (Verdict.DONE if self.seen_up else Verdict.CONFIRM), replace(self, seen_up=True)
        if status == STARTING:
            return Verdict.GO_ON, replace(self, seen_starting=True, seen_up=False)
        if status == NOT_RUNNING and (self.seen_starting or self.seen_up or elapsed > self.grace):
            return None, self
        return Verdict.GO_ON, replace(self, seen_up=False)
