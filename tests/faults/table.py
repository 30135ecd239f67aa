"""The Markdown table of the campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .case import Report
from .kinds import KINDS


def table(reports: Sequence[Report], seconds: float) -> Iterator[str]:
    """Yield the lines: how many cases of each fault in each scenario, and how many of them failed."""
    scenarios = list(dict.fromkeys(report.case.scenario for report in reports))
    ran, failed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for report in reports:
        place = (report.case.kind, report.case.scenario)
        for sum_of in (place, (place[0], ""), ("", place[1]), ("", "")):
            ran[sum_of] += report.reached
            failed[sum_of] += bool(report.wrong)

    def cell(kind: str, scenario: str) -> str:
        wrong = failed[kind, scenario]
        return f"{ran[kind, scenario]}{f' (**{wrong} failed**)' if wrong else ''}"

    yield f"| | {' | '.join(scenarios)} | all |"
    yield f"|---|{'--:|' * (len(scenarios) + 1)}"
    for kind in [*KINDS, ""]:
        cells = [cell(kind, scenario) for scenario in (*scenarios, "")]
        yield f"| {kind or '**all**'} | {' | '.join(cells)} |"
    yield ""
    yield _summary(reports, seconds)


def _summary(reports: Sequence[Report], seconds: float) -> str:
    reached = [report for report in reports if report.reached]
    wrong = sum(bool(report.wrong) for report in reached)
    eight = sum(report.case.count > 1 for report in reached)
    adopted = sum(report.adopted for report in reached)
    refreshed = sum(report.refreshed for report in reached)
    missed = len(reports) - len(reached)
    return (
        f"{len(reached)} cases in {seconds / 60:.1f} minutes, {eight} of them with eight pipelines at once;"
        f" {wrong or 'none'} failed. In {adopted} the user had to follow the line that adopts a pipeline,"
        f" in {refreshed} to run `pulumi up --refresh`."
        + (f" {missed} more did not make the request they were to disturb." if missed else "")
    )
