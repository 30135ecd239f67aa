"""What a test of a stack takes with `pulumi_dpc.testing`: the first of a process, and each one after it."""

from __future__ import annotations

import inspect
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pulumi_dpc as dpc
from pulumi_dpc.testing import open_stack

from .report import table

ROUNDS = 20
IMPORTS = "import pulumi_dpc as dpc\n"


def declare() -> None:
    """Declare one pipeline that runs, with the lookups that a program makes."""
    project = dpc.get_project("Analytics")
    environment = dpc.get_environment(project.id, "production")
    dpc.StreamingPipeline(
        "orders",
        project_id=project.id,
        agent_id=environment.default_agent_id,
        name="orders",
        streaming_source=dpc.PostgresSource(
            connection=dpc.PostgresConnection(
                host="db.example.com",
                port=5432,
                database="shop",
                username="streaming_user",
                password=dpc.SecretReference.aws("shop/streaming", key="password"),
            ),
            tables=[dpc.Table("public", "orders")],
        ),
        streaming_target=dpc.S3Target(bucket="analytics-landing"),
        running=True,
    )


def seconds(program: Path | Callable[[], None], *commands: str) -> float:
    """Return the wall time of one test: its emulator, its stack, and these commands."""
    began = time.perf_counter()
    with open_stack(program) as stack:
        for command in commands:
            getattr(stack, command)()
    return time.perf_counter() - began


def report(rounds: int = ROUNDS) -> str:
    """Return the table."""
    print("  tests of stacks", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (folder / "__main__.py").write_text(f"{IMPORTS}{inspect.getsource(declare)}declare()\n")
        programs: dict[str, Any] = {"a folder": folder, "a function": declare}
        first = {shown: seconds(program, "up") for shown, program in programs.items()}
        rows = [
            _row(shown, first[shown], [seconds(program, "up") for _ in range(rounds)])
            for shown, program in programs.items()
        ]
        whole = [seconds(folder, "up", "preview", "destroy") for _ in range(rounds)]
    rows.append(_row("a folder, with `preview` and `destroy`", None, whole))
    title = f"**A test of your stack** that creates and starts one pipeline (medians of {rounds}):"
    return table(title, ("", "the first", "each one after it"), rows)


def _row(shown: str, first: float | None, after: list[float]) -> tuple[str, ...]:
    return (shown, f"{first:.2f} s" if first is not None else "", f"{median(after):.2f} s")


if __name__ == "__main__":
    print(report())
