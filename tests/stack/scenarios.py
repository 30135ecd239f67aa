"""The scenarios of a pipeline's life, written once and run on both engines.

Each takes a `World` and asserts on what is left at the service and in the state. A world's `trace` records what
every command did and asked, so that the test engine can be held against the real CLI.
"""

from __future__ import annotations

from collections.abc import Callable

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT
from pulumi_dpc.testing._engine.stack import Result
from tests.worlds import DEFINITION, World, edited, resource

Scenario = Callable[[World], None]
SCENARIOS: dict[str, Scenario] = {}

AGENTS = "GET /v1/agents"
LIST = "GET /v1/projects/{project}/streaming-pipelines"
CREATE = "POST /v1/projects/{project}/streaming-pipelines"
GET = "GET /v1/projects/{project}/streaming-pipelines/{pipeline}"
PUT = "PUT /v1/projects/{project}/streaming-pipelines/{pipeline}"
DELETE = "DELETE /v1/projects/{project}/streaming-pipelines/{pipeline}"
STATUS = "GET /v1/projects/{project}/streaming-pipelines/{pipeline}/status"
COMMAND = "POST /v1/projects/{project}/streaming-pipelines/{pipeline}/commands"


def scenario(function: Scenario) -> Scenario:
    """Register a scenario under its name."""
    SCENARIOS[function.__name__] = function
    return function


def succeeded(result: Result, *ops: tuple[str, str]) -> Result:
    """Hold that a command succeeded with these steps; `same` needs not be listed."""
    assert result.ok, result.text
    assert [op for op in result.ops() if op[1] != "same"] == list(ops), result.text
    return result


def failed(result: Result, *texts: str) -> str:
    """Hold that a command failed with one sentence that has all the texts, and no traceback."""
    assert not result.ok, result.text
    errors = "\n".join(result.errors())
    assert "Traceback" not in errors
    for text in texts:
        assert text in errors, errors
    return errors


@scenario
def create_stopped(world: World) -> None:
    succeeded(world.up(resource()), ("orders", "create"))
    assert world.requests() == [LIST, CREATE]
    assert world.pipeline.definition == world.pipeline.definition | DEFINITION
    assert world.pipeline.status == "NOT_RUNNING"
    assert world.outputs() == {
        **DEFINITION,
        "projectId": GUIDE_PROJECT,
        "__secret_paths": [],
        "running": False,
        "wait": True,
        "interruptSnapshot": False,
        "status": "NOT_RUNNING",
        "apiUrl": world.api.url,
    }
    assert world.managed["id"] == f"{GUIDE_PROJECT}/{world.pipeline.id}"
    succeeded(world.run("preview", expect_no_changes=True))
    assert world.requests() == []
    succeeded(world.run("destroy"), ("orders", "delete"))
    assert world.requests() == [STATUS, DELETE]
    assert world.api.pipelines == []


@scenario
def create_and_start(world: World) -> None:
    succeeded(world.up(resource(running=True)), ("orders", "create"))
    assert world.requests()[:3] == [LIST, CREATE, COMMAND]
    assert set(world.requests()[3:]) == {STATUS}
    assert world.pipeline.status == "STREAMING"
    assert world.outputs()["running"] is True
    assert world.outputs()["status"] == "STREAMING"
    succeeded(world.run("preview", expect_no_changes=True))
    succeeded(world.up())
    assert world.requests() == []
    succeeded(world.run("destroy"), ("orders", "delete"))
    assert world.requests()[0] == STATUS
    assert world.requests()[1] == COMMAND
    assert world.requests()[-1] == DELETE
    assert world.api.pipelines == []


