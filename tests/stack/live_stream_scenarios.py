"""Scenarios of live streams: none is stopped for nothing, none is left behind, and none stays stopped."""

from __future__ import annotations

import threading
from typing import Any

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT
from pulumi_dpc.emulator.wire import Request
from pulumi_dpc.testing._engine.stack import Result
from tests.stack.scenarios import AGENTS, COMMAND, CREATE, GET, LIST, PUT, STATUS, failed, scenario, succeeded
from tests.worlds import DEFINITION, SECRET_INPUT, World, edited, resource

MISSPELT = edited(streamingTarget={**DEFINITION["streamingTarget"], "prefx": "shop"})
NOT_STORED = "the service does not store the definition as the program says it"
LOGIN = "jdbcProperties"
OPTIONS = "text:pulumi.ResourceOptions"


def writes(world: World) -> list[str]:
    """Return what the last command sent that changes something at the service."""
    return [request for request in world.requests() if not request.startswith("GET")]


def repaired(world: World, *ops: tuple[str, str]) -> Result:
    """Run `up --refresh`, which must succeed with these steps; the refreshes themselves are not listed."""
    result = world.run("up", refresh=True)
    assert result.ok, result.text
    assert [op for op in result.ops() if not op[1].startswith(("same", "refresh"))] == list(ops), result.text
    return result


def with_jdbc(**jdbc: Any) -> dict[str, Any]:
    """Return the definition with JDBC properties."""
    source = DEFINITION["streamingSource"]
    connection = {**source["connection"], LOGIN: jdbc}
    return edited(streamingSource={**source, "connection": connection})


# ---- what the service stores otherwise than it was told ----


@scenario
def field_that_the_service_drops_stops_no_stream(world: World) -> None:
    result = succeeded(world.up(resource(definition=MISSPELT, running=True)), ("orders", "create"))
    assert [text for text in result.warnings() if NOT_STORED in text and "prefx (dropped)" in text]
    assert world.requests().count(GET) == 0
    for _ in range(2):
        again = repaired(world)
        assert writes(world) == []
        assert [text for text in again.warnings() if "prefx (dropped)" in text]
    preview = succeeded(world.run("preview", expect_no_changes=True))
    assert world.requests() == []
    assert len([text for text in preview.warnings() if NOT_STORED in text]) == 1
    assert world.pipeline.status == "STREAMING"


@scenario
def value_that_the_service_changes_stops_no_stream(world: World) -> None:
    connection = ("streamingSource", "connection")
    world.api.settings.recased = ((*connection, "host"), ("streamingSource", "tables", "*", "schema"))
    world.api.settings.retyped = (("advancedProperties", "max.batch.size"),)
    world.api.settings.added = {
        ("streamingTarget", "decimalMapping"): "LEGACY",
        (*connection, LOGIN, "ssl"): "on",
    }
    world.api.settings.masked = ((*connection, LOGIN, "password"),)
    definition = with_jdbc(password="keep out")
    result = succeeded(world.up(resource(definition=definition, running=True)), ("orders", "create"))
    (warning,) = (text for text in result.warnings() if NOT_STORED in text)
    for place in (
        "streamingSource.connection.host (stored in another case)",
        "streamingSource.tables (stored as something else)",
        'advancedProperties["max.batch.size"] (stored as another type)',
        "streamingSource.connection.jdbcProperties.password (answered as a mask)",
        "streamingSource.connection.jdbcProperties.ssl (added by the service)",
        "streamingTarget.decimalMapping (added by the service)",
    ):
        assert place in warning
    assert "keep out" not in warning
    repaired(world)
    assert writes(world) == []
    assert world.run("preview", refresh=True, expect_no_changes=True).ok
    assert world.pipeline.status == "STREAMING"


@scenario
def answer_that_repeats_the_request_costs_one_restart_and_no_more(world: World) -> None:
    """Such an answer tells nothing about what is stored, and a GET after each write would be wasted on all others."""
    world.api.settings.write_answer = "echo"
    world.up(resource(definition=MISSPELT, running=True))
    second = repaired(world, ("orders", "update"))
    assert [text for text in second.warnings() if "prefx (dropped)" in text]
    repaired(world)
    assert writes(world) == []


