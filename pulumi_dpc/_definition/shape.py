"""What the models say about each place of a definition, read from their annotations."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from .fields import IS_UUID, wire_name
from .models import PipelineDefinition
from .rules import ByType, by_type


@dataclass(frozen=True, eq=False)
class Shape:
    """What may stand in one place: nothing is set where anything may stand, as inside the user's own properties.

    Attributes:
        spell: Returns the API's spelling of a text.
        fields: What an object may hold, by the API's names.
        optional: Those of ``fields`` that may be absent.
        kinds: The objects that may stand here, by their ``type``.
        items: What a list holds.
    """

    spell: Callable[[str], str] = str
    fields: Mapping[str, Shape] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    kinds: Mapping[str, Shape] = field(default_factory=dict)
    items: Shape | None = None

    def of(self, value: object) -> Shape:
        """Return the shape of the object that stands here; ``ANYTHING`` if we do not know its type."""
        if not self.kinds:
            return self
        kind = value.get("type") if isinstance(value, Mapping) else None
        return self.kinds.get(kind.lower(), ANYTHING) if isinstance(kind, str) else ANYTHING

    def at(self, key: str) -> Shape:
        """Return the shape of a field."""
        return self.fields.get(key, ANYTHING)


ANYTHING = Shape()


@functools.cache
def definition_shape() -> Shape:
    """Return the shape of a whole definition."""
    return _object(PipelineDefinition)


def _object(model: Any) -> Shape:
    hints = get_type_hints(model, include_extras=True)
    members = dataclasses.fields(model)
    return Shape(
        fields={wire_name(member.name): _place(hints[member.name]) for member in members},
        optional=frozenset(wire_name(member.name) for member in members if member.default is None),
    )


def _place(hint: Any) -> Shape:
    """Read one annotation from the outside in: rules, choices of words, objects, lists."""
    origin, members = get_origin(hint), [member for member in get_args(hint) if member is not NoneType]
    if origin is Annotated:
        return _ruled(*members)
    if origin is Literal:
        words = {word.lower(): word for word in members}
        return Shape(spell=lambda text: words.get(text.lower(), text))
    if origin is Sequence:
        return Shape(items=_place(members[0]))
    if dataclasses.is_dataclass(hint):
        return _object(hint)
    return _place(members[0]) if NoneType in get_args(hint) else ANYTHING


def _ruled(hint: Any, *rules: Any) -> Shape:
    if any(isinstance(rule, ByType) for rule in rules):
        return Shape(kinds={kind: _object(model) for kind, model in by_type(hint).items()})
    return Shape(spell=str.lower) if IS_UUID in rules else _place(hint)


def path_text(parts: Iterable[str | int]) -> str:
    """Return a path as the service writes it; a key that is no word is quoted, as Pulumi does."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.isidentifier():
            path += f".{part}" if path else part
        else:
            path += f"[{json.dumps(part)}]"
    return path
