"""A pipeline definition as a mapping in the API's spelling: read, checked, and compared with another one.

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

from ._rules import is_unknown
from ._shape import ANYTHING, Shape, definition_shape, path_text
from .errors import ConfigurationError
from .models import Model, to_mapping

if TYPE_CHECKING:
    import os

__all__ = [
    "Checked",
    "as_recorded",
    "canonical",
    "differences",
    "has_unknowns",
    "is_unknown",
    "load_definition",
    "overlay",
    "to_mapping",
    "validate",
    "whole_numbers",
]

SERVER_FIELDS = frozenset({"projectId", "streamingPipelineId"})
"""What an answer of the service names beside the definition; a request must not."""

_EXACT = 2**53  # a float this large may no longer be the number that was meant


@dataclass(frozen=True)
class Checked:
    """Hold what a check found.

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
    return _without_ids(content)


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
    return _without_ids(_canonical(definition, definition_shape()))


def _without_ids(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if key not in SERVER_FIELDS}


def whole_numbers(bag: Mapping[str, Any]) -> dict[str, Any]:
    """Return a property bag with ints for its whole numbers, at any depth."""
    numbers: dict[str, Any] = _canonical(bag, ANYTHING)
    return numbers


def has_unknowns(value: object) -> bool:
    """Tell whether a value, or one at any depth in it, is not known yet."""
    if isinstance(value, Mapping):
        return any(map(has_unknowns, value.values()))
    return any(map(has_unknowns, value)) if isinstance(value, list | tuple) else is_unknown(value)


def _canonical(value: Any, shape: Shape) -> Any:
    if isinstance(value, Mapping):
        known = shape.of(value)
        members = {
            key: _canonical(member, known.at(key)) for key, member in value.items() if member is not None
        }
        return {key: member for key, member in members.items() if not _counts_as_absent(key, member, known)}
    if isinstance(value, list | tuple):
        return [_canonical(item, shape.items or ANYTHING) for item in value]
    if isinstance(value, str):
        return shape.spell(value)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _counts_as_absent(key: str, value: Any, known: Shape) -> bool:
    return key in known.optional and not known.at(key).fields and value in ("", {})


def validate(definition: Mapping[str, Any]) -> Checked:
    """Check a definition, of which parts may be unknown yet, and return all there is to say at once."""
    from ._validation import violations

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


def differences(actual: Mapping[str, Any], wished: Mapping[str, Any]) -> list[str]:
    """Return the paths at which a definition is not as wished, sorted.

    Spelling and the order of tables do not count. Nor does a field that the models do not have and only
    ``actual`` has: nobody asked for it, and ``overlay`` keeps it.
    """
    if repr(actual) == repr(wished):  # the engine asks it of every resource in turn; `==` takes True for 1
        return []
    wished, shape = canonical(wished), definition_shape()
    return sorted(_differences(_as_recorded(canonical(actual), wished, shape), wished, shape, ()))


def _differences(one: Any, other: Any, shape: Shape, path: tuple[str, ...]) -> Iterator[str]:
    if one is other or _value(one, shape) == _value(other, shape):
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        known = shape.of(one)
        for key in {**one, **other}:
            yield from _differences(one.get(key), other.get(key), known.at(key), (*path, key))
    else:
        yield path_text(path)


def _value(value: Any, shape: Shape) -> Any:
    """Return what makes two canonical values equal, hashable: a bool is no number, tables have no order."""
    if isinstance(value, Mapping):
        known = shape.of(value)
        return "object", frozenset((key, _value(member, known.at(key))) for key, member in value.items())
    if isinstance(value, list):
        items = (_value(item, shape.items or ANYTHING) for item in value)
        return ("set", frozenset(items)) if shape.items else ("list", tuple(items))
    return (bool, value) if isinstance(value, bool) else value


def overlay(live: Mapping[str, Any], wished: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole object to PUT: the wished definition, and the live fields that the models do not have.

    Those are carried over only where the object is still of the same ``type``; tables are matched by name.
    """
    return _without_ids(_overlay(live, wished, definition_shape()))


def _overlay(live: Any, wished: Any, shape: Shape) -> Any:
    if shape.items and isinstance(live, list) and isinstance(wished, list):
        found = _by_identity(live, shape.items)
        return [_overlay(found.get(_identity(item, shape.items)), item, shape.items) for item in wished]
    known = shape.of(wished)
    if not known.fields or shape.of(live) is not known or not _are_mappings(live, wished):
        return wished
    unmodelled = {key: value for key, value in live.items() if key not in known.fields}
    return unmodelled | {key: _overlay(live.get(key), value, known.at(key)) for key, value in wished.items()}


def as_recorded(live: Mapping[str, Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the live definition as the record would have it.

    That is every field the models have, in the recorded spelling and order where it is equal, and of the
    others those that the record has too. What then still differs from the record is drift. Of an object whose
    ``type`` the models do not have, every field is taken.
    """
    return _without_ids(_as_recorded(canonical(live), recorded, definition_shape()))


def _as_recorded(live: Any, recorded: Any, shape: Shape) -> Any:
    if _value(live, shape) == _value(_canonical(recorded, shape), shape):
        return recorded
    if shape.items and isinstance(live, list):
        return _tables_as_recorded(live, recorded if isinstance(recorded, list) else [], shape.items)
    known = shape.of(live)
    if not known.fields or not isinstance(live, Mapping):
        return live
    said = recorded if shape.of(recorded) is known and isinstance(recorded, Mapping) else {}
    kept = (key for key in live if key in known.fields or key in said)
    return {key: _as_recorded(live[key], said.get(key), known.at(key)) for key in kept}


def _tables_as_recorded(live: list[Any], recorded: list[Any], shape: Shape) -> list[Any]:
    found, said = _by_identity(live, shape), _by_identity(recorded, shape)
    order = [*(name for name in said if name in found), *(name for name in found if name not in said)]
    return [_as_recorded(found[name], said.get(name), shape) for name in order]


def _by_identity(items: list[Any], shape: Shape) -> dict[Any, Any]:
    return {_identity(item, shape): item for item in items}


def _identity(item: Any, shape: Shape) -> Any:
    """Return what makes an item the same one: all that the models know of it, a table's schema and name."""
    if isinstance(item, Mapping):
        item = {key: value for key, value in item.items() if key in shape.fields}
    return _value(item, shape)


def _are_mappings(*values: object) -> bool:
    return all(isinstance(value, Mapping) for value in values)