@scenario
def answer_that_names_only_the_id_is_followed_by_one_look(world: World) -> None:
    world.api.settings.write_answer = "ids"
    result = succeeded(world.up(resource(definition=MISSPELT)), ("orders", "create"))
    assert world.requests() == [LIST, CREATE, GET]
    assert [text for text in result.warnings() if "prefx (dropped)" in text]
    changed = {**MISSPELT, "advancedProperties": {"x": 1}}
    succeeded(world.up(resource(definition=changed)), ("orders", "update"))
    assert world.requests() == [GET, STATUS, PUT, GET]
    repaired(world)
    assert writes(world) == []


@scenario
def field_that_is_not_stored_is_repaired_when_somebody_changes_it(world: World) -> None:
    world.api.settings.recased = (("streamingTarget", "bucket"),)
    world.up(resource(running=True))
    world.api.edit(world.pipeline.id, streamingTarget={"bucket": "somebody-elses"})
    repaired(world, ("orders", "update"))
    assert (
        world.pipeline.definition["streamingTarget"]["bucket"]
        == DEFINITION["streamingTarget"]["bucket"].upper()
    )
    repaired(world)
    assert writes(world) == []


@scenario
def drift_elsewhere_is_repaired_beside_a_field_that_is_not_stored(world: World) -> None:
    world.up(resource(definition=MISSPELT, running=True))
    world.api.edit(world.pipeline.id, advancedProperties={"max.batch.size": 1})
    result = repaired(world, ("orders", "update"))
    assert world.pipeline.definition["advancedProperties"] == DEFINITION["advancedProperties"]
    assert len([text for text in result.warnings() if NOT_STORED in text]) == 1
    repaired(world)
    assert writes(world) == []


@scenario
def program_that_says_what_is_stored_stops_no_stream(world: World) -> None:
    world.api.settings.recased = (("streamingTarget", "bucket"),)
    world.up(resource(running=True))
    stored = edited(streamingTarget=world.pipeline.definition["streamingTarget"])
    result = succeeded(world.up(resource(definition=stored, running=True)), ("orders", "update"))
    assert writes(world) == []
    assert not [text for text in result.warnings() if NOT_STORED in text]
    preview = succeeded(world.run("preview", expect_no_changes=True))
    assert preview.warnings() == []


@scenario
def secret_in_what_is_not_stored_stays_secret(world: World) -> None:
    world.api.settings.recased = (("advancedProperties", "key"),)
    definition = edited(advancedProperties={"key": f"text:pulumi.Output.secret({SECRET_INPUT!r})"})
    succeeded(world.up(resource(definition=definition, running=True)), ("orders", "create"))
    assert "__not_stored" in world.managed["outputs"]
    assert world.pipeline.definition["advancedProperties"]["key"] == SECRET_INPUT.upper()
    assert SECRET_INPUT.upper() not in world.stack.state_text
    repaired(world)
    assert writes(world) == []


@scenario
def edit_on_a_service_that_repeats_requests_keeps_what_is_recorded(world: World) -> None:
    world.api.settings.write_answer = "echo"
    world.api.settings.recased = (("streamingTarget", "bucket"),)
    world.up(resource(running=True))
    repaired(world, ("orders", "update"))
    changed = edited(advancedProperties={"x": 2})
    succeeded(world.up(resource(definition=changed, running=True)), ("orders", "update"))
    repaired(world)
    assert writes(world) == []


@scenario
def mask_is_never_written_in_the_place_of_a_value(world: World) -> None:
    """Neither under `ignore_changes`, nor for a field that only the service and the UI know."""
    opts = f'{OPTIONS}(ignore_changes=["streaming_source.connection.jdbc_properties"])'
    definition = with_jdbc(password="keep out")
    world.api.settings.unknown_field = "kept"
    world.up(resource(definition=definition, running=True, opts=opts))
    world.api.settings.masked = (
        ("streamingSource", "connection", LOGIN, "password"),
        ("streamingTarget", "newer"),
    )
    changed = {**definition, "advancedProperties": {"x": 1}}
    succeeded(world.up(resource(definition=changed, running=True, opts=opts)), ("orders", "update"))
    assert world.pipeline.definition["streamingSource"]["connection"][LOGIN] == {"password": "keep out"}
    world.api.edit(world.pipeline.id, streamingTarget={"newer": "set in the UI"})
    changed = {**definition, "advancedProperties": {"x": 2}}
    failed(world.up(resource(definition=changed, running=True, opts=opts)), "a mask", "streamingTarget.newer")
    assert writes(world) == []


