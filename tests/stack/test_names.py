"""One name, one pipeline: who may take a name, and when it is free again."""

from __future__ import annotations

from typing import Any

from tests.stack.scenarios import failed, succeeded
from tests.worlds import DEFINITION, World, edited, resource


def test_an_edit_may_not_take_the_name_of_another_pipeline(world: World) -> None:
    """Two pipelines of one name cannot be told apart, and no create of that name is possible any more."""
    other = world.api.add_pipeline(edited(name="taken"))
    world.up(resource())
    failed(world.up(resource(definition=edited(name="taken"))), "has another pipeline of this name", other)
    succeeded(world.up(resource(definition=edited(name="free"))), ("orders", "update"))


def test_a_name_whose_holder_is_gone_meanwhile_is_free(world: World) -> None:
    existing = world.api.add_pipeline(DEFINITION)

    def delete_after_the_listing(request: Any) -> None:
        listings = [r for r in world.api.requests if r.path.endswith("/streaming-pipelines")]
        if request.method == "GET" and len(listings) == 1 and existing in {p.id for p in world.api.pipelines}:
            world.api.delete(existing)

    world.api.on_request(delete_after_the_listing)
    succeeded(world.up(resource()), ("orders", "create"))
