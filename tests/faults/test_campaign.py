"""A fixed sample of the fault campaign; `make faults` runs the whole of it."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import pytest

from tests.faults.campaign import cases, clean_requests, run_tried
from tests.faults.case import FOLLOW_UPS, Case, titled
from tests.faults.kinds import KINDS
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage

STEP = {1: 401, 8: 131}
"""Every so many cases one is taken, by the number of pipelines."""
SAMPLED = [(name, 1) for name in SCENARIOS] + [
    ("create and start", 8),
    ("edit running", 8),
    ("destroy running", 8),
]

DANGEROUS = [
    "create stopped:1:handled, answer lost:same",
    "create stopped:1:every answer lost:renamed",
    "create and start:2:handled, answer lost:flipped",
    "edit running:5:handled, answer lost:same",
    "stop:2:every answer lost:flipped",
    "destroy running:4:503 for ever:reverted",
    "two on one agent:5:handled, answer lost:same",
    "create, agent away:2:handled, answer lost:same",
    "edit, altered:6:503 for ever:refreshed",
    "create with a hook:1:every answer lost:same",
]
"""Where the most can go wrong: the answer to each write is lost, for once or with all later ones; and what did."""

ON_THE_CLI = [
    "create and start:1:handled, answer lost:same",
    "create and start:1:CLI killed:same",
    "create and start:3:Ctrl-C once:same",
    "edit running:5:409:same",
    "edit running:6:503 for ever:reverted",
    "destroy running:4:503 for ever:renamed",
    "replace as found:5:500, handled:same",
    "edit, altered:6:503 once:same",
    "create with a hook:1:handled, answer lost:same",
    "create with a hook:2:409:same",
]


def _there(texts: list[str]) -> list[str]:
    """Leave out scenarios that the SDK cannot play."""
    return [text for text in texts if Case.parse(text).scenario in SCENARIOS]


@pytest.mark.parametrize(("name", "count"), SAMPLED, ids=[titled(*one) for one in SAMPLED])
def test_nothing_is_lost_twice_or_left_stopped(name: str, count: int, tmp_path: Path) -> None:
    """Whatever fails, the next plain command brings the service and the state to what the program says."""
    with Stage(SCENARIOS[name], count, tmp_path) as stage:
        every = [one for one in cases(name, count, clean_requests(stage)) if KINDS[one.kind].trigger is None]
        begin = list(SCENARIOS).index(name)
        reports = [run_tried(stage, case) for case in every[begin :: STEP[count]]]
    assert reports
    assert [(str(report.case), report.wrong) for report in reports if report.wrong] == []


@pytest.mark.parametrize("text", _there(DANGEROUS))
def test_an_answer_that_is_lost_loses_nothing(text: str, tmp_path: Path) -> None:
    """The sample above takes few cases of each command; these are always among the tests."""
    case = Case.parse(text)
    with Stage(SCENARIOS[case.scenario], case.count, tmp_path) as stage:
        report = run_tried(stage, case)
    assert report.wrong == []
    assert report.reached


@pytest.mark.cli
@pytest.mark.parametrize("text", _there(ON_THE_CLI))
def test_so_it_is_with_the_real_engine(text: str, tmp_path: Path) -> None:
    """The campaign runs on a double of the engine; this holds some of it against the real one."""
    case = Case.parse(text)
    with Stage(SCENARIOS[case.scenario], case.count, tmp_path, "cli") as stage:
        report = run_tried(stage, case)
    assert report.wrong == []
    assert report.reached


def test_every_case_can_be_run_again_by_its_name() -> None:
    """A failure prints the line that repeats it."""
    for name, count in SAMPLED:
        for case in cases(name, count, 5):
            assert Case.parse(str(case)) == case


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7, 11, 12])
def test_every_request_meets_every_fault_and_every_follow_up(count: int) -> None:
    """What the campaign claims to cover, it covers."""
    requests = range(count)
    made = {name: list(cases(name, 1, len(requests), whole=True)) for name in SCENARIOS}
    made |= {name: list(cases(name, 1, len(requests))) for name, one in SCENARIOS.items() if not one.by_turns}
    for every in made.values():
        single = [case for case in every if case.later is None]
        assert {(case.index, case.kind) for case in single if case.follow_up == "same"} == {
            *product(requests, KINDS)
        }
        assert {(case.index, case.follow_up) for case in single} == {*product(requests, FOLLOW_UPS)}
        assert {(case.index, case.later[0]) for case in every if case.later} == {
            *combinations(range(len(requests) + 1), 2)
        }
    assert {(case.kind, case.follow_up) for every in made.values() for case in every} == {
        *product(KINDS, FOLLOW_UPS)
    }


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7, 11, 12, 14])
def test_where_the_faults_take_turns_none_is_left_out(count: int) -> None:
    """A scenario that is another one with a twist meets every fault, and every follow-up at every request."""
    for name in (name for name, one in SCENARIOS.items() if one.by_turns):
        every = list(cases(name, 1, count))
        single = [case for case in every if case.later is None]
        assert {case.kind for case in single} == {*KINDS}
        assert {(case.index, case.follow_up) for case in single} == {*product(range(count), FOLLOW_UPS)}
        twice = [(case.index, case.later[0]) for case in every if case.later]
        assert [first for first, _ in twice] == list(range(count))
        assert all(first < second <= count for first, second in twice)


def test_eight_at_once_meet_every_fault() -> None:
    for requests in (3, 24, 91):
        made = list(cases("edit running", 8, requests))
        assert {case.kind for case in made} == {*KINDS}
        assert {case.index for case in made} >= {*range(0, requests, 2)}
