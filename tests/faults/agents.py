"""The campaign of agents: which cases there are, generated from what the commands ask for in a clean run.

`python -m tests.faults.agents` runs all of them and prints the table; a part that takes turns is among the tests.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations, islice
from multiprocessing import get_context
from pathlib import Path

from tests.faults.agent_case import run_case
from tests.faults.agent_scenarios import SCENARIOS
from tests.faults.agent_stage import Stage
from tests.faults.case import Case, Report
from tests.faults.kinds import KINDS
from tests.faults.table import by_command, summary

MANY = 8
"""How many agents there are where there are several at once."""
TRIES = 3
"""How often a case of several is run until its request is made, which differs from run to run."""
OF_MANY = 8
"""How many cases there are of several agents at once; those of all scenarios meet every fault."""


def clean_requests(stage: Stage) -> int:
    """Return how many requests the command makes when nothing goes wrong."""
    stage.reset()
    stage.disturb(())
    result = stage.run(stage.scenario.command, stage.after or stage.before)
    assert result.ok, result.text
    return len(stage.requests)


def cases(name: str, count: int, requests: int) -> Iterator[Case]:
    """Yield the cases of one scenario."""
    if count > 1:
        yield from _at_once(name, count, requests)
        return
    if SCENARIOS[name].by_turns:
        yield from islice(_by_turns(name, requests), max(len(KINDS), requests))
    else:
        yield from (Case(name, 1, index, kind, "same") for index in range(requests) for kind in KINDS)
    yield from _twice_disturbed(name, requests)


def _by_turns(name: str, requests: int, step: int = 1) -> Iterator[Case]:
    """Yield without end a case for one request after the other, the kinds taking turns."""
    kinds, number = list(KINDS), _begin(name)
    while True:
        yield Case(name, 1, number * step % requests, kinds[number % len(kinds)], "same")
        number += 1


def _at_once(name: str, count: int, requests: int) -> Iterator[Case]:
    """Yield a few cases all over the requests, with kinds that the scenario before has not had."""
    kinds, begin = list(KINDS), _begin(name) * OF_MANY
    for number in range(OF_MANY):
        index = (number * requests // OF_MANY + begin // len(kinds)) % requests
        yield Case(name, count, index, kinds[(begin + number) % len(kinds)], "same")


def _twice_disturbed(name: str, requests: int) -> Iterator[Case]:
    """Yield every pair of requests with two faults in one command, of which the first passes by."""
    passing, kinds = [kind for kind in KINDS if KINDS[kind].is_passing], list(KINDS)
    for number, (first, second) in enumerate(combinations(range(requests + 1), 2), _begin(name) * 7):
        kind, later = passing[number % len(passing)], kinds[number * 5 % len(kinds)]
        yield Case(name, 1, first, kind, "same", (second, later))


def _begin(name: str) -> int:
    """Return with which kind a scenario begins, elsewhere in each."""
    return list(SCENARIOS).index(name)


def run_tried(stage: Stage, case: Case) -> Report:
    """Run a case until its request is made."""
    for _ in range(TRIES if case.count > 1 else 1):
        report = run_case(stage, case)
        if report.reached or report.wrong:
            break
    return report


def run_scenario(name: str, count: int = 1, step: int = 1, begin: int = 0) -> list[Report]:
    """Run the cases of a scenario, or each ``step``-th of them."""
    with tempfile.TemporaryDirectory() as directory, Stage(SCENARIOS[name], count, Path(directory)) as stage:
        every = list(cases(name, count, clean_requests(stage)))
        return [run_tried(stage, case) for case in every[begin::step]]


def main() -> int:
    """Return 1 if an invariant did not hold in some case."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.agents", description=__doc__)
    parser.add_argument("--only", metavar="SCENARIO:REQUEST:FAULT:same", help="run one case")
    parser.add_argument("--workers", type=int, default=4, help="processes; they wait half of their time")
    given = parser.parse_args()
    if given.only:
        case = Case.parse(given.only)
        scenario = SCENARIOS[case.scenario]
        with tempfile.TemporaryDirectory() as made, Stage(scenario, case.count, Path(made)) as stage:
            return _print([run_case(stage, case)])
    began, reports = time.monotonic(), []
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(run_scenario, name, count) for count in (MANY, 1) for name in SCENARIOS]
        for future in futures:
            reports += future.result()
            _print(future.result())
    reports.sort(key=lambda report: _begin(report.case.scenario))
    ran = [report for report in reports if report.reached or report.wrong]
    lines = [
        *by_command(ran, "eight agents at once"),
        "",
        summary(reports, ran, time.monotonic() - began, "an agent"),
    ]
    print("\n".join(lines), flush=True)
    return int(any(report.wrong for report in reports))


def _print(reports: list[Report]) -> int:
    """Print what went wrong; return 1 if something did."""
    failed = [report for report in reports if report.wrong]
    for report in failed:
        text = f"FAILED  python -m tests.faults.agents --only '{report.case}'"
        print("\n        ".join([text, *report.wrong]), file=sys.stderr, flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
