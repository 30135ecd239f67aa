"""What reviews of the finished code have found, each by its symptom."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc.clock import Clock
from pulumi_dpc.converge import End, Outcome, converge
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from pulumi_dpc.listing import Listing
from pulumi_dpc.plan import Live, Said, Wish, plan
from pulumi_dpc.remote import Place, RemotePipeline
from pulumi_dpc.waiting import Limits, StartTimes, Surroundings
from tests.scenarios import failed, succeeded
from tests.worlds import DEFINITION, World, edited, resource

CHANGED = edited(advancedProperties={"max.batch.size": 1})


def test_a_project_id_in_another_case_is_the_same_project(tmp_path: Path) -> None:
    """It counted as a move: the running pipeline was deleted, and its replacement could not be created."""
    with World("engine", tmp_path) as world:
        world.up(resource(running=True))
        living = world.pipeline.id
        succeeded(world.up(resource(running=True, project_id=GUIDE_PROJECT.upper())))
        assert world.pipeline.id == living
        assert world.pipeline.status == "STREAMING"


def test_a_rename_adopted_by_an_id_in_another_case_keeps_the_pipeline(tmp_path: Path) -> None:
    with World("engine", tmp_path) as world:
        world.up(resource("old", running=True))
        living = world.pipeline.id
        opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{living}".upper())'
        succeeded(world.up(resource("new", running=True, opts=opts)), ("new", "create"), ("old", "delete"))
        assert world.pipeline.id == living
        assert world.pipeline.status == "STREAMING"


def test_a_replacement_of_an_adopted_pipeline_is_created_afresh(tmp_path: Path) -> None:
    """`import_` left in the program names the pipeline that the replacement has just deleted."""
    with World("engine", tmp_path) as world:
        existing = world.api.add_pipeline(DEFINITION, status="STREAMING")
        given = (
            f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}",'
            ' replace_on_changes=["advanced_properties"])'
        )
        world.up(resource(running=True, opts=given))
        result = world.up(resource(definition=CHANGED, running=True, opts=given))
        assert result.ok, result.text
        again = world.up(resource(running=True, opts=given))
        assert again.ok, again.text
        assert world.pipeline.id != existing
        assert world.pipeline.status == "STREAMING"


def test_an_edit_may_not_take_the_name_of_another_pipeline(tmp_path: Path) -> None:
    """Two pipelines of one name cannot be told apart, and no create of that name is possible any more."""
    with World("engine", tmp_path) as world:
        other = world.api.add_pipeline(edited(name="taken"))
        world.up(resource())
        failed(
            world.up(resource(definition=edited(name="taken"))), "has another pipeline of this name", other
        )
        succeeded(world.up(resource(definition=edited(name="free"))), ("orders", "update"))


def test_a_name_whose_holder_is_gone_meanwhile_is_free(tmp_path: Path) -> None:
    with World("engine", tmp_path) as world:
        existing = world.api.add_pipeline(DEFINITION)

        def delete_after_the_listing(request: Any) -> None:
            listings = [r for r in world.api.requests if r.path.endswith("/streaming-pipelines")]
            if (
                request.method == "GET"
                and len(listings) == 1
                and existing in {p.id for p in world.api.pipelines}
            ):
                world.api.delete(existing)

        world.api.on_request(delete_after_the_listing)
        succeeded(world.up(resource()), ("orders", "create"))


def test_a_custom_timeout_bounds_the_wait(tmp_path: Path) -> None:
    with World("engine", tmp_path, start_seconds=500) as world:
        opts = 'text:pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="20s"))'
        failed(world.up(resource(running=True, opts=opts)), "is STARTING after 20 s of starting")
        assert world.outputs()["running"] is False


def test_a_state_without_a_name_can_be_destroyed(tmp_path: Path) -> None:
    """Outputs that were imported by hand may be incomplete."""
    with World("engine", tmp_path) as world:
        world.up(resource())
        state = world.stack.state_text.replace('"name": "orders-pipeline",', "")  # type: ignore[union-attr]
        (world.directory / "stack" / "stack.json").write_text(state)
        succeeded(world.run("destroy"), ("orders", "delete"))
        assert world.api.pipelines == []


# Below the runner itself, against the emulator and without an engine.


@pytest.fixture
def live() -> Any:
    with Emulator(time_scale=0.001, start_seconds=3, stop_seconds=2) as api:
        yield api


def run(api: Emulator, wish: Wish, interrupt: threading.Event | None = None, **changes: Any) -> Outcome:
    """Edit the only pipeline through the runner, with one of its requests replaced by ``changes``."""
    client = DpcClient(
        Settings.resolve(environment=api.env), clock=Clock(0.001, interrupt or threading.Event())
    )
    remote = RemotePipeline(Place(client, Listing(client)), GUIDE_PROJECT, api.pipelines[0].id)
    for name, instead in changes.items():
        object.__setattr__(remote, name, instead)
    before = Live(remote.definition(), remote.status())
    said = Said(definition=DEFINITION, running=True)
    around = Surroundings(client.clock, lambda _text: None, lambda _text: None, Limits(), StartTimes())
    return converge(remote, plan(before, wish, said), before, said, around)


def test_a_bug_after_a_write_is_accounted_for(live: Emulator) -> None:
    """Whatever is raised between STOP and START, the pipeline is started again and the state says what is true."""
    live.add_pipeline(DEFINITION, status="STREAMING")

    def broken(_body: Any) -> None:
        raise RecursionError("too deep")

    outcome = run(live, Wish(CHANGED), put=broken)
    assert outcome.end is End.PARTIAL
    assert "unexpected error in pulumi_dpc: RecursionError" in str(outcome.error)
    assert outcome.running
    assert live.pipelines[0].status == "STREAMING"


def test_a_start_that_a_ctrl_c_sent_and_lost_is_not_called_stopped(live: Emulator) -> None:
    live.add_pipeline(DEFINITION, status="STREAMING")
    interrupt = threading.Event()
    live.on_request(lambda request: interrupt.set() if request.body == {"command": "STOP"} else None)
    live.drop_next("after", match="POST *commands", nth=1)
    outcome = run(live, Wish(CHANGED), interrupt)
    assert outcome.end is End.PARTIAL
    assert outcome.resume
    assert not outcome.running
    assert outcome.run_sentence == "Whether it runs is not known."


def test_the_agent_that_is_asked_is_the_one_that_runs_it_now(live: Emulator) -> None:
    """After an edit that moved it, the old agent's state says nothing."""
    other = live.add_agent("second")
    live.add_pipeline(DEFINITION, status="NOT_RUNNING")
    live.set_status(live.pipelines[0].id, None)
    live.agent_offline(other)
    outcome = run(live, Wish(edited(agentId=other), running=True))
    assert other in str(outcome.error)
    assert "not connected" in str(outcome.error)
    assert GUIDE_AGENT not in str(outcome.error)
