"""What a program may give for a property, and what it is told where it may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT
from pulumi_dpc.testing._engine.engines import EngineName
from tests.stack.scenarios import failed, succeeded
from tests.worlds import DEFINITION, ENGINES, MakeWorld, World, edited, resource

IMPORTS = "import asyncio, collections, datetime, decimal, pathlib, types, uuid\n"
ENVIRONMENT = "dpc.Environment('production', 'a', 'b')"
PROJECT = "dpc.Project('p', 'Analytics')"
AGENT = "dpc.Agent('i', 'streaming')"


def source(**changes: str) -> dict[str, Any]:
    """Return the definition with some of its source given as source text."""
    return edited(streamingSource={**DEFINITION["streamingSource"], **changes})


def free(value: str) -> dict[str, Any]:
    """Return the definition with one free property, given as source text."""
    return edited(advancedProperties={"a.b": f"text:{value}"})


SPOILED: dict[str, tuple[dict[str, Any], str]] = {
    "an asset": (
        {"definition": free("pulumi.FileAsset('ca.pem')")},
        'advanced_properties["a.b"] is of type FileAsset: write the text itself, because no file can be sent',
    ),
    "an archive": (
        {"definition": free("pulumi.AssetArchive({'a': pulumi.StringAsset('canary')})")},
        'advanced_properties["a.b"] is of type AssetArchive: write the text itself, because no file can be sent',
    ),
    "a date": (
        {"definition": free("datetime.date(2020, 1, 1)")},
        'advanced_properties["a.b"] is of type date: write it as text, such as value.isoformat()',
    ),
    "a duration": (
        {"definition": free("datetime.timedelta(1)")},
        'advanced_properties["a.b"] is of type timedelta: write a number or a text, such as value.total_seconds()',
    ),
    "a decimal": (
        {"definition": free("decimal.Decimal('0.1')")},
        'advanced_properties["a.b"] is of type Decimal: write a number or a text, float(value) or str(value)',
    ),
    "a path": (
        {"definition": free("pathlib.PurePosixPath('/etc/ca.pem')")},
        'advanced_properties["a.b"] is of type PurePosixPath: write it as text, str(value)',
    ),
    "bytes": (
        {"definition": free("b'canary'")},
        'advanced_properties["a.b"] is of type bytes: write it as text, such as value.decode()',
    ),
    "an object": (
        {"definition": free("[types.SimpleNamespace(a=1)]")},
        'advanced_properties["a.b"][0] is of type SimpleNamespace: write a text, a number, True or False,',
    ),
    "a number as a key": (
        {"definition": edited(advancedProperties="text:{5: 'canary'}")},
        "advanced_properties has a key of type int: write keys as text",
    ),
    "tables as a set": (
        {"definition": source(tables="text:{dpc.Table('public', 'orders')}")},
        "streaming_source.tables is of type set: write a list, such as list(value)",
    ),
    "tables as the values of a mapping": (
        {"definition": source(tables="text:{'a': dpc.Table('public', 'orders')}.values()")},
        "streaming_source.tables is of type dict_values: write a list, such as list(value)",
    ),
    "tables from a generator": (
        {"definition": source(tables="text:(dpc.Table('public', name) for name in 'ab')")},
        "streaming_source.tables is of type generator: write a list, such as list(value)",
    ),
    "a UUID": (
        {"agent_id": "text:uuid.uuid4()"},
        "agent_id is of type UUID: write a text, a number, True or False, a list or a mapping",
    ),
    "a project for its id": (
        {"project_id": f"text:{PROJECT}"},
        "project_id is of type Project: write project_id=project.id",
    ),
    "an agent for its id": (
        {"agent_id": f"text:{AGENT}"},
        "agent_id is of type Agent: write agent_id=agent.id",
    ),
    "an environment for an agent's id": (
        {"agent_id": f"text:{ENVIRONMENT}"},
        "agent_id is of type Environment: write agent_id=environment.default_agent_id",
    ),
}


@pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
@pytest.mark.parametrize("case", SPOILED)
def test_a_value_that_cannot_be_sent_is_one_sentence_of_the_preview(
    case: str, is_output: bool, world: World
) -> None:
    """It was a traceback with the value in it, or a failure after hours, when the file met the API."""
    if is_output and case == "a number as a key":
        pytest.skip("the SDK unwraps such an output before we see it, and raises TypeError")
    given, sentence = SPOILED[case]
    arguments = {key: _later(value) if is_output else value for key, value in given.items()}
    definition = arguments.pop("definition", DEFINITION)
    world.write(IMPORTS, resource(definition=definition, **arguments))
    errors = failed(world.run("preview"), sentence)
    assert "canary" not in errors
    assert errors.startswith(f"orders: {sentence}")
    assert world.requests() == []


def _later(value: Any) -> Any:
    """Return a value of a program as an output: the value itself, or each changed property of a definition."""
    if isinstance(value, str):
        return f"text:pulumi.Output.from_input(0).apply(lambda _: {value.removeprefix('text:')})"
    changed = {key: member for key, member in value.items() if member != DEFINITION[key]}
    return {**value, **{key: _later(f"text:{_source_text(member)}") for key, member in changed.items()}}


def _source_text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_source_text(member)}" for key, member in value.items()) + "}"
    return (
        value.removeprefix("text:") if isinstance(value, str) and value.startswith("text:") else repr(value)
    )


def test_all_of_them_are_said_at_once(world: World) -> None:
    definition = edited(advancedProperties={"a": "text:b'1'", "b": "text:{1}"}, name="text:b'x'")
    world.write(resource(definition=definition))
    errors = failed(world.run("preview"))
    assert errors.count("orders: ") == 3


def test_what_the_sdk_carries_is_carried(world: World) -> None:
    """Tuples, texts of an enumeration, coroutines, and resources, which stand for their ids."""
    enumeration = "import enum\nclass Word(str, enum.Enum):\n    A = 'a'\nasync def later():\n    return 7\n"
    given = {"t": "text:(1, 2)", "e": "text:Word.A", "c": "text:later()", "r": "text:first"}
    succeeded(
        world.up(
            enumeration,
            resource("first", edited(name="first")),
            resource(definition=edited(advancedProperties=given)),
        ),
        ("first", "create"),
        ("orders", "create"),
    )
    first, second = sorted(world.api.pipelines, key=lambda pipeline: str(pipeline.definition["name"]))
    properties = second.definition["advancedProperties"]
    assert properties == {"t": [1, 2], "e": "a", "c": 7, "r": f"{GUIDE_PROJECT}/{first.id}"}


# ---- a whole definition that is an output ----


def from_definition(definition: str, **arguments: Any) -> str:
    """Return the program text of a pipeline whose whole definition is given as source text."""
    given = {"project_id": GUIDE_PROJECT, **arguments}
    texts = "".join(f", {key}={value!r}" for key, value in given.items())
    return f"orders = dpc.StreamingPipeline.from_definition('orders', {definition}{texts})\n"


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(
    "definition",
    [
        f"pulumi.Output.from_input({DEFINITION!r})",
        f"__import__('json').dumps({DEFINITION!r})",
        f"pulumi.Output.from_input({DEFINITION!r}).apply(__import__('json').dumps)",
    ],
    ids=["mapping", "text", "output of text"],
)
def test_a_whole_definition_may_come_from_another_stack(
    kind: EngineName, definition: str, make_world: MakeWorld
) -> None:
    world = make_world(kind)
    succeeded(world.up(from_definition(definition)), ("orders", "create"))
    assert world.pipeline.definition == world.pipeline.definition | DEFINITION
    succeeded(world.run("preview", expect_no_changes=True))


def test_a_definition_in_a_secret_is_encrypted_as_a_whole(world: World) -> None:
    secret = f"pulumi.Output.secret({DEFINITION!r})"
    succeeded(world.up(from_definition(secret, running=True)), ("orders", "create"))
    assert "db.example.com" not in world.stack.state_text
    assert world.pipeline.status == "STREAMING"
    succeeded(world.run("preview", expect_no_changes=True))


def test_a_definition_that_is_not_known_yet_is_no_mistake_of_the_preview(world: World) -> None:
    text = "first.status.apply(lambda _: {**definition, 'name': 'second'})"
    world.write(f"definition = {DEFINITION!r}\n", resource("first"), from_definition(text))
    assert world.run("preview").ok
    succeeded(world.run("up"), ("first", "create"), ("orders", "create"))


def test_name_and_agent_are_given_beside_such_a_definition(world: World) -> None:
    definition = {key: value for key, value in DEFINITION.items() if key not in ("name", "agentId")}
    text = from_definition(f"pulumi.Output.from_input({definition!r})", name="given", agent_id=GUIDE_AGENT)
    succeeded(world.up(text), ("orders", "create"))
    assert world.pipeline.definition["name"] == "given"


@pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        (
            "None",
            "the definition is of type NoneType: give the path of a JSON file, JSON text, a mapping or",
        ),
        (
            "'{\"password\": canary}'",
            "the text of the definition, line 1, column 14: not valid JSON: Expecting value",
        ),
    ],
)
def test_what_is_no_definition_is_said_in_one_sentence(
    is_output: bool, definition: str, sentence: str, world: World
) -> None:
    given = f"pulumi.Output.from_input({definition})" if is_output else definition
    world.write(from_definition(given))
    errors = failed(world.run("preview"), sentence)
    assert "canary" not in errors


def test_a_file_that_is_missing_is_said_in_one_sentence(world: World) -> None:
    world.write(from_definition("'missing.json'"))
    failed(world.run("preview"), "missing.json: cannot be read: No such file or directory")


@pytest.mark.parametrize(
    "text",
    ["password: canary", '["canary"]', '"{\\"password\\": \\"canary\\"}"', "canary\\0", "canary" * 50],
)
def test_a_text_that_came_out_of_an_output_is_never_taken_for_a_path(text: str, world: World) -> None:
    """It was quoted as the path of a file that cannot be read, a secret definition whole."""
    world.write(from_definition(f"pulumi.Output.secret({text!r})"))
    errors = failed(world.run("preview"), "the definition is an output whose text is not a JSON object")
    assert "canary" not in errors


def test_json_text_of_an_output_may_begin_with_a_byte_order_mark(world: World) -> None:
    text = "\ufeff" + json.dumps(DEFINITION)
    result = world.up(from_definition(f"pulumi.Output.from_input({text!r})"))
    assert result.ok, result.text
