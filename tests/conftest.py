"""What all tests share: how many run at a time, the worlds they act in, and what needs the Pulumi CLI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc.testing._engine.cli import NO_CLI, find_cli
from pulumi_dpc.testing._engine.engines import EngineName
from tests.worlds import MakeWorld, World


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return what ``-n auto`` means: a test waits for other processes as long as it computes."""
    return min(16, 2 * (os.cpu_count() or 1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked with `cli` where there is none."""
    if item.get_closest_marker("cli") and find_cli() is None:
        pytest.skip(NO_CLI)


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """Return what opens a world, with the settings of `World`; each is closed after the test."""
    with ExitStack() as opened:

        def make(kind: EngineName = "engine", directory: Path = tmp_path, **settings: Any) -> World:
            return opened.enter_context(World(kind, directory, **settings))

        yield make


@pytest.fixture
def world(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """Return a world on the engine double; ``@pytest.mark.world(...)`` gives settings of `World`."""
    settings: dict[str, Any] = {}
    for mark in request.node.iter_markers("world"):  # the closest one first
        settings = {**mark.kwargs, **settings}
    return make_world(**settings)
