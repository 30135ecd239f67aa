"""What makes a pipeline another one, and what becomes of the old one then."""

from __future__ import annotations

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT
from pulumi_dpc.testing._engine.engines import EngineName
from tests.stack.scenarios import succeeded
from tests.worlds import ENGINES, MakeWorld, World, edited, resource

EDITED = edited(advancedProperties={"max.batch.size": 20000})


def test_a_project_id_in_another_case_is_the_same_project(world: World) -> None:
    """It counted as a move: the running pipeline was deleted, and its replacement could not be created."""
    world.up(resource(running=True))
    living = world.pipeline.id
    succeeded(world.up(resource(running=True, project_id=GUIDE_PROJECT.upper())))
    assert world.pipeline.id == living
    assert world.pipeline.status == "STREAMING"


@pytest.mark.parametrize("kind", ENGINES)
def test_renamed_with_an_alias_and_replaced_at_once_deletes_the_old_one(
    kind: EngineName, make_world: MakeWorld
) -> None:
    """The delete comes under the old name, and was taken for that of a resource whose pipeline lives on."""
    world = make_world(kind)
    world.up(resource("old", opts='text:pulumi.ResourceOptions(replace_on_changes=["advanced_properties"])'))
    first = world.pipeline.id
    opts = (
        'text:pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")],'
        ' replace_on_changes=["advanced_properties"])'
    )
    result = world.up(resource("new", EDITED, opts=opts))
    assert result.ok, result.text
    assert world.pipeline.id != first
    assert [entry["urn"].rpartition("::")[2] for entry in world.states()] == ["new"]
    succeeded(world.run("preview", expect_no_changes=True))
