"""The models as a JSON Schema, for editors and other validators: what `validation` refuses, as far as it can say."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from annotated_types import Interval, MinLen

from .fields import IS_UUID, wire_name
from .models import PipelineDefinition
from .rules import ByType, by_type

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

Schema = dict[str, Any]


def definition_schema() -> Schema:
    """Return the schema of a definition as it stands in a file.

    ``name`` and ``agentId`` may be left out of a file, because the program can give them.
    """
    found: dict[str, Schema] = {}
    root = _object(PipelineDefinition, found)
    return {
        "$schema": DIALECT,
        "title": "Matillion streaming pipeline definition",
        **root,
        "required": [name for name in root["required"] if name not in ("name", "agentId")],
        "$defs": dict(sorted(found.items())),
    }


def _object(model: Any, found: dict[str, Schema]) -> Schema:
    """Return the schema of a model; an unknown field is no mistake, because the service may be newer than we are."""
    hints, told = get_type_hints(model, include_extras=True), _described(model)
    members = dataclasses.fields(model)
    properties = {
        wire_name(one.name): {
            "description": told.get(one.name, ""),
            **_place(hints[one.name], found, optional=one.default is None),
        }
        for one in members
    }
    required = [
        wire_name(one.name) for one in members if one.default is dataclasses.MISSING or one.name == "type"
    ]
    about = " ".join((inspect.getdoc(model) or "").split())
    return {"type": "object", "description": about, "properties": properties, "required": required}


def _place(hint: Any, found: dict[str, Schema], *, optional: bool = False) -> Schema:
    """Return the schema of one annotation; what is absent may also be written as null."""
    origin, members = get_origin(hint), [one for one in get_args(hint) if one is not NoneType]
    if origin is Annotated:
        return _ruled(members, found, optional=optional)
    if origin is Literal:
        return _words(members, optional=optional)
    if origin is Sequence:
        return {"type": "array", "items": _place(members[0], found)}
    if NoneType in get_args(hint):
        return _place(members[0], found, optional=True)
    if dataclasses.is_dataclass(hint):
        return _or_null(_reference(hint, found), optional=optional)
    kind = {str: "string", int: "integer"}.get(hint, "object")
    return {"type": [kind, "null"] if optional else kind}


def _ruled(members: list[Any], found: dict[str, Schema], *, optional: bool) -> Schema:
    hint, *rules = members
    if any(isinstance(rule, ByType) for rule in rules):
        return _by_type(by_type(hint), found)
    schema = _place(hint, found, optional=optional)
    for rule in rules:
        if isinstance(rule, MinLen):
            schema["minItems" if schema.get("type") == "array" else "minLength"] = rule.min_length
        elif isinstance(rule, Interval):
            schema |= {"minimum": rule.ge, "maximum": rule.le}
        elif rule is IS_UUID:
            schema["pattern"] = _UUID
    return schema


def _by_type(kinds: Mapping[str, Any], found: dict[str, Schema]) -> Schema:
    """Return the schema of an object that is one of these by its ``type``, or of a type that is not known."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string", "examples": sorted(kinds)}},
        "allOf": [
            {
                "if": {"properties": {"type": {"pattern": _in_any_case(kind)}}, "required": ["type"]},
                "then": _reference(model, found),
            }
            for kind, model in kinds.items()
        ],
    }


def _words(words: Sequence[Any], *, optional: bool) -> Schema:
    """Return the schema of a choice of words: those of the API for completion, in any case for validation."""
    either = "|".join(_in_any_case(word)[1:-1] for word in words)
    return _or_null(
        {"anyOf": [{"enum": list(words)}, {"pattern": f"^({either})$"}], "type": "string"}, optional=optional
    )


def _or_null(schema: Schema, *, optional: bool) -> Schema:
    return {"anyOf": [schema, {"enum": [None, ""]}]} if optional else schema


def _in_any_case(word: str) -> str:
    letters = (f"[{one.upper()}{one.lower()}]" if one.isalpha() else re.escape(one) for one in word)
    return f"^{''.join(letters)}$"


def _reference(model: Any, found: dict[str, Schema]) -> Schema:
    name = model.__name__
    if name not in found:
        found[name] = {}  # so that a model that holds itself would end
        found[name] = _object(model, found)
    return {"$ref": f"#/$defs/{name}"}


def _described(model: type) -> dict[str, str]:
    """Return what the docstring below each field of a model says, those of its bases included."""
    return {name: text for base in reversed(model.__mro__) for name, text in _fields_of(base)}


def _fields_of(model: type) -> Iterator[tuple[str, str]]:
    if not dataclasses.is_dataclass(model):
        return
    module = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    (found,) = (one for one in module.body if isinstance(one, ast.ClassDef) and one.name == model.__name__)
    for field, below in zip(found.body, found.body[1:], strict=False):
        is_told = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_told:
            assert isinstance(below, ast.Expr)  # noqa: S101 - for the type checker
            assert isinstance(below.value, ast.Constant)  # noqa: S101
            yield field.target.id, " ".join(str(below.value.value).split())
