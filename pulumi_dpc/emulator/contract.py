"""The OpenAPI document of this package as routes and as checks of what is sent."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

_DOCUMENT_URI = "urn:dpc:openapi"
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOT_BLANK = r"\S"


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes:
        in_path: Schema by name of what stands in the path.
        in_query: Schema by name of what the query may carry.
        body: Schema of the JSON body; None where there is none.
        needs_token: Whether a bearer token is asked for.
    """

    id: str
    in_path: Mapping[str, Mapping[str, Any]]
    in_query: Mapping[str, Mapping[str, Any]]
    body: Mapping[str, Any] | None
    needs_token: bool


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document as it was written."""
    text = resources.files(__package__).joinpath("openapi.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def route(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Find the operation and the values of its path; None where the document has none."""
    try:
        rule, values = _routes().bind("").match(path, method, return_rule=True)
    except HTTPException:
        return None
    return _operation(rule.endpoint[0], rule.endpoint[1]), {key: str(value) for key, value in values.items()}


def operation_ids() -> set[str]:
    """Return the id of every operation."""
    return {_operation(path, method).id for path, method in _all_operations()}


def violations(schema: Mapping[str, Any], value: object, *, allow_unknown_types: bool = False) -> list[str]:
    """List everything wrong with a value, one ``path.to.field: what it must be`` each."""
    errors = _validator(schema).iter_errors(value)
    wrong = [error for error in errors if not (allow_unknown_types and error.validator == "discriminator")]
    return sorted({_sentence(error) for error in wrong})


def conform(schema: Mapping[str, Any], value: Any, *, drop_unknown: bool = True) -> Any:
    """Return a valid value as the document writes it: its enum words, whole numbers, and no unknown fields."""
    schema = _branch(_resolved(schema), value)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        free = "properties" not in schema or not drop_unknown
        return {
            key: conform(properties.get(key, {}), item, drop_unknown=drop_unknown)
            for key, item in value.items()
            if free or key in properties
        }
    if isinstance(value, list):
        return [conform(schema.get("items", {}), item, drop_unknown=drop_unknown) for item in value]
    if schema.get("type") == "integer" and isinstance(value, float):
        return int(value)  # JSON Schema takes 5432.0 for a whole number
    return next((word for word in schema.get("enum", []) if _same_word(word, value)), value)


def without_nulls(schema: Mapping[str, Any], value: Any) -> Any:
    """Return a value without those fields that the schema names and that are null."""
    schema = _branch(_resolved(schema), value)
    if isinstance(value, dict):
        named = schema.get("properties", {})
        kept = {key: item for key, item in value.items() if item is not None or key not in named}
        return {key: without_nulls(named.get(key, {}), item) for key, item in kept.items()}
    if isinstance(value, list):
        return [without_nulls(schema.get("items", {}), item) for item in value]
    return value


