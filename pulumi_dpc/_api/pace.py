"""When each request of this process may go, so that all threads together stay under the service's limit."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from .clock import Clock

CONCURRENT_REQUESTS = 256
"""Requests at a time for which connections are kept: as many as the host answers calls at a time."""
WINDOW = 60.0
"""Seconds over which the service counts requests (``docs/api.md`` section 1.3)."""
SLOWEST = 6.0
"""Requests a minute that are always allowed, so that one unlucky 429 does not stall a deployment."""
GROWTH = 6.0
"""Requests a minute by which a learned rate grows in each minute without a 429."""
MARGIN = 0.9
"""Share of the accepted rate used after a 429; our minute and the service's do not start together."""
POLL_SHARE = 0.75
"""Share of the learned rate that polls of waiting pipelines may use, so that commands get through."""


@dataclass
class Pace:
    """The rate of all requests: unlimited until the first 429, then learned; all times are passed in.

    Polls of waiting pipelines have a limit of their own beside it, from the start: see `Pacer`.

    With a service that allows 60 requests a minute and is asked by many threads at once:

    - 0 s: no rate is known, so nothing waits; the service accepts 60 requests within 2 s.
    - 2 s: the next request gets a 429 with ``Retry-After: 58``. Until 60 s nothing is sent. 60 requests were accepted
      in what will then be 60 s; nine tenths of that are 54 a minute. More 429s of the same burst teach nothing.
    - 60 s: requests go one after the other, 60/54 s apart.
    - 120 s: no 429 came for a minute, so the rate has grown to 60 a minute, and goes on growing.
    - 130 s: it is 61 a minute, and a 429 sets it back to nine tenths of what was accepted lately.

    Attributes:
        rate: Requests a minute that the last 429 taught; None before the first one.
        held_until: Nothing is sent before this time.
    """

    rate: float | None = None
    held_until: float = 0.0
    _learned_at: float = float("-inf")
    _next: float = 0.0
    _accepted: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))

    def rate_at(self, now: float) -> float | None:
        """Return the requests a minute that may be sent at that time; None for any number."""
        if self.rate is None:
            return None
        return self.rate + GROWTH * max(0.0, now - self._learned_at) / WINDOW

    def due(self, now: float) -> float:
        """Return when the next request may go."""
        return max(now, self.held_until, self._next)

    def take(self, now: float) -> None:
        """Record that a request goes now."""
        rate = self.rate_at(now)
        if rate is not None:
            self._next = max(now, self._next) + WINDOW / rate

    def accept(self, now: float) -> None:
        """Record a request that was answered other than by a 429."""
        self._accepted.append(now)

    def refuse(self, began: float, now: float, hold: float) -> None:
        """Record a 429.

        Args:
            began: When the request was sent; one that was sent before the last lesson teaches nothing new.
            now: The time.
            hold: Seconds in which nothing may be sent.
        """
        self.held_until = max(self.held_until, now + hold)
        if began >= self._learned_at:
            self.rate, self._learned_at = self._lesson(now, hold), self.held_until

    def _lesson(self, now: float, hold: float) -> float:
        """Return the rate that a 429 teaches: what was accepted lately, over the time until the hold ends."""
        while self._accepted and self._accepted[0] <= now - WINDOW:
            self._accepted.popleft()
        accepted = max(1, len(self._accepted))
        since = now - self._accepted[0] if self._accepted else 0.0
        taught = MARGIN * accepted * WINDOW / max(1.0, since + hold)
        return max(SLOWEST, min(taught, self.rate_at(now) or taught))


@dataclass
class Line:
    """The turns of those who come first, in order, each so long after the one before.

    Attributes:
        next: When the next turn is, if it may not be at once.
    """

    next: float = 0.0

    def reserve(self, now: float, per_minute: float, *, burst: float = 1.0) -> float:
        """Return the time of the next turn; after a pause, as many as ``burst`` have theirs at once."""
        interval = WINDOW / per_minute
        due = max(now, self.next - (burst - 1) * interval)
        self.next = max(now, self.next) + interval
        return due


class Pacer:
    """The turns that the threads of a process wait for.

    Args:
        clock: Time, and the sleep that a Ctrl-C ends.
        polls_per_minute: Polls of waiting pipelines in a minute; after a pause half as many may be made at once,
            so that a batch that has just been started is polled without delay.

    Attributes:
        answered: The service has answered this process.
    """

    def __init__(self, clock: Clock, polls_per_minute: float = 300.0) -> None:
        self.answered = False
        self._clock = clock
        self._queue = threading.Lock()  # held by the one thread that waits for the next turn
        self._lock = threading.Lock()
        self._pace = Pace()
        self._polls_per_minute = polls_per_minute
        self._polls = Line()

    def turn(self) -> float:
        """Wait until this request may be sent and return the time then.

        Raises:
            Interrupted: The user cancelled while it waited.
        """
        with self._queue:
            while True:
                now = self._clock.now()
                with self._lock:
                    due = self._pace.due(now)
                    if due <= now:
                        self._pace.take(now)
                        return now
                self._clock.sleep(due - now)

    def poll_turn(self) -> None:
        """Wait until this poll of a waiting pipeline may be made: first come, first served.

        Raises:
            Interrupted: The user cancelled while it waited.
        """
        with self._lock:
            now = self._clock.now()
            rate = self._pace.rate_at(now)
            if rate is None:
                due = self._polls.reserve(now, self._polls_per_minute, burst=self._polls_per_minute / 2)
            else:
                due = self._polls.reserve(now, min(self._polls_per_minute, rate * POLL_SHARE))
        if due > now:
            self._clock.sleep(due - now)

    def accepted(self) -> None:
        """Record a request that was answered other than by a 429."""
        with self._lock:
            self._pace.accept(self._clock.now())

    def rate_limited(self, began: float, hold: float) -> None:
        """Record a 429: hold all threads that long, and learn the service's limit from it."""
        with self._lock:
            self._pace.refuse(began, self._clock.now(), hold)
