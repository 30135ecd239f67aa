"""What every command may ask of the API: exact numbers, because each request is shared with the whole account."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT
from tests.stack.scenarios import AGENTS, COMMAND, CREATE, DELETE, GET, LIST, PUT, STATUS
from tests.worlds import DEFINITION, World, edited, fixed_id, resource

COUNTS = [1, 10, 101]
"""The last is one more than a page of the listing holds."""
pytestmark = pytest.mark.world(agents=max(COUNTS))


def some(count: int, **arguments: Any) -> list[str]:
    """Return the texts of that many pipelines."""
    definitions = [edited(name=f"pipeline-{i}", agentId=fixed_id("agent", i)) for i in range(count)]
    return [resource(f"r{i}", definition, **arguments) for i, definition in enumerate(definitions)]


def run(world: World, command: str) -> Counter[str]:
    """Run a command that must succeed; return what it asked, how often."""
    result = world.run(command)
    assert result.ok, result.text
    return Counter(world.requests())


def tokens(world: World) -> int:
    return sum(request.path.startswith("/oauth") for request in world.api.requests)


def connections(world: World) -> int:
    return len({request.connection for request in world.api.requests})


@pytest.mark.parametrize("count", COUNTS)
def test_stopped_pipelines_cost_one_request_each_and_a_listing(count: int, world: World) -> None:
    """From create to destroy, with every command between that has nothing to do."""
    pages = -(-count // 100)
    world.write(*some(count))
    assert run(world, "up") == {LIST: 1, CREATE: count}
    assert tokens(world) == 1
    assert connections(world) <= 8  # the operations that the engine runs at a time
    assert run(world, "preview") == {}
    assert tokens(world) == 0
    assert run(world, "up") == {}
    assert tokens(world) == 0
    assert run(world, "refresh") == {LIST: pages, STATUS: count}
    assert tokens(world) == 1
    assert connections(world) <= 8
    assert run(world, "destroy") == {STATUS: count, DELETE: count}
    assert tokens(world) == 1
    assert connections(world) <= 8
    assert world.api.pipelines == []


def test_a_create_whose_answer_was_lost_finds_its_pipeline_with_one_more_listing(world: World) -> None:
    """In the same `up`, and without a second POST."""
    world.api.drop_next("after", match="POST */streaming-pipelines")
    world.write(resource())
    assert run(world, "up") == {LIST: 2, CREATE: 1}
    assert [world.managed["id"]] == [f"{GUIDE_PROJECT}/{one.id}" for one in world.api.pipelines]
    assert run(world, "preview") == {}


@pytest.mark.parametrize("count", [1, 10])
def test_an_edit_asks_only_about_the_edited_pipeline(count: int, world: World) -> None:
    world.write(*some(count))
    run(world, "up")
    changed = edited(name="pipeline-0", advancedProperties={"max.batch.size": 1})
    world.write(resource("r0", changed), *some(count)[1:])
    assert run(world, "preview") == {AGENTS: 2, LIST: 1}  # it gets another agent
    assert run(world, "up") == {GET: 1, STATUS: 1, PUT: 1}
    assert tokens(world) == 1


def test_edits_of_names_cost_one_listing_for_all(world: World) -> None:
    """A name may be taken by a pipeline that Pulumi does not manage."""
    world.write(*some(10))
    run(world, "up")
    world.write(*(resource(f"r{i}", edited(name=f"renamed-{i}")) for i in range(10)))
    assert run(world, "up") == {LIST: 1, GET: 10, STATUS: 10, PUT: 10}


@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.world(start_seconds=0)
def test_a_start_adds_one_command_and_the_looks(count: int, world: World) -> None:
    world.write(*some(count, running=True))
    # Running must be seen twice: a connector can die on its first record.
    assert run(world, "up") == {LIST: 1, CREATE: count, COMMAND: count, STATUS: 2 * count}
    assert run(world, "preview") == {}
    assert run(world, "up") == {}


@pytest.mark.world(start_seconds=0, stop_seconds=0)
def test_an_edit_of_a_running_pipeline_adds_its_stop_and_start(world: World) -> None:
    world.up(resource(running=True))
    world.write(resource(definition=edited(advancedProperties={}), running=True))
    # Found running, seen stopped once, seen running twice.
    assert run(world, "up") == {GET: 1, STATUS: 4, PUT: 1, COMMAND: 2}


def test_one_pipeline_in_a_project_of_500_does_not_cost_its_five_pages(world: World) -> None:
    """Only the check for its name needs them all, once, since the API has no filter."""
    world.write(resource())
    for i in range(500):
        world.api.add_pipeline({**DEFINITION, "name": f"other-{i}"}, GUIDE_PROJECT)
    assert run(world, "up") == {LIST: 5, CREATE: 1}
    assert run(world, "refresh") <= Counter({LIST: 1, GET: 1, STATUS: 1})
    assert run(world, "destroy") == {STATUS: 1, DELETE: 1}


@pytest.mark.world(parallel=100, rate_limit_per_minute=60, start_seconds=20)
def test_a_hundred_starts_at_once_stay_below_60_requests_a_minute_when_the_service_says_so(
    world: World,
) -> None:
    """Older accounts have that limit; refused requests are waste, and may be held against the account."""
    world.write(*some(100, running=True))
    run(world, "up")
    assert all(pipeline.status == "STREAMING" for pipeline in world.api.pipelines)
    refused = [request for request in world.api.requests if request.status == 429]
    # The first ones teach the limit, and the rate that was learned is tried for more now and then.
    assert len(refused) < len(world.api.requests) / 10
    times = [request.at for request in world.api.requests if request.at > refused[0].at + 60]
    assert times
    assert max(sum(at <= other < at + 60 for other in times) for at in times) <= 60 * 1.15


# The scale leaves a busy machine time for a hundred creates within these seconds.
@pytest.mark.world(parallel=100, start_seconds=20, time_scale=0.2)
def test_the_first_of_a_hundred_starts_is_noticed_within_seconds(world: World) -> None:
    """A shared budget of looks must not make each pipeline wait for all others."""
    world.write(*some(100, running=True))
    run(world, "up")
    requests = world.api.requests
    started = next(request.at for request in requests if request.path.endswith("/commands"))
    noticed = next(request for request in requests if request.answer == {"status": "STREAMING"})
    looks = [one for one in requests if one.path.endswith("/status") and started + 20 < one.at < noticed.at]
    # In ten seconds 50 looks may be made. A machine that is too busy to make them in time makes few.
    assert noticed.at - started < 20 + 10 or len(looks) < 50
