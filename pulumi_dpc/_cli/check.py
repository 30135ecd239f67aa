"""Definition files before they are used: the commands ``check`` and ``schema``."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pulumi_dpc._definition.definition import load_definition, validate
from pulumi_dpc._definition.shape import path_text
from pulumi_dpc.errors import ConfigurationError

from .data import print_json
from .frame import Command, json_option
from .words import counted, readable, say

_FROM_PROGRAM = {"name": "name", "agentId": "00000000-0000-0000-0000-000000000000"}
"""What a file may leave out, because a program can give it; and what stands for it here."""
_TWICE = "{}: is given more than once in its object, and only the last counts"
_PARTS = re.compile(r'((?:[^":\[\]]|\[(?:\d+|"(?:[^"\\]|\\.)*")\])*): (.*)', re.DOTALL)


@dataclass(frozen=True)
class _Checked:
    """What was found in one file: texts of the form ``path: message``, or a message about the whole file."""

    file: str
    mistakes: list[str]
    warnings: list[str]


@click.command(
    cls=Command,
    short_help="Check definition files.",
    examples=(
        "pulumi-dpc check streaming-pipeline.json",
        "pulumi-dpc check --strict definitions/*.json    # in pre-commit: an unknown field is a mistake",
        "pulumi-dpc check --json - < streaming-pipeline.json",
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--strict", is_flag=True, help="Warnings are mistakes too.")
@json_option
def check(files: tuple[str, ...], strict: bool, as_json: bool) -> None:  # noqa: FBT001
    """Print every mistake in definition files, each with its path; - is the standard input.

    The rules are those of pulumi preview. Nothing is sent, and no credentials are needed. A file may leave out name and
    agentId, which the program can give. The exit code is 1 if there is a mistake.
    """
    found = [_checked(file) for file in files]
    if as_json:
        print_json([_document(one) for one in found])
    for one in [] if as_json else found:
        _print(one)
    wrong = [one for one in found if one.mistakes or (strict and one.warnings)]
    if not as_json:
        say(f"{counted(found, 'file')} checked, {len(wrong)} with mistakes")
    click.get_current_context().exit(int(bool(wrong)))


@click.command(
    cls=Command,
    short_help="Print the JSON Schema of definitions.",
    examples=("pulumi-dpc schema > streaming-pipeline.schema.json",),
)
def schema() -> None:
    """Print the JSON Schema of definition files, for editors and other validators."""
    from pulumi_dpc._definition.json_schema import definition_schema

    print_json(definition_schema())


def _checked(file: str) -> _Checked:
    shown = "<standard input>" if file == "-" else file
    try:
        text = _standard_input() if file == "-" else None
        definition = load_definition(file if text is None else text)
        twice = _given_twice(Path(file).read_text("utf-8-sig") if text is None else text)
        missing = {key: value for key, value in _FROM_PROGRAM.items() if definition.get(key) is None}
        found = validate({**definition, **missing})
    except ConfigurationError as error:
        return _Checked(shown, [_without(shown, str(error))], [])
    except RecursionError:
        return _Checked(shown, ["is nested too deeply to be a definition"], [])
    return _Checked(shown, found.violations, [*map(_TWICE.format, twice), *found.warnings])


class _Object(dict[str, Any]):
    """A JSON object, and which of its keys are given more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]


def _given_twice(text: str) -> list[str]:
    """Return the paths of the keys that JSON text gives more than once in one object, of which only the last counts."""
    return [path_text(path) for path in _paths_given_twice(json.loads(text, object_pairs_hook=_Object), ())]


def _paths_given_twice(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, _Object):
        yield from ((*path, key) for key in value.twice)
        for key, member in value.items():
            yield from _paths_given_twice(member, (*path, key))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _paths_given_twice(member, (*path, position))


def _standard_input() -> str:
    text = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    if not text.lstrip().startswith("{"):
        raise ConfigurationError("must hold one JSON object, the pipeline definition")
    return text


def _without(file: str, message: str) -> str:
    """Return a message about a file that does not begin with its name, which stands before it already."""
    return re.sub(rf"^(?:\S*{re.escape(file)}|the text of the definition)[:,] ", "", message)


def _print(found: _Checked) -> None:
    for text in found.mistakes:
        click.echo(readable(f"{found.file}: {text}"))
    for text in found.warnings:
        click.echo(readable(f"{found.file}: warning: {text}"))


def _document(found: _Checked) -> dict[str, Any]:
    return {
        "file": found.file,
        "mistakes": [_entry(text) for text in found.mistakes],
        "warnings": [_entry(text) for text in found.warnings],
    }


def _entry(text: str) -> dict[str, str | None]:
    parts = _PARTS.fullmatch(text)
    is_about_a_place = parts is not None and not re.search(r"\s", re.sub(r'"(?:[^"\\]|\\.)*"', "", parts[1]))
    if parts is None or not is_about_a_place:
        return {"path": None, "message": text}
    return {"path": parts[1], "message": parts[2]}
