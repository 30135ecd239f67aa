"""What a command answers, on the standard output: JSON, a table on a terminal, aligned columns elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .words import readable

Row = Mapping[str, Any]
Columns = Mapping[str, "str | Callable[[Row], str]"]
"""The heading of each column, and the key of its value, or what makes it of a row."""

_ANY_WIDTH = 10_000
_WHOLE = ("ID", "STATUS", "BEFORE")
"""The ends of the headings whose words are never broken."""
_ENOUGH = 4
"""How many columns must be left for ids to be left out: a list of projects has little else."""


def print_json(value: object, *, in_one_line: bool = False) -> None:
    """Print a JSON document, in UTF-8 where the standard output is."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(value, indent=None if in_one_line else 2, ensure_ascii=not is_utf8)
    print(text, flush=in_one_line)  # noqa: T201 - this is what prints


def print_rows(rows: Sequence[Row], columns: Columns, *, as_json: bool) -> None:
    """Print rows: whole ones as a JSON array, or their columns as a table."""
    if as_json:
        print_json(list(rows))
    elif sys.stdout.isatty():
        console = Console()
        console.print(table(rows, columns, console))
    elif rows:
        _print_aligned([list(columns), *(_cells(row, columns) for row in rows)])


def table(rows: Sequence[Row], columns: Columns, console: Console) -> Table:
    """Return a table for a terminal: without ids where they do not fit, for one in two lines cannot be copied."""
    drawn = _drawn(rows, columns)
    without = {name: key for name, key in columns.items() if not name.endswith("ID")}
    wanted = console.measure(drawn, options=console.options.update_width(_ANY_WIDTH)).maximum
    return _drawn(rows, without) if wanted > console.width and len(without) >= _ENOUGH else drawn


def _drawn(rows: Sequence[Row], columns: Columns) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns:
        drawn.add_column(heading, overflow="fold", no_wrap=heading.endswith(_WHOLE))
    for row in rows:
        drawn.add_row(*map(Text, _cells(row, columns)))  # a name in brackets is no markup
    return drawn


def _cells(row: Row, columns: Columns) -> list[str]:
    values = [row.get(wanted) if isinstance(wanted, str) else wanted(row) for wanted in columns.values()]
    return [readable(_text(value)) for value in values]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in (None, "") else str(value)


def _print_aligned(lines: Sequence[Sequence[str]]) -> None:
    """Print columns of equal width, so that neither a width nor colours are in the way of another program."""
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())  # noqa: T201