@scenario
def pipeline_with_a_masked_value_is_adopted(world: World) -> None:
    definition = with_jdbc(password="keep out")
    existing = world.api.add_pipeline(definition, status="STREAMING")
    world.api.settings.masked = (("streamingSource", "connection", LOGIN, "password"),)
    opts = f'{OPTIONS}(import_="{GUIDE_PROJECT}/{existing}")'
    result = succeeded(
        world.up(resource(definition=definition, running=True, opts=opts)), ("orders", "create")
    )
    assert [text for text in result.warnings() if "password (answered as a mask)" in text]
    repaired(world)
    assert writes(world) == []


@scenario
def secret_in_the_service_s_own_words_is_not_quoted(world: World) -> None:
    world.api.settings.recased = (("advancedProperties", "key"),)
    definition = edited(advancedProperties={"key": f"text:pulumi.Output.secret({SECRET_INPUT!r})"})
    world.up(resource(definition=definition))
    refusal = {"violations": [f"advancedProperties.key was {SECRET_INPUT.upper()!r}"]}
    world.api.fail_next(400, match="PUT *", body=refusal)
    result = world.up(resource(definition={**definition, "name": "another"}))
    assert not result.ok
    assert SECRET_INPUT.upper() not in result.text


# ---- secrets ----


@scenario
def value_that_becomes_a_secret_is_encrypted_by_the_next_up(world: World) -> None:
    """The same value in plain text is no change to the engine, which would keep the outputs of before."""
    plain = resource(definition=edited(advancedProperties={"key": "plain-at-first"}))
    secret = resource(
        definition=edited(advancedProperties={"key": "text:pulumi.Output.secret('plain-at-first')"})
    )
    world.up(plain)
    assert str(world.managed).count("plain-at-first") == 2  # inputs and outputs
    theirs = [*DEFINITION["streamingSource"]["tables"], {"schema": "public", "table": "added_in_the_ui"}]
    world.api.edit(world.pipeline.id, streamingSource={"tables": theirs})
    succeeded(world.up(secret), ("orders", "update"))
    assert (
        world.requests() == []
    )  # nor is what somebody changed meanwhile overwritten, which nobody asked for
    assert "plain-at-first" not in str(world.managed)
    world.api.edit(world.pipeline.id, streamingSource=DEFINITION["streamingSource"])
    succeeded(world.run("preview", expect_no_changes=True))
    repaired(world)
    assert "plain-at-first" not in str(world.managed)
    succeeded(world.up(plain), ("orders", "update"))
    assert writes(world) == []
    assert str(world.managed).count("plain-at-first") == 2
    succeeded(world.run("preview", expect_no_changes=True))


# ---- ignore_changes ----


@scenario
def ignored_field_is_not_overwritten_by_an_edit_of_another(world: World) -> None:
    opts = f'{OPTIONS}(ignore_changes=["streaming_source.tables", "advanced_properties[\\"slot.name\\"]"])'
    world.up(resource(opts=opts, running=True))
    tables = [*DEFINITION["streamingSource"]["tables"], {"schema": "public", "table": "added_in_the_ui"}]
    properties = {**DEFINITION["advancedProperties"], "slot.name": "renamed_in_the_ui"}
    world.api.edit(world.pipeline.id, streamingSource={"tables": tables}, advancedProperties=properties)
    changed = edited(streamingTarget={"type": "s3", "bucket": "another"})
    succeeded(world.up(resource(definition=changed, opts=opts, running=True)), ("orders", "update"))
    live = world.pipeline.definition
    assert live["streamingTarget"]["bucket"] == "another"
    assert live["streamingSource"]["tables"] == tables
    assert live["advancedProperties"]["slot.name"] == "renamed_in_the_ui"
    succeeded(world.run("preview", expect_no_changes=True))
    repaired(world)
    assert writes(world) == []


@scenario
def ignored_item_of_a_list_hides_no_other_change(world: World) -> None:
    opts = f'{OPTIONS}(ignore_changes=["streaming_source.tables[0]"])'
    world.up(resource(opts=opts))
    tables = [*DEFINITION["streamingSource"]["tables"], {"schema": "public", "table": "third"}]
    more = edited(streamingSource={**DEFINITION["streamingSource"], "tables": tables})
    succeeded(world.up(resource(definition=more, opts=opts)), ("orders", "update"))
    assert world.pipeline.definition["streamingSource"]["tables"] == tables


