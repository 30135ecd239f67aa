"""What users rely on in the life of an agent, and no other test holds: each by its promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc._resources.looks import SAME_LOOK
from pulumi_dpc._resources.operation import Done, Gone, Partial, Refused
from pulumi_dpc._resources.service import Service
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT
from pulumi_dpc.errors import (
    ApiError,
    ConfigurationError,
    DpcError,
    Interrupted,
    OutcomeUnknown,
    WaitTimedOut,
)
from tests.agent.direct import AgentFront, front, inputs
from tests.worlds import edited


@pytest.fixture
def one() -> Iterator[AgentFront]:
    with front() as made:
        yield made


def done(result: object) -> Done:
    assert isinstance(result, Done), result
    return result


def sent(one: AgentFront) -> Any:
    """Return the body of the only PATCH."""
    (only,) = [request.body for request in one.api.requests if request.method == "PATCH"]
    return only


def test_an_agent_is_made_with_one_post_and_the_listing(one: AgentFront) -> None:
    made = done(one.create(inputs(description="Orders")))
    assert one.asked() == ["GET /v1/agents", "POST /v1/agents"]
    assert made.id == one.agent["agentId"]
    assert one.agent["agentType"] == "streaming"
    assert made.outputs == {
        "name": "orders-agent",
        "description": "Orders",
        "cloudProvider": "aws",
        "deployment": "fargate",
        "restrictedAccess": False,
        "trackName": "current",
        "agentId": made.id,
        "agentStatus": "stopped",
        "connected": False,
        "versionDetails": one.agent["versionDetails"],
        "apiUrl": one.api.url,
        "__secret_paths": [],
        "__given": [],
        "__witnesses": [f"agent/{GUIDE_AGENT}"],
    }
    assert one.diff(made, inputs(description="Orders")).changes is False


def test_a_refresh_of_many_agents_reads_the_pages_of_one_listing(one: AgentFront) -> None:
    made = [done(one.create(inputs(name=f"agent-{n}"), f"agent-{n}")) for n in range(120)]
    fresh = one.again()
    one.api.clear_requests()
    for number, agent in enumerate(made):
        assert isinstance(fresh.read(agent, f"agent-{number}"), Done)
    assert one.asked() == ["GET /v1/agents"] * 2


# ---- creating ----


def test_a_batch_agent_is_not_adopted_where_the_preview_could_not_tell(one: AgentFront) -> None:
    """An input that was not known in the preview leaves the comparison to the create."""
    id_ = one.api.add_agent("orders-agent", agent_type="data_productivity_cloud")
    with pytest.raises(ConfigurationError, match="this resource is for streaming agents only"):
        one.create(inputs(cloudProvider="azure", deployment="aks", __import_id=id_))
    assert one.writes() == []


def test_a_name_that_another_agent_has_is_refused(one: AgentFront) -> None:
    """Two agents of one name could not be told apart after a lost answer, nor by a person."""
    id_ = one.api.add_agent("orders-agent")
    with pytest.raises(
        ConfigurationError, match=f'adopt it with opts=pulumi.ResourceOptions.import_="{id_}"'
    ):
        one.create(inputs())
    assert one.writes() == []


def test_a_create_whose_answer_was_lost_goes_on_with_its_agent(one: AgentFront) -> None:
    one.api.drop_next("after", match="POST /v1/agents")
    made = done(one.create(inputs()))
    assert made.id == one.agent["agentId"]
    assert one.writes() == ["POST"]


def test_what_is_found_after_a_lost_answer_is_ours_only_if_it_may_be(one: AgentFront) -> None:
    one.api.drop_next("after", match="POST /v1/agents")

    def changed(request: Any) -> None:
        if request.method == "GET" and one.made:
            one.api.edit_agent(one.made[0]["agentId"], deployment="eks")

    one.api.on_request(changed)
    with pytest.raises(OutcomeUnknown, match="the agents of this name differ from this kind and settings"):
        one.create(inputs())


def test_a_create_called_again_after_a_lost_answer_finds_what_the_first_has_made(one: AgentFront) -> None:
    one.api.drop_next("after", match="POST /v1/agents")
    one.api.fail_next(403, match="GET /v1/agents", nth=1)
    with pytest.raises(OutcomeUnknown, match="It could not be looked up whether the agent was created"):
        one.create(inputs())
    assert done(one.create(inputs())).id == one.agent["agentId"]
    assert one.writes() == ["POST"]


def test_after_a_kill_the_next_create_says_how_to_adopt_what_is_there(one: AgentFront) -> None:
    """Nobody is left who could know whose it is; a second agent would be installed and paid for."""
    one.create(inputs())
    with pytest.raises(ConfigurationError, match="has an agent of this name already"):
        one.again().create(inputs())
    adopted = done(one.again().create(inputs(__import_id=one.agent["agentId"])))
    assert adopted.id == one.agent["agentId"]
    assert one.writes() == ["POST"]


def test_a_create_called_again_goes_on_with_the_agent_that_it_has_made(one: AgentFront) -> None:
    first = done(one.create(inputs()))
    assert done(one.create(inputs())).id == first.id
    one.api.remove_agent(first.id)
    assert done(one.create(inputs())).id != first.id


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_refused_create_leaves_nothing(one: AgentFront, status: int) -> None:
    one.api.fail_next(status, match="POST /v1/agents")
    with pytest.raises(ApiError):
        one.create(inputs())
    assert one.made == []


def test_an_answer_that_names_only_the_id_is_read_back(one: AgentFront) -> None:
    one.api.rewrite_next(lambda answer: {"agentId": answer["agentId"]}, match="POST /v1/agents")
    made = done(one.create(inputs(description="x")))
    assert made.outputs["agentStatus"] == "stopped"
    assert one.asked() == ["GET /v1/agents", "POST /v1/agents", "GET /v1/agents/{id}"]


def test_what_the_service_stores_otherwise_is_said(one: AgentFront) -> None:
    one.api.rewrite_next(lambda answer: {**answer, "description": "y"}, match="POST /v1/agents")
    one.create(inputs(description="x"))
    (warning,) = one.warnings
    assert "the service has something else than the program says in: description" in warning


def test_a_change_that_shows_later_is_waited_for(one: AgentFront) -> None:
    """The service answers 202: accepted is not done."""
    made = done(one.create(inputs()))
    one.api.rewrite_next(
        lambda answer: {**answer, "description": ""}, match="GET /v1/agents/*", nth=1, times=3
    )
    changed = done(one.update(made, inputs(description="x")))
    assert changed.outputs["description"] == "x"
    assert one.warnings == []


@pytest.mark.parametrize("details", [None, True, "2.111.0", []])
def test_version_details_that_are_no_object_are_no_obstacle(one: AgentFront, details: Any) -> None:
    """An edit of the track ended with a TypeError."""
    made = done(one.create(inputs()))
    one.api.rewrite_next(
        lambda answer: {**answer, "versionDetails": details}, match="GET /v1/agents/*", times=None
    )
    assert done(one.update(made, inputs(trackName="stable"))).outputs["trackName"] == "stable"
    assert sent(one) == {"trackName": "stable"}


def test_a_change_that_never_shows_is_said_and_taken_for_done(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.rewrite_next(lambda answer: {**answer, "description": ""}, match="GET /v1/agents/*", times=None)
    changed = done(one.update(made, inputs(description="x")))
    assert changed.outputs["description"] == "x"
    (warning,) = one.warnings
    assert "the change was accepted, but does not show 60 s later: description" in warning


# ---- reading ----


def test_credentials_of_another_account_empty_nothing(one: AgentFront) -> None:
    """There the agent is not, nor anything else that its account has."""
    made = done(one.create(inputs()))
    there = _at(one, one.api.other_account())
    for act in (there.read, there.delete, lambda it: there.update(it, inputs(description="x"))):
        with pytest.raises(ConfigurationError, match="nor is anything else that its account had"):
            act(made)
    assert one.agent["agentId"] == made.id
    assert there.writes() == []


def _at(one: AgentFront, env: dict[str, str]) -> AgentFront:
    there = one.again()
    there._service = Service.of(DpcClient(Settings.resolve(environment=env), clock=one.clock))
    return there


def test_an_agent_that_was_deleted_outside_is_gone(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.remove_agent(made.id)
    assert isinstance(one.again().read(made), Gone)
    with pytest.raises(Refused, match="was deleted outside Pulumi; run `pulumi up --refresh`"):
        one.again().update(made, inputs(description="x"))
    one.again().delete(made)
    assert one.writes() == []


def test_an_account_s_only_agent_that_was_deleted_outside_is_known_by_its_projects(one: AgentFront) -> None:
    one.api.remove_agent(GUIDE_AGENT)
    made = done(one.create(inputs()))
    assert made.outputs["__witnesses"] == [f"project/{GUIDE_PROJECT}"]
    one.api.remove_agent(made.id)
    assert isinstance(one.again().read(made), Gone)


def test_a_stray_404_is_not_believed(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.fail_next(404, match="GET /v1/agents/*", times=None)
    with pytest.raises(ApiError):
        one.again().update(made, inputs(description="x"))
    assert isinstance(one.again().read(made), Done)


def test_an_agent_made_elsewhere_is_not_looked_for_here(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.remove_agent(made.id)
    made.outputs["apiUrl"] = "https://us1.api.matillion.com/dpc"
    with pytest.raises(ConfigurationError, match=r"was made at https://us1.* but this command uses"):
        one.again().read(made)


def test_a_refresh_shows_drift_and_the_next_update_repairs_it(one: AgentFront) -> None:
    made = done(one.create(inputs(description="ours", restrictedAccess=True)))
    one.api.edit_agent(made.id, description="theirs", restrictedAccess=False)
    found = one.again().read(made)
    assert isinstance(found, Done)
    assert found.inputs == inputs(description="theirs", restrictedAccess=False)
    repaired = done(one.again().update(found, inputs(description="ours", restrictedAccess=True)))
    assert sent(one) == {"description": "ours", "restrictedAccess": True}
    assert (one.agent["description"], one.agent["restrictedAccess"]) == ("ours", True)
    assert repaired.outputs["description"] == "ours"


def test_what_the_program_does_not_give_is_left_alone(one: AgentFront) -> None:
    """The defaults of the service are nobody's to guess."""
    made = done(one.create(inputs()))
    one.api.edit_agent(made.id, restrictedAccess=True)
    found = one.again().read(made)
    assert isinstance(found, Done)
    assert found.inputs == inputs()
    assert one.diff(found, inputs()).changes is False
    assert done(one.update(found, inputs(description="x"))).outputs["restrictedAccess"] is True
    assert one.agent["restrictedAccess"] is True


