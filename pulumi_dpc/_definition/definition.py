"""A pipeline definition as a mapping in the API's spelling: read, spelled in one way, and checked.

What is known about single fields comes from the models alone, by ``definition_shape``.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_dpc.errors import ConfigurationError

from .models import Model, to_mapping
from .rules import is_unknown
from .shape import ANYTHING, Shape, definition_shape, path_text

if TYPE_CHECKING:
    import os

__all__ = [
    "Checked",
    "canonical",
    "has_unknowns",
    "is_unknown",
    "load_definition",
    "to_mapping",
    "validate",
    "whole_numbers",
]

SERVER_FIELDS = frozenset({"projectId", "streamingPipelineId"})
"""What an answer of the service names beside the definition; a request must not."""

_EXACT = 2**53  # a float this large may no longer be the number that was meant


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes:
        canonical: The definition in its one spelling.
        violations: Every mistake, as ``path: message``, sorted; never with a value.
        warnings: What this version does not know and passes on, in the same form.
    """

    canonical: dict[str, Any]
    violations: list[str]
    warnings: list[str]


def load_definition(definition: str | os.PathLike[str] | Mapping[str, Any] | Model) -> dict[str, Any]:
    """Return a definition as a mapping in the API's spelling, its values unchecked.

    Args:
        definition: The path of a JSON file, a mapping in the API's spelling, or a model. An answer of the
            service is taken too: the ids in it are left out.

    Raises:
        ConfigurationError: The file cannot be read, or is not one JSON object.
    """
    content = to_mapping(definition) if isinstance(definition, Mapping | Model) else _read(Path(definition))
    return without_ids(content)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path.absolute()}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise ConfigurationError(f"{where}: not valid JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8 text (byte {error.start})") from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: must hold one JSON object, the pipeline definition")
    return content


def canonical(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition in the one spelling that equal definitions share, whatever is wrong with it.

    Words are in the API's case and whole numbers are ints: the engine makes every number a float. Left out is
    what counts as absent: null, and for an optional field the empty text or object (docs/api.md section 3.5).
    """
    return without_ids(respelled(definition, definition_shape()))


def without_ids(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition without what only an answer of the service names."""
    return {key: value for key, value in definition.items() if key not in SERVER_FIELDS}


def whole_numbers(bag: Mapping[str, Any]) -> dict[str, Any]:
    """Return a property bag with ints for its whole numbers, at any depth."""
    numbers: dict[str, Any] = respelled(bag, ANYTHING)
    return numbers


def has_unknowns(value: object) -> bool:
    """Tell whether a value, or one at any depth in it, is not known yet."""
    if isinstance(value, Mapping):
        return any(map(has_unknowns, value.values()))
    return any(map(has_unknowns, value)) if isinstance(value, list | tuple) else is_unknown(value)


def respelled(value: Any, shape: Shape) -> Any:
    """Return what stands in one place of a definition as `canonical` spells it."""
    if isinstance(value, Mapping):
        known = shape.of(value)
        members = {
            key: respelled(member, known.at(key)) for key, member in value.items() if member is not None
        }
        return {key: member for key, member in members.items() if not _counts_as_absent(key, member, known)}
    if isinstance(value, list | tuple):
        return [respelled(item, shape.items or ANYTHING) for item in value]
    if isinstance(value, str):
        return shape.spell(value)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _counts_as_absent(key: str, value: Any, known: Shape) -> bool:
    return key in known.optional and not known.at(key).fields and value in ("", {})


def validate(definition: Mapping[str, Any]) -> Checked:
    """Check a definition, of which parts may be unknown yet, and return all there is to say at once."""
    from .validation import violations

    spelled, shape = canonical(definition), definition_shape()
    found = {*violations(spelled), *_repeated_tables(spelled, shape)}
    mistaken = tuple(violation.partition(":")[0] for violation in found)
    numbers = (number for number in _bad_numbers(spelled) if not number.startswith(mistaken))
    return Checked(
        canonical=spelled,
        violations=sorted({*found, *numbers}),
        warnings=sorted(_unfamiliar(spelled, shape)),
    )


def _bad_numbers(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Find the numbers that would not reach the service as they were written."""
    if isinstance(value, Mapping):
        members: Iterable[tuple[str | int, Any]] = value.items()
    else:
        members = enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from _bad_numbers(member, (*path, key))
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{path_text(path)}: must be a finite number"
    elif isinstance(value, (int, float)) and abs(value) >= _EXACT:
        yield f"{path_text(path)}: is too large for a number, which would not arrive exactly; write it as text"


def _repeated_tables(spelled: Mapping[str, Any], shape: Shape) -> Iterator[str]:
    source = spelled.get("streamingSource") or {}
    tables = source.get("tables") if shape.at("streamingSource").of(source).fields else None
    first: dict[Any, int] = {}
    for index, table in enumerate(tables if isinstance(tables, list) else ()):
        names = (table.get("schema"), table.get("table")) if isinstance(table, Mapping) else ()
        if names and all(isinstance(name, str) for name in names) and first.setdefault(names, index) != index:
            yield f"streamingSource.tables[{index}]: is the same table as tables[{first[names]}]"


def _unfamiliar(value: Any, shape: Shape, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    if isinstance(value, list) and shape.items:
        for index, item in enumerate(value):
            yield from _unfamiliar(item, shape.items, (*path, index))
    if not isinstance(value, Mapping):
        return
    known = shape.of(value)
    if known is ANYTHING and shape.kinds and isinstance(value.get("type"), str):
        yield f"{path_text((*path, 'type'))}: {_unknown_type(value['type'], sorted(shape.kinds))}"
    for key, member in value.items() if known.fields else ():
        if key in known.fields:
            yield from _unfamiliar(member, known.fields[key], (*path, key))
        else:
            yield f"{path_text((*path, key))}: is not a field this version knows; passed on unchecked"


def _unknown_type(given: str, known: list[str]) -> str:
    """Say that a type passes unchecked; the word itself may be secret, its neighbour among ours is not."""
    close = difflib.get_close_matches(given.lower(), known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"is none of {', '.join(known)}{hint}; passed on unchecked"
