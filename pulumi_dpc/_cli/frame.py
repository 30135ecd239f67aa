"""What all subcommands have in common: help that begins with examples, and the options of an account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from pulumi_dpc._api.settings import REGIONS

F = TypeVar("F", bound=Callable[..., Any])


class _WithExamples(click.Command):
    """A command whose help begins with examples.

    Args:
        examples: Command lines, each with what it is for.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, and then what any command's help says."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
            formatter.write_paragraph()
        super().format_help(ctx, formatter)


class Command(_WithExamples):
    """A subcommand."""


class Group(_WithExamples, click.Group):
    """The command above them."""


def account_options(function: F) -> F:
    """Add where the account is; who asks is never an option, because other users of a machine see those."""
    region = click.option(
        "--region",
        metavar="REGION",
        help=f"Where the account lives: {', '.join(REGIONS)}. Otherwise DPC_REGION says it.",
    )
    api_url = click.option("--api-url", metavar="URL", help="Another address of the API, ending in /dpc.")
    return region(api_url(function))


def json_option(function: F) -> F:
    """Add the choice of JSON."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")(function)
