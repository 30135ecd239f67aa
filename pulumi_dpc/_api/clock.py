"""Time as waits measure it, and the only way to sleep, which a Ctrl-C ends."""

from __future__ import annotations

import threading
import time

from pulumi_dpc.errors import Interrupted


class Clock:
    """A clock in nominal seconds: real ones, except where an emulator under test runs faster.

    Args:
        scale: Real seconds that one nominal second takes; 1 outside tests.
        interrupt: Set by whoever sees the user's Ctrl-C; every sleep, present and future, then ends at once.
    """

    def __init__(self, scale: float = 1.0, interrupt: threading.Event | None = None) -> None:
        self._scale = scale
        self._interrupt = interrupt or threading.Event()

    def now(self) -> float:
        """Return monotonic time in nominal seconds."""
        return time.monotonic() / self._scale

    def nominal(self, seconds: float) -> float:
        """Return how many nominal seconds that many real ones are."""
        return seconds / self._scale

    def wall(self) -> float:
        """Return the Unix time in real seconds, to compare with dates that a server sends."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep that many nominal seconds.

        Raises:
            Interrupted: The user cancelled before or during the sleep.
        """
        if self._interrupt.wait(max(0.0, seconds) * self._scale):
            raise Interrupted("interrupted")

    @property
    def interrupted(self) -> bool:
        """Tell whether the user has cancelled."""
        return self._interrupt.is_set()
