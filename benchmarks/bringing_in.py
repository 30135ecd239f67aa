"""Bring in what exists: `pulumi-dpc generate`, `pulumi import --file`, and the preview after them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing import Result, open_stack

from . import stacks
from .report import table

COUNTS = (1, 40, 100, 1000)
TABLES = 20
"""Of each pipeline."""
ONE_CHECKPOINT = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""Let Pulumi write its state once, at the end of a command."""
MOST_WITH_CHECKPOINTS = 100
"""A thousand take a quarter of an hour: Pulumi writes its whole state after each resource."""


@dataclass(frozen=True)
class Generated:
    """Hold what one ``generate`` took.

    Attributes:
        requests: Of the API, without tokens.
        seconds: Wall time of the process.
        mebibytes: The most memory it held.
    """

    requests: int
    seconds: float
    mebibytes: float


def populate(api: Emulator, count: int) -> None:
    """Put pipelines there, each on an agent of its own."""
    tables = [{"schema": "public", "table": f"table_{number}"} for number in range(TABLES)]
    secret = {"secretType": "AWS_SECRETS_MANAGER", "secretName": "shop/streaming", "secretKey": "password"}
    connection = {
        "host": "db.example.com",
        "port": 5432,
        "database": "shop",
        "username": "streaming_user",
        "password": secret,
    }
    for i in range(count):
        agent_id = f"{stacks.AGENT}{i:012}"
        api.add_agent(f"agent-{i:04}", agent_id)
        api.add_pipeline(
            {
                "name": f"pipeline-{i:04}",
                "agentId": agent_id,
                "streamingSource": {"type": "postgres", "connection": connection, "tables": tables},
                "streamingTarget": {"type": "s3", "bucket": "landing", "prefix": f"shop/{i}"},
                "advancedProperties": {"max.batch.size": 10000},
            }
        )


def generate(api: Emulator, folder: Path, *options: str) -> Generated:
    """Run the command in a process of its own.

    Raises:
        RuntimeError: It failed.
    """
    api.clear_requests()
    words = [sys.executable, "-m", "pulumi_dpc._cli", "generate", "Analytics", "--out", str(folder), *options]
    began = time.perf_counter()
    process = subprocess.Popen(words, env=os.environ | api.env, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"generate ended with {process.returncode}")
    requests = sum(not request.path.startswith(stacks.TOKEN_PATH) for request in api.requests)
    return Generated(requests, seconds, used.ru_maxrss / 1024)


def bring_in(api: Emulator, folder: Path, scratch: Path, count: int) -> list[str]:
    """Import with the real CLI, and preview beside as many do-nothing resources; return the cells of the column."""
    if not stacks.HAS_CLI:
        return [""] * 5
    slow = _imported(api, folder, {}) if count <= MOST_WITH_CHECKPOINTS else None
    fast = _imported(api, folder, ONE_CHECKPOINT)
    return [
        f"{slow[0]:.1f} s" if slow else "",
        f"{fast[0]:.1f} s",
        f"{fast[1]:.1f} s",
        f"{_do_nothing(scratch / 'nothing', 2 * count):.1f} s",
        str(len(api.requests)),
    ]


def _imported(api: Emulator, folder: Path, env: dict[str, str]) -> tuple[float, float]:
    """Return the seconds of the import and of the preview after it."""
    with open_stack(folder, api=api, env=env, cli=True) as stack:
        api.clear_requests()
        return stack.import_file(folder / "import.json").seconds, _previewed(stack.preview())


def _do_nothing(scratch: Path, count: int) -> float:
    with stacks.do_nothing(scratch, as_large=True, env=ONE_CHECKPOINT) as bench:
        bench.write(count)
        bench.cost("up")
        return bench.cost("preview").seconds


def _previewed(shown: Result) -> float:
    if shown.changes:
        raise RuntimeError(shown.text)
    return shown.seconds


def measure(count: int) -> list[str]:
    """Return the column of that many pipelines."""
    print(f"  {count} pipelines that exist", file=sys.stderr)
    service = Emulator(rate_limit_per_minute=None, latency_seconds=stacks.LATENCY_SECONDS)
    with tempfile.TemporaryDirectory() as name, service as api:
        scratch = Path(name)
        populate(api, count)
        plain = generate(api, scratch / "plain")
        running = generate(api, scratch / "running", "--running")
        return [
            *(str(plain.requests), f"{plain.seconds:.1f} s", f"{plain.mebibytes:.0f} MiB"),
            *(str(running.requests), f"{running.seconds:.1f} s"),
            *bring_in(api, scratch / "plain", scratch, count),
        ]


def report(counts: tuple[int, ...] = COUNTS) -> str:
    """Return the table."""
    title = (
        f"**Bringing in** pipelines of {TABLES} tables and as many agents,"
        f" {stacks.LATENCY_SECONDS * 1000:.0f} ms latency, one run each:"
    )
    rows = (
        *("generate: requests", "generate: time", "generate: peak memory"),
        *("generate --running: requests", "generate --running: time"),
        *("pulumi import: time", "pulumi import, one checkpoint: time", "pulumi preview after it: time"),
        *("preview of as many do-nothing resources of the same size", "requests of import and preview"),
    )
    columns = [measure(count) for count in counts]
    cells = [[row, *(column[number] for column in columns)] for number, row in enumerate(rows)]
    return table(title, ("", *map(str, counts)), cells)


if __name__ == "__main__":
    print(report(tuple(map(int, sys.argv[1:])) or COUNTS))
