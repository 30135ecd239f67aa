"""What reviews of the finished code have found, each by its symptom."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Literal

import pytest

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.listing import Listing
from pulumi_dpc._definition.definition import validate
from pulumi_dpc._program.streaming_pipeline import _in_state_spelling
from pulumi_dpc._resources.polling import LearnedTimes
from pulumi_dpc._resources.service import Service
from pulumi_dpc._resources.streaming_pipeline.outcome import End, Outcome
from pulumi_dpc._resources.streaming_pipeline.plan import Desired, Live, Recorded, plan
from pulumi_dpc._resources.streaming_pipeline.remote import RemotePipeline
from pulumi_dpc._resources.streaming_pipeline.run import carry_out
from pulumi_dpc._resources.streaming_pipeline.waiting import Limits, RunContext
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from tests.engine.cli import NO_CLI, find_cli
from tests.stack.scenarios import failed, succeeded
from tests.worlds import DEFINITION, World, edited, resource

ON_THE_CLI = [pytest.mark.cli, pytest.mark.skipif(find_cli() is None, reason=NO_CLI)]
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


@pytest.mark.parametrize("ran", [True, False], ids=["ran when last seen", "stood when last seen"])
def test_a_delete_that_fails_while_the_agent_is_away_owes_what_it_stopped(ran: bool, tmp_path: Path) -> None:
    """STOP is sent once, and nobody can tell what came of it: whether to start again says the state."""
    with World("engine", tmp_path, time_scale=0.001) as world:
        world.up(resource(running=ran))
        world.api.agent_offline(GUIDE_AGENT)
        world.api.fail_next(409, match="DELETE *")
        said = failed(world.run("destroy"), "orders-pipeline: was not deleted:", "409")
        commands = [
            request.body["command"] for request in world.api.requests if request.path.endswith("commands")
        ]
        assert commands == (["STOP", "START"] if ran else ["STOP"])
        assert "It is running." not in said
        assert world.pipeline.id in world.managed["id"]
        world.api.agent_online(GUIDE_AGENT)
        succeeded(world.run("destroy"), ("orders", "delete"))
        assert world.api.pipelines == []


@pytest.mark.parametrize("wish", [True, False])
def test_what_was_adopted_without_a_status_is_looked_at_by_the_next_up(wish: bool, tmp_path: Path) -> None:
    """The wish was recorded as if it had been seen, so nothing ever started, or stopped, it."""
    with World("engine", tmp_path) as world:
        existing = world.api.add_pipeline(DEFINITION, status="NOT_RUNNING" if wish else "STREAMING")
        world.api.agent_offline(GUIDE_AGENT)
        opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}")'
        adopted = world.up(resource(running=wish, opts=opts))
        assert adopted.ok, adopted.text
        assert any("its status is UNKNOWN" in warning for warning in adopted.warnings())
        world.api.agent_online(GUIDE_AGENT)
        succeeded(world.up(), ("orders", "update"))
        assert world.pipeline.running == wish
        succeeded(world.run("preview", expect_no_changes=True))


def test_an_adoption_needs_to_know_whether_it_runs(tmp_path: Path) -> None:
    """With `running` not given, an edit would leave it as it was found, and nobody knows how that is."""
    with World("engine", tmp_path) as world:
        existing = world.api.add_pipeline(DEFINITION, status="STREAMING")
        opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}")'
        world.api.agent_offline(GUIDE_AGENT)
        failed(world.up(resource(opts=opts)), "running: not given", "UNKNOWN")
        world.api.agent_online(GUIDE_AGENT)
        succeeded(world.up(), ("orders", "create"))
        assert world.outputs()["running"] is True


@pytest.mark.parametrize("command", ["destroy", "stop", "edit", "start"])
def test_what_is_found_stopping_may_have_been_told_to_start(command: str, tmp_path: Path) -> None:
    """As an interrupted destroy leaves it: STOP, then START. The next command waited five minutes for a stop."""
    with World("engine", tmp_path, stop_seconds=20) as world:
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


# Below the runner itself, against the emulator and without an engine.


@pytest.fixture
def live() -> Any:
    with Emulator(time_scale=0.001, start_seconds=3, stop_seconds=200) as api:
        yield api


def run(api: Emulator, wish: Desired, interrupt: threading.Event | None = None, **changes: Any) -> Outcome:
    """Edit the only pipeline through the runner, with one of its requests replaced by ``changes``."""
    client = DpcClient(
        Settings.resolve(environment=api.env), clock=Clock(0.001, interrupt or threading.Event())
    )
    remote = RemotePipeline(Service(client, Listing(client)), GUIDE_PROJECT, api.pipelines[0].id)
    for name, instead in changes.items():
        object.__setattr__(remote, name, instead)
    before = Live(remote.definition(), remote.status())
    said = Recorded(definition=DEFINITION, running=True)
    around = RunContext(client.clock, lambda _text: None, lambda _text: None, Limits(), LearnedTimes())
    return carry_out(remote, plan(before, wish, said), before, said, around)


def test_a_bug_after_a_write_is_accounted_for(live: Emulator) -> None:
    """Whatever is raised between STOP and START, the pipeline is started again and the state says what is true."""
    live.add_pipeline(DEFINITION, status="STREAMING")

    def broken(_body: Any) -> None:
        raise RecursionError("too deep")

    outcome = run(live, Desired(CHANGED), put=broken)
    assert outcome.end is End.PARTIAL
    assert "unexpected error in pulumi_dpc: RecursionError" in str(outcome.error)
    assert outcome.running
    assert live.pipelines[0].status == "STREAMING"


def test_a_start_that_a_ctrl_c_sent_and_lost_is_not_called_stopped(live: Emulator) -> None:
    live.add_pipeline(DEFINITION, status="STREAMING")
    interrupt = threading.Event()
    live.on_request(lambda request: interrupt.set() if request.body == {"command": "STOP"} else None)
    live.drop_next("after", match="POST *commands", nth=1)
    outcome = run(live, Desired(CHANGED), interrupt)
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
    outcome = run(live, Desired(edited(agentId=other), running=True))
    assert other in str(outcome.error)
    assert "not connected" in str(outcome.error)
    assert GUIDE_AGENT not in str(outcome.error)


SECRET_MOVES = [
    resource(definition=edited(advancedProperties={"pw": "SECRET"}), running=True),
    resource(definition=edited(advancedProperties={"pw2": "SECRET"}), running=True),
]


@pytest.mark.parametrize(
    ("kind", "hooks"),
    [
        ("engine", "on"),
        ("engine", "off"),
        pytest.param("cli", "on", marks=ON_THE_CLI),
        pytest.param("cli", "off", marks=ON_THE_CLI),
    ],
)
def test_a_secret_that_moves_to_another_key_stays_secret_when_the_edit_fails(
    kind: Literal["engine", "cli"], hooks: str, tmp_path: Path
) -> None:
    """The engine knows secrets by their keys in the new inputs, and the truth after a failure has the old ones."""
    before, after = (
        text.replace("'SECRET'", "pulumi.Output.secret('s3cr3t-moved')") for text in SECRET_MOVES
    )
    with World(kind, tmp_path, env={"DPC_HOST_HOOKS": hooks}) as world:
        world.up(before)
        world.api.fail_next(500, match="PUT *", times=None)
        world.up(after)
        assert world.outputs()["__unfinished"] is True
        assert world.outputs()["__secrets"] == ["advancedProperties"]
        assert "s3cr3t-moved" not in world.stack.state_text  # type: ignore[union-attr]
        world.api.clear_faults()
        assert world.run("refresh").ok
        assert "s3cr3t-moved" not in world.stack.state_text  # type: ignore[union-attr]
        assert world.run("up").ok
        assert world.pipeline.definition["advancedProperties"] == {"pw2": "s3cr3t-moved"}
        assert "s3cr3t-moved" not in world.stack.state_text  # type: ignore[union-attr]
        assert "__secrets" not in world.outputs()
        succeeded(world.run("preview", expect_no_changes=True))


def test_import_of_another_pipeline_by_a_managed_resource_is_refused(tmp_path: Path) -> None:
    """It was ignored, and the next edit would have made the old pipeline a copy of the other one."""
    with World("engine", tmp_path) as world:
        first = world.api.add_pipeline(DEFINITION)
        other = world.api.add_pipeline(edited(name="other"))
        opts = 'text:pulumi.ResourceOptions(import_="{}/{}")'
        world.up(resource(opts=opts.format(GUIDE_PROJECT, first)))
        pointed = opts.format(GUIDE_PROJECT, other)
        result = succeeded(world.up(resource(opts=pointed)))
        assert any(f"this resource manages {GUIDE_PROJECT}/{first}" in text for text in result.warnings())
        failed(world.up(resource(definition=CHANGED, opts=pointed)), f"manages {GUIDE_PROJECT}/{first}")
        assert world.api.pipeline(first).definition["advancedProperties"] == DEFINITION["advancedProperties"]
        succeeded(world.up(resource(opts=opts.format(GUIDE_PROJECT, first))))


def test_two_resources_never_hold_one_pipeline_in_whichever_order_they_come(tmp_path: Path) -> None:
    """The program's resources register at once, so the adopting one may come before the one that manages it."""
    with World("engine", tmp_path) as world:
        world.up(resource("first"))
        living = world.pipeline.id
        opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{living}")'
        programs = [
            resource("second", opts=opts),
            resource("first", opts="text:pulumi.ResourceOptions(depends_on=[second])"),
        ]
        world.write(*programs)
        failed(world.run("preview"), f"the pipeline {living} is managed already, by the resource", "::second")
        failed(world.up(*programs), f"the pipeline {living} is managed already, by the resource")
        succeeded(world.up(resource("first")), ("second", "delete"))
        assert world.pipeline.id == living
        assert [entry["urn"].rpartition("::")[2] for entry in world.states()] == ["first"]


