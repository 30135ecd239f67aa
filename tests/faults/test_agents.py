"""A part of the campaign of agents: the kinds take turns at the requests of each command."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from tests.faults.agent_scenarios import SCENARIOS
from tests.faults.agents import MANY, cases, run_scenario
from tests.faults.case import Case
from tests.faults.kinds import KINDS

STEP = 61
"""No divisor of the number of kinds, so that each request meets other ones."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_after_any_fault_there_is_one_agent_as_the_program_says(name: str) -> None:
    disturbed = run_scenario(name, step=STEP, begin=list(SCENARIOS).index(name))
    assert disturbed
    assert [(str(one.case), one.wrong) for one in disturbed if one.wrong] == []
    assert all(one.reached or one.case.later for one in disturbed)


@pytest.mark.parametrize("name", ["create", "replace"])
def test_eight_agents_at_once_are_none_too_many(name: str) -> None:
    disturbed = run_scenario(name, MANY, step=7)
    assert disturbed
    assert [(str(one.case), one.wrong) for one in disturbed if one.wrong] == []


def test_every_case_of_agents_can_be_run_again_by_its_name() -> None:
    """A failure prints the line that repeats it."""
    for name, count in product(SCENARIOS, (1, MANY)):
        for case in cases(name, count, 5):
            assert Case.parse(str(case)) == case


@pytest.mark.parametrize("requests", [1, 2, 3, 5, 6])
def test_every_request_of_a_command_on_agents_meets_every_fault(requests: int) -> None:
    """What the campaign claims to cover, it covers."""
    for name, scenario in SCENARIOS.items():
        every = list(cases(name, 1, requests))
        single = {(case.index, case.kind) for case in every if case.later is None}
        assert {kind for _, kind in single} == {*KINDS}
        assert {index for index, _ in single} == {*range(requests)}
        assert scenario.by_turns or single == {*product(range(requests), KINDS)}
        twice = {(case.index, case.later[0]) for case in every if case.later}
        assert twice == {*combinations(range(requests + 1), 2)}
    at_once = [case for name in SCENARIOS for case in cases(name, MANY, 8 * requests)]
    assert {case.kind for case in at_once} == {*KINDS}
