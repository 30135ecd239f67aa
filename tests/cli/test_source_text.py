"""A definition as an expression: run in a program, it says the same definition."""

from __future__ import annotations

import copy
import functools
import json
import operator
from typing import Any

import pytest
from hypothesis import given

import pulumi_dpc as dpc
from pulumi_dpc._cli.source_text import arguments_of, literal
from pulumi_dpc._definition.definition import canonical, to_mapping
from pulumi_dpc._names import DEFINITION
from tests.cli.estate import definitions as estate
from tests.definition.test_definition import PROPERTY, definitions
from tests.worlds import DEFINITION as WORLD


def said(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the definition that the arguments say when they are run."""
    texts = {name: node.text(4, len(name) + 2) for name, node in arguments_of(definition).items()}
    values = {name: eval(text, {"dpc": dpc}) for name, text in texts.items()}  # noqa: S307 - it is what is tested
    camel = {
        "agent_id": "agentId",
        "streaming_source": "streamingSource",
        "streaming_target": "streamingTarget",
    }
    camel["advanced_properties"] = "advancedProperties"
    return canonical({camel.get(name, name): to_mapping(value) for name, value in values.items()})


@pytest.mark.parametrize("definition", estate(), ids=lambda one: one["name"][:20])
def test_the_estate_is_said(definition: dict[str, Any]) -> None:
    known = {key: value for key, value in canonical(definition).items() if key in DEFINITION}
    assert said(known) == known


def is_json(definition: dict[str, Any]) -> bool:
    """Tell whether a service can answer it: JSON has no infinity."""
    try:
        return bool(json.dumps(definition, allow_nan=False))
    except ValueError:
        return False


@PROPERTY
@given(definitions().filter(is_json))
def test_any_definition_is_said(definition: dict[str, Any]) -> None:
    known = {key: value for key, value in canonical(definition).items() if key in DEFINITION}
    assert json.dumps(said(known), sort_keys=True) == json.dumps(canonical(known), sort_keys=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("streamingSource.connection.port", "5432"),
        ("streamingSource.connection.port", True),
        ("streamingSource.connection.host", 5),
        ("streamingSource.connection.jdbcProperties", []),
        ("streamingSource.connection.password.secretType", "A_NEWER_VAULT"),
        ("streamingSource.connection.password", "a text"),
        ("streamingSource.tables", ["a text"]),
        ("streamingTarget.decimalMapping", "NEWER"),
    ],
)
def test_what_a_model_has_no_type_for_is_a_mapping(path: str, value: Any) -> None:
    """A model would do, but a type checker would refuse the whole program."""
    definition = copy.deepcopy(WORLD)
    *above, key = path.split(".")
    place: dict[str, Any] = functools.reduce(operator.getitem, above, definition)
    place[key] = value
    texts = {name: node.flat for name, node in arguments_of(definition).items()}
    text = texts["streaming_target" if "Target" in path else "streaming_source"]
    assert f"{literal(key).flat}: {literal(value).flat}" in text
    known = {key: one for key, one in canonical(definition).items() if key in DEFINITION}
    assert said(definition) == known


@pytest.mark.parametrize(
    ("number", "text"), [(1e300, "1e300"), (1e-7, "1e-07"), (-2.5e22, "-2.5e22"), (1.0, "1.0")]
)
def test_a_float_is_written_as_formatters_do(number: float, text: str) -> None:
    assert literal(number).flat == text


@pytest.mark.parametrize("text", ["", "'", '"', "'\"", "''\"", "\\", "\n\t\0\x1b\u2028\ud800", "{x}", "數"])
def test_any_text_is_said(text: str) -> None:
    assert eval(literal(text).flat) == text  # noqa: S307
