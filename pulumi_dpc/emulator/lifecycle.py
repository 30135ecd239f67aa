"""How the status of a pipeline follows from the last command and the time since: pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from .settings import Settings

UP = ("STARTING", "SNAPSHOTTING", "STREAMING")


@dataclass(frozen=True)
class Timeline:
    """The status of a pipeline at any moment: the legs of its way, each until a time, then the end."""

    end: str = "NOT_RUNNING"
    legs: tuple[tuple[str, float], ...] = ()

    def at(self, now: float) -> str:
        """Return the status at that moment."""
        return next((status for status, until in self.legs if now < until), self.end)

    def is_up(self, now: float) -> bool:
        """Tell whether the pipeline runs at that moment, or is on its way up."""
        return self.at(now) in UP


@dataclass(frozen=True)
class StartFailure:
    """Which start fails, and after which status.

    Attributes:
        pipeline: Id of the pipeline; None for whichever starts next.
        after: The last status seen before NOT_RUNNING; ``NOT_RUNNING`` itself for a start that never shows.
        seconds: How long that status is seen, where it has no length of its own (STREAMING).
    """

    pipeline: str | None = None
    after: str = "STARTING"
    seconds: float = 0.5


def started(before: Timeline, now: float, settings: Settings, failure: StartFailure | None) -> Timeline:
    """Return the way of a pipeline after an accepted START; one that is stopping stops first."""
    stopping = tuple(leg for leg in before.legs if now < leg[1])
    begin = stopping[-1][1] if stopping else now
    way = _way_up(begin, settings)
    if failure is not None:
        return Timeline("NOT_RUNNING", stopping + _cut(way, failure))
    return Timeline("STREAMING", stopping + way)


def stopped(now: float, settings: Settings) -> Timeline:
    """Return the way of a pipeline after an accepted STOP."""
    return Timeline("NOT_RUNNING", (("STOPPING", now + settings.stop_seconds),))


def snapshotting(now: float, seconds: float) -> Timeline:
    """Return the way of a running pipeline that takes a snapshot."""
    return Timeline("STREAMING", (("SNAPSHOTTING", now + seconds),))


def _way_up(begin: float, settings: Settings) -> tuple[tuple[str, float], ...]:
    starting = begin + settings.start_seconds
    legs = (("STARTING", starting), ("SNAPSHOTTING", starting + settings.start_snapshot_seconds))
    return legs if settings.start_snapshot_seconds else legs[:1]


def _cut(way: tuple[tuple[str, float], ...], failure: StartFailure) -> tuple[tuple[str, float], ...]:
    """Return the legs that are seen of a start that fails."""
    words = [status for status, _ in way]
    if failure.after == "NOT_RUNNING":
        return ()
    if failure.after in words:
        return way[: words.index(failure.after) + 1]
    return (*way, (failure.after, way[-1][1] + failure.seconds))
