"""Time commands on pipelines beside the same commands on do-nothing resources, in turn, so that noise hits both."""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from . import stacks
from .report import table

COUNTS = (1, 100)
ROUNDS = 4

# What is run in each round, in this order, as (shown as, command, value of the edited property).
COMMANDS = (
    ("create, stopped", "up", 0),
    ("preview, no change", "preview", 0),
    ("up, no change", "up", 0),
    ("edit one, stopped", "up", 1),
    ("refresh", "refresh", 1),
    ("destroy, stopped", "destroy", 1),
)


def measure(count: int, rounds: int, *, as_large: bool) -> dict[str, list[tuple[stacks.Cost, stacks.Cost]]]:
    """Return for each command the costs (pipelines, do-nothing) of all rounds."""
    costs = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch, stacks.pipelines(Path(scratch, "pipelines")) as ours:
        floor = stacks.do_nothing(Path(scratch, "nothing"), as_large=as_large)
        for turn in range(rounds):
            print(f"  {count} pipelines, round {turn + 1} of {rounds}", file=sys.stderr)
            for shown, command, edited in COMMANDS:
                ours.write(count, edited=edited)
                floor.write(count, edited=edited)
                costs[shown].append((ours.cost(command), floor.cost(command)))
    return costs


def report(counts: tuple[int, ...] = COUNTS, rounds: int = ROUNDS, *, as_large: bool = False) -> str:
    """Return a table for each number of pipelines."""
    what = "do-nothing resources" + " with the same properties" * as_large
    return "\n\n".join(_table(n, measure(n, rounds, as_large=as_large), rounds, what) for n in counts)


def _table(
    count: int, costs: dict[str, list[tuple[stacks.Cost, stacks.Cost]]], rounds: int, what: str
) -> str:
    title = (
        f"**{count} pipeline{'s' * (count > 1)}**, {stacks.LATENCY_SECONDS * 1000:.0f} ms latency, beside as many"
        f" {what} (medians of {rounds}):"
    )
    head = ("", "requests", "tokens", "connections", "time", "do-nothing", "above", "ratio")
    return table(title, head, (_row(shown, pairs) for shown, pairs in costs.items()))


def _row(shown: str, pairs: list[tuple[stacks.Cost, stacks.Cost]]) -> tuple[str, ...]:
    ours, floor = (median(cost.seconds for cost in side) for side in zip(*pairs, strict=True))
    # The most of all rounds: a count is a promise, not an average.
    most = (max(getattr(cost, name) for cost, _ in pairs) for name in ("requests", "tokens", "connections"))
    above = median(cost.seconds - other.seconds for cost, other in pairs)
    return (
        shown,
        *map(str, most),
        f"{ours:.2f} s",
        f"{floor:.2f} s",
        f"{above:+.2f} s",
        f"{ours / floor:.2f}",
    )


if __name__ == "__main__":
    print(report(as_large="--as-large" in sys.argv))
