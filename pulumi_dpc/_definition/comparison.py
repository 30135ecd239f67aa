"""Two definitions compared: what differs, what is the same in other words, and one laid over the other.

What is known about single fields comes from the models alone, by ``definition_shape``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .definition import canonical, respelled, without_ids
from .shape import ANYTHING, Shape, definition_shape, path_text

Path = tuple[str, ...]


def differences(actual: Mapping[str, Any], desired: Mapping[str, Any]) -> list[str]:
    """Return the paths at which a definition is not as desired, as text, sorted; see `difference_paths`."""
    return sorted(map(path_text, difference_paths(actual, desired)))


def difference_paths(actual: Mapping[str, Any], desired: Mapping[str, Any]) -> list[Path]:
    """Return the paths at which a definition is not as desired, as the keys from its root; a list is one place.

    Spelling and the order of tables do not count. Nor does a field that the models do not have and only
    ``actual`` has: nobody asked for it, and ``overlay`` keeps it.
    """
    if repr(actual) == repr(desired):  # the engine asks it of every resource in turn; `==` takes True for 1
        return []
    desired, shape = canonical(desired), definition_shape()
    return list(_differences(_as_recorded(canonical(actual), desired, shape), desired, shape, ()))


def _differences(one: Any, other: Any, shape: Shape, path: Path) -> Iterator[Path]:
    if one is other or _value(one, shape) == _value(other, shape):
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        known = shape.of(one)
        for key in {**one, **other}:
            yield from _differences(one.get(key), other.get(key), known.at(key), (*path, key))
    else:
        yield path


def _value(value: Any, shape: Shape) -> Any:
    """Return what makes two canonical values equal, hashable: a bool is no number, tables have no order."""
    if isinstance(value, Mapping):
        known = shape.of(value)
        return "object", frozenset((key, _value(member, known.at(key))) for key, member in value.items())
    if isinstance(value, list):
        items = (_value(item, shape.items or ANYTHING) for item in value)
        return ("set", frozenset(items)) if shape.items else ("list", tuple(items))
    return (bool, value) if isinstance(value, bool) else value


def is_same(one: Mapping[str, Any], other: Mapping[str, Any], path: Path) -> bool:
    """Tell whether two definitions have the same at one path; nothing is the same as nothing."""
    return bool(_value(*_at(one, path)) == _value(*_at(other, path)))


def value_at(definition: Mapping[str, Any], path: Path) -> Any:
    """Return what a definition has at a path, in its one spelling; None for nothing."""
    return _at(definition, path)[0]


def _at(definition: Mapping[str, Any], path: Path) -> tuple[Any, Shape]:
    shape = definition_shape()
    value: Any = canonical(definition)
    for key in path:
        shape = shape.of(value).at(key)
        value = value.get(key) if isinstance(value, Mapping) else None
    return value, shape


def is_modelled(definition: Mapping[str, Any], path: Path) -> bool:
    """Tell whether the models know what stands at a path, and all in it: nobody's own names and values."""
    parent, shape = _at(definition, path[:-1])
    return path[-1] in shape.of(parent).fields and _is_known(*_at(definition, path))


def _is_known(value: Any, shape: Shape) -> bool:
    if isinstance(value, Mapping):
        known = shape.of(value)
        return all(key in known.fields and _is_known(member, known.at(key)) for key, member in value.items())
    return not isinstance(value, list) or all(_is_known(item, shape.items or ANYTHING) for item in value)


def is_required(definition: Mapping[str, Any], path: Path) -> bool:
    """Tell whether the models know the last key of a path as one that an object must have."""
    value, shape = _at(definition, path[:-1])
    known = shape.of(value)
    return path[-1] in known.fields and path[-1] not in known.optional


def with_value(definition: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return a definition that has this value at a path, None for nothing; unchanged where the path leads nowhere."""
    key, *rest = path
    if not rest:
        others = {name: member for name, member in definition.items() if name != key}
        return others if value is None else {**definition, key: value}
    inner = definition.get(key)
    if not isinstance(inner, Mapping):
        return dict(definition)
    return {**definition, key: with_value(inner, tuple(rest), value)}


_MASK = re.compile(r"[*•●]{3,}")


def is_mask(value: Any) -> bool:
    """Tell whether a service answers with this instead of a value that it does not show."""
    return isinstance(value, str) and _MASK.fullmatch(value) is not None


def unmasked(live: Any, known: Any) -> Any:
    """Return a live value with what is known in the place of masks: a mask that is written destroys the value."""
    if isinstance(live, Mapping):
        inside = known if isinstance(known, Mapping) else {}
        return {key: unmasked(value, inside.get(key)) for key, value in live.items()}
    return known if is_mask(live) and known is not None else live


def masked_and_not_given(body: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Return the paths at which a body to be written has a mask that the program does not say."""
    return sorted(path_text(path) for path in _masks(body, ()) if not is_same(body, given, path))


def _masks(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _masks(member, (*path, key))
    elif is_mask(value):
        yield path


def overlay(live: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole object to PUT: the desired definition, and the live fields that the models do not have.

    Those are carried over only where the object is still of the same ``type``; tables are matched by name.
    """
    return without_ids(_overlay(live, desired, definition_shape()))


def _overlay(live: Any, desired: Any, shape: Shape) -> Any:
    if shape.items and isinstance(live, list) and isinstance(desired, list):
        found = _by_identity(live, shape.items)
        return [_overlay(found.get(_identity(item, shape.items)), item, shape.items) for item in desired]
    known = shape.of(desired)
    if not known.fields or shape.of(live) is not known or not _are_mappings(live, desired):
        return desired
    unmodelled = {key: value for key, value in live.items() if key not in known.fields}
    return unmodelled | {key: _overlay(live.get(key), value, known.at(key)) for key, value in desired.items()}


def as_recorded(live: Mapping[str, Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the live definition as the record would have it.

    That is every field the models have, in the recorded spelling and order where it is equal, and of the
    others those that the record has too. What then still differs from the record is drift. Of an object whose
    ``type`` the models do not have, every field is taken.
    """
    return without_ids(_as_recorded(canonical(live), recorded, definition_shape()))


def _as_recorded(live: Any, recorded: Any, shape: Shape) -> Any:
    if _value(live, shape) == _value(respelled(recorded, shape), shape):
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
