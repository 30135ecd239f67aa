"""A definition as the Python expression that makes it: models where they can say it, mappings elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pulumi_dpc._definition.fields import Model, wire_name
from pulumi_dpc._definition.models import PipelineDefinition, SecretReference, Table
from pulumi_dpc._definition.rules import ByType, by_type

_WIDTH = 88  # what formatters take for granted
_STEP = 4
_SHORTHANDS = {
    "AWS_SECRETS_MANAGER": ("aws", {"secretKey": "key"}),
    "AZURE_KEY_VAULT": ("azure", {"secretLocation": "vault"}),
    "GOOGLE_SECRET_MANAGER": ("google", {}),
}
"""The method of `SecretReference` for each vault, and its arguments after the secret's name."""


@dataclass(frozen=True)
class Node:
    """An expression: brackets with parts between them, or a text without parts.

    Attributes:
        opening: What stands before the parts; the whole text where there are none.
        parts: Each with what stands before it: a keyword, a key, or nothing.
        closing: What stands after the parts.
    """

    opening: str
    parts: tuple[tuple[str, Node], ...] = ()
    closing: str = ""

    @property
    def flat(self) -> str:
        """The expression in one line."""
        inner = ", ".join(before + part.flat for before, part in self.parts)
        return f"{self.opening}{inner}{self.closing}"

    def text(self, indent: int = 0, used: int = 0) -> str:
        """Return the expression as a formatter would leave it.

        Args:
            indent: How far its first line is indented.
            used: How much of that line is taken by what stands before and after it.
        """
        flat = self.flat
        if not self.parts or indent + used + len(flat) <= _WIDTH:
            return flat
        inner = indent + _STEP
        lines = [
            f"{' ' * inner}{before}{part.text(inner, len(before) + 1)},\n" for before, part in self.parts
        ]
        return f"{self.opening}\n{''.join(lines)}{' ' * indent}{self.closing}"


def call(function: str, *positional: Node, **named: Node) -> Node:
    """Return a call."""
    parts = [*(("", one) for one in positional), *((f"{name}=", one) for name, one in named.items())]
    return Node(f"{function}(", tuple(parts), ")")


def literal(value: Any) -> Node:
    """Return a plain value."""
    if isinstance(value, Mapping):
        return Node("{", tuple((f"{_quoted(key)}: ", literal(one)) for key, one in value.items()), "}")
    if isinstance(value, list | tuple):
        return Node("[", tuple(("", literal(one)) for one in value), "]")
    if isinstance(value, float):
        return Node(repr(value).replace("e+", "e"))
    return Node(_quoted(value) if isinstance(value, str) else repr(value))


def arguments_of(definition: Mapping[str, Any]) -> dict[str, Node]:
    """Return the arguments of `StreamingPipeline` that say a definition."""
    return dict(_arguments(definition, PipelineDefinition))


def _arguments(value: Mapping[str, Any], model: Any) -> Iterable[tuple[str, Node]]:
    hints = _hints(model)
    for one in dataclasses.fields(model):
        if one.name != "type" and wire_name(one.name) in value:
            yield one.name, _express(value[wire_name(one.name)], hints[one.name])


@cache
def _hints(model: Any) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)


@cache
def _kinds(union: Any) -> dict[str, type]:
    return by_type(union)


def _express(value: Any, hint: Any) -> Node:
    origin, members = get_origin(hint), [one for one in get_args(hint) if one is not NoneType]
    if origin is Annotated and any(isinstance(rule, ByType) for rule in members[1:]):
        kind = str(value.get("type")) if isinstance(value, Mapping) else ""
        model = _kinds(members[0]).get(kind)
        return _object(value, model) if model else literal(value)
    if origin is Annotated or NoneType in get_args(hint):
        return _express(value, members[0])
    if origin is Sequence and isinstance(value, list):
        return Node("[", tuple(("", _express(one, members[0])) for one in value), "]")
    if isinstance(hint, type) and issubclass(hint, Model):
        return _object(value, hint)
    return literal(value)


def _object(value: Any, model: type[Any]) -> Node:
    """Return a model, or a mapping for what the model cannot say: it takes no argument that it does not know."""
    if not _is_of(value, model):
        return literal(value)
    if model is SecretReference:
        return _secret(value)
    if model is Table:
        return call("dpc.Table", literal(value["schema"]), literal(value["table"]))
    return call(f"dpc.{model.__name__}", **dict(_arguments(value, model)))


def _is_of(value: Any, model: Any) -> bool:
    """Tell whether a type checker would let a model have these fields, of what is not a model itself."""
    members = {wire_name(one.name): one for one in dataclasses.fields(model)}
    required = {name for name, one in members.items() if one.default is dataclasses.MISSING}
    if not isinstance(value, Mapping) or not required <= value.keys() <= members.keys():
        return False
    hints = _hints(model)
    return all(_fits(one, hints[members[name].name]) for name, one in value.items())


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of the type that a field has; a mapping may stand for any model."""
    origin, members = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in members
    if origin is Sequence:
        return isinstance(value, list) and all(_fits(one, members[0]) for one in value)
    if origin is Annotated:
        return _fits(value, members[0])
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in members)
    if origin is Mapping or issubclass(hint, Model):
        return isinstance(value, Mapping)
    return isinstance(value, hint) and not isinstance(value, bool)  # to Python a bool is an int too


def _secret(value: Mapping[str, Any]) -> Node:
    method, names = _SHORTHANDS.get(str(value["secretType"]), ("", {}))
    more = {key: one for key, one in value.items() if key not in ("secretType", "secretName")}
    if not method or not more.keys() <= names.keys():
        return call("dpc.SecretReference", **dict(_arguments(value, SecretReference)))
    given = {names[key]: literal(one) for key, one in more.items()}
    return call(f"dpc.SecretReference.{method}", literal(value["secretName"]), **given)


def _quoted(text: str) -> str:
    """Return a text as a string in those quotes that need fewer escapes, else in double ones, as formatters do."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = (one if one in "'\"" else repr(one)[1:-1] for one in text)
    return quote + "".join("\\" + one if one == quote else one for one in escaped) + quote
