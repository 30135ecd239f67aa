"""Polling: ask, let a judge say whether the wait is over, and sleep until the next time, up to a limit.

What is waited for is the judge's affair: a pipeline that starts or stops, or another kind's object that goes away.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.retries import Notify
from pulumi_dpc.errors import DpcError

FIRST_DELAY = 1.0
SHORTEST_DELAY = 0.1
"""A guess that is nearly up must not make polls follow each other without a pause."""
LONGEST_DELAY = 10.0
GROWTH = 1.5
JITTER = 0.1
CONFIRM_AFTER = 1.0
"""Nominal seconds between two polls of which both must see the same: a connector can die on its first record."""


class Verdict(Enum):
    """What one poll means for a wait that has not failed."""

    DONE = "done"
    GO_ON = "go on"
    CONFIRM = "confirm"
    """It is as it should be, if the next poll sees it too."""


class Judge(Protocol):
    """What a wait is for, and when it is over."""

    def judge(self, answer: str, elapsed: float) -> Verdict:
        """Say what one poll means; raise the error that ends the wait if it cannot succeed any more.

        Args:
            answer: What was answered.
            elapsed: Nominal seconds since the wait began.
        """

    def row(self, elapsed: float) -> str:
        """Return the line that shows how far the wait is."""

    def timed_out(self, answer: str, elapsed: float) -> DpcError:
        """Return the error of a wait whose limit is over."""


def poll_until(
    judge: Judge,
    ask: Callable[[], str],
    *,
    clock: Clock,
    progress: Notify,
    limit: float,
    learned: LearnedTimes | None = None,
) -> str:
    """Ask until the judge is satisfied, and return the last answer.

    Args:
        judge: Says what each answer means.
        ask: Asks the service once.
        clock: Time, and the sleep that a Ctrl-C ends.
        progress: Shows a passing line.
        limit: Nominal seconds after which the wait is given up.
        learned: How long such waits took in this process; None for one that does not tell others anything.

    Raises:
        DpcError: The judge's, when the wait has failed or its limit is over.
        Interrupted: The user cancelled.
    """
    began, polls, elapsed = clock.now(), 0, 0.0
    while True:
        answer = ask()
        polls, before, elapsed = polls + 1, elapsed, clock.now() - began
        verdict = judge.judge(answer, elapsed)
        if verdict is Verdict.DONE:
            return answer
        if verdict is Verdict.CONFIRM:
            if learned is not None:
                learned.add(before, elapsed)
            clock.sleep(CONFIRM_AFTER)
            continue
        if elapsed >= limit:
            raise judge.timed_out(answer, limit)
        progress(judge.row(elapsed))
        expected = None if learned is None else learned.left(elapsed)
        clock.sleep(min(poll_delay(polls, expected=expected), limit - elapsed))


def poll_delay(polls: int, *, expected: float | None = None) -> float:
    """Return the nominal seconds until the next poll: 1 s, growing by half up to 10 s, with jitter.

    Args:
        polls: How many polls this wait has taken so far, at least one.
        expected: Nominal seconds until the wait should be over, judged by others of this process. The next poll is
            then no later than that, and from then on the delays grow anew, so that a batch of starts does not pay
            their growth each time.
    """
    delay = min(LONGEST_DELAY, FIRST_DELAY * GROWTH ** (polls - 1))
    if expected is not None and expected <= 0:
        delay = min(delay, max(FIRST_DELAY, -expected * (GROWTH - 1)))
    delay *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
    return delay if expected is None or expected <= 0 else max(SHORTEST_DELAY, min(delay, expected))


_LATEST = 16
"""Waits that a guess is made from: an agent may be slower today than an hour ago."""


@dataclass
class LearnedTimes:
    """How long the same wait took for others in this process, so that the next poll comes when it should be over."""

    seen: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_LATEST))

    def add(self, not_yet: float, over: float) -> None:
        """Record one wait by its last poll that did not see the end and the first that did, in nominal seconds."""
        self.seen.append((not_yet, over))

    def left(self, elapsed: float) -> float | None:
        """Return the nominal seconds until a wait that began ``elapsed`` ago should be over; None without a guess.

        A wait ended between two polls. The guess is the middle of what all recent waits allow; where that is at most a
        second wide, or where they disagree, it is the quickest wait seen.
        """
        if not self.seen:
            return None
        slowest, quickest = max(not_yet for not_yet, _ in self.seen), min(over for _, over in self.seen)
        is_narrow = quickest - slowest <= FIRST_DELAY
        return (quickest if is_narrow else (slowest + quickest) / 2) - elapsed
