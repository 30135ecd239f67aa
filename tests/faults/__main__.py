"""Run the campaign, or one case of it, and print the table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tests.faults.campaign import run_all, stages
from tests.faults.case import Case, Report, run_case
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage
from tests.faults.table import tables


def main() -> int:
    """Return 1 if an invariant did not hold in some case."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--only", metavar="SCENARIO:REQUEST:FAULT:FOLLOW-UP", help="run one case and show all of it"
    )
    parser.add_argument(
        "--scenario", action="append", default=[], help="run only this one, as the cases name it"
    )
    parser.add_argument("--whole", action="store_true", help="let every fault befall every request")
    workers = 3 * (os.cpu_count() or 1)
    parser.add_argument(
        "--workers", type=int, default=workers, help="processes; they wait for others half of their time"
    )
    given = parser.parse_args()
    if given.only:
        return _show(Case.parse(given.only))
    began = time.monotonic()
    reports = []
    for report in run_all(given.workers, stages(given.scenario), whole=given.whole):
        reports.append(report)
        _print(*_failure(report), file=sys.stderr)
        if len(reports) % 500 == 0:
            _print(f"{len(reports)} cases …", file=sys.stderr)
    _print(*tables(reports, time.monotonic() - began))
    return int(any(report.wrong for report in reports))


def _print(*lines: str, file: TextIO | None = None) -> None:
    for line in lines:
        print(line, file=file, flush=True)


def _failure(report: Report) -> Iterator[str]:
    if report.wrong:
        yield f"FAILED  python -m tests.faults --only '{report.case}'"
        yield from (f"        {text}" for text in report.wrong)


def _show(case: Case) -> int:
    """Run one case and print every command, what it said and what it asked for."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Stage(SCENARIOS[case.scenario], case.count, Path(directory)) as stage,
    ):
        report = run_case(stage, case)
        _print(*_story(stage))
    _print(
        *(_failure(report) if report.wrong else ["all invariants hold" if report.reached else "not reached"])
    )
    return int(bool(report.wrong))


def _story(stage: Stage) -> Iterator[str]:
    for command, result, requests in stage.log:
        yield f"---- pulumi {command}: exit code {result.exit_code}\n{result.text}"
        for asked in requests:
            befell = f" [{asked.fault}]" if asked.fault else ""
            yield f"  {asked.index:3} {asked.method} {asked.path} {asked.body or ''} -> {asked.status}{befell}"
    for pipeline in stage.api.pipelines:
        yield f"==== {pipeline.name} {pipeline.id} {pipeline.status}"
    for state in stage.states:
        outputs = {key: value for key, value in state["outputs"].items() if not isinstance(value, dict)}
        yield f"==== {state['urn']} {state['id']} {outputs} {state.get('initErrors', '')}"


if __name__ == "__main__":
    sys.exit(main())
