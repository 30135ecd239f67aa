"""A part of the campaign of agents: the kinds take turns at the requests of each command."""

from __future__ import annotations

import pytest

from tests.faults.agents import SCENARIOS, run_scenario
from tests.faults.kinds import KINDS

STEP = 29
"""No divisor of the number of kinds, so that each request meets other ones."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_after_any_fault_there_is_one_agent_as_the_program_says(name: str) -> None:
    clean, *disturbed = run_scenario(name, STEP, list(SCENARIOS).index(name) % len(KINDS))
    assert clean.wrong == ()
    assert disturbed
    assert [(one.case, one.wrong) for one in disturbed if one.wrong or not one.reached] == []
