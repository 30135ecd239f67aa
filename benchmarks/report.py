"""Markdown for `docs/benchmarks.md`: tables, and the machine and versions that the figures belong to."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from pulumi_dpc.testing import find_cli


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table under a line that says what it shows."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join([title, "", *("| " + " | ".join(map(str, line)) + " |" for line in lines)])


def machine() -> str:
    """Return one line: processor, cores, system, versions, and which engine was used."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("pulumi", "grpcio", "pydantic", "requests"))
    python = f"Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}; {python}; {packages}; {_engine()}."


def _processor() -> str:
    try:
        names = [
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _engine() -> str:
    cli = find_cli()
    if cli is None:
        return "no Pulumi CLI on PATH, so the times are those of pulumi_dpc.testing and not of Pulumi"
    found = subprocess.run([cli, "version"], check=True, capture_output=True, text=True)
    return f"Pulumi CLI {found.stdout.strip()}, `file://` backend"
