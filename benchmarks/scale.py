"""From 1 to 1000 pipelines: requests, time and memory, as a table and a plot."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from . import stacks
from .report import table

COUNTS = (1, 10, 100, 500, 1000)
COMMANDS = ("up", "preview", "refresh", "destroy")
SHOWN = dict(zip(COMMANDS, ("create", "preview, no change", "refresh", "destroy"), strict=True))
TELLING = 100
"""Pipelines from which processor time, which is sampled, says something about one."""
PLOT = Path(__file__).with_name("scale.svg")

Costs = dict[str, list[stacks.Cost]]


def measure(counts: tuple[int, ...]) -> tuple[Costs, Costs]:
    """Return the costs of each command for each number, of pipelines and of do-nothing resources of the same size."""
    ours: Costs = {command: [] for command in COMMANDS}
    floor: Costs = {command: [] for command in COMMANDS}
    for count in counts:
        print(f"  {count} pipelines", file=sys.stderr)
        with (
            tempfile.TemporaryDirectory() as scratch,
            stacks.pipelines(Path(scratch, "pipelines")) as bench,
            stacks.do_nothing(Path(scratch, "nothing"), as_large=True) as nothing,
        ):
            bench.write(count)
            nothing.write(count)
            for command in COMMANDS:
                ours[command].append(bench.cost(command))
                floor[command].append(nothing.cost(command))
    return ours, floor


def report(counts: tuple[int, ...] = COUNTS, plot: Path | None = PLOT) -> str:
    """Return the table, and draw the plot."""
    ours, floor = measure(counts)
    if plot is not None:
        _draw(plot, counts, ours, floor)
    head = ("", *(f"{count}" for count in counts))
    rows = [row for command in COMMANDS for row in _rows(command, counts, ours[command], floor[command])]
    peaks = [max(ours[command][at].mebibytes for command in COMMANDS) for at in range(len(counts))]
    memory = ("provider process, peak memory", *(f"{peak:.0f} MiB" for peak in peaks))
    latency = f"{stacks.LATENCY_SECONDS * 1000:.0f} ms"
    return table(f"**Scale**: number of pipelines, {latency} latency, one run each:", head, [*rows, memory])


def _rows(
    command: str, counts: tuple[int, ...], ours: list[stacks.Cost], floor: list[stacks.Cost]
) -> list[tuple[str, ...]]:
    start = ours[0].cpu_seconds
    ours_alone = (
        f"{(cost.cpu_seconds - start) / count * 1000:.1f} ms" if count >= TELLING else ""
        for count, cost in zip(counts, ours, strict=True)
    )
    return [
        (f"{SHOWN[command]}: requests", *(str(cost.requests) for cost in ours)),
        (f"{SHOWN[command]}: time", *(f"{cost.seconds:.1f} s" for cost in ours)),
        (f"{SHOWN[command]}: do-nothing of the same size", *(f"{other.seconds:.1f} s" for other in floor)),
        (f"{SHOWN[command]}: the provider's processor time per pipeline, beyond its start", *ours_alone),
    ]


def _draw(path: Path, counts: tuple[int, ...], ours: Costs, floor: Costs) -> None:
    import matplotlib as mpl  # the tables need no plot

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scale"  # the same figures give the same file
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for command in COMMANDS:
        left.plot(counts, [cost.requests for cost in ours[command]], marker="o", label=SHOWN[command])
        (line,) = right.plot(
            counts, [cost.seconds for cost in ours[command]], marker="o", label=SHOWN[command]
        )
        seconds = [cost.seconds for cost in floor[command]]
        right.plot(counts, seconds, linestyle=":", color=line.get_color())
    right.plot([], [], linestyle=":", color="gray", label="do-nothing resources of the same size")
    for axes, name in ((left, "API requests"), (right, "seconds")):
        axes.set_xlabel("pipelines")
        axes.set_ylabel(name)
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    print(report())
