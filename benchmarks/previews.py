"""Time the preview of new pipelines with and without what it asks the account, in turn, so that noise hits both."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from . import stacks
from .report import table

COUNTS = (1, 100)
ROUNDS = 5
SWITCH = "dpc:preflight"


def measure(count: int, rounds: int) -> list[tuple[stacks.Cost, stacks.Cost]]:
    """Return the costs of each round, with and without; the account has one agent for each pipeline."""
    with tempfile.TemporaryDirectory() as scratch, stacks.pipelines(Path(scratch), agents=count) as bench:
        bench.write(count)
        return [(_cost(bench, "on"), _cost(bench, "off")) for _ in range(rounds)]


def _cost(bench: stacks.Bench, switch: str) -> stacks.Cost:
    bench.set_config(SWITCH, switch)
    return bench.cost("preview")


def report(counts: tuple[int, ...] = COUNTS, rounds: int = ROUNDS) -> str:
    """Return the table."""
    head = ("new pipelines", "requests", "time", f"with `{SWITCH}: off`", "above")
    title = f"**Preview of what is new**, {stacks.LATENCY_SECONDS * 1000:.0f} ms latency (medians of {rounds} rounds):"
    return table(title, head, (_row(count, measure(count, rounds)) for count in counts))


def _row(count: int, turns: list[tuple[stacks.Cost, stacks.Cost]]) -> tuple[str, ...]:
    asking, silent = (median(cost.seconds for cost in side) for side in zip(*turns, strict=True))
    requests = max(asked.requests for asked, _ in turns)
    above = median(asked.seconds - other.seconds for asked, other in turns)
    return (str(count), str(requests), f"{asking:.2f} s", f"{silent:.2f} s", f"{above:+.2f} s")


if __name__ == "__main__":
    print(report())
