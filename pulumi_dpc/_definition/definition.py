"""A pipeline definition as a mapping in the API's spelling: read, spelled in one way, and checked.

What is known about single fields comes from the models alone, by ``definition_shape``.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from pulumi_dpc.errors import ConfigurationError

from .fields import Model
from .models import to_mapping
from .paths import near_field
from .rules import is_unknown
from .shape import ANYTHING, Shape, definition_shape, path_text

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

_Object = tuple[Mapping[str, Any], Shape, tuple[str | int, ...]]

_EXACT = 2**53  # a float this large may no longer be the number that was meant


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes:
        canonical: The definition in its one spelling.
        violations: Every mistake, as ``path: message``, sorted; never with a value.
        warnings: What this version does not know, and whether it is passed on, in the same form.
    """

    canonical: dict[str, Any]
    violations: list[str]
    warnings: list[str]


def load_definition(definition: str | PathLike[str] | Mapping[str, Any] | Model) -> dict[str, Any]:
    """Return a definition as a mapping in the API's spelling, its values unchecked.

    Args:
        definition: The path of a JSON file, JSON text, a mapping in the API's spelling, or a model. An answer of
            the service is taken too: the ids in it are left out.

    Raises:
        ConfigurationError: The file cannot be read, or is not one JSON object; or it is none of these.
    """
    if isinstance(definition, Mapping | Model):
        return without_ids(to_mapping(definition))
    if isinstance(definition, str) and definition.lstrip().startswith("{"):
        return without_ids(_parsed(definition, "the text of the definition"))
    if not isinstance(definition, str | PathLike):
        raise ConfigurationError(
            f"the definition is of type {type(definition).__name__}: give the path of a JSON file, JSON text, a"
            " mapping or a PipelineDefinition"
        )
    return without_ids(_parsed(_read(Path(definition)), str(definition)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{path.absolute()}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8 text (byte {error.start})") from None


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{where}, line {error.lineno}, column {error.colno}"
        raise ConfigurationError(f"{place}: not valid JSON: {error.msg}") from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{where}: must hold one JSON object, the pipeline definition")
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
    strangers = list(_strangers(spelled, shape))
    found = {_meant(violation, strangers) for violation in violations(spelled)}
    found |= set(_repeated_tables(spelled, shape))
    mistaken = tuple(violation.partition(":")[0] for violation in found)
    values = (value for value in _bad_values(spelled) if not value.startswith(mistaken))
    return Checked(
        canonical=spelled,
        violations=sorted({*found, *values}),
        warnings=sorted([*_unknown_types(spelled, shape), *map(str, strangers)]),
    )


@dataclass(frozen=True)
class _Stranger:
    """A field that the models do not have.

    Attributes:
        above: The path of the object that has it.
        key: Its name.
        near: The field of the models, not given beside it, that may be meant.
    """

    above: tuple[str | int, ...]
    key: str
    near: str | None

    def __str__(self) -> str:
        hint = f" (did you mean `{self.near}`?)" if self.near else ""
        fate = "passed on unchecked" if self.above else "not passed on"
        return f"{path_text((*self.above, self.key))}: is not a field this version knows{hint}; {fate}"


def _meant(violation: str, strangers: Iterable[_Stranger]) -> str:
    """Return a violation that says by which other word a missing field may be meant."""
    for stranger in strangers:
        if stranger.near and violation == f"{path_text((*stranger.above, stranger.near))}: is required":
            return f"{violation}; `{stranger.key}` is not a field: did you mean `{stranger.near}`?"
    return violation


def _bad_values(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Find what would not reach the service as it was written: some numbers, and what JSON has no word for."""
    if isinstance(value, Mapping):
        members: Iterable[tuple[str | int, Any]] = value.items()
    else:
        members = enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from _bad_values(member, (*path, key))
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{path_text(path)}: must be a finite number"
    elif isinstance(value, (int, float)) and abs(value) >= _EXACT:
        yield f"{path_text(path)}: is too large for a number, which would not arrive exactly; write it as text"
    elif not (value is None or isinstance(value, str | int | float | list | Mapping) or is_unknown(value)):
        yield f"{path_text(path)}: must be a text, a number, true or false, a list or an object"


def _repeated_tables(spelled: Mapping[str, Any], shape: Shape) -> Iterator[str]:
    source = spelled.get("streamingSource") or {}
    tables = source.get("tables") if shape.at("streamingSource").of(source).fields else None
    first: dict[Any, int] = {}
    for index, table in enumerate(tables if isinstance(tables, list) else ()):
        names = (table.get("schema"), table.get("table")) if isinstance(table, Mapping) else ()
        if names and all(isinstance(name, str) for name in names) and first.setdefault(names, index) != index:
            yield f"streamingSource.tables[{index}]: is the same table as tables[{first[names]}]"


def _objects(value: Any, shape: Shape, path: tuple[str | int, ...] = ()) -> Iterator[_Object]:
    """Yield every object that stands where the models know one, with its shape and path."""
    if isinstance(value, list) and shape.items:
        for index, item in enumerate(value):
            yield from _objects(item, shape.items, (*path, index))
    if isinstance(value, Mapping):
        yield value, shape, path
        fields = shape.of(value).fields
        for key in value.keys() & fields.keys():
            yield from _objects(value[key], fields[key], (*path, key))


def _strangers(spelled: Mapping[str, Any], shape: Shape) -> Iterator[_Stranger]:
    for value, place, path in _objects(spelled, shape):
        fields = place.of(value).fields
        for key in value.keys() - fields.keys() if fields else ():
            yield _Stranger(path, key, near_field(key, fields.keys() - value.keys()))


def _unknown_types(spelled: Mapping[str, Any], shape: Shape) -> Iterator[str]:
    for value, place, path in _objects(spelled, shape):
        if place.kinds and place.of(value) is ANYTHING and isinstance(value.get("type"), str):
            yield f"{path_text((*path, 'type'))}: {_unknown_type(value['type'], sorted(place.kinds))}"


def _unknown_type(given: str, known: list[str]) -> str:
    """Say that a type passes unchecked; the word itself may be secret, its neighbour among ours is not."""
    close = difflib.get_close_matches(given.lower(), known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"is none of {', '.join(known)}{hint}; passed on unchecked"
