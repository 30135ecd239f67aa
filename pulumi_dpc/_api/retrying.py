"""The retry contract: what is tried again, when, and for how long (``docs/design.md`` section 6)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

from pulumi_dpc.errors import DpcError

from .clock import Clock

T = TypeVar("T")
Say = Callable[[str], None]
"""Shows a passing line to whoever waits."""

BUDGET = 120.0
"""Nominal seconds of trying in which another wait may begin; queueing for a turn does not count."""
LONGEST_WAIT = 900.0
"""Longest ``Retry-After`` that is obeyed, in nominal seconds; for a longer one the call gives up."""
FEWEST_ATTEMPTS = 3
"""Attempts that are made even if the first ones used up the budget, as three timeouts of 30 s nearly do."""
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 30.0


def silence(_text: str) -> None:
    """Show nothing."""


class Passing(Exception):
    """Say that an attempt failed in a way that passes.

    Args:
        error: What to raise if no further attempt is made.
        asked: Seconds that the service asked to wait.
        crowded: The service said that there are too many requests, so every thread has to slow down.
    """

    def __init__(self, error: DpcError, *, asked: float | None = None, crowded: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.asked = asked
        self.crowded = crowded


class Queue(Protocol):
    """Where a request waits for its turn among those of all threads."""

    def turn(self) -> float:
        """Wait for the turn and return when it began."""

    def rate_limited(self, began: float, hold: float) -> None:
        """Hold all threads, because the request that began then was refused as one too many."""


def persist(attempt: Callable[[], T], queue: Queue, clock: Clock, say: Say) -> T:
    """Return what an attempt returns, making another one while it raises `Passing` and the budget lasts.

    To be asked for no wait, or for one that is over on this clock, says nothing: obeyed, it would be thousands of
    requests. Before each wait ``say`` is told why and how long: minutes of silence would read as a hang.

    Raises:
        DpcError: The error of the last attempt.
        Interrupted: The user cancelled during a wait.
    """
    spent, attempts = 0.0, 0
    while True:
        began = queue.turn()
        try:
            return attempt()
        except Passing as passing:
            attempts += 1
            spent += clock.now() - began
            asked = passing.asked if passing.asked and passing.asked >= FIRST_BACKOFF else None
            delay = asked or backoff(attempts)
            if not may_wait(delay, spent, attempts):
                raise passing.error from passing.__cause__
            spent += delay
            say(f"{str(passing).partition(chr(10))[0]}; trying again in {delay:.0f} s")
            if passing.crowded:
                queue.rate_limited(began, delay)
            else:
                clock.sleep(delay)


def may_wait(delay: float, spent: float, attempts: int) -> bool:
    """Tell whether another attempt is made after this delay."""
    return delay <= LONGEST_WAIT and (spent < BUDGET or attempts < FEWEST_ATTEMPTS)


def backoff(attempts: int) -> float:
    """Return the seconds to wait after so many attempts: 1, 2, 4 … 30, each with a fifth of jitter."""
    base = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(attempts - 1, 10))
    return base * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for; None when it says nothing usable.

    Args:
        value: The header: seconds or a date (the vendor does not say which, ``docs/api.md`` section 1.3).
        now: Unix time.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(date: str, now: float) -> float:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return math.nan