@pytest.mark.parametrize(
    ("number", "mistake"),
    [
        ("2**53 + 1", "is too large for a number"),
        ("-(2**63)", "is too large for a number"),
    ],
)
def test_a_number_that_would_not_arrive_is_refused_in_the_preview(
    number: str, mistake: str, tmp_path: Path
) -> None:
    with World("engine", tmp_path) as world:
        world.write(resource(definition=edited(advancedProperties={"n": "N"})).replace("'N'", number))
        failed(world.run("preview"), f"advancedProperties.n: {mistake}")
        assert world.requests() == []


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_have_is_refused(number: float) -> None:
    checked = validate(edited(advancedProperties={"n": [1, number]}))
    assert checked.violations == ["advancedProperties.n[1]: must be a finite number"]


def test_a_delete_that_timed_out_says_that_it_starts_again(tmp_path: Path) -> None:
    with World("engine", tmp_path, stop_seconds=60) as world:
        opts = 'text:pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete="5s"))'
        world.up(resource(running=True, opts=opts))
        failed(world.run("destroy"), "was not deleted: is STOPPING after 5 s", "It was told to start again")


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("streaming_source.connection.jdbc_properties", "streamingSource.connection.jdbcProperties"),
        (
            'streaming_source.connection.jdbc_properties["my_key"].x_y',
            'streamingSource.connection.jdbcProperties["my_key"].x_y',
        ),
        ("streaming_target.table_prefix_type", "streamingTarget.tablePrefixType"),
        ("streaming_source.tables[0].schema", "streamingSource.tables[0].schema"),
        ("advanced_properties.my_key", "advancedProperties.my_key"),
        ("streamingSource.connection.jdbcProperties", "streamingSource.connection.jdbcProperties"),
        ("project_id", "projectId"),
        ("something_else", "something_else"),
    ],
)
def test_options_take_python_names_at_any_depth(path: str, spelled: str) -> None:
    assert _in_state_spelling(path) == spelled


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            'dpc.get_environment(pulumi.Output.from_input("p"), "production")',
            "which get_environment_output takes",
        ),
        ('dpc.get_environment(dpc.get_project("Analytics"), "production")', "write project.id"),
        ('dpc.get_project(pulumi.Output.from_input("Analytics"))', "which get_project_output takes"),
        ("dpc.get_project(None)", "get_project: name must be a text"),
    ],
)
def test_a_lookup_given_the_wrong_thing_says_what_to_write(call: str, sentence: str, tmp_path: Path) -> None:
    with World("engine", tmp_path) as world:
        world.write(call)
        failed(world.run("preview"), sentence)