@pytest.mark.parametrize(("given", "answered"), [("gcp", "google_cloud"), ("google_cloud", "gcp")])
def test_a_service_that_has_the_other_word_for_google_cloud_is_no_drift(
    one: AgentFront, given: str, answered: str
) -> None:
    """To replace it for that, at every refresh, would mean to install it anew each time."""
    place = {"cloudProvider": given, "deployment": "gke"}
    made = done(one.create(inputs(**place)))
    one.api.edit_agent(made.id, cloudProvider=answered)
    found = one.again().read(made)
    assert isinstance(found, Done)
    assert (found.outputs["cloudProvider"], found.inputs) == (given, inputs(**place))
    assert one.diff(found, inputs(**place)).changes is False
    adopted = done(one.again().create(inputs(**place, __import_id=made.id)))
    assert adopted.outputs["cloudProvider"] == given
    assert one.writes() == ["POST"]


def test_a_batch_agent_is_not_read(one: AgentFront) -> None:
    id_ = one.api.add_agent("batch", agent_type="data_productivity_cloud")
    with pytest.raises(ConfigurationError, match="this resource is for streaming agents only"):
        one.kind.read(one.operation(), id_, {})


# ---- changing ----


def test_only_what_differs_is_sent(one: AgentFront) -> None:
    made = done(one.create(inputs(description="one", trackName="current")))
    changed = done(one.update(made, inputs(description="two", trackName="stable")))
    assert sent(one) == {"description": "two", "trackName": "stable"}
    assert one.asked() == ["GET /v1/agents/{id}", "PATCH /v1/agents/{id}", "GET /v1/agents/{id}"]
    assert (changed.outputs["trackName"], changed.outputs["__given"]) == ("stable", ["trackName"])
    done(one.update(changed, inputs(description="two", trackName="stable")))
    assert one.writes() == []


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_description_can_be_cleared(one: AgentFront, nothing: str | None) -> None:
    """The vendor's Terraform provider leaves an empty one out, so it never can."""
    made = done(one.create(inputs(description="one")))
    given = one.check(inputs(description=nothing), inputs(description="one")).inputs
    assert one.diff(made, given).changes is not False
    done(one.update(made, given))
    assert one.agent["description"] == ""


