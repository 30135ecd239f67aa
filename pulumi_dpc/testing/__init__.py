"""Tests of your own stacks: real programs, through the real provider process, against the emulated service.

With pytest installed, its fixtures ``dpc_stack`` and ``dpc_api`` are there without an import:

    def test_orders_streams(dpc_stack):
        stack = dpc_stack("infra", config={"environment": "production"})
        stack.up()
        assert stack["orders"].running

``open_stack`` does the same outside of a test. Neither needs the Pulumi CLI, an account or a network.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import CommandFailed, NotAsExpected, NotSupported, TestingError, Unresolved
    from .opening import StackFactory, find_cli, open_stack
    from .resource import Resource, Secret
    from .result import Diagnostic, Result, Step
    from .stack import Stack

__all__ = [
    "CommandFailed",
    "Diagnostic",
    "NotAsExpected",
    "NotSupported",
    "Resource",
    "Result",
    "Secret",
    "Stack",
    "StackFactory",
    "Step",
    "TestingError",
    "Unresolved",
    "find_cli",
    "open_stack",
]

_MODULES = {
    **dict.fromkeys(
        ("CommandFailed", "NotAsExpected", "NotSupported", "TestingError", "Unresolved"), "errors"
    ),
    **dict.fromkeys(("Resource", "Secret"), "resource"),
    **dict.fromkeys(("Diagnostic", "Result", "Step"), "result"),
    **dict.fromkeys(("StackFactory", "find_cli", "open_stack"), "opening"),
    "Stack": "stack",
}


def __getattr__(name: str) -> Any:
    """Load the engine double when something of it is asked for: its processes are forked without it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    """Name what there is, loaded or not: for completion, and for `help`."""
    return sorted({*globals(), *__all__})
