"""How old a listing may be that says of something about to be deleted that nobody uses it."""

from __future__ import annotations

import threading

from pulumi_dpc._api.clock import Clock

SAME_LOOK = 30.0
"""Real seconds after a delete in which others begin that are served by the listings that were read for it."""


class Looks:
    """When the listings must have been begun that say that nobody uses an agent.

    What this command listed before its first delete says nothing: somebody may have put a pipeline on the agent since.
    Deletes that begin one after the other share a look, so the listings are not read once for each.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: float | None = None

    def since(self, clock: Clock) -> float:
        """Return the time, for a delete that begins now."""
        now = clock.now()
        with self._lock:
            if self._began is None or now - self._began > clock.nominal(SAME_LOOK):
                self._began = now
            return self._began