def test_what_was_changed_outside_is_named_where_it_is_overwritten(one: AgentFront) -> None:
    made = done(one.create(inputs(description="ours")))
    one.api.edit_agent(made.id, description="theirs")
    done(one.update(made, inputs(name="renamed", description="ours")))
    assert one.warnings == [
        "renamed (resource orders): was changed outside Pulumi in: description. What the program says is written again"
    ]


def test_what_is_ignored_is_left_as_it_is_found(one: AgentFront) -> None:
    made = done(one.create(inputs(description="ours")))
    one.api.edit_agent(made.id, description="theirs")
    changed = one.update(made, inputs(name="renamed", description="ours"), ignored=("description",))
    assert done(changed).outputs["description"] == "theirs"
    assert sent(one) == {"name": "renamed"}
    assert one.agent["description"] == "theirs"


def test_an_edit_may_not_take_another_agent_s_name(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.add_agent("taken")
    with pytest.raises(ConfigurationError, match="has another agent of this name"):
        one.again().update(made, inputs(name="taken"))
    assert one.writes() == []


def test_an_edit_whose_answer_was_lost_is_looked_at(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.fail_next(500, match="PATCH *", times=None)
    result = one.update(made, inputs(description="x"))
    assert isinstance(result, Partial)
    assert result.outputs["__unfinished"] is True
    assert one.again().diff(result, inputs(description="x")).changes is True
    one.api.clear_faults()
    finished = done(one.again().update(result, inputs(description="x")))
    assert "__unfinished" not in finished.outputs
    assert one.agent["description"] == "x"


def test_an_edit_that_is_refused_changes_nothing(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.fail_next(403, match="PATCH *")
    with pytest.raises(ApiError):
        one.update(made, inputs(description="x"))
    assert one.agent["description"] == ""


def test_a_failed_edit_keeps_an_earlier_secret_secret(one: AgentFront) -> None:
    """The new description is no secret, but what the state then holds is the old one."""
    made = done(one.create(inputs(description="hunter2", __secret_paths=["/description"])))
    one.api.fail_next(500, match="PATCH *", times=None)
    result = one.update(made, inputs(description="plain"))
    assert isinstance(result, Partial)
    assert result.outputs["description"] == "hunter2"
    assert "description" in result.secrets


def test_a_value_that_becomes_a_secret_is_encrypted_without_a_request(one: AgentFront) -> None:
    made = done(one.create(inputs(description="x")))
    given = inputs(description="x", __secret_paths=["/description"])
    assert one.diff(made, given).changes is True
    assert done(one.update(made, given)).outputs["__secret_paths"] == ["/description"]
    assert one.asked() == []


def test_a_secret_track_is_a_secret_in_the_details_of_the_version_too(one: AgentFront) -> None:
    """It stood in plain text in the output `versionDetails`."""
    secret = {"__secret_paths": ["/trackName"]}
    made = done(one.create(inputs(trackName="hunter2", **secret)))
    assert made.secrets == ("versionDetails",)
    later = done(one.create(inputs(name="later", trackName="hunter2"), "later"))
    assert later.secrets == ()
    moved = done(one.update(later, inputs(name="later", trackName="hunter2", **secret), "later"))
    assert moved.secrets == ("versionDetails",)
    for kept in (made, moved):
        read = one.again().read(kept)
        assert isinstance(read, Done)
        assert read.secrets == ("versionDetails",)
    assert done(one.update(moved, inputs(name="later", trackName="hunter2"), "later")).secrets == ()


# ---- deleting ----


def test_a_delete_waits_until_the_agent_is_gone(one: AgentFront) -> None:
    one.api.settings.agent_delete_seconds = 20
    made = done(one.create(inputs()))
    before = one.clock.seconds
    one.delete(made)
    assert one.made == []
    assert one.clock.seconds - before >= 20
    assert any(line.startswith("being deleted, ") for line in one.lines)


def test_an_agent_that_the_whole_listing_has_no_more_is_gone(one: AgentFront) -> None:
    """A service may answer a GET from what it keeps of an agent that is deleted."""
    one.api.settings.agent_delete_seconds = 1e6
    made = done(one.create(inputs()))

    def without_it(page: Any) -> Any:
        results = [listed for listed in page["results"] if listed["agentId"] != made.id]
        return {**page, "results": results, "total": len(results)}

    one.api.rewrite_next(without_it, match="GET /v1/agents", times=None)
    before = one.clock.seconds
    one.delete(made)
    assert one.asked()[-3:] == ["DELETE /v1/agents/{id}", "GET /v1/agents/{id}", "GET /v1/agents"]
    assert one.clock.seconds - before < 2


def test_a_delete_that_never_ends_says_so(one: AgentFront) -> None:
    one.api.settings.agent_delete_seconds = 1e6
    made = done(one.create(inputs()))
    with pytest.raises(WaitTimedOut, match="is still there 300 s later"):
        one.delete(made)


def test_one_ctrl_c_ends_the_wait_of_a_delete(one: AgentFront) -> None:
    one.api.settings.agent_delete_seconds = 1e6
    made = done(one.create(inputs()))

    def cancel(request: Any) -> None:
        if request.method == "DELETE":
            one.clock._interrupt.set()

    one.api.on_request(cancel)
    with pytest.raises(Interrupted):
        one.delete(made)


def test_an_agent_that_a_pipeline_uses_is_not_deleted(one: AgentFront) -> None:
    """Its pipeline would stand still, and nobody would know why."""
    made = done(one.create(inputs()))
    pipeline = one.api.add_pipeline(edited(agentId=made.id.upper()))
    with pytest.raises(
        Refused, match=f"the streaming pipeline 'orders-pipeline' .{GUIDE_PROJECT}/{pipeline}. uses"
    ):
        one.delete(made)
    assert one.writes() == []
    one.api.delete(pipeline)
    one.delete(made)
    assert one.made == []


DRAFT: list[Any] = [
    lambda entry: {**entry, "streamingTarget": None},
    lambda entry: {key: entry[key] for key in ("streamingPipelineId", "name")},
]
"""What a service may list of a pipeline that uses an agent: all but its target, and its name alone."""


@pytest.mark.parametrize("shown", DRAFT)
def test_an_agent_is_not_deleted_under_a_pipeline_that_is_not_listed_whole(
    shown: Any, one: AgentFront
) -> None:
    """It was deleted without a word, and the draft of the web page had no agent any more."""
    made = done(one.create(inputs()))
    one.api.add_pipeline(edited(agentId=made.id))
    one.api.rewrite_next(
        lambda page: {**page, "results": [shown(entry) for entry in page["results"]]},
        match="GET */streaming-pipelines",
        times=None,
    )
    with pytest.raises(Refused, match="the streaming pipeline 'orders-pipeline'"):
        one.delete(made)
    assert one.writes() == []


def test_a_pipeline_that_does_not_show_its_agent_at_all_is_said(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.add_pipeline(edited(name="draft"))
    hide = {"match": "GET */streaming-pipelines*", "times": None}
    one.api.rewrite_next(_without_agents, **hide)
    one.delete(made)
    assert one.made == []
    (warning,) = one.warnings
    assert "without knowing whether one uses it" in warning


def _without_agents(body: Any) -> Any:
    if "results" in body:
        return {**body, "results": [_without_agents(entry) for entry in body["results"]]}
    return {key: value for key, value in body.items() if key != "agentId"}


def test_a_pipeline_put_on_an_agent_while_the_command_runs_keeps_it(one: AgentFront) -> None:
    """An older listing said that nobody used it, and the agent was deleted under a pipeline."""
    made = done(one.create(inputs()))
    assert one._service.listing.on_agent(GUIDE_PROJECT, made.id) == []
    one.api.add_pipeline(edited(agentId=made.id))
    with pytest.raises(Refused, match="the streaming pipeline 'orders-pipeline'"):
        one.delete(made)


def test_deletes_one_after_the_other_share_a_look_and_later_ones_do_not(one: AgentFront) -> None:
    made = [done(one.create(inputs(name=f"agent-{n}"), f"agent-{n}")) for n in range(4)]
    asked = []
    for number, agent in enumerate(made):
        one.delete(agent, f"agent-{number}")
        asked.append(sum(path.endswith("/streaming-pipelines") for path in one.asked()))
        if number == 2:
            one.clock.sleep(SAME_LOOK)
    assert asked == [1, 0, 0, 1]


def test_projects_that_may_not_be_read_are_said(one: AgentFront) -> None:
    """A role may manage agents and see no project (``docs/api.md`` section 1.2)."""
    made = done(one.create(inputs()))
    one.api.fail_next(403, match="GET /v1/projects", times=None)
    one.delete(made)
    assert one.made == []
    (warning,) = one.warnings
    assert "without knowing whether one uses it" in warning


def test_a_delete_whose_answer_was_lost_is_done(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.drop_next("after", match="DELETE *")
    one.delete(made)
    assert one.made == []


def test_a_renamed_resource_that_adopts_the_agent_keeps_it(one: AgentFront) -> None:
    """Without an alias the engine creates the new resource first, and deletes the old one last."""
    old = done(one.again().create(inputs(), "old"))
    given = inputs(__import_id=old.id)
    one.check(given, name="new")
    assert done(one.create(given, "new")).id == old.id
    one.delete(old, "old")
    assert one.agent["agentId"] == old.id


def test_a_create_that_failed_keeps_the_agent_of_that_name(one: AgentFront) -> None:
    old = done(one.again().create(inputs(), "old"))
    one.check(inputs(), name="new")
    with pytest.raises(ConfigurationError):
        one.create(inputs(), "new")
    with pytest.raises(Refused, match="a create in this command failed that may be about this very agent"):
        one.delete(old, "old")
    assert one.made != []


@pytest.mark.parametrize(
    ("fault", "match"),
    [
        (fault, match)
        for fault in (401, 403, 429, 500, 503)
        for match in ("GET /v1/agents", "GET /v1/agents/*", "GET /v1/projects", "PATCH *", "POST /v1/agents")
    ],
)
def test_one_fault_at_any_request_leaves_one_agent_as_the_program_says(
    one: AgentFront, fault: int, match: str
) -> None:
    """Whatever fails: the next commands converge, and there was never a second agent."""
    one.api.fail_next(fault, match=match)
    given = inputs(description="x")
    made: Any = None
    for _ in range(3):
        try:
            front = one.again()
            made = front.create(inputs()) if made is None else front.update(made, given)
        except DpcError:
            if made is None and one.made:
                made = done(one.again().create(inputs(__import_id=one.agent["agentId"])))
    assert one.agent["description"] == "x"
    one.again().delete(made)
    assert one.made == []


def test_a_replacement_that_is_made_first_is_told_what_to_do(one: AgentFront) -> None:
    """With `delete_before_replace=False` it was told to adopt the agent that it replaces."""
    made = done(one.create(inputs()))
    given, later = inputs(deployment="eks"), one.again()
    later.check(given, old=inputs())
    later.diff(made, given)
    later.check(given)
    with pytest.raises(ConfigurationError, match="delete_before_replace=False") as caught:
        later.create(given)
    assert "remove that option, or give the new one another name" in str(caught.value)
    assert "import_" not in str(caught.value)


# ---- what a preview says ----


def test_two_new_agents_of_one_name_are_a_mistake_of_the_preview(one: AgentFront) -> None:
    """The update made one, and failed in the middle with the other."""
    assert one.preview(inputs(), name="a") == []
    (mistake,) = one.preview(inputs(deployment="eks"), name="b")
    assert "the resources 'b' and 'a' are to have the same name, which only one agent may have" in mistake


def test_an_agent_renamed_in_the_web_page_is_not_told_of_itself(one: AgentFront) -> None:
    made = done(one.create(inputs()))
    one.api.edit_agent(made.id, name="after")
    assert one.preview(inputs(name="after"), inputs()) == []
    assert one.warnings == []
