"""Which cases there are, generated from what the commands ask for in a clean run, and how they are run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path

from tests.faults.case import FOLLOW_UPS, Case, Report, run_case, titled
from tests.faults.kinds import KINDS
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage

TRIES = 3
"""How often a case is run until its request is made, which differs from run to run where pipelines race."""
PARTS = {8: 4, 1: 6}
"""Into how many slices a scenario is cut, by the number of its pipelines; the long ones go first."""


def clean_requests(stage: Stage) -> int:
    """Return how many requests the command makes when nothing goes wrong."""
    stage.reset()
    result = stage.run(stage.scenario.command, stage.after or stage.before)
    assert result.ok, result.text
    return sum(request.path.startswith("/v1") for request in stage.api.requests)


def cases(name: str, count: int, requests: int, *, whole: bool = False) -> Iterator[Case]:
    """Yield the cases of one scenario; with ``whole`` nothing takes turns that need not."""
    if count == 1 and SCENARIOS[name].by_turns and not whole:
        yield from _by_turns(name, requests)
    elif count == 1:
        yield from _every_request_and_kind(name, requests)
        yield from _other_follow_ups(name, requests)
        yield from _twice_disturbed(name, requests)
    else:
        yield from _at_once(name, count, requests)


def _every_request_and_kind(name: str, requests: int) -> Iterator[Case]:
    for index in range(requests):
        for kind in KINDS:
            yield Case(name, 1, index, kind, "same")


def _other_follow_ups(name: str, requests: int) -> Iterator[Case]:
    """Yield every follow-up for every request, the kinds taking turns, with another follow-up in the next scenario."""
    kinds, others = list(KINDS), FOLLOW_UPS[1:]
    for number in range(max(len(kinds), len(others) * requests)):
        turn = number + number // len(kinds) + list(SCENARIOS).index(name)
        index, kind = number // len(others) % requests, kinds[number % len(kinds)]
        yield Case(name, 1, index, kind, others[turn % len(others)])


def _by_turns(name: str, requests: int) -> Iterator[Case]:
    """Yield every follow-up for every request, and every kind; and two faults with every request as the first."""
    kinds, passing = list(KINDS), [kind for kind in KINDS if KINDS[kind].is_passing]
    begin = list(SCENARIOS).index(name) * 5
    for number in range(max(len(kinds), len(FOLLOW_UPS) * requests)):
        index, follow_up = divmod(number, len(FOLLOW_UPS))
        kind = kinds[(begin + number * 7) % len(kinds)]
        yield Case(name, 1, index % requests, kind, FOLLOW_UPS[follow_up])
    for first in range(requests):
        second = first + 1 + (begin + first) % (requests - first)
        kind, later = passing[(begin + first) % len(passing)], kinds[(begin + first * 5) % len(kinds)]
        yield Case(name, 1, first, kind, "same", (second, later))


def _at_once(name: str, count: int, requests: int) -> Iterator[Case]:
    """Yield a case for every request, or every second one of many, the kinds and follow-ups taking turns."""
    kinds, step = list(KINDS), 1 if requests <= len(KINDS) else 2
    for number in range(max(-(-requests // step), len(kinds))):
        follow_up = FOLLOW_UPS[(number + number // len(kinds)) % len(FOLLOW_UPS)]
        yield Case(name, count, number * step % requests, kinds[number % len(kinds)], follow_up)


def _twice_disturbed(name: str, requests: int) -> Iterator[Case]:
    """Yield every pair of requests with two faults in one command, of which the first passes by."""
    passing, kinds = [kind for kind in KINDS if KINDS[kind].is_passing], list(KINDS)
    begin = list(SCENARIOS).index(name)  # the kinds take turns, elsewhere in each scenario
    for number, (first, second) in enumerate(combinations(range(requests + 1), 2), begin * 7):
        kind, later = passing[number % len(passing)], kinds[number * 5 % len(kinds)]
        yield Case(name, 1, first, kind, "same", (second, later))


def run_slice(name: str, count: int, part: int, parts: int, *, whole: bool = False) -> list[Report]:
    """Run every ``parts``-th case of a scenario."""
    with tempfile.TemporaryDirectory() as directory, Stage(SCENARIOS[name], count, Path(directory)) as stage:
        chosen = list(cases(name, count, clean_requests(stage), whole=whole))[part::parts]
        return [run_tried(stage, case) for case in chosen]


def run_tried(stage: Stage, case: Case) -> Report:
    """Run a case until its request is made."""
    for _ in range(TRIES if stage.is_racing else 1):
        report = run_case(stage, case)
        if report.reached or report.wrong:
            break
    return report


def stages(names: Sequence[str]) -> list[tuple[str, int]]:
    """Return scenarios and how many pipelines of each; the long ones first, so that the end is not one of them."""
    every = [(name, count) for count in PARTS for name in SCENARIOS]
    return [stage for stage in every if not names or titled(*stage) in names]


def run_all(workers: int, chosen: Sequence[tuple[str, int]], *, whole: bool = False) -> Iterator[Report]:
    """Run every case of these and yield the reports as they come."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [
            pool.submit(run_slice, name, count, part, PARTS[count], whole=whole)
            for name, count in chosen
            for part in range(PARTS[count])
        ]
        for future in as_completed(futures):
            yield from future.result()
