"""The command ``generate``: a Pulumi program for pipelines that exist, and the file that brings them in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from pulumi_dpc._api.client import PIPELINE_ID, DpcClient, is_definition
from pulumi_dpc._api.redaction import FREE_PROPERTIES
from pulumi_dpc._definition.definition import canonical, validate
from pulumi_dpc._definition.shape import path_text
from pulumi_dpc._names import DEFINITION
from pulumi_dpc._resources.streaming_pipeline.run_state import is_known, is_running
from pulumi_dpc.errors import NotFound

from .account import opened
from .completion import pipeline_names, project_names
from .frame import Command, account_options
from .generated import Found, hold_empty, texts, write
from .naming import resource_names
from .run_states import Chosen, choose, statuses
from .words import counted, say

_SECRET = re.compile("passw|passphrase|secret|token|credential|private.?key|api.?key", re.IGNORECASE)


@click.command(
    cls=Command,
    short_help="Write a program for pipelines that exist.",
    examples=(
        "pulumi-dpc generate Analytics --out analytics",
        "pulumi-dpc generate Analytics --pipeline orders --pipeline customers --out orders --style json",
    ),
)
@click.argument("project", shell_complete=project_names)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to write into: a new or an empty one.",
)
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    metavar="NAME",
    shell_complete=pipeline_names,
    help="Only this pipeline, by name or id; may be given several times.",
)
@click.option(
    "--style",
    type=click.Choice(["typed", "json"]),
    default="typed",
    show_default=True,
    help="typed: models in the program; json: a definition file for each pipeline.",
)
@click.option(
    "--running",
    is_flag=True,
    help="Let the program say of each pipeline whether it runs, as it does now; else that is left as it is.",
)
@click.option("--no-protect", is_flag=True, help="Do not protect the pipelines from being deleted by Pulumi.")
@account_options
def generate(project: str, out: Path, region: str | None, api_url: str | None, **options: Any) -> None:
    """Write a Pulumi program for the streaming pipelines of PROJECT, and the file that brings them under Pulumi.

    Nothing is written to the service, neither by this command nor by the import: no pipeline is stopped or changed.
    """
    hold_empty(out)
    with opened(region, api_url) as client:
        chosen = choose(client, project, options["pipelines"])
        found = list(_found(client, chosen, says_running=options["running"]))
        files = texts(
            chosen.project,
            found,
            api_url=client.settings.api_url,
            style=options["style"],
            protect=not options["no_protect"],
            folder=out.absolute(),
        )
    write(out, files)
    _say_what_to_do(out, found, protect=not options["no_protect"])


def _say_what_to_do(out: Path, found: list[Found], *, protect: bool) -> None:
    how = "--yes --generate-code=false --protect=" + str(protect).lower()
    say(
        f"{counted(found, 'streaming pipeline')} written to {out}. This brings them under Pulumi, and changes nothing:"
    )
    say(f"  cd {shlex.quote(str(out))}")
    say("  pulumi stack init dev")
    say(f"  pulumi import --file import.json {how}")
    say("  pulumi preview --expect-no-changes")


def _found(client: DpcClient, chosen: Chosen, *, says_running: bool) -> Iterator[Found]:
    """Yield the chosen pipelines as they are now; what a person should know of one is said."""
    project_id = str(chosen.project["id"])
    there = [
        one
        for one in client.list_pipelines(project_id)
        if not chosen.pipelines or one[PIPELINE_ID] in chosen.pipelines
    ]
    names = resource_names({one[PIPELINE_ID]: str(one.get("name")) for one in there})
    for listed, status in statuses(client, project_id, there):
        whole = _whole(client, project_id, listed)
        if whole is None:
            continue
        definition = {key: value for key, value in canonical(whole).items() if key in DEFINITION}
        running = is_running(status) if says_running and is_known(status) else None
        _advise(str(listed.get("name")), definition, unknown=says_running and running is None)
        id_ = f"{project_id}/{listed[PIPELINE_ID]}".lower()
        yield Found(names[listed[PIPELINE_ID]], id_, definition, status, running)


def _whole(client: DpcClient, project_id: str, listed: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the whole definition, where the listing has only a part of it too."""
    if is_definition(listed, listed[PIPELINE_ID]):
        return listed
    try:
        return client.get_pipeline(project_id, listed[PIPELINE_ID])
    except NotFound:
        say(f"{listed.get('name')!r} has been deleted meanwhile")
        return None


def _advise(name: str, definition: Mapping[str, Any], *, unknown: bool) -> None:
    for mistake in validate(definition).violations:
        say(f"{name!r}: the preview will refuse {mistake}")
    for path in map(path_text, _secret_paths(definition)):
        say(
            f"{name!r}: {path} may be a secret, and stands in the files as plain text: put it into the configuration"
        )
    if unknown:
        say(f"{name!r}: its run state is not known now, so the program says nothing of it")


def _secret_paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the places among the free properties whose names are those of secrets."""
    for key, member in value.items() if isinstance(value, Mapping) else ():
        if isinstance(member, str) and not set(FREE_PROPERTIES).isdisjoint(path) and _SECRET.search(key):
            yield (*path, key)
        yield from _secret_paths(member, (*path, key))