@scenario
def ignored_run_state_is_left_as_found_by_an_edit(world: World) -> None:
    opts = f'{OPTIONS}(ignore_changes=["running"])'
    world.up(resource(opts=opts, running=True))
    world.api.stop(world.pipeline.id)
    changed = edited(streamingTarget={"type": "s3", "bucket": "another"})
    succeeded(world.up(resource(definition=changed, opts=opts, running=True)), ("orders", "update"))
    assert writes(world) == [PUT]
    assert world.pipeline.status == "NOT_RUNNING"
    succeeded(world.run("preview", expect_no_changes=True))


# ---- a create that is called again ----


HOOK = 'again = pulumi.ErrorHook("again", lambda args: True)\n'
RETRIED = f"{OPTIONS}(hooks=pulumi.ResourceHookBinding(on_error=[again]))"


@scenario
def create_that_a_hook_calls_again_goes_on_with_its_pipeline(world: World) -> None:
    world.api.start_fails(times=2)
    result = world.up(HOOK, resource(running=True, opts=RETRIED))
    assert result.ok, result.text
    assert writes(world) == [CREATE, COMMAND, COMMAND, COMMAND]
    assert world.pipeline.status == "STREAMING"
    assert world.managed["id"].endswith(world.pipeline.id)
    assert "__unfinished" not in world.outputs()
    assert world.run("up").ok  # the engine keeps the first call's error, and asks for one more update
    assert writes(world) == []
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def replacement_that_a_hook_calls_again_goes_on_with_its_pipeline(world: World) -> None:
    world.up(HOOK, resource(running=True, opts=RETRIED))
    first = world.pipeline.id
    world.api.start_fails()
    result = world.run("up", replace=[world.managed["urn"]])
    assert result.ok, result.text
    assert world.pipeline.id != first
    assert world.pipeline.status == "STREAMING"
    assert world.managed["id"].endswith(world.pipeline.id)


@scenario
def update_that_a_hook_calls_again_still_owes_the_start(world: World) -> None:
    """The engine calls it with the outputs of before; that the pipeline ran only this process knows."""
    world.up(HOOK, resource(opts=RETRIED))
    world.api.start(world.pipeline.id)
    world.api.start_fails()
    changed = resource(definition=edited(advancedProperties={"x": 1}), opts=RETRIED)
    result = world.up(HOOK, changed)
    assert result.ok, result.text
    assert world.pipeline.status == "STREAMING"
    assert world.outputs()["running"] is True


# ---- a replacement, and what was deleted by hand ----


@scenario
def replacement_runs_if_what_it_replaces_ran(world: World) -> None:
    existing = world.api.add_pipeline(DEFINITION, status="STREAMING")
    opts = f'{OPTIONS}(import_="{GUIDE_PROJECT}/{existing}")'
    succeeded(world.up(resource(opts=opts)), ("orders", "create"))
    result = world.run("up", replace=[world.managed["urn"]])
    assert result.ok, result.text
    assert world.pipeline.id != existing
    assert world.pipeline.status == "STREAMING"
    assert world.outputs()["running"] is True
    other = world.api.add_project("Other")
    result = world.up(resource(project_id=other))
    assert result.ok, result.text
    assert (world.pipeline.project_id, world.pipeline.status) == (other, "STREAMING")
    world.api.stop(world.pipeline.id)
    result = world.run("up", replace=[world.managed["urn"]])
    assert result.ok, result.text
    assert world.pipeline.status == "NOT_RUNNING"


@scenario
def renamed_replacement_runs_if_what_it_replaces_ran(world: World) -> None:
    """Its delete comes under the old name of the resource."""
    replaced = 'replace_on_changes=["advanced_properties"]'
    world.up(resource("old", opts=f"{OPTIONS}({replaced})"))
    world.api.start(world.pipeline.id)
    first = world.pipeline.id
    opts = f'{OPTIONS}({replaced}, aliases=[pulumi.Alias(name="old")])'
    result = world.up(resource("new", edited(advancedProperties={"x": 1}), opts=opts))
    assert result.ok, result.text
    assert world.pipeline.id != first
    assert world.pipeline.status == "STREAMING"


