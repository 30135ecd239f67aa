"""The command ``generate``: a Pulumi program for pipelines that exist, and the file that brings them in."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .account import opened
from .advice import advice
from .chosen import choose
from .completion import pipeline_names, project_names
from .existing import Existing, read_existing
from .folder import hold_empty, write
from .frame import Command, account_options
from .from_terraform import read_moved
from .generated import Generated
from .terraform_state import TerraformState, forget_command, read_state
from .words import counted, progress, say

_SHARED_AGENTS = (
    "{} will be managed by this program, and agents belong to the account, not to a project: where a program for"
    " another project has pipelines on the same agents, generate that one with --agents none, or the two will undo each"
    " other"
)


@click.command(
    cls=Command,
    short_help="Write a program for pipelines that exist.",
    examples=(
        "pulumi-dpc generate Analytics --out analytics",
        "pulumi-dpc generate Analytics --pipeline orders --pipeline customers --out orders --style json",
        "pulumi-dpc generate --from-terraform terraform.tfstate --out streaming > forget.sh",
    ),
)
@click.argument("project", required=False, shell_complete=project_names)
@click.option(
    "--from-terraform",
    "state_file",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="In place of PROJECT: what Terraform's state has of the vendor's provider; - is the standard input."
    " Prints the commands that take it out of that state.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to write into: a new or an empty one. Its name is that of the Pulumi project.",
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
    "--agents",
    type=click.Choice(["used", "all", "none"]),
    default="used",
    show_default=True,
    help="used: a resource for each agent of these pipelines, or of Terraform's state; all: for each streaming agent"
    " of the account; none: pipelines name their agents' ids, for all programs but one that share agents.",
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
    help="Ask for each run state, and let the program say it; else it is left as it is.",
)
@click.option("--no-protect", is_flag=True, help="Do not protect the resources from being deleted by Pulumi.")
@account_options
def generate(
    project: str | None,
    state_file: Path | None,
    out: Path,
    region: str | None,
    api_url: str | None,
    **options: Any,
) -> None:
    """Write a Pulumi program for the streaming pipelines of PROJECT, and the file that brings them under Pulumi.

    Nothing is written to the service, neither by this command nor by the import: no pipeline is stopped or changed.
    Nor is anything written to Terraform's state.
    """
    _hold_one_source(project, state_file, options["pipelines"])
    state = read_state(state_file) if state_file else None
    hold_empty(out)
    addresses: Sequence[str] = ()
    choice: dict[str, Any] = {"agents": options["agents"], "says_running": options["running"]}
    with opened(region, api_url) as client:
        if state:
            moved = read_moved(client, state, **choice)
            existing, addresses = moved.existing, moved.addresses
        else:
            chosen = choose(client, str(project), options["pipelines"])
            existing = read_existing(client, chosen, **choice)
            if existing.agents and chosen.other_projects:
                say(_SHARED_AGENTS.format(counted(existing.agents, "streaming agent")))
    write_program(existing, out, style=options["style"], protect=not options["no_protect"])
    if state:
        _print_what_to_forget(state, addresses)


def _hold_one_source(project: str | None, state_file: Path | None, pipelines: Sequence[str]) -> None:
    if (project is None) == (state_file is None):
        raise click.UsageError("give either PROJECT or --from-terraform FILE")
    if state_file and pipelines:
        raise click.UsageError("--pipeline goes with PROJECT: --from-terraform takes what the state has")


def _print_what_to_forget(state: TerraformState, addresses: Sequence[str]) -> None:
    for other in state.others:
        say(f"{other}: has no resource here, and stays as it is")
    say(
        "When the preview is empty, these commands let Terraform forget it (tofu takes the same); remove it from the"
        " configuration too, or Terraform will make it again:"
    )
    for address in addresses:
        click.echo(forget_command(address))


def write_program(existing: Existing, out: Path, **how: Any) -> None:
    """Write the program for what exists into a new or empty folder, and say what to do with it.

    Args:
        existing: What there is, wherever that is known from.
        out: The folder.
        how: The style, and whether to protect: see `Generated`.
    """
    for one in progress(existing.pipelines, "checking", total=len(existing.pipelines)):
        for sentence in advice(one):
            say(sentence)
    write(out, Generated(existing, **how).files(out.absolute()))
    _say_what_to_do(existing, out, protect=how["protect"])


def _say_what_to_do(existing: Existing, out: Path, *, protect: bool) -> None:
    how = "--yes --generate-code=false --protect=" + str(protect).lower()
    agents = f"{counted(existing.agents, 'streaming agent')} and " if existing.agents else ""
    say(
        f"{agents}{counted(existing.pipelines, 'streaming pipeline')} written to {out}. This brings them under Pulumi,"
        " and changes nothing:"
    )
    say(f"  cd {shlex.quote(str(out))}")
    say("  pulumi stack init dev")
    say(f"  pulumi import --file import.json {how}")
    say("  pulumi preview --expect-no-changes")
