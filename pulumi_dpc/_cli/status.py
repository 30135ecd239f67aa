"""The command ``status``: which pipelines run, on which agent, once or again and again."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from pulumi_dpc._api.client import DpcClient

from .account import opened
from .chosen import Chosen, choose
from .completion import pipeline_names, project_names
from .data import Columns, print_json, print_rows, table
from .durations import DURATION
from .frame import Command, account_options, json_option
from .run_states import Look, look
from .words import counted, readable, say

DIFFERS = 3
_SHORTEST_INTERVAL = 1.0

_COLUMNS: Columns = {
    "NAME": "name",
    "STATUS": "status",
    "AGENT": "agentName",
    "AGENT CONNECTED": "agentConnected",
    "ID": "streamingPipelineId",
}


@click.command(
    cls=Command,
    short_help="Show what runs, and on which agent.",
    examples=(
        "pulumi-dpc status --project Analytics",
        "pulumi-dpc status --project Analytics --exit-code    # in CI and cron: 3 if something does not run",
        "pulumi-dpc status --project Analytics --watch        # until Ctrl-C",
        "pulumi-dpc status --project Analytics --watch --max-stopped 1h    # until one was down so long",
    ),
)
@click.option(
    "--project", required=True, metavar="NAME", shell_complete=project_names, help="The project's name or id."
)
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    metavar="NAME",
    shell_complete=pipeline_names,
    help="Only this pipeline, by name or id; may be given several times.",
)
@click.option("--watch", is_flag=True, help="Look again and again, until Ctrl-C.")
@click.option(
    "--interval",
    type=DURATION,
    default="10s",
    show_default=True,
    help="How long to wait between two looks; 1s or more.",
)
@click.option(
    "--max-stopped",
    type=DURATION,
    help="With --watch: end with exit code 3 once a pipeline has not been running for so long, as 90s, 10m or 1h30m.",
)
@click.option(
    "--exit-code",
    "exits",
    is_flag=True,
    help="End with exit code 3 if a pipeline does not run, or its agent is not connected.",
)
@account_options
@json_option
def status(project: str, region: str | None, api_url: str | None, **options: Any) -> None:
    """Show the run state of each pipeline of a project, its agent, and whether that is connected."""
    watching = _Watching.of(options)
    ctx = click.get_current_context()
    with opened(region, api_url) as client:
        chosen = choose(client, project, options["pipelines"])
        if watching is not None:
            ctx.exit(watching.watch(client, chosen, as_json=options["as_json"]))
        found = look(client, chosen)
    print_rows(found.rows, _COLUMNS, as_json=options["as_json"])
    if not options["as_json"]:
        say(_summary(found))
    ctx.exit(DIFFERS if options["exits"] and found.wrong else 0)


def _summary(found: Look) -> str:
    wrong = found.wrong
    return (
        f"{counted(found.rows, 'streaming pipeline')}, {len(found.rows) - len(wrong)} of them as they should be"
        + (f"; not: {', '.join(readable(str(row['name'])) for row in wrong)}" if wrong else "")
    )


@dataclass
class _Watching:
    """The looks at one project, and since when each pipeline has not been running.

    Attributes:
        interval: Seconds between two looks.
        limit: Seconds after which a pipeline that does not run ends it; None: only Ctrl-C does.
    """

    interval: float
    limit: float | None
    _since: dict[str, float] = field(default_factory=dict)
    _before: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> _Watching | None:
        """Return what the options ask for; None for a single look."""
        if options["interval"] < _SHORTEST_INTERVAL:
            raise click.UsageError("--interval must be at least 1s: the service limits how often it is asked")
        if options["watch"]:
            if options["exits"]:
                raise click.UsageError("--exit-code is for a single look; with --watch use --max-stopped")
            return cls(options["interval"], options["max_stopped"])
        if options["max_stopped"] is not None:
            raise click.UsageError(
                "--max-stopped needs --watch: the service does not say since when a pipeline is stopped"
            )
        return None

    def watch(self, client: DpcClient, chosen: Chosen, *, as_json: bool) -> int:
        """Look until Ctrl-C, or until a pipeline has not been running for too long; return the exit code."""
        for found in self._shown(self._looks(client, chosen), as_json=as_json):
            overdue = self._overdue(found, client.clock.now())
            if overdue:
                say(f"not running for {self.limit:.0f} s or longer: {', '.join(overdue)}", error=True)
                return DIFFERS
        raise AssertionError("looks have no end of their own")

    def _looks(self, client: DpcClient, chosen: Chosen) -> Iterator[Look]:
        while True:
            yield look(client, chosen, silent=True)
            client.clock.sleep(self.interval)

    def _shown(self, looks: Iterator[Look], *, as_json: bool) -> Iterator[Look]:
        """Show each look: as a table that stays in its place on a terminal, else each change as a line."""
        if as_json or not sys.stdout.isatty():
            for found in looks:
                self._print_changes(found.rows, as_json=as_json)
                yield found
            return
        from rich.live import Live

        with Live(auto_refresh=False) as live:
            for found in looks:
                live.update(table(found.rows, _COLUMNS, live.console), refresh=True)
                yield found

    def _print_changes(self, rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
        now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
        for row in rows:
            if self._before.get(row["id"]) == row:
                continue
            if as_json:
                print_json({"time": now, **row}, in_one_line=True)
            else:
                away = ", which is not connected" if row["agentConnected"] is False else ""
                click.echo(f"{now}  {row['status']}  {row['name']!r} on agent {row['agentName']!r}{away}")
        self._before = {row["id"]: row for row in rows}

    def _overdue(self, found: Look, now: float) -> list[str]:
        down = {row["id"]: readable(str(row["name"])) for row in found.rows if not row["running"]}
        self._since = {id_: self._since.get(id_, now) for id_ in down}
        if self.limit is None:
            return []
        return [name for id_, name in down.items() if now - self._since[id_] >= self.limit]