@scenario
def pipeline_deleted_by_hand_is_created_again_with_one_warning(world: World) -> None:
    world.up(resource())
    world.api.start(world.pipeline.id)
    world.api.delete(world.pipeline.id)
    result = world.run("up", refresh=True)
    assert result.ok, result.text
    (warning,) = result.warnings()
    assert "was deleted outside Pulumi" in warning
    assert "creates it again, stopped" in warning
    assert world.pipeline.status == "NOT_RUNNING"


@scenario
def replacement_of_what_was_deleted_by_hand_says_that_nothing_is_known(world: World) -> None:
    world.up(resource())
    world.api.delete(world.pipeline.id)
    result = world.run("up", replace=[world.managed["urn"]])
    assert result.ok, result.text
    (warning,) = result.warnings()
    assert "nobody can tell whether that should run" in warning
    assert world.pipeline.status == "NOT_RUNNING"


# ---- one agent runs one pipeline ----


def two(first: Any, second: Any, *, in_turn: bool = False) -> list[str]:
    """Return two pipelines with these (agent, running), the second after the first if asked for."""
    opts = {"opts": f"{OPTIONS}(depends_on=[one])"} if in_turn else {}
    return [
        resource("one", edited(name="one", agentId=first[0]), running=first[1]),
        resource("other", edited(name="other", agentId=second[0]), running=second[1], **opts),
    ]


def met(world: World) -> None:
    """Let both pipelines be asked about before either goes on: a busy machine begins the second update much later."""
    events = {world.api.pipeline(name).id: threading.Event() for name in ("one", "other")}

    def hold(request: Request) -> None:
        mine = [event for id_, event in events.items() if id_ in request.path]
        for event in mine:
            event.set()
        for event in events.values() if mine else ():
            event.wait(60)

    world.api.on_request(hold)


@scenario
def two_on_one_agent_fail_in_the_preview(world: World) -> None:
    world.write(*two((GUIDE_AGENT, True), (GUIDE_AGENT, True), in_turn=True))
    failed(world.run("preview"), "'one' and 'other' use the same agent", "both are to run")
    assert set(world.requests()) <= {AGENTS, LIST}  # of the first one, whose agent it is


@scenario
def second_one_on_a_busy_agent_fails_in_the_preview(world: World) -> None:
    world.up(resource("one", edited(name="one"), running=True))
    world.write(*two((GUIDE_AGENT, True), (GUIDE_AGENT, True), in_turn=True))
    failed(world.run("preview"), "'one' and 'other' use the same agent", "both are to run")
    assert world.pipeline.status == "STREAMING"


@scenario
def stand_by_on_a_busy_agent_is_a_warning(world: World) -> None:
    result = world.up(*two((GUIDE_AGENT, True), (GUIDE_AGENT, False)))
    assert result.ok, result.text
    assert any("only one of them can run at a time" in warning for warning in result.warnings())
    assert world.api.pipeline("one").status == "STREAMING"


def two_agents_are_swapped_in_one_up(world: World) -> None:
    second = world.api.add_agent("second")
    assert world.up(*two((GUIDE_AGENT, True), (second, True))).ok
    met(world)
    result = world.up(*two((second, True), (GUIDE_AGENT, True)))
    assert result.ok, result.text
    for name, agent in (("one", second), ("other", GUIDE_AGENT)):
        assert world.api.pipeline(name).definition["agentId"] == agent
        assert world.api.pipeline(name).status == "STREAMING"


@scenario
def move_to_a_busy_agent_stops_nothing(world: World) -> None:
    """The pipeline that has the agent is not of this program, so no preview can know of it."""
    busy = world.api.add_agent("busy")
    theirs = world.api.add_pipeline(edited(name="theirs", agentId=busy), status="STREAMING")
    world.up(resource(running=True))
    failed(
        world.up(resource(definition=edited(agentId=busy), running=True)),
        "was not moved to another agent, and nothing was changed",
        f"that agent runs the pipeline 'theirs' ({theirs})",
    )
    assert writes(world) == []


@scenario
def move_to_an_agent_that_is_busy_in_another_project_is_taken_back(world: World) -> None:
    """Only START tells, after the pipeline was stopped and changed."""
    busy, other = world.api.add_agent("busy"), world.api.add_project("Other")
    world.api.add_pipeline(edited(name="theirs", agentId=busy), project_id=other, status="STREAMING")
    world.up(resource(running=True))
    before = world.managed["outputs"]
    failed(
        world.up(resource(definition=edited(agentId=busy), running=True)),
        "one agent runs one pipeline",
        "The change was taken back. It is running.",
    )
    ours = world.api.pipeline(world.managed["id"].rpartition("/")[2])
    assert (ours.definition["agentId"], ours.status) == (GUIDE_AGENT, "STREAMING")
    assert world.managed["outputs"] == before


