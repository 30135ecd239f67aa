"""Live streams where the command line, or what the host offers, is not the usual one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT
from tests.stack.live_stream_scenarios import (
    stand_by_takes_over_in_one_up,
    two,
    two_agents_are_swapped_in_one_up,
    writes,
)
from tests.stack.scenarios import Scenario, failed
from tests.worlds import MakeWorld, World, edited, resource


@pytest.mark.parametrize("kind", ["engine", pytest.param("cli", marks=pytest.mark.cli)])
@pytest.mark.parametrize("story", [stand_by_takes_over_in_one_up, two_agents_are_swapped_in_one_up])
def test_what_two_workers_do_at_once_ends_as_the_program_says(
    story: Scenario, kind: Literal["engine", "cli"], make_world: MakeWorld, tmp_path: Path
) -> None:
    """Which of the two asks first differs from run to run, so the requests of two engines cannot be equal."""
    story(make_world(kind, tmp_path))


@pytest.mark.world(parallel=1)
def test_a_swap_of_agents_that_one_worker_cannot_make_stops_nothing(world: World) -> None:
    """With `--parallel 1` the second update begins when the first has ended."""
    second = world.api.add_agent("second")
    assert world.up(*two((GUIDE_AGENT, True), (second, True))).ok
    failed(
        world.up(*two((second, True), (GUIDE_AGENT, True))),
        "was not moved to another agent, and nothing was changed",
        "give one of them a third agent",
    )
    assert writes(world) == []
    assert {pipeline.status for pipeline in world.api.pipelines} == {"STREAMING"}


@pytest.mark.world(env={"DPC_HOST_HOOKS": "off"})
def test_a_replacement_in_another_project_runs_as_found_without_the_host_s_help(world: World) -> None:
    """Without the hooks of the host no operation knows its URN."""
    world.up(resource())
    world.api.start(world.pipeline.id)
    other = world.api.add_project("Other")
    result = world.up(resource(project_id=other))
    assert result.ok, result.text
    assert (world.pipeline.project_id, world.pipeline.status) == (other, "STREAMING")


def test_a_value_that_the_service_keeps_up_to_date_costs_two_restarts_and_no_more(world: World) -> None:
    """After the second one it is known that the program's writes are not what changes it."""
    path = ("advancedProperties", "revision")
    world.api.settings.added = {path: 1}
    world.up(resource(running=True))
    sent = []
    for revision in (2, 3, 4):
        world.api.settings.added = {path: revision}
        world.api.edit(world.pipeline.id, advancedProperties={"revision": revision})
        assert world.run("up", refresh=True).ok
        sent.append(len(writes(world)))
    assert sent == [3, 0, 0]


def test_an_agent_that_is_free_at_last_is_started_on(world: World) -> None:
    """A 409 with no pipeline left on the agent means that it has just become free."""
    world.api.fail_next(409, match="POST *commands", body={"detail": "The agent is busy."})
    result = world.up(resource(definition=edited(), running=True))
    assert result.ok, result.text
    assert world.pipeline.status == "STREAMING"


def test_an_agent_that_cannot_be_looked_up_does_not_hold_the_wait_for_its_pipeline(world: World) -> None:
    """Its state is shown, no more; trying for two minutes at each look would outlast every limit of the user's."""
    opts = 'text:pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="40s"))'
    world.api.agent_offline(GUIDE_AGENT)
    world.api.fail_next(503, match="GET /v1/agents/*", times=None)
    failed(world.up(resource(running=True, opts=opts)), "could not be looked up", "after 40 s")
    started = next(request.at for request in world.api.requests if request.path.endswith("/commands"))
    assert max(request.at for request in world.api.requests) - started < 80