@scenario
def edit_stopped(world: World) -> None:
    world.up(resource())
    changed = edited(advancedProperties={"max.batch.size": 20000})
    result = succeeded(world.up(resource(definition=changed)), ("orders", "update"))
    assert result.steps
    assert world.requests() == [GET, STATUS, PUT]
    assert world.pipeline.definition["advancedProperties"] == {"max.batch.size": 20000}
    assert world.pipeline.status == "NOT_RUNNING"
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def edit_running(world: World) -> None:
    world.up(resource(running=True))
    changed = edited(advancedProperties={"max.batch.size": 20000})
    succeeded(world.up(resource(definition=changed, running=True)), ("orders", "update"))
    asked = [request for request in world.requests() if request != STATUS]
    assert asked == [GET, COMMAND, PUT, COMMAND]
    assert world.pipeline.status == "STREAMING"
    assert world.pipeline.running_definition is not None
    assert world.pipeline.running_definition["advancedProperties"] == {"max.batch.size": 20000}
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def edit_running_where_running_is_not_given(world: World) -> None:
    """The run state is not ours, so an edit puts it back as it was found."""
    world.up(resource())
    world.api.start(world.pipeline.id)
    succeeded(
        world.up(resource(definition=edited(streamingTarget={"type": "gcs", "bucket": "b"}))),
        ("orders", "update"),
    )
    assert world.pipeline.status == "STREAMING"
    assert world.outputs()["running"] is True


@scenario
def start_and_stop(world: World) -> None:
    world.up(resource(running=False))
    succeeded(world.up(resource(running=True)), ("orders", "update"))
    assert PUT not in world.requests()
    assert world.pipeline.status == "STREAMING"
    succeeded(world.up(resource(running=False)), ("orders", "update"))
    assert world.pipeline.status == "NOT_RUNNING"
    assert world.outputs()["running"] is False
    succeeded(world.up(resource()), ("orders", "update"))
    assert COMMAND not in world.requests()
    assert "__running" not in world.outputs()
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def wait_false_returns_when_the_command_is_accepted(world: World) -> None:
    succeeded(world.up(resource(running=True, wait=False)), ("orders", "create"))
    assert world.requests() == [LIST, CREATE, COMMAND]
    assert world.outputs()["status"] == "STARTING"
    assert world.outputs()["running"] is True
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def failed_start_is_kept_and_continued(world: World) -> None:
    world.api.start_fails(None)
    failed(
        world.up(resource(running=True)),
        "orders-pipeline (resource orders): was created, but",
        "It is stopped.",
    )
    assert world.outputs()["running"] is False
    assert world.outputs()["__unfinished"] is True
    assert world.managed["id"].endswith(world.pipeline.id)
    succeeded(world.up(), ("orders", "update"))
    assert world.pipeline.status == "STREAMING"
    assert "__unfinished" not in world.outputs()
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def rejected_edit_leaves_it_running(world: World) -> None:
    world.up(resource(running=True))
    before = world.managed
    world.api.fail_next(400, match="PUT *", body={"violations": ["streamingTarget.bucket: does not exist"]})
    changed = edited(streamingTarget={"type": "s3", "bucket": "missing"})
    failed(
        world.up(resource(definition=changed, running=True)),
        "orders-pipeline (resource orders):",
        "streamingTarget.bucket (streaming_target.bucket): does not exist",
        "It is running.",
    )
    assert world.pipeline.status == "STREAMING"
    assert world.managed["outputs"] == before["outputs"]
    succeeded(world.up(), ("orders", "update"))
    assert world.pipeline.definition["streamingTarget"]["bucket"] == "missing"


@scenario
def snapshot_is_not_interrupted(world: World) -> None:
    world.up(resource(running=True))
    world.api.snapshot(world.pipeline.id, 86400)
    changed = resource(definition=edited(streamingTarget={"type": "s3", "bucket": "b"}), running=True)
    failed(world.up(changed), "a snapshot is running", "interrupt_snapshot=True")
    assert world.pipeline.status == "SNAPSHOTTING"
    allowed = resource(
        definition=edited(streamingTarget={"type": "s3", "bucket": "b"}),
        running=True,
        interrupt_snapshot=True,
    )
    result = succeeded(world.up(allowed), ("orders", "update"))
    assert any("snapshot" in warning for warning in result.warnings())
    assert world.pipeline.status == "STREAMING"


@scenario
def stop_in_the_ui_is_shown_and_repaired(world: World) -> None:
    world.up(resource(running=True))
    world.api.stop(world.pipeline.id)
    succeeded(world.run("preview", expect_no_changes=True))
    drift = world.run("preview", refresh=True)
    assert ("orders", "update") in drift.ops()
    succeeded(world.run("refresh"), ("orders", "refresh:update"))
    assert world.outputs()["running"] is False
    assert world.managed["inputs"]["running"] is False
    succeeded(world.up(), ("orders", "update"))
    assert world.pipeline.status == "STREAMING"


