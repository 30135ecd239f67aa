"""Runs Pulumi programs in tests, on the real CLI or on a double of its engine; both have the interface `Stack`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .stack import Stack

EngineName = Literal["engine", "cli"]
"""The double, or the real one."""


def open_stack(
    kind: EngineName, directory: Path, env: Mapping[str, str] | None = None, **options: Any
) -> Stack:
    """Open, or create, the stack whose project and state are in `directory`; `env` goes to every process.

    Options: `parallel=8`, `source=SOURCE`; for the engine also `plain_processes=False`, `mocks`, and `preload=()`
    (modules its processes need).
    """
    # Imported late: a run needs only one of them.
    if kind == "cli":
        from .cli import CliStack

        return CliStack(directory, env, **options)
    from .engine import DoubleStack

    return DoubleStack(directory, env, **options)
