"""Whether a pipeline runs, where that is hard to know: lost answers, agents that are away, a start meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT
from tests.stack.scenarios import failed, succeeded
from tests.worlds import DEFINITION, World, edited, resource

CHANGED = edited(advancedProperties={"max.batch.size": 1})
COMMANDS = "POST *commands"
STATUS = "GET *status"
EDITED = edited(advancedProperties={"max.batch.size": 20000})


@pytest.mark.parametrize("ran", [True, False], ids=["ran when last seen", "stood when last seen"])
@pytest.mark.world(time_scale=0.001)
def test_a_delete_that_fails_while_the_agent_is_away_owes_what_it_stopped(ran: bool, world: World) -> None:
    """STOP is sent once, and nobody can tell what came of it: whether to start again says the state."""
    world.up(resource(running=ran))
    world.api.agent_offline(GUIDE_AGENT)
    world.api.fail_next(409, match="DELETE *")
    said = failed(world.run("destroy"), "orders-pipeline (resource orders): was not deleted:", "409")
    commands = [
        request.body["command"] for request in world.api.requests if request.path.endswith("commands")
    ]
    assert commands == (["STOP", "START"] if ran else ["STOP"])
    assert "It is running." not in said
    assert world.pipeline.id in world.managed["id"]
    world.api.agent_online(GUIDE_AGENT)
    succeeded(world.run("destroy"), ("orders", "delete"))
    assert world.api.pipelines == []


@pytest.mark.parametrize("command", ["destroy", "stop", "edit", "start"])
@pytest.mark.world(stop_seconds=20)
def test_what_is_found_stopping_may_have_been_told_to_start(command: str, world: World) -> None:
    """As an interrupted destroy leaves it: STOP, then START. The next command waited five minutes for a stop."""
    world.up(resource(running=True))
    world.api.stop(world.pipeline.id)
    world.api.set_status(world.pipeline.id, "STOPPING")
    statuses = 0

    def start_meanwhile(request: Any) -> None:
        nonlocal statuses
        statuses += request.path.endswith("/status")
        if statuses == 2:
            world.api.set_status(world.pipeline.id, None)
            world.api.start(world.pipeline.id)

    world.api.on_request(start_meanwhile)
    if command == "destroy":
        succeeded(world.run("destroy"), ("orders", "delete"))
        assert world.api.pipelines == []
        return
    running = command != "stop"
    definition = CHANGED if command == "edit" else DEFINITION
    result = world.up(resource(definition=definition, running=running), refresh=command == "start")
    assert result.ok, result.text
    assert world.pipeline.running == running
    assert world.pipeline.definition["advancedProperties"] == definition["advancedProperties"]


@pytest.mark.world(env={"DPC_TIMEOUT": "5"})
def test_a_start_whose_answer_is_lost_is_not_called_stopped(world: World) -> None:
    """The last status seen was that before the START, and the error repeated it as if it were so."""
    world.up(resource(running=False))
    world.api.drop_next("after", match=COMMANDS)
    world.api.fail_next(503, match=STATUS, nth=1, times=None)
    failed(
        world.up(resource(running=True)),
        "orders-pipeline (resource orders):",
        "Whether it runs is not known.",
    )


def test_an_edit_whose_stop_is_lost_from_sight_is_owed_a_start(world: World) -> None:
    """Where `running` is not given only the state can know that it ran; the next `up` left it stopped."""
    world.up(resource())
    world.api.start(world.pipeline.id)
    world.api.drop_next("after", match=COMMANDS)
    world.api.fail_next(503, match=STATUS, nth=1, times=None)
    failed(world.up(resource(definition=EDITED)), "Whether it runs is not known.")
    world.api.clear_faults()
    succeeded(world.up(), ("orders", "update"))
    assert world.pipeline.status == "STREAMING"
    assert world.pipeline.definition["advancedProperties"] == EDITED["advancedProperties"]


def test_a_stop_and_a_delete_say_in_the_row_that_a_slot_keeps_the_log(world: World) -> None:
    """The preview says so of a stop, when it can still be left; the engine asks nobody about a delete before it is."""
    world.up(resource(running=True))
    world.write(resource(running=False))
    stays, left = "'orders' stays while the pipeline is stopped", "'orders' is not dropped by the delete"
    for command, said in (("preview", [stays]), ("up", [stays]), ("preview", []), ("destroy", [left])):
        found = [one for one in world.run(command).diagnostics if one.severity == "warning"]
        assert [one.urn.rpartition("::")[2] for one in found] == ["orders"] * len(said)
        assert all(text in one.text for one, text in zip(found, said, strict=True))