@scenario
def stop_in_the_ui_is_left_alone_where_running_is_not_given(world: World) -> None:
    world.up(resource())
    world.api.start(world.pipeline.id)
    world.run("refresh")
    assert world.outputs()["running"] is True
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def edit_in_the_ui_is_shown_and_overwritten(world: World) -> None:
    """An added property is drift too: the vendor's Terraform provider does not see it, and its next edit wipes it."""
    world.up(resource())
    world.api.edit(world.pipeline.id, advancedProperties={**DEFINITION["advancedProperties"], "added": 1})
    succeeded(world.run("refresh"), ("orders", "refresh:update"))
    assert world.managed["inputs"]["advancedProperties"]["added"] == 1
    succeeded(world.up(), ("orders", "update"))
    assert world.pipeline.definition["advancedProperties"] == DEFINITION["advancedProperties"]


@scenario
def unseen_edit_in_the_ui_is_overwritten_with_a_warning(world: World) -> None:
    world.up(resource())
    world.api.edit(world.pipeline.id, streamingTarget={"type": "s3", "bucket": "theirs"})
    changed = edited(advancedProperties={"max.batch.size": 1})
    result = succeeded(world.up(resource(definition=changed)), ("orders", "update"))
    assert any("streamingTarget" in warning and "overwritten" in warning for warning in result.warnings())


@scenario
def deleted_in_the_ui_and_created_again(world: World) -> None:
    world.up(resource(running=True))
    world.api.delete(world.pipeline.id)
    failed(
        world.up(resource(definition=edited(advancedProperties={"x": 1}), running=True)),
        "was deleted outside Pulumi; run `pulumi up --refresh` to create it again",
    )
    assert len(world.states()) == 1
    result = world.run("up", refresh=True)
    assert result.ok, result.text
    assert ("orders", "create") in result.ops()
    assert world.pipeline.status == "STREAMING"


@scenario
def deleted_in_the_ui_and_destroyed(world: World) -> None:
    world.up(resource(running=True))
    world.api.delete(world.pipeline.id)
    succeeded(world.run("destroy"), ("orders", "delete"))
    assert world.states() == []


@scenario
def second_pipeline_of_the_same_name_is_refused(world: World) -> None:
    existing = world.api.add_pipeline(DEFINITION)
    failed(world.up(resource()), existing, "aliases=[pulumi.Alias(", f'import_="{GUIDE_PROJECT}/{existing}"')
    assert [pipeline.id for pipeline in world.api.pipelines] == [existing]
    assert world.states() == []


@scenario
def adopted_through_import(world: World) -> None:
    existing = world.api.add_pipeline(DEFINITION, status="STREAMING")
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}")'
    succeeded(world.up(resource(opts=opts, running=True)), ("orders", "create"))
    assert world.pipeline.status == "STREAMING"
    assert world.managed["id"] == f"{GUIDE_PROJECT}/{existing}"
    succeeded(world.run("preview", expect_no_changes=True))
    succeeded(world.up(resource(running=True)))
    succeeded(world.run("preview", expect_no_changes=True))
    succeeded(world.run("destroy"), ("orders", "delete"))


@scenario
def import_lists_the_differences_in_the_preview(world: World) -> None:
    existing = world.api.add_pipeline(edited(advancedProperties={"max.batch.size": 1}))
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}")'
    world.write(resource(opts=opts))
    failed(world.run("preview"), "advancedProperties", "differs from the program")
    assert world.pipeline.definition["advancedProperties"] == {"max.batch.size": 1}


@scenario
def import_of_a_missing_id_names_the_pipeline_of_that_name(world: World) -> None:
    existing = world.api.add_pipeline(DEFINITION)
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/00000000-0000-4000-8000-000000000000")'
    failed(world.up(resource(opts=opts)), "remove `import_`", existing)
    assert world.states() == []


