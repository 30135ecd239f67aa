"""The command ``doctor``: whether everything that a program needs is there, and how to get what is not."""

from __future__ import annotations

import itertools
import sys

import click

from .data import print_json
from .findings import Finding
from .findings_account import of_the_account
from .findings_machine import of_the_machine
from .frame import Command, account_options, json_option
from .words import is_colored, readable

_MARKS = {"ok": ("ok     ", "green"), "warning": ("warning", "yellow"), "problem": ("PROBLEM", "red")}


@click.command(
    cls=Command,
    short_help="Check that everything is set up.",
    examples=("pulumi-dpc doctor", "pulumi-dpc doctor --region us1 --json"),
)
@account_options
@json_option
def doctor(region: str | None, api_url: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Check credentials, region, clock, projects, agents, and the versions of what is installed.

    Every line that is not ok says how to fix it. The exit code is 1 if there is a problem.
    """
    findings: list[Finding] = []
    for finding in itertools.chain(of_the_machine(), of_the_account(region, api_url)):
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        print_json([vars(finding) for finding in findings])
    click.get_current_context().exit(int(any(finding.result == "problem" for finding in findings)))


def _print(finding: Finding) -> None:
    mark, color = _MARKS[finding.result]
    shown = click.style(mark, fg=color) if is_colored(sys.stdout) else mark
    click.echo(f"{shown}  {finding.subject}: {readable(finding.found)}")
    if finding.fix:
        click.echo(f"         {readable(finding.fix)}")
