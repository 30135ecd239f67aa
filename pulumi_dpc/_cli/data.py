"""What a command answers, on the standard output: JSON, a table on a terminal, aligned columns elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

from .words import readable

Row = Mapping[str, Any]
Columns = Mapping[str, "str | Callable[[Row], str]"]
"""The heading of each column, and the key of its value, or what makes it of a row."""


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
        from rich.console import Console

        Console().print(table(rows, columns))
    elif rows:
        _print_aligned([list(columns), *(_cells(row, columns) for row in rows)])


def table(rows: Sequence[Row], columns: Columns) -> Table:
    """Return a table for a terminal; what does not fit goes on in the next line."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns:
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*map(_plain, _cells(row, columns)))
    return drawn


def _plain(cell: str) -> Any:
    from rich.text import Text

    return Text(cell)  # a name in brackets is no markup


def _cells(row: Row, columns: Columns) -> list[str]:
    values = [row.get(wanted) if isinstance(wanted, str) else wanted(row) for wanted in columns.values()]
    return [readable(_text(value)) for value in values]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in (None, "") else str(value)


def _print_aligned(lines: Sequence[Sequence[str]]) -> None:
    """Print columns of equal width, so that neither a width nor colours are in the way of another program."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())  # noqa: T201
