"""Every scenario on the test engine, and on the real CLI where there is one; both must do the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.cli import NO_CLI, find_cli
from tests.stack import live_stream_scenarios  # noqa: F401 - registers its scenarios
from tests.stack.scenarios import SCENARIOS
from tests.worlds import World


@pytest.mark.parametrize("name", SCENARIOS)
def test_on_the_test_engine(name: str, tmp_path: Path) -> None:
    with World("engine", tmp_path) as world:
        SCENARIOS[name](world)


@pytest.mark.cli
@pytest.mark.skipif(find_cli() is None, reason=NO_CLI)
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_real_engine_does_the_same(name: str, tmp_path: Path) -> None:
    """The test engine is a double; this keeps it honest."""
    with World("cli", tmp_path / "cli") as real, World("engine", tmp_path / "engine") as double:
        SCENARIOS[name](real)
        SCENARIOS[name](double)
        assert double.trace == real.trace