@scenario
def move_that_is_taken_back_writes_no_mask(world: World) -> None:
    """The service answers a mask for the password, which is rotated by the same edit."""
    world.api.settings.masked = (("streamingSource", "connection", LOGIN, "password"),)
    busy, other = world.api.add_agent("busy"), world.api.add_project("Other")
    world.api.add_pipeline(edited(name="theirs", agentId=busy), project_id=other, status="STREAMING")
    world.up(resource(definition=with_jdbc(password="old-password"), running=True))
    rotated = {**with_jdbc(password="new-password"), "agentId": busy}
    failed(world.up(resource(definition=rotated, running=True)), "The change was taken back. It is running.")
    ours = world.api.pipeline(world.managed["id"].rpartition("/")[2])
    assert ours.definition["streamingSource"]["connection"][LOGIN] == {"password": "old-password"}


def stand_by_takes_over_in_one_up(world: World) -> None:
    """Its START is refused until the other one has stopped, which takes a while and is seen as STOPPING."""
    assert world.up(*two((GUIDE_AGENT, False), (GUIDE_AGENT, True))).ok
    met(world)
    result = world.up(*two((GUIDE_AGENT, True), (GUIDE_AGENT, False)))
    assert result.ok, result.text
    assert world.api.pipeline("one").status == "STREAMING"
    assert world.api.pipeline("other").status == "NOT_RUNNING"


@scenario
def agent_of_a_removed_resource_is_free_after_it_is_deleted(world: World) -> None:
    """The engine deletes last, so the new one cannot start before; the error says how both are done in one command."""
    world.up(resource("old", edited(name="old"), running=True))
    new = resource("new", edited(name="new"), running=True)
    world.write(new)
    assert world.run("preview").ok
    failed(world.run("up"), "runs the pipeline 'old'", "pulumi up --continue-on-error")
    assert not world.run("up", continue_on_error=True).ok
    assert [pipeline.name for pipeline in world.api.pipelines] == ["new"]
    result = world.run("up")
    assert result.ok, result.text
    assert world.pipeline.status == "STREAMING"


# ---- an agent that is away ----


@scenario
def start_without_its_agent_ends_after_the_grace(world: World) -> None:
    world.api.agent_offline(GUIDE_AGENT)
    failed(
        world.up(resource(running=True)),
        "its agent 'streaming-agent'",
        "is not connected. Start that agent, or give the pipeline another one with agent_id",
    )
    assert (
        world.requests().count(STATUS) < 20
    )  # in two minutes; up to the limit of a start there are more than 60
    assert len(world.states()) == 1
    world.api.agent_online(GUIDE_AGENT)
    result = world.run("up")
    assert result.ok, result.text
    assert world.pipeline.status == "STREAMING"


@scenario
def start_goes_on_when_its_agent_comes_back(world: World) -> None:
    asked: list[Request] = []

    def come_back_once_asked_about(request: Request) -> None:
        if request.body == {"command": "START"}:
            world.api.agent_offline(GUIDE_AGENT)
        elif request.path.endswith(GUIDE_AGENT):
            asked.append(request)
        elif asked and request.path.endswith("/status"):
            world.api.agent_online(GUIDE_AGENT)

    world.api.on_request(come_back_once_asked_about)
    result = succeeded(world.up(resource(running=True)), ("orders", "create"))
    rows = [
        line.text
        for line in result.progress
        if line.text.endswith("; agent 'streaming-agent' is not connected")
    ]
    assert rows
    assert all(row.startswith("starting, ") for row in rows)  # a terminal cuts off the end
    assert world.pipeline.status == "STREAMING"


@scenario
def refresh_without_an_agent_says_that_the_state_is_old(world: World) -> None:
    world.up(resource(running=True))
    world.api.agent_offline(GUIDE_AGENT)
    result = world.run("preview", refresh=True)
    (warning,) = result.warnings()
    assert "agent 'streaming-agent'" in warning
    assert "what was last seen, by an earlier command" in warning
    assert world.outputs()["running"] is True