def unknown_fields(schema: Mapping[str, Any], value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every field that the schema does not name."""
    schema = _branch(_resolved(schema), value)
    if isinstance(value, dict) and "properties" in schema:
        for key, item in value.items():
            below = f"{path}.{key}" if path else key
            if key in schema["properties"]:
                yield from unknown_fields(schema["properties"][key], item, below)
            else:
                yield below
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from unknown_fields(schema.get("items", {}), item, f"{path}[{position}]")


def _all_operations() -> Iterator[tuple[str, str]]:
    for path, methods in document()["paths"].items():
        for method in methods:
            yield path, method


@functools.cache
def _routes() -> Map:
    rules = [
        Rule(path.replace("{", "<").replace("}", ">"), methods=[method], endpoint=(path, method))
        for path, method in _all_operations()
    ]
    return Map(rules, strict_slashes=True, merge_slashes=False)


@functools.cache
def _operation(path: str, method: str) -> Operation:
    described = document()["paths"][path][method]
    places: dict[str, dict[str, Mapping[str, Any]]] = {"path": {}, "query": {}}
    for parameter in map(_resolved, described.get("parameters", [])):
        places[parameter["in"]][parameter["name"]] = parameter["schema"]
    content = described.get("requestBody", {}).get("content", {})
    return Operation(
        id=described["operationId"],
        in_path=places["path"],
        in_query=places["query"],
        body=content.get("application/json", {}).get("schema"),
        needs_token=described.get("security", document()["security"]) != [],
    )


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference into the document."""
    while "$ref" in schema:
        found: Any = document()
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _branch(schema: Mapping[str, Any], value: object) -> Mapping[str, Any]:
    """Choose among the alternatives of a schema by the value's own ``type``, as its discriminator says."""
    if "discriminator" not in schema:
        return schema
    tag = value.get(schema["discriminator"]["propertyName"]) if isinstance(value, dict) else None
    reference = schema["discriminator"]["mapping"].get(tag) if isinstance(tag, str) else None
    return _resolved({"$ref": reference}) if reference else {}


def _same_word(word: object, value: object) -> bool:
    """Compare enum words as the service does, which accepts any case (``docs/api.md`` section 3.5)."""
    return isinstance(word, str) and isinstance(value, str) and word.casefold() == value.casefold()


def _check_enum(_: Any, words: list[str], value: object, __: Any) -> Iterator[ValidationError]:
    if not any(_same_word(word, value) for word in words):
        yield ValidationError(f"must be one of {', '.join(words)}")


def _check_required(
    _: Any, names: list[str], value: object, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    for name in names:
        if isinstance(value, dict) and name not in value:
            text = _resolved(schema.get("properties", {}).get(name, {})).get("type") == "string"
            yield ValidationError("must not be blank" if text else "must not be null", path=[name])


def _check_one_of(
    validator: Any, _: list[Any], value: object, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Check only the alternative that the discriminator names, so that each mistake is told on its own."""
    discriminator = schema["discriminator"]
    tag_name = discriminator["propertyName"]
    if not isinstance(value, dict):
        yield ValidationError("must be an object")
    elif tag_name not in value:
        yield ValidationError("must not be blank", path=[tag_name])
    elif not isinstance(value[tag_name], str):
        yield ValidationError("must be of type string", path=[tag_name])
    elif value[tag_name] not in discriminator["mapping"]:
        words = ", ".join(discriminator["mapping"])
        yield ValidationError(f"must be one of {words}", path=[tag_name], validator="discriminator")
    else:
        yield from validator.descend(value, {"$ref": discriminator["mapping"][value[tag_name]]})


@functools.cache
def _validator_class() -> Any:
    changed = {"enum": _check_enum, "required": _check_required, "oneOf": _check_one_of}
    return extend(Draft202012Validator, changed)  # type: ignore[no-untyped-call]


@functools.cache
def _registry() -> Registry[Any]:
    known: Registry[Any] = Registry().with_resource(_DOCUMENT_URI, DRAFT202012.create_resource(document()))
    return known


def _validator(schema: Mapping[str, Any]) -> Any:
    absolute = {"$ref": _DOCUMENT_URI + schema["$ref"]} if "$ref" in schema else schema
    return _validator_class()(absolute, registry=_registry(), format_checker=_formats())


@functools.cache
def _formats() -> FormatChecker:
    """Return a check of ids that takes no other spelling: the library's own takes what Python's ``int`` does."""
    checker = FormatChecker([])
    checker.checks("uuid")(lambda value: not isinstance(value, str) or _UUID.fullmatch(value) is not None)
    return checker


def _sentence(error: ValidationError) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return f"{path.removeprefix('.') or 'body'}: {_requirement(error)}"


def _requirement(error: ValidationError) -> str:
    limit: Any = error.validator_value
    types = " or ".join(limit) if error.validator == "type" and isinstance(limit, list) else limit
    sentences = {
        "minLength": "must not be blank",
        "minItems": "must not be empty",
        "maxLength": f"must be at most {limit} characters long",
        "minimum": f"must be {limit} or more",
        "maximum": f"must be {limit} or less",
        "pattern": "must not be blank" if limit == _NOT_BLANK else f"must match {limit}",
        "format": f"must be a valid {limit}",
        "const": f"must be {limit!r}",
        "type": f"must be of type {types}",
    }
    return sentences.get(str(error.validator), str(error.message))
