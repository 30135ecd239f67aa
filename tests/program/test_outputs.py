"""What a program gets back of a pipeline."""

from __future__ import annotations

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT
from pulumi_dpc.testing._engine.engines import EngineName
from tests.worlds import DEFINITION, ENGINES, MakeWorld, World, edited, resource

PROPERTIES = {"max.batch.size": 10000, "ratio": 0.5, "deep": [{"n": 3}]}


def address_of(name: str) -> str:
    """Return program text that makes texts of a pipeline's numbers."""
    return (
        f"port = {name}.streaming_source['connection']['port']\n"
        "pulumi.export('address', pulumi.Output.format('jdbc:postgresql://db:{0}/shop', port))\n"
        f"numbers = {name}.advanced_properties.apply(lambda found: [found[key] for key in {[*PROPERTIES]!r}])\n"
        "pulumi.export('numbers', numbers.apply(repr))\n"
    )


SHOWN = {"address": "jdbc:postgresql://db:5432/shop", "numbers": repr([*PROPERTIES.values()])}


@pytest.mark.parametrize("kind", ENGINES)
def test_a_port_in_an_address_has_no_decimal_point(kind: EngineName, make_world: MakeWorld) -> None:
    """After a create, where nothing has changed, after an edit and a refresh; the engine knows floats only."""
    world = make_world(kind)
    definition = edited(advancedProperties=PROPERTIES)
    assert world.up(resource(definition=definition), address_of("orders")).outputs == SHOWN
    assert world.up().outputs == SHOWN
    assert world.run("up", refresh=True).outputs == SHOWN
    edit = {**definition, "streamingTarget": {**DEFINITION["streamingTarget"], "prefix": "x"}}
    assert world.up(resource(definition=edit), address_of("orders")).outputs == SHOWN


def test_nor_has_that_of_a_pipeline_that_is_only_read(world: World) -> None:
    id_ = world.api.add_pipeline(edited(advancedProperties=PROPERTIES))
    read = f"theirs = dpc.StreamingPipeline.get('theirs', '{GUIDE_PROJECT}/{id_}')\n"
    assert world.up(read, address_of("theirs")).outputs == SHOWN


def test_a_secret_output_stays_one(world: World) -> None:
    secret = "text:pulumi.Output.secret({'n': 5})"
    export = "pulumi.export('properties', orders.advanced_properties)\n"
    world.up(resource(definition=edited(advancedProperties=secret)), export)
    (stack,) = [entry for entry in world.stack.state if entry["type"] == "pulumi:pulumi:Stack"]
    assert "ciphertext" in stack["outputs"]["properties"]


def test_a_preview_knows_what_is_known_of_an_output(world: World) -> None:
    """A definition of which a part is not known yet still gives the others."""
    unknown = "text:first.status"
    more = edited(name="second", advancedProperties={"a": unknown, "b": 2})
    world.write(
        resource("first"),
        resource("second", more, project_id=GUIDE_PROJECT),
        "pulumi.export('b', second.advanced_properties['b'].apply(lambda n: pulumi.log.info(f'b is {n!r}') or n))\n",
    )
    result = world.run("preview")
    assert result.ok, result.text
    assert "b is 2" in [diagnostic.text for diagnostic in result.diagnostics]