@scenario
def stopped_pipeline_is_adopted_and_then_started(world: World) -> None:
    """This heals a create that was killed between its POST and its START."""
    existing = world.api.add_pipeline(DEFINITION)
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}")'
    result = succeeded(world.up(resource(opts=opts, running=True)), ("orders", "create"))
    assert any("the next `pulumi up` starts it" in warning for warning in result.warnings())
    assert world.pipeline.status == "NOT_RUNNING"
    succeeded(world.up(), ("orders", "update"))
    assert world.pipeline.status == "STREAMING"


@scenario
def renamed_without_an_alias_and_then_with_one(world: World) -> None:
    world.up(resource("old", running=True))
    living = world.pipeline.id
    failed(world.up(resource("new", running=True)), living, "aliases=[pulumi.Alias(")
    assert world.pipeline.status == "STREAMING"
    opts = 'text:pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])'
    succeeded(world.up(resource("new", running=True, opts=opts)))
    assert world.pipeline.id == living
    assert world.pipeline.status == "STREAMING"
    assert [entry["urn"].rpartition("::")[2] for entry in world.states()] == ["new"]


@scenario
def renamed_without_an_alias_and_then_imported(world: World) -> None:
    """The old resource's delete comes last, with the adopted pipeline's id in hand: it must touch nothing."""
    world.up(resource("old", running=True))
    living = world.pipeline.id
    failed(world.up(resource("new", running=True)), living)
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{living}")'
    succeeded(world.up(resource("new", running=True, opts=opts)), ("new", "create"), ("old", "delete"))
    assert world.pipeline.id == living
    assert world.pipeline.status == "STREAMING"
    assert [entry["urn"].rpartition("::")[2] for entry in world.states()] == ["new"]


@scenario
def renamed_with_continue_on_error_keeps_the_live_pipeline(world: World) -> None:
    world.up(resource("old", running=True))
    living = world.pipeline.id
    failed(world.up(resource("new", running=True), continue_on_error=True), living)
    assert world.pipeline.status == "STREAMING"
    assert [entry["urn"].rpartition("::")[2] for entry in world.states()] == ["old"]


@scenario
def moved_to_another_project_is_replaced(world: World) -> None:
    other = world.api.add_project("Other")
    world.up(resource())
    first = world.pipeline.id
    result = world.up(resource(project_id=other))
    assert result.ok, result.text
    assert world.pipeline.project_id == other
    assert world.pipeline.id != first
    assert world.managed["id"] == f"{other}/{world.pipeline.id}"


@scenario
def replaced_on_request(world: World) -> None:
    world.up(resource(running=True))
    first = world.pipeline.id
    result = world.run("up", replace=[world.managed["urn"]])
    assert result.ok, result.text
    assert world.pipeline.id != first
    assert world.pipeline.status == "STREAMING"


@scenario
def replace_on_changes_in_python_spelling(world: World) -> None:
    opts = 'text:pulumi.ResourceOptions(replace_on_changes=["advanced_properties"])'
    world.up(resource(opts=opts))
    first = world.pipeline.id
    result = world.up(resource(definition=edited(advancedProperties={"x": 1}), opts=opts))
    assert result.ok, result.text
    assert world.pipeline.id != first


@scenario
def ignore_changes_in_python_spelling(world: World) -> None:
    opts = 'text:pulumi.ResourceOptions(ignore_changes=["advanced_properties"])'
    world.up(resource(opts=opts))
    succeeded(world.up(resource(definition=edited(advancedProperties={"x": 1}), opts=opts)))
    assert world.pipeline.definition["advancedProperties"] == DEFINITION["advancedProperties"]


@scenario
def ignore_changes_of_running_leaves_the_run_state_alone(world: World) -> None:
    opts = 'text:pulumi.ResourceOptions(ignore_changes=["running"])'
    world.up(resource(running=True, opts=opts))
    world.api.stop(world.pipeline.id)
    result = world.run("up", refresh=True)
    assert result.ok, result.text
    assert world.pipeline.status == "NOT_RUNNING"


@scenario
def protected_is_not_deleted(world: World) -> None:
    opts = "text:pulumi.ResourceOptions(protect=True)"
    world.up(resource(running=True, opts=opts))
    failed(world.run("destroy"), "protect")
    assert world.pipeline.status == "STREAMING"


