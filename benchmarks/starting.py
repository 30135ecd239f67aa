"""Create and start a hundred pipelines, and edit a running one: the service's own start time, and what is on top."""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import stacks
from .report import table

COUNT = 100
PARALLEL = 8
START_SECONDS = (20.0, 40.0)
STOP_SECONDS = 5.0
SCALE = 0.1
"""Real seconds in a nominal one: the service is ten times as fast as it says, and our waits for it too."""


def measure(start_seconds: float) -> list[tuple[str, ...]]:
    """Return a row for the creates and one for the edit, in nominal seconds."""
    print(f"  starts that take {start_seconds:.0f} s", file=sys.stderr)
    service: dict[str, Any] = {
        "start_seconds": start_seconds,
        "stop_seconds": STOP_SECONDS,
        "time_scale": SCALE,
    }
    with (
        tempfile.TemporaryDirectory() as scratch,
        stacks.pipelines(
            Path(scratch),
            options={"parallel": PARALLEL},
            latency_seconds=stacks.LATENCY_SECONDS * SCALE,
            **service,
        ) as ours,
    ):
        ours.write(COUNT, running=True)
        created = ours.cost("up")
        ours.write(COUNT, running=True, edited=1)
        edited = ours.cost("up")
    waves = math.ceil(COUNT / PARALLEL)
    return [
        _row(f"create and start {COUNT}", created, waves * start_seconds),
        _row("edit a running one", edited, start_seconds + STOP_SECONDS),
    ]


def _row(shown: str, cost: stacks.Cost, service: float) -> tuple[str, ...]:
    """Compare with the service's own time what passes from the first request to the last."""
    above = f"{(cost.span / service - 1) * 100:+.0f} %"
    return (shown, f"{service:.0f} s", f"{cost.span:.0f} s", above, str(cost.requests), str(cost.connections))


def report(start_seconds: tuple[float, ...] = START_SECONDS) -> str:
    """Return the table."""
    title = (
        f"**Starts**, {PARALLEL} at a time (the engine's default here), beside what the service itself takes,"
        f" {STOP_SECONDS:.0f} s for a stop:"
    )
    head = ("", "the service", "first to last request", "above", "requests", "connections")
    rows = [
        (f"{shown}, {seconds:.0f} s each", *cells)
        for seconds in start_seconds
        for shown, *cells in measure(seconds)
    ]
    return table(title, head, rows)


if __name__ == "__main__":
    print(report())
