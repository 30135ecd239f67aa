"""When each request of this process may go, so that all threads together stay under the service's limit."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from .clock import Clock

WINDOW = 60.0
"""The service counts requests a minute (``docs/api.md`` section 1.3)."""
SLOWEST = 6.0
"""Requests a minute that are always allowed: one unlucky 429 must not stall a deployment."""
MARGIN = 0.9
"""Part of what was accepted that is asked for from then on: the two counts are not in step."""
ENOUGH = 10
"""Accepted requests from which a 429 without ``Retry-After`` teaches a rate by their number alone."""
RECOVERY = 1.1
"""Growth of the learned rate for each minute without a 429; of a low one, by at least `SLOWEST`."""
FORGOTTEN = 3000.0
"""Requests a minute from which a learned rate no longer matters: three times the highest published limit."""
LOOK_SHARE = 0.75
"""Part of the learned rate that looks at waiting pipelines may use, so that commands get through."""


@dataclass
class Line:
    """Give out times in order, each so long after the one before.

    Attributes:
        next: When the next goes if it may not go at once.
    """

    next: float = 0.0

    def reserve(self, now: float, per_minute: float, *, burst: float = 1.0) -> float:
        """Return when the next may go; after a pause, as many as ``burst`` go at once."""
        interval = WINDOW / per_minute
        due = max(now, self.next - (burst - 1) * interval)
        self.next = max(now, self.next) + interval
        return due


@dataclass(frozen=True)
class Ticket:
    """Hold a place in the line: a time, and how much all times had been put off when it was given."""

    due: float
    put_off: float


@dataclass
class Pace:
    """Decide when requests may go, from what the service accepted and refused; all times are passed in.

    Attributes:
        rate: Requests a minute; None until a 429 has taught one.
        held_until: Nothing goes before.
    """

    rate: float | None = None
    held_until: float = 0.0
    _learned: float = field(default=float("-inf"))
    _grown: float = 0.0
    _put_off: float = 0.0
    _line: Line = field(default_factory=Line)
    _accepted: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))

    def reserve(self, now: float) -> Ticket:
        """Take a place in the line."""
        self._grow(now)
        free = max(now, self.held_until)
        due = free if self.rate is None else self._line.reserve(free, self.rate)
        return Ticket(due, self._put_off)

    def due(self, ticket: Ticket) -> float:
        """Return when the holder of a ticket may go; a hold puts off all that are given out."""
        return ticket.due + self._put_off - ticket.put_off

    def accept(self, now: float) -> None:
        """Take note of a request that was answered other than by a 429."""
        self._accepted.append(now)

    def refuse(self, began: float, now: float, hold: float, *, told: bool) -> None:
        """Take note of a 429.

        Args:
            began: When the request was sent: those sent before the last lesson teach nothing new.
            now: The time.
            hold: Seconds in which nothing may be sent.
            told: The service named that time, so it tells the limit; otherwise it is only our backoff.
        """
        if began >= self._learned:
            self.rate = self._lesson(now, hold, told=told)
            self._learned = self._grown = now + hold
        longer = now + hold - max(now, self.held_until)
        if longer > 0:
            self.held_until = now + hold
            self._put_off += longer
            self._line.next = max(self._line.next + longer, self.held_until)

    def _lesson(self, now: float, hold: float, *, told: bool) -> float:
        """Return the rate that a 429 teaches: what was accepted lately, over the time it is to last.

        A service that names no time gets the whole minute for it, unless too little was accepted to judge by.
        """
        while self._accepted and self._accepted[0] <= now - WINDOW:
            self._accepted.popleft()
        accepted = max(1, len(self._accepted))
        since = now - self._accepted[0] if self._accepted else 0.0
        span = since + hold if told or accepted < ENOUGH else WINDOW
        taught = MARGIN * accepted * WINDOW / max(1.0, span)
        return max(SLOWEST, taught if self.rate is None else min(taught, self.rate))

    def _grow(self, now: float) -> None:
        while self.rate is not None and now - self._grown >= WINDOW:
            self._grown += WINDOW
            faster = max(self.rate * RECOVERY, self.rate + SLOWEST)
            self.rate = faster if faster < FORGOTTEN else None


class Pacer:
    """Make the threads of a process wait for their turns.

    Args:
        clock: Time, and the sleep that a Ctrl-C ends.
        looks_per_minute: Looks at waiting pipelines in a minute; after a pause half as many more, so that a
            batch that has just been started is looked at without delay.
    """

    def __init__(self, clock: Clock, looks_per_minute: float = 300.0) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pace = Pace()
        self._looks_per_minute = looks_per_minute
        self._looks = Line()

    def turn(self) -> float:
        """Wait until this request may be sent and return the time then.

        Raises:
            Interrupted: The user cancelled while it waited.
        """
        with self._lock:
            ticket = self._pace.reserve(self._clock.now())
        while True:
            with self._lock:
                due = self._pace.due(ticket)
            now = self._clock.now()
            if due <= now:
                return now
            self._clock.sleep(due - now)

    def look_turn(self) -> None:
        """Wait until this look at a waiting pipeline may be taken: first come, first served.

        Raises:
            Interrupted: The user cancelled while it waited.
        """
        with self._lock:
            now, rate = self._clock.now(), self._pace.rate
            if rate is None:
                due = self._looks.reserve(now, self._looks_per_minute, burst=self._looks_per_minute / 2)
            else:
                due = self._looks.reserve(now, min(self._looks_per_minute, rate * LOOK_SHARE))
        if due > now:
            self._clock.sleep(due - now)

    def accepted(self) -> None:
        """Take note of a request that was answered other than by a 429."""
        with self._lock:
            self._pace.accept(self._clock.now())

    def refused(self, began: float, hold: float, *, told: bool) -> None:
        """Take note of a 429: hold all threads that long, and learn the service's limit from it."""
        with self._lock:
            self._pace.refuse(began, self._clock.now(), hold, told=told)
