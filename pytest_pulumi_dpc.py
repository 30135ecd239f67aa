"""The pytest plugin of pulumi_dpc: fixtures for tests of stacks, which load nothing before the first of them is used.

It stands outside of the package, because importing anything in that imports Pulumi.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulumi_dpc.emulator import Emulator
    from pulumi_dpc.testing import Stack, StackFactory

_OPTION = "--dpc-cli"
_MARKS = (
    "dpc_api(**settings): settings of the emulator that the fixture dpc_api is",
    f"dpc_cli: runs on the real Pulumi CLI, as all tests of dpc_stack do with {_OPTION}; skipped where there is none",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs the same tests on the real CLI."""
    group = parser.getgroup("pulumi_dpc")
    group.addoption(_OPTION, action="store_true", help="run the stacks of dpc_stack with the real Pulumi CLI")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)


@pytest.fixture
def dpc_engine(request: pytest.FixtureRequest) -> str:
    """Return what runs the commands of the test's stacks: ``engine``, the double of Pulumi's engine, or ``cli``."""
    on_cli = request.config.getoption(_OPTION) or request.node.get_closest_marker("dpc_cli")
    return "cli" if on_cli else "engine"


@pytest.fixture
def dpc_api(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """Serve an emulator of the vendor's API; ``@pytest.mark.dpc_api(...)`` gives it settings, the closest first."""
    from pulumi_dpc.testing.opening import open_api

    settings: dict[str, Any] = {}
    for mark in request.node.iter_markers("dpc_api"):
        settings = {**mark.kwargs, **settings}
    with open_api(**settings) as api:
        yield api


@pytest.fixture
def dpc_stack(request: pytest.FixtureRequest, dpc_api: Emulator, dpc_engine: str) -> Iterator[StackFactory]:
    """Return what opens a stack at ``dpc_api``, as ``pulumi_dpc.testing.open_stack`` does.

    A relative folder is looked for beside the test's file, then in pytest's root folder.
    """
    from pulumi_dpc.testing import find_cli, open_stack

    places = [request.path.parent, request.config.rootpath]
    if dpc_engine == "cli" and find_cli() is None:
        if request.config.getoption(_OPTION):
            raise pytest.UsageError(f"{_OPTION}: there is no Pulumi CLI on PATH")
        pytest.skip("no Pulumi CLI on PATH")
    with ExitStack() as opened:

        def make(program: Any, **options: Any) -> Stack:
            if dpc_engine == "cli" and options.get("mocks"):
                pytest.skip("the Pulumi CLI asks the real packages, and knows nothing of mocks")
            stack = open_stack(program, api=dpc_api, cli=dpc_engine == "cli", places=places, **options)
            return opened.enter_context(stack)

        yield make
