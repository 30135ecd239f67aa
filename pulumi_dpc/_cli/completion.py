"""Completion: the script for a shell, and the names that it offers, which the account is asked for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from pulumi_dpc._api.client import DpcClient

from . import bash_completion  # noqa: F401 - in the place of click's own
from .account import find_project, settings_of
from .frame import Command

_SECONDS = 3.0  # whoever presses a key waits no longer


@click.command(
    cls=Command,
    short_help="Print the completion of a shell.",
    examples=(
        'eval "$(pulumi-dpc completion bash)"                    # in ~/.bashrc',
        'eval "$(pulumi-dpc completion zsh)"                     # in ~/.zshrc',
        "pulumi-dpc completion fish > ~/.config/fish/completions/pulumi-dpc.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what SHELL needs to complete commands, options, and the names of projects and pipelines."""
    made = get_completion_class(shell)
    assert made is not None, "click has these three"  # noqa: S101
    click.echo(made(ctx.find_root().command, {}, "pulumi-dpc", "_PULUMI_DPC_COMPLETE").source())


def project_names(ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the names of projects that begin so."""
    return _offered(ctx, begun, lambda client: client.list_projects())


def pipeline_names(ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the names of pipelines that begin so, of the project that the command line names already."""
    project = ctx.params.get("project")
    if not project:
        return []

    def ask(client: DpcClient) -> Iterable[Mapping[str, Any]]:
        return client.list_pipelines(find_project(client.list_projects(), project)["id"])

    return _offered(ctx, begun, ask)


def _offered(
    ctx: click.Context, begun: str, ask: Callable[[DpcClient], Iterable[Mapping[str, Any]]]
) -> list[CompletionItem]:
    """Return names that the account has; none where it cannot be asked, or does not answer at once."""
    found: list[str] = []

    def look() -> None:
        with contextlib.suppress(Exception), DpcClient(settings_of(*_endpoint(ctx))) as client:
            found.extend(str(thing.get("name")) for thing in ask(client))

    asking = threading.Thread(target=look, daemon=True)
    asking.start()
    asking.join(_SECONDS)
    return [
        CompletionItem(name)
        for name in sorted(set(found))
        if name.startswith(begun) and name.isprintable() and not name.startswith("-")  # it would be an option
    ]


def _endpoint(ctx: click.Context) -> tuple[str | None, str | None]:
    return ctx.params.get("region"), ctx.params.get("api_url")
