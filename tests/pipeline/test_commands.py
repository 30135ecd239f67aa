"""What users rely on when they run a command, and no other test holds: each by its promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from tests.stack.scenarios import failed
from tests.worlds import DEFINITION, World, edited, resource

LISTING = "GET */streaming-pipelines"


# ---- renamed without an alias ----


def test_renamed_where_the_name_cannot_be_looked_up_and_errors_are_passed_over(tmp_path: Path) -> None:
    """The same as a user meets it: ``--continue-on-error`` deletes what the program does not have any more."""
    with World("engine", tmp_path) as world:
        world.up(resource("old", running=True))
        world.api.fail_next(403, match=LISTING, times=None)
        failed(world.up(resource("new", running=True), continue_on_error=True), "was not deleted, because")
        assert world.pipeline.status == "STREAMING"
        assert [entry["urn"].rpartition("::")[2] for entry in world.states()] == ["old"]


# ---- host hooks off ----

OFF = {"DPC_HOST_HOOKS": "off"}


def test_a_create_that_cannot_keep_its_id_is_undone(tmp_path: Path) -> None:
    """Without the host hooks the engine drops the id of a failed create, and nothing may be orphaned."""
    with World("engine", tmp_path, env=OFF) as world:
        world.api.start_fails()
        result = world.up(resource(running=True))
        assert not result.ok
        assert "was created, but" in result.text
        assert "It was deleted again." in result.text
        assert world.api.pipelines == []


def test_a_failed_undo_says_how_to_adopt_what_is_left(tmp_path: Path) -> None:
    """It is the only place where the id of that pipeline is told."""
    with World("engine", tmp_path, env=OFF) as world:
        world.api.start_fails()
        world.api.fail_next(409, match="DELETE *", times=None)
        result = world.up(resource(running=True))
        assert not result.ok
        id_ = f"{GUIDE_PROJECT}/{world.pipeline.id}"
        assert f'It could not be deleted again, so adopt it with import_="{id_}": ' in result.text
        assert "was not deleted: the service refused the request because of a conflict" in result.text
        assert world.states() == []


# ---- the preview ----


def test_a_preview_shows_the_mistakes_to_the_user(tmp_path: Path) -> None:
    with World("engine", tmp_path) as world:
        world.write(resource(project_id="Analytics", wait="yes"))
        failed(world.run("preview"), "projectId (project_id): must be a UUID", "wait: must be true or false")
        assert world.requests() == []


def test_warnings_of_check_reach_the_user(tmp_path: Path) -> None:
    target = {**DEFINITION["streamingTarget"], "prefx": "shop"}
    with World("engine", tmp_path) as world:
        world.write(resource(definition=edited(streamingTarget=target)))
        result = world.run("preview")
        assert result.ok, result.text
        prefix = "orders-pipeline (resource orders): "
        assert [text for text in result.warnings() if f"{prefix}streamingTarget.prefx" in text]


# ---- lookups ----

LOOK_UP = "found = dpc.get_environment({!r}, {!r})\n"


def test_an_environment_whose_agent_is_a_batch_agent_is_warned_of_once(tmp_path: Path) -> None:
    """It is the default for batch pipelines, and cannot run a streaming one."""
    with World("engine", tmp_path) as world:
        agent = world.api.add_agent("batch-agent", agent_type="pipeline")
        world.api.add_environment(GUIDE_PROJECT, "batch", agent)
        world.write(LOOK_UP.format(GUIDE_PROJECT, "batch") * 2)
        (warning,) = world.run("preview").warnings()
        assert warning == (
            f"the default agent of the environment 'batch', 'batch-agent' ({agent}), is of type 'pipeline', not"
            " 'streaming': it cannot run a streaming pipeline. Give agent_id the id of a streaming agent"
        )
        world.write(LOOK_UP.format(GUIDE_PROJECT, "production"))
        assert world.run("preview").warnings() == []
        world.api.fail_next(403, match="GET /v1/agents/*", times=None)
        world.write(LOOK_UP.format(GUIDE_PROJECT, "batch"))
        result = world.run("preview")
        assert (result.ok, result.warnings()) == (True, [])


def test_a_lookup_asks_the_account_of_its_parent(tmp_path: Path) -> None:
    """In a component that was given a provider everything belongs to that account, what is looked up too."""
    with World("engine", tmp_path) as world, Emulator(guide=False) as other:
        project = other.add_project("Elsewhere")
        program = (
            f"account = dpc.Provider('account', api_url={other.url!r},"
            f" token_url={other.env['DPC_TOKEN_URL']!r}, client_id={other.env['DPC_CLIENT_ID']!r},"
            f" client_secret={other.env['DPC_CLIENT_SECRET']!r})\n"
            "group = pulumi.ComponentResource('pkg:index:Group', 'group', {},"
            " pulumi.ResourceOptions(providers=[account]))\n"
            "found = dpc.get_project_output('Elsewhere', opts=pulumi.InvokeOptions(parent=group))\n"
            "pulumi.export('id', found.id)\n"
        )
        result = world.up(program)
        assert result.ok, result.text
        assert result.outputs["id"] == project
        assert world.requests() == []


@pytest.mark.parametrize(
    "given", ["orders", "[orders]", "(orders,)", "pulumi.Output.from_input([orders])", "group", "[group]"]
)
def test_a_lookup_waits_for_what_it_depends_on(given: str, tmp_path: Path) -> None:
    """What it asks for may be made by that resource: the preview of a new one must not ask already."""
    with World("engine", tmp_path) as world:
        world.write(
            "group = pulumi.ComponentResource('pkg:index:Group', 'group')",
            resource(opts="text:pulumi.ResourceOptions(parent=group)"),
            "found = dpc.get_project_output('Analytics',"
            f" opts=pulumi.InvokeOutputOptions(depends_on={given}))\npulumi.export('id', found.id)\n",
        )
        assert world.run("preview").ok
        assert "GET /v1/projects" not in world.requests()
        result = world.up()
        assert result.ok, result.text
        assert result.outputs["id"] == GUIDE_PROJECT
        asked = world.requests()
        assert asked.index("GET /v1/projects") > asked.index(
            "POST /v1/projects/{project}/streaming-pipelines"
        )
