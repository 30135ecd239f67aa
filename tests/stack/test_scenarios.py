"""Every scenario on the test engine, and on the real CLI where there is one; both must do the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stack import (  # noqa: F401 - they register their scenarios
    agent_scenarios,
    live_stream_scenarios,
    shown_scenarios,
)
from tests.stack.scenarios import SCENARIOS
from tests.worlds import MakeWorld, World


@pytest.mark.parametrize("name", SCENARIOS)
def test_on_the_test_engine(name: str, world: World) -> None:
    SCENARIOS[name](world)


@pytest.mark.cli
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_real_engine_does_the_same(name: str, make_world: MakeWorld, tmp_path: Path) -> None:
    """The test engine is a double; this keeps it honest."""
    real, double = make_world("cli", tmp_path / "cli"), make_world("engine", tmp_path / "engine")
    SCENARIOS[name](real)
    SCENARIOS[name](double)
    assert double.trace == real.trace
