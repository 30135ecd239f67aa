"""Time commands on pipelines beside the same commands on do-nothing resources, in turn, so that noise hits all.

The do-nothing resource with one property is what the engine itself costs. One with the same properties as a pipeline
is what it costs the engine to carry those: no provider of such a resource can be faster.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from . import stacks
from .report import table

COUNTS = (1, 100)
ROUNDS = 5

# What is run in each round, in this order, as (shown as, command, value of the edited property).
COMMANDS = (
    ("create, stopped", "up", 0),
    ("preview, no change", "preview", 0),
    ("up, no change", "up", 0),
    ("edit one, stopped", "up", 1),
    ("refresh", "refresh", 1),
    ("destroy, stopped", "destroy", 1),
)

Round = tuple[stacks.Cost, stacks.Cost, stacks.Cost]
"""Of pipelines, do-nothing resources, and those with the same properties."""


def measure(count: int, rounds: int) -> dict[str, list[Round]]:
    """Return for each command the costs of all rounds."""
    costs = defaultdict(list)
    with (
        tempfile.TemporaryDirectory() as scratch,
        stacks.pipelines(Path(scratch, "pipelines")) as ours,
        stacks.do_nothing(Path(scratch, "nothing")) as floor,
        stacks.do_nothing(Path(scratch, "large"), as_large=True) as large,
    ):
        for turn in range(rounds):
            print(f"  {count} pipelines, round {turn + 1} of {rounds}", file=sys.stderr)
            for shown, command, edited in COMMANDS:
                for bench in (ours, floor, large):
                    bench.write(count, edited=edited)
                costs[shown].append((ours.cost(command), floor.cost(command), large.cost(command)))
    return costs


def report(counts: tuple[int, ...] = COUNTS, rounds: int = ROUNDS) -> str:
    """Return a table for each number of pipelines."""
    return "\n\n".join(_table(count, measure(count, rounds), rounds) for count in counts)


def _table(count: int, costs: dict[str, list[Round]], rounds: int) -> str:
    title = (
        f"**{count} pipeline{'s' * (count > 1)}**, {stacks.LATENCY_SECONDS * 1000:.0f} ms latency, beside as many"
        f" do-nothing resources (medians of {rounds} rounds):"
    )
    requests = ("requests", "tokens", "connections")
    head = ("", *requests, "time", "do-nothing", "above", "ratio", "… of the same size", "above")
    return table(title, head, (_row(shown, turns) for shown, turns in costs.items()))


def _row(shown: str, turns: list[Round]) -> tuple[str, ...]:
    ours, floor, large = (median(cost.seconds for cost in side) for side in zip(*turns, strict=True))
    # The most of all rounds: a count is a promise, not an average.
    most = (max(getattr(cost, name) for cost, *_ in turns) for name in ("requests", "tokens", "connections"))
    above = (median(turn[0].seconds - turn[beside].seconds for turn in turns) for beside in (1, 2))
    above_floor, above_large = (f"{seconds:+.2f} s" for seconds in above)
    times = (
        f"{ours:.2f} s",
        f"{floor:.2f} s",
        above_floor,
        f"{ours / floor:.2f}",
        f"{large:.2f} s",
        above_large,
    )
    return (shown, *map(str, most), *times)


if __name__ == "__main__":
    print(report())