@scenario
def retained_on_delete(world: World) -> None:
    opts = "text:pulumi.ResourceOptions(retain_on_delete=True)"
    world.up(resource(running=True, opts=opts))
    assert world.run("destroy").ok
    assert world.states() == []
    assert world.pipeline.status == "STREAMING"


@scenario
def in_a_component_with_its_own_provider(world: World) -> None:
    provider = (
        f"account = dpc.Provider('account', api_url={world.api.url!r}, token_url={world.api.env['DPC_TOKEN_URL']!r},"
        f" client_id={world.api.env['DPC_CLIENT_ID']!r}, client_secret={world.api.env['DPC_CLIENT_SECRET']!r})\n"
        "group = pulumi.ComponentResource('pkg:index:Group', 'group', {},"
        " pulumi.ResourceOptions(providers=[account]))\n"
    )
    result = world.up(provider, resource(opts="text:pulumi.ResourceOptions(parent=group)", running=True))
    assert result.ok, result.text
    assert world.pipeline.status == "STREAMING"
    assert world.api.env["DPC_CLIENT_SECRET"] not in world.stack.state_text
    assert world.run("destroy").ok
    assert world.api.pipelines == []


@scenario
def read_with_get(world: World) -> None:
    existing = world.api.add_pipeline(DEFINITION, status="STREAMING")
    text = (
        f'orders = dpc.StreamingPipeline.get("orders", "{GUIDE_PROJECT}/{existing}")\n'
        'pulumi.export("status", orders.status)\n'
        'pulumi.export("name", orders.name)\n'
        'pulumi.export("id", orders.streaming_pipeline_id)\n'
    )
    result = world.up(text)
    assert result.ok, result.text
    assert result.outputs["status"] == "STREAMING"
    assert result.outputs["name"] == DEFINITION["name"]
    assert result.outputs["id"] == existing
    assert world.run("destroy").ok
    assert world.pipeline.status == "STREAMING"


@scenario
def get_of_a_missing_pipeline_is_an_error(world: World) -> None:
    missing = f"{GUIDE_PROJECT}/00000000-0000-4000-8000-000000000000"
    failed(world.up(f'dpc.StreamingPipeline.get("orders", "{missing}")\n'), missing)


@scenario
def incomplete_definition_fails_in_the_preview(world: World) -> None:
    source = {**DEFINITION["streamingSource"]}
    source["connection"] = {k: v for k, v in source["connection"].items() if k != "username"}
    world.write(resource(definition=edited(streamingSource=source, streamingTarget={"type": "s3"})))
    failed(
        world.run("preview"),
        "(streaming_source.connection.username): is required",
        "(streaming_target.bucket): is required",
    )
    assert world.requests() == []


@scenario
def secret_input_stays_secret(world: World) -> None:
    secret = "text:pulumi.Output.secret({'api.password': 'hunter2-canary', 'max.batch.size': 5})"
    result = world.up(resource(definition=edited(advancedProperties=secret)))
    assert result.ok, result.text
    assert world.pipeline.definition["advancedProperties"] == {
        "api.password": "hunter2-canary",
        "max.batch.size": 5,
    }
    assert "hunter2-canary" not in world.stack.state_text
    assert world.run("refresh").ok
    assert "hunter2-canary" not in world.stack.state_text
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def dead_agent_does_not_block_the_move_to_another(world: World) -> None:
    other = world.api.add_agent("second")
    world.up(resource(running=True))
    world.api.agent_offline(GUIDE_AGENT)
    result = succeeded(
        world.up(resource(definition=edited(agentId=other), running=True)), ("orders", "update")
    )
    assert any("not connected" in warning for warning in result.warnings())
    assert world.pipeline.status == "STREAMING"
    assert world.pipeline.definition["agentId"] == other


@scenario
def dead_agent_does_not_block_a_delete(world: World) -> None:
    world.up(resource(running=True))
    world.api.agent_offline(GUIDE_AGENT)
    succeeded(world.run("destroy"), ("orders", "delete"))
    assert world.api.pipelines == []
