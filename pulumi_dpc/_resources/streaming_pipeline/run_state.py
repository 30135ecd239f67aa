"""Pure rules of the run state: what a status counts as and when a wait is over.

The words are the service's (``docs/api.md`` section 5.1). There is no word for "failed": a pipeline that failed
reads NOT_RUNNING, so a failed start is told from a slow one by what was seen before and by the time passed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import Enum

STARTING = "STARTING"
SNAPSHOTTING = "SNAPSHOTTING"
STREAMING = "STREAMING"
STOPPING = "STOPPING"
NOT_RUNNING = "NOT_RUNNING"
UNKNOWN = "UNKNOWN"

_RUNNING = {STREAMING: True, SNAPSHOTTING: True, STARTING: True, STOPPING: False, NOT_RUNNING: False}

FIRST_DELAY = 1.0
LONGEST_DELAY = 10.0
GROWTH = 1.5
JITTER = 0.1
CONFIRM_AFTER = 1.0
"""Nominal seconds between the two looks that must both see it running: a connector can die on its first record."""


def is_running(status: str, otherwise: bool = False) -> bool:  # noqa: FBT001, FBT002 - the last knowledge, a value
    """Tell whether a status counts as running; one without information keeps the last knowledge."""
    return _RUNNING.get(status, otherwise)


def is_known(status: str) -> bool:
    """Tell whether a status carries information: UNKNOWN and words newer than this package do not."""
    return status in _RUNNING


def is_up(status: str) -> bool:
    """Tell whether it runs now, and is not merely on its way up."""
    return status in (STREAMING, SNAPSHOTTING)


class Verdict(Enum):
    """Say what a look at the status means for a wait."""

    DONE = "done"
    GO_ON = "go on"
    CONFIRM = "confirm"
    FAILED = "failed"


@dataclass(frozen=True)
class Watch:
    """Remember, between the looks of one wait, what decides when it is over.

    Attributes:
        for_running: The wait is for a start, else for a stop.
        grace: Nominal seconds after an accepted START in which NOT_RUNNING may still mean "not begun yet".
        seen_starting: A look has seen it on its way up, so NOT_RUNNING now means that the start failed.
        seen_up: The look before saw it running.
    """

    for_running: bool
    grace: float
    seen_starting: bool = False
    seen_up: bool = False

    def look(self, status: str, elapsed: float) -> tuple[Verdict, Watch]:
        """Judge one look, ``elapsed`` nominal seconds after the command was accepted."""
        if not self.for_running:
            return (Verdict.DONE if status == NOT_RUNNING else Verdict.GO_ON), self
        if is_up(status):
            return (Verdict.DONE if self.seen_up else Verdict.CONFIRM), replace(self, seen_up=True)
        if status == STARTING:
            return Verdict.GO_ON, replace(self, seen_starting=True, seen_up=False)
        if status == NOT_RUNNING and (self.seen_starting or self.seen_up or elapsed > self.grace):
            return Verdict.FAILED, self
        return Verdict.GO_ON, replace(self, seen_up=False)


def look_delay(looks: int, *, expected: float | None = None) -> float:
    """Return the nominal seconds until the next look: 1 s, growing by half up to 10 s, with jitter.

    Args:
        looks: How many looks this wait has taken so far, at least one.
        expected: Nominal seconds until this pipeline should be running, judged by others of this process that
            started before it. The look is then no later than that, and from then on the delays grow anew, so
            that a batch of starts does not pay their growth each time.
    """
    delay = min(LONGEST_DELAY, FIRST_DELAY * GROWTH ** (looks - 1))
    if expected is not None and expected <= 0:
        delay = min(delay, max(FIRST_DELAY, -expected * (GROWTH - 1)))
    delay *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
    return delay if expected is None or expected <= 0 else min(delay, expected)
