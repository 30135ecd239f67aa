"""What is said to a person, on the standard error: sentences, and progress where a terminal shows it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sized
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")

_bars: list[Progress] = []
"""Those that are on the terminal now."""


def say(sentence: str, *, error: bool = False) -> None:
    """Say a sentence."""
    text = readable(sentence, also="\n")
    if _bars:
        from rich.text import Text

        shown = Text.assemble(("Error: ", "red"), text) if error else Text(text)
        _bars[-1].console.print(shown, soft_wrap=True)
        return
    mark = click.style("Error: ", fg="red") if is_colored(sys.stderr) else "Error: "
    click.echo(mark + text if error else text, err=True)


def is_colored(stream: TextIO) -> bool:
    """Tell whether a stream may have colours: it is a terminal, and ``NO_COLOR`` is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def readable(text: str, also: str = "") -> str:
    """Return a text without characters that would act on a terminal instead of being shown."""
    return "".join(
        one if one.isprintable() or one in also else one.encode("unicode_escape").decode() for one in text
    )


def progress(things: Iterable[T], what: str, *, total: int) -> Iterator[T]:
    """Yield things as they come, and show on a terminal how many of them have come."""
    if not sys.stderr.isatty() or total <= 1:
        yield from things
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    # What is left cannot be told: all are waited for at the same time.
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        _bars.append(bar)
        try:
            yield from bar.track(things, total, description=what)
        finally:
            _bars.remove(bar)


def counted(things: Sized, noun: str) -> str:
    """Return how many there are, as words: ``1 pipeline``, ``2 pipelines``."""
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
