"""The Markdown tables of the campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from tests.faults.case import Case, Report
from tests.faults.kinds import KINDS

_COLUMNS: dict[str, Callable[[Case], bool]] = {
    "one fault": lambda case: case.count == 1 and case.later is None and KINDS[case.kind].trigger is None,
    "killed, or Ctrl-C": lambda case: (
        case.count == 1 and case.later is None and KINDS[case.kind].trigger is not None
    ),
    "two faults": lambda case: case.later is not None,
}


def tables(reports: Sequence[Report], seconds: float) -> Iterator[str]:
    """Yield the lines: the table of `docs/reliability.md`, a sentence, and how often each fault befell each command."""
    ran = [report for report in reports if report.reached or report.wrong]
    yield from by_command(ran)
    yield ""
    yield summary(reports, ran, seconds)
    yield ""
    yield from _by_fault(ran)


def by_command(ran: Sequence[Report], many: str = "eight pipelines at once") -> Iterator[str]:
    """Yield the lines of the table of commands; its column of several at once has a title of its own."""
    commands = list(dict.fromkeys(report.case.scenario for report in ran))
    rows = [(name, [report for report in ran if report.case.scenario == name]) for name in commands]
    yield from _table(
        ("disturbed", *_COLUMNS, many, "cases", "failed"),
        ((name, *_counts(some)) for name, some in [*rows, ("**all**", ran)]),
    )


def _counts(reports: Sequence[Report]) -> Iterator[int]:
    for belongs in _COLUMNS.values():
        yield sum(belongs(report.case) for report in reports)
    yield sum(report.case.count > 1 for report in reports)
    yield len(reports)
    yield sum(bool(report.wrong) for report in reports)


def _by_fault(ran: Sequence[Report]) -> Iterator[str]:
    commands = list(dict.fromkeys(report.case.scenario for report in ran))
    times = Counter((kind, report.case.scenario) for report in ran for kind in _kinds(report.case))
    rows = ((kind, [times[kind, name] for name in commands]) for kind in KINDS)
    yield from _table(("fault", *commands, "all"), ((kind, *counts, sum(counts)) for kind, counts in rows))


def _kinds(case: Case) -> tuple[str, ...]:
    return (case.kind, case.later[1]) if case.later else (case.kind,)


def _table(head: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"


def summary(
    reports: Sequence[Report], ran: Sequence[Report], seconds: float, noun: str = "a pipeline"
) -> str:
    """Return the sentence below the table."""
    wrong = sum(bool(report.wrong) for report in ran)
    adopted, refreshed = sum(report.adopted for report in ran), sum(report.refreshed for report in ran)
    missed = len(reports) - len(ran)
    return (
        f"{len(ran)} cases in {seconds / 60:.1f} minutes; {wrong or 'none'} failed. In {adopted} the user had to"
        f" follow the line that adopts {noun}"
        + (f", in {refreshed} to run `pulumi up --refresh`." if refreshed else ".")
        + (f" {missed} more did not make the request they were to disturb." if missed else "")
    )
