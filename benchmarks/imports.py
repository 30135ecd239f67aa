"""Time what a program and the provider process load before they do anything."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from .report import table

ROUNDS = 15
WHAT = {
    "nothing": "pass",
    "`import pulumi`": "import pulumi",
    "`import pulumi_dpc`": "import pulumi_dpc",
    "… and its models": "import pulumi_dpc; pulumi_dpc.PipelineDefinition",
    "… and its client": "import pulumi_dpc; pulumi_dpc.DpcClient",
    "the provider process": "from pulumi_dpc._entry import load_provider; load_provider('StreamingPipeline')",
}


def seconds(code: str) -> float:
    """Return the wall time of an interpreter that runs this."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def report(rounds: int = ROUNDS) -> str:
    """Return the table; each is run in turn, after one run that writes the caches."""
    for code in WHAT.values():
        seconds(code)
    turns = [{shown: seconds(code) for shown, code in WHAT.items()} for _ in range(rounds)]
    times = {shown: median(turn[shown] for turn in turns) * 1000 for shown in WHAT}
    base = times["`import pulumi`"]
    rows = ((shown, f"{took:.0f} ms", f"{took - base:+.0f} ms") for shown, took in times.items())
    return table(f"**Import** (medians of {rounds} processes):", ("", "time", "beside `import pulumi`"), rows)


if __name__ == "__main__":
    print(report())
