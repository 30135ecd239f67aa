"""What users rely on when a pipeline is edited, started or stopped, and no other test holds: each by its promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_dpc._resources import polling
from pulumi_dpc._resources.operation import Done, Partial, Refused
from pulumi_dpc._resources.streaming_pipeline import run_state
from pulumi_dpc._resources.streaming_pipeline.commands import AgentUser, describe_busy_agent
from pulumi_dpc._resources.streaming_pipeline.context import run_context
from pulumi_dpc._resources.streaming_pipeline.remote import RemotePipeline
from pulumi_dpc.emulator import GUIDE_AGENT
from pulumi_dpc.errors import Conflict, DpcError, NotFound
from tests.pipeline.direct import Front, front, inputs
from tests.worlds import DEFINITION

EDIT = {"advancedProperties": {"max.batch.size": 1}}


@pytest.fixture
def one() -> Iterator[Front]:
    with front(start_seconds=5, stop_seconds=20) as made:
        yield made


def made(one: Front, **changes: Any) -> Done | Partial:
    """Return a pipeline as an earlier command has left it."""
    return one.again().create(inputs(**changes))


def after_polls(one: Front, number: int, act: Any) -> None:
    """Let something happen at the service just before it answers that status request, counted from now."""
    seen = 0

    def count(request: Any) -> None:
        nonlocal seen
        seen += request.path.endswith("/status")
        if seen == number and request.path.endswith("/status"):
            act()

    one.api.on_request(count)


# ---- found stopping ----


def found_stopping_and_started_by_somebody(one: Front) -> None:
    one.api.set_status(one.pipeline.id, "STOPPING")

    def start() -> None:
        one.api.set_status(one.pipeline.id, None)
        one.api.start(one.pipeline.id)

    after_polls(one, 3, start)


def test_an_edit_of_what_was_found_stopping_and_runs_again_sends_stop_before_the_put(one: Front) -> None:
    """Whether a PUT reaches a running connector is not documented, so what runs is never written to."""
    state = made(one, running=True)
    found_stopping_and_started_by_somebody(one)
    result = one.update(state, inputs(running=True, **EDIT))
    assert isinstance(result, Done)
    assert one.writes() == ["STOP", "PUT", "START"]
    assert one.pipeline.status == "STREAMING"


def test_what_was_found_stopping_and_runs_again_as_it_should_is_not_stopped(one: Front) -> None:
    """Somebody has done what the program wants; a STOP would interrupt the stream for nothing."""
    state = made(one, running=True)
    found_stopping_and_started_by_somebody(one)
    recorded = Partial(state.id, {**state.outputs, "running": False, "status": "STOPPING"}, "")
    result = one.update(recorded, inputs(running=True))
    assert isinstance(result, Done)
    assert one.writes() == []
    assert one.pipeline.status == "STREAMING"


def test_what_was_found_stopping_and_runs_again_and_should_not_is_stopped(one: Front) -> None:
    state = made(one, running=True)
    found_stopping_and_started_by_somebody(one)
    result = one.update(state, inputs(running=False))
    assert isinstance(result, Done)
    assert one.writes() == ["STOP"]
    assert result.outputs["running"] is False


# ---- a STOP that is refused ----


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_stop_refused_under_a_known_status_fails_at_once(one: Front, status: int) -> None:
    """It runs and was not stopped, so nothing may be written to it."""
    state = made(one, running=True)
    one.api.fail_next(status, match="POST *commands", times=None)
    began = one.clock.seconds
    with pytest.raises(DpcError, match="/commands, ") as refused:
        one.update(state, inputs(running=True, **EDIT))
    assert "It is running." in str(refused.value)
    assert one.clock.seconds - began < 1
    assert one.writes() == ["STOP"]
    assert one.warnings == []
    assert one.pipeline.definition["advancedProperties"] == inputs()["advancedProperties"]


def test_a_stop_refused_under_unknown_does_not_keep_an_edit_from_going_on(one: Front) -> None:
    """Nobody may be there to take the command; moving to another agent is the repair of a dead one.

    On the other agent it is seen to run on, with the definition of before, so it is stopped again.
    """
    other = one.api.add_agent("second")
    state = made(one, running=True)
    one.api.agent_offline(GUIDE_AGENT)
    one.api.fail_next(409, match="POST *commands")
    result = one.update(state, inputs(running=True, agentId=other))
    assert isinstance(result, Done)
    assert one.writes() == ["STOP", "PUT", "STOP", "START"]
    assert any("STOP was not accepted while its status is UNKNOWN: " in text for text in one.warnings)


def test_a_stop_refused_under_unknown_is_a_failure_where_standing_still_is_the_goal(one: Front) -> None:
    state = made(one, running=True)
    one.api.agent_offline(GUIDE_AGENT)
    one.api.fail_next(409, match="POST *commands")
    with pytest.raises(Refused, match="refused the request because of a conflict"):
        one.update(state, inputs(running=False))
    assert one.writes() == ["STOP"]


def test_an_edit_that_ends_stopped_waits_until_it_was_seen_stopped(one: Front) -> None:
    """The edit went on without having seen the stop; the program wants it stopped, which needs to have been seen."""
    other = one.api.add_agent("second")
    state = made(one, running=True)
    one.api.set_status(one.pipeline.id, "UNKNOWN")
    one.api.agent_offline(GUIDE_AGENT)
    one.api.on_request(
        lambda request: (
            one.api.set_status(one.pipeline.id, "UNKNOWN") if request.body == {"command": "STOP"} else None
        )
    )
    one.api.rewrite_next(lambda _: {"status": "UNKNOWN"}, match="GET *status", times=6)
    result = one.update(state, inputs(running=False, agentId=other))
    assert isinstance(result, Done)
    assert one.writes() == ["STOP", "PUT"]
    assert (result.outputs["status"], result.outputs["running"]) == ("NOT_RUNNING", False)


def test_an_edit_that_ends_stopped_fails_if_it_was_never_seen_stopped(one: Front) -> None:
    state = made(one, running=True)
    one.api.agent_offline(GUIDE_AGENT)
    result = one.update(state, inputs(running=False, **EDIT))
    assert isinstance(result, Partial)
    assert "is UNKNOWN after" in result.reason
    assert result.outputs["status"] == "UNKNOWN"
    assert one.pipeline.definition["advancedProperties"] == EDIT["advancedProperties"]


# ---- a command whose answer is lost ----


@pytest.mark.parametrize(("before", "word"), [(False, "START"), (True, "STOP")])
def test_a_command_whose_answer_was_lost_and_that_was_not_carried_out_is_sent_again(
    one: Front, before: bool, word: str
) -> None:
    state = made(one, running=before)
    one.api.drop_next("before", match="POST *commands")
    result = one.update(state, inputs(running=not before))
    assert isinstance(result, Done)
    assert one.writes() == [word, word]
    assert one.pipeline.running is not before


@pytest.mark.parametrize(("before", "word"), [(False, "START"), (True, "STOP")])
def test_a_command_whose_answer_was_lost_and_that_was_carried_out_is_not_sent_again(
    one: Front, before: bool, word: str
) -> None:
    state = made(one, running=before)
    one.api.drop_next("after", match="POST *commands")
    result = one.update(state, inputs(running=not before))
    assert isinstance(result, Done)
    assert one.writes() == [word]


def test_a_command_whose_answers_are_lost_for_ever_ends(one: Front) -> None:
    """After two minutes in which nothing is seen of it, nobody learns more by sending it again."""
    state = made(one, running=False)
    one.api.drop_next("before", match="POST *commands", times=None)
    began = one.clock.seconds
    result = one.update(state, inputs(running=True))
    assert isinstance(result, Partial)
    assert "gave no answer" in result.reason
    assert 120 <= one.clock.seconds - began < 140


# ---- a snapshot ----


@pytest.mark.parametrize("running", [None, True])
def test_only_an_edit_is_refused_because_of_a_snapshot(one: Front, running: bool | None) -> None:
    """What asks for no write interrupts nothing, so there is nothing to refuse."""
    state = made(one, running=True)
    one.api.snapshot(one.pipeline.id, 86400)
    result = one.update(state, inputs(running=running, wait=False))
    assert isinstance(result, Done)
    assert one.writes() == []
    with pytest.raises(Refused, match="a snapshot is running"):
        one.update(state, inputs(running=running, **EDIT))
    assert one.writes() == []
    assert one.pipeline.status == "SNAPSHOTTING"


def test_a_program_that_says_stop_interrupts_a_snapshot_even_with_an_edit(one: Front) -> None:
    state = made(one, running=True)
    one.api.snapshot(one.pipeline.id, 86400)
    result = one.update(state, inputs(running=False, **EDIT))
    assert isinstance(result, Done)
    assert one.writes() == ["STOP", "PUT"]
    assert "orders-pipeline (resource orders): a running snapshot is interrupted" in one.warnings


# ---- warnings ----

OVERWRITTEN = (
    "orders-pipeline (resource orders): changed outside Pulumi and now overwritten: advancedProperties"
)


def test_our_own_unfinished_edit_is_not_called_a_change_outside_pulumi(one: Front) -> None:
    """The service has what we have written; nobody else's work is about to go."""
    state = made(one)
    one.api.edit(one.pipeline.id, advancedProperties={"max.batch.size": 1})
    target = {"streamingTarget": {"type": "s3", "bucket": "another"}}
    unfinished = Partial(state.id, {**state.outputs, "__unfinished": True}, "")
    assert isinstance(one.update(unfinished, inputs(**target)), Done)
    assert not [text for text in one.warnings if "outside Pulumi" in text]
    one.api.edit(one.pipeline.id, advancedProperties={"max.batch.size": 1})
    assert isinstance(one.update(state, inputs(**target)), Done)
    assert [text for text in one.warnings if text.startswith(OVERWRITTEN)]


@pytest.mark.parametrize(("last", "word"), [(True, "running"), (False, "stopped")])
def test_it_is_said_that_what_was_last_known_counts(one: Front, last: bool, word: str) -> None:
    """Under UNKNOWN the operator should know what the plan was made from."""
    state = made(one, running=last)
    one.api.agent_offline(GUIDE_AGENT)
    one.update(state, inputs(running=last, wait=False))
    sentence = f"its status is UNKNOWN, so what was last known counts: {word}"
    assert f"orders-pipeline (resource orders): {sentence}" in one.warnings


# ---- what is recorded of a failure ----


def test_a_failure_that_sent_no_start_keeps_the_last_known_running(one: Front) -> None:
    """It ran when last seen, and whether the STOP that was sent has stopped it nobody knows."""
    state = made(one, running=True)
    one.api.drop_next("before", match="POST *commands")
    one.api.fail_next(403, match="GET *status", nth=1, times=None)
    result = one.update(state, inputs(running=True, **EDIT))
    assert isinstance(result, Partial)
    assert one.writes() == ["STOP"]
    assert (result.outputs["running"], result.outputs["__unfinished"]) == (True, True)
    assert "Whether it runs is not known." in result.reason


@pytest.mark.parametrize("status", [403, 503])
def test_an_accepted_start_that_nobody_has_seen_is_not_called_running(one: Front, status: int) -> None:
    """It may have failed meanwhile: the next `up` has to look, and to start it again."""
    state = made(one, running=False)
    one.api.fail_next(status, match="GET *status", nth=1, times=None)
    result = one.update(state, inputs(running=True))
    assert isinstance(result, Partial)
    assert one.writes() == ["START"]
    assert (result.outputs["running"], result.outputs["status"]) == (False, "STARTING")
    assert result.outputs["__unfinished"] is True


def test_what_went_well_is_owed_no_start(one: Front) -> None:
    """Without the wait a START that was accepted is the end: nothing is left for the next `up`."""
    state = made(one, running=True)
    result = one.update(state, inputs(running=True, wait=False, **EDIT))
    assert isinstance(result, Done)
    assert (result.outputs["running"], result.outputs["status"]) == (True, "STARTING")
    assert "__resume" not in result.outputs


def test_a_move_whose_put_was_lost_and_that_was_taken_back_has_changed_nothing(one: Front) -> None:
    """The PUT was seen to be carried out, so its lost answer leaves no doubt behind."""
    busy, other = one.api.add_agent("busy"), one.api.add_project("Other")
    state = made(one, running=True)
    pipeline = one.pipeline.id
    one.api.add_pipeline({**DEFINITION, "agentId": busy}, project_id=other, status="STREAMING")
    one.api.drop_next("after", match="PUT *", times=None)
    one.api.on_request(
        lambda request: one.api.clear_faults() if request.method == "GET" and "PUT" in one.writes() else None
    )
    with pytest.raises(Refused, match=r"The change was taken back\. It is running\."):
        one.update(state, inputs(running=True, agentId=busy))
    assert one.writes()[-2:] == ["PUT", "START"]
    assert one.api.pipeline(pipeline).definition["agentId"] == GUIDE_AGENT


def test_a_failure_that_sent_a_start_which_was_not_seen_records_that_it_stands(one: Front) -> None:
    """Nobody has seen it run, so the next `up` has to look, and to start it."""
    state = made(one, running=False)
    one.api.drop_next("before", match="POST *commands")
    one.api.fail_next(503, match="GET *status", nth=1, times=None)
    result = one.update(state, inputs(running=True))
    assert isinstance(result, Partial)
    assert (result.outputs["running"], result.outputs["__unfinished"]) == (False, True)


# ---- limits ----


@pytest.mark.parametrize(
    ("timeout", "running", "sentence"),
    [
        (0.0, False, "is STOPPING after 300 s of stopping; custom_timeouts allows a longer wait"),
        (0.0, True, "is STARTING after 600 s of starting; custom_timeouts allows a longer wait"),
        (50.0, False, "is STOPPING after 50 s of stopping; custom_timeouts allows a longer wait"),
        (50.0, True, "is STARTING after 50 s of starting; custom_timeouts allows a longer wait"),
    ],
)
def test_a_stop_has_a_limit_of_its_own(one: Front, timeout: float, running: bool, sentence: str) -> None:
    """Half of a start's: a stop that takes longer will not come, and holds the deployment up."""
    state = made(one, running=not running)
    one.api.settings.start_seconds = one.api.settings.stop_seconds = 100_000
    began = one.clock.seconds
    result = one.update(state, inputs(running=running), timeout=timeout)
    assert isinstance(result, Partial)
    assert sentence in result.reason
    assert one.clock.seconds - began == pytest.approx(timeout or (600 if running else 300), abs=1)


def test_how_long_starts_took_is_used_by_the_next_waits(one: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it a start of 36 s is noticed about five seconds late, each time, because the polls grow rare."""
    monkeypatch.setattr(polling, "JITTER", 0)
    one.api.settings.start_seconds = 36
    late = []
    for number in range(3):
        agent = one.api.add_agent(f"agent-{number}")
        one.api.clear_requests()
        began = one.clock.seconds
        one.create(inputs(name=f"pipeline-{number}", agentId=agent, running=True), f"r{number}")
        seen = next(request.at for request in one.api.requests if request.answer == {"status": "STREAMING"})
        late.append(seen - began - 36)
    assert late[0] > 2
    assert late[2] <= 2


# ---- deleted meanwhile, and a 404 that is not believed ----


def test_a_pipeline_deleted_while_it_is_edited_is_not_called_a_failed_edit(one: Front) -> None:
    """`up --refresh` makes it anew; anything else would be tried in vain for ever."""
    state = made(one, running=True)
    after_polls(one, 3, lambda: one.api.delete(one.pipeline.id))
    with pytest.raises(Refused) as refused:
        one.update(state, inputs(running=True, **EDIT))
    assert str(refused.value) == ("was deleted outside Pulumi; run `pulumi up --refresh` to create it again")
    assert one.writes() == ["STOP"]


@pytest.mark.parametrize("match", ["GET *status", "GET *streaming-pipelines/*"])
def test_a_404_that_the_listing_contradicts_is_not_believed_by_an_update(one: Front, match: str) -> None:
    """One stray 404 must not send the operator to create a second pipeline."""
    state = made(one)
    one.api.fail_next(404, match=match)
    with pytest.raises(NotFound):
        one.update(state, inputs(**EDIT))
    assert one.writes() == []
    assert isinstance(one.update(state, inputs(**EDIT)), Done)


def test_a_404_that_the_listing_contradicts_is_not_believed_by_a_refresh(one: Front) -> None:
    """It would drop a living pipeline from the state."""
    state = made(one)
    one.api.fail_next(404, match="GET *status")
    with pytest.raises(NotFound):
        one.read(state)
    assert isinstance(one.read(state), Done)


# ---- the agent, while waiting ----


def test_a_start_whose_agent_was_removed_ends_after_the_grace(one: Front) -> None:
    state = made(one, running=False)
    one.api.remove_agent(GUIDE_AGENT)
    one.api.set_status(one.pipeline.id, "UNKNOWN")
    one.api.rewrite_next(lambda _: {"status": "UNKNOWN"}, match="GET *status", times=None)
    began = one.clock.seconds
    result = one.update(state, inputs(running=True))
    assert isinstance(result, Partial)
    assert f"because its agent {GUIDE_AGENT} does not exist. Start that agent, or give" in result.reason
    assert 60 <= one.clock.seconds - began < 75


@pytest.mark.parametrize(
    ("status", "said"), [(403, "could not be looked up (403)"), (503, "could not be looked up (503)")]
)
def test_an_agent_that_cannot_be_asked_ends_no_wait(one: Front, status: int, said: str) -> None:
    """A role that may not read agents is no sign that the agent is away."""
    state = made(one, running=False)
    one.api.fail_next(status, match="GET /v1/agents/*", times=None)
    one.api.rewrite_next(lambda _: {"status": "UNKNOWN"}, match="GET *status", times=None)
    began = one.clock.seconds
    result = one.update(state, inputs(running=True))
    assert isinstance(result, Partial)
    assert one.clock.seconds - began == pytest.approx(600, abs=1)
    assert f"after 600 s of starting; its agent {GUIDE_AGENT} {said}; custom_timeouts allows" in result.reason


def test_an_agent_whose_answer_is_no_answer_ends_no_wait(one: Front) -> None:
    made(one)
    one.api.drop_next("before", match="GET /v1/agents/*", times=None)
    agent = one.remote().agent_state(GUIDE_AGENT)
    assert str(agent) == f"its agent {GUIDE_AGENT} could not be looked up"
    assert not agent.is_away


def test_an_agent_that_nobody_names_ends_no_wait(one: Front) -> None:
    """A listing of a newer service may leave it out; nothing is asked then."""
    made(one)
    one.api.clear_requests()
    agent = one.remote().agent_state(None)
    assert str(agent) == "its agent is not known"
    assert not agent.is_away
    assert one.api.requests == []


@pytest.mark.parametrize(("connected", "said"), [(True, "is connected"), (False, "is not connected")])
def test_an_agent_is_named_with_its_id_and_whether_it_is_connected(
    one: Front, connected: bool, said: str
) -> None:
    made(one)
    if not connected:
        one.api.agent_offline(GUIDE_AGENT)
    agent = one.remote().agent_state(GUIDE_AGENT)
    assert str(agent) == f"its agent 'streaming-agent' ({GUIDE_AGENT}) {said}"
    assert agent.is_away is not connected
    assert run_state.is_known("UNKNOWN") is False


# ---- a failure after the STOP ----


def test_an_edit_that_was_plainly_refused_is_not_looked_for(one: Front) -> None:
    """Only an answer that was lost leaves open what is stored, and a request of its own is due then."""
    existing = made(one)
    one.api.fail_next(400, match="PUT *")
    with pytest.raises(DpcError, match="rejected the request as invalid"):
        one.update(existing, inputs(**EDIT))
    methods = [request.method for request in one.api.requests]
    assert "GET" not in methods[methods.index("PUT") :]


def test_an_edit_that_is_refused_is_told_in_one_sentence_and_whether_it_runs(one: Front) -> None:
    """Everything is as it was, so there is no more to say; what the service found follows, a line each."""
    state = made(one, running=True)
    one.api.fail_next(400, match="PUT *", body={"violations": ["name: too long"]})
    with pytest.raises(Refused) as refused:
        one.update(state, inputs(running=True, **EDIT))
    path = "/v1/projects/" + state.id.replace("/", "/streaming-pipelines/")
    assert str(refused.value) == (
        f"the service rejected the request as invalid (PUT {path}, 400). It is running.\n  name: too long"
    )


def test_what_the_program_wants_stopped_is_not_started_because_an_edit_failed(one: Front) -> None:
    state = made(one, running=True)
    one.api.fail_next(400, match="PUT *")
    result = one.update(state, inputs(running=False, **EDIT))
    assert isinstance(result, Partial)
    assert one.writes() == ["STOP", "PUT"]
    assert "__resume" not in result.outputs
    assert result.reason.endswith("It is stopped.")


def test_an_edit_whose_restart_fails_says_that_it_is_owed(one: Front) -> None:
    state = made(one, running=True)
    one.api.fail_next(400, match="PUT *")
    one.api.start_fails()
    result = one.update(state, inputs(running=True, **EDIT))
    assert isinstance(result, Partial)
    assert result.outputs["__resume"] is True
    assert result.reason.endswith("It is stopped. It should run: the next `pulumi up` starts it.")


def test_a_start_whose_answer_was_lost_and_that_failed_is_told_by_what_was_seen_last(one: Front) -> None:
    """The status was seen again since, so nothing is unknown any more."""
    state = made(one, running=False)
    one.api.drop_next("after", match="POST *commands")
    one.api.start_fails()
    result = one.update(state, inputs(running=True))
    assert isinstance(result, Partial)
    assert "stopped again: it is NOT_RUNNING" in result.reason
    assert result.reason.endswith("It is stopped.")


# ---- UNKNOWN ----


def test_a_stop_that_nobody_sees_is_a_failure_where_standing_still_is_the_goal(one: Front) -> None:
    """Only an edit or a delete may go on without having seen it."""
    state = made(one, running=True)
    one.api.agent_offline(GUIDE_AGENT)
    result = one.update(state, inputs(running=False))
    assert isinstance(result, Partial)
    assert one.writes() == ["STOP"]
    assert (
        f"of stopping, because its agent 'streaming-agent' ({GUIDE_AGENT}) is not connected" in result.reason
    )
    assert not [text for text in one.warnings if "continuing with the change" in text]


def test_an_edit_under_unknown_goes_on_when_the_time_for_the_stop_is_up(one: Front) -> None:
    """Nobody can tell why nothing is reported, so it is waited for, and said."""
    state = made(one, running=True)
    one.api.fail_next(403, match="GET /v1/agents/*", times=None)
    one.api.rewrite_next(lambda _: {"status": "UNKNOWN"}, match="GET *status", times=None)
    result = one.update(state, inputs(running=True, **EDIT))
    assert isinstance(result, Partial)
    assert one.writes() == ["STOP", "PUT", "START"]
    assert one.warnings[-1] == (
        "orders-pipeline (resource orders): could not be confirmed as stopped"
        f" (its agent {GUIDE_AGENT} could not be looked up (403)); continuing with the change"
    )


@pytest.mark.parametrize(("status", "goes_on"), [("STOPPING", False), ("REBALANCING", True)])
def test_only_a_status_that_says_nothing_lets_an_edit_go_on(one: Front, status: str, goes_on: bool) -> None:
    """What is seen stopping after five minutes still holds what would be written."""
    state = made(one, running=True)
    one.api.rewrite_next(lambda _: {"status": status}, match="GET *status", nth=1, times=None)
    result = one.update(state, inputs(running=True, **EDIT))
    assert isinstance(result, Partial)
    assert ("PUT" in one.writes()) is goes_on


# ---- the agent of another ----


def test_a_start_refused_for_a_reason_that_nobody_sees_is_tried_four_times(one: Front) -> None:
    """The agent may just have become free; after that the operator has to look."""
    state = made(one, running=False)
    one.api.fail_next(409, match="POST *commands", times=None)
    with pytest.raises(Refused, match=r"could not be started: the service refused the request .* If another"):
        one.update(state, inputs(running=True))
    assert one.writes() == ["START"] * 4


def test_a_start_refused_because_of_another_pipeline_names_it(one: Front) -> None:
    state = made(one, running=False)
    ours = state.id.rpartition("/")[2]
    theirs = one.api.add_pipeline({**DEFINITION, "name": "theirs"}, status="STREAMING")
    with pytest.raises(Refused) as refused:
        one.update(state, inputs(running=True))
    assert str(refused.value).startswith(
        f"could not be started, because its agent runs the pipeline 'theirs' ({theirs}), and one agent runs one"
    )
    assert one.api.pipeline(ours).status == "NOT_RUNNING"


def test_a_refusal_told_in_other_words_is_the_same_refusal(one: Front) -> None:
    """Who catches it finds what the service has answered."""
    error = Conflict(
        "no", status=409, method="POST", path="/p", detail="why", violations=["x"], request_id="7"
    )
    context = run_context(one.operation(), RemotePipeline.of(one.operation(), "p/i", {}), {})
    said = describe_busy_agent(AgentUser("id", "other", "STREAMING"), context, error)
    assert isinstance(said, Conflict)
    assert {**vars(said)} == vars(error)


def test_a_wait_for_the_agent_of_another_pipeline_is_shown(one: Front) -> None:
    """It may take as long as the other one stops; a row that says nothing looks stuck."""
    busy_agent = one.api.add_agent("busy")
    state = made(one, running=True)
    theirs = one.api.add_pipeline({**DEFINITION, "name": "theirs", "agentId": busy_agent}, status="STREAMING")
    one.api.set_status(theirs, "STOPPING")
    after_polls(one, 6, lambda: one.api.stop(theirs))
    after_polls(one, 6, lambda: one.api.set_status(theirs, None))
    result = one.update(state, inputs(running=True, agentId=busy_agent))
    assert isinstance(result, Done)
    assert [
        line
        for line in one.lines
        if line.startswith("waiting, ") and line.endswith("; the agent runs 'theirs'")
    ]
    assert one.writes() == ["STOP", "PUT", "START"]


# ---- what is no edit ----


def test_values_that_become_secret_are_encrypted_without_a_request(one: Front) -> None:
    """The engine encrypts outputs only when an update returns them."""
    state = made(one)
    result = one.update(state, inputs(__secret_paths=["advancedProperties"]))
    assert isinstance(result, Done)
    assert result.id == state.id
    assert result.outputs == {**state.outputs, "__secret_paths": ["advancedProperties"]}
    assert one.api.requests == []


def test_ignored_parts_and_an_ignored_run_state_are_left_as_found(one: Front) -> None:
    state = made(one, running=True)
    one.api.edit(one.pipeline.id, advancedProperties={"max.batch.size": 7})
    one.api.stop(one.pipeline.id)
    target = {"streamingTarget": {"type": "s3", "bucket": "another"}}
    result = one.update(state, inputs(running=True, **target), ignored=("advancedProperties", "running"))
    assert isinstance(result, Done)
    assert one.writes() == ["PUT"]
    assert one.pipeline.definition["advancedProperties"]["max.batch.size"] == 7
    assert one.pipeline.definition["streamingTarget"]["bucket"] == "another"


def test_what_is_not_ignored_is_written(one: Front) -> None:
    state = made(one)
    one.api.edit(one.pipeline.id, advancedProperties={"max.batch.size": 7})
    result = one.update(state, inputs(streamingTarget={"type": "s3", "bucket": "another"}))
    assert isinstance(result, Done)
    assert one.pipeline.definition["advancedProperties"] == DEFINITION["advancedProperties"]


# ---- the polls ----


def test_the_delays_between_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "JITTER", 0)
    assert [polling.poll_delay(number) for number in (1, 2, 3, 6, 7, 50)] == [1, 1.5, 2.25, 7.59375, 10, 10]
    assert [polling.poll_delay(50, expected=left) for left in (20, 4, -4, -100)] == [10, 4, 2, 10]


def test_a_start_whose_answer_is_lost_is_not_called_nothing_when_nobody_may_look(one: Front) -> None:
    """The refusal of the look is no refusal of the START, which the service has carried out."""
    state = made(one, running=False)
    one.api.drop_next("after", match="POST *commands")
    one.api.fail_next(403, match="GET *status", nth=1, times=None)
    result = one.update(state, inputs(running=True))
    assert isinstance(result, Partial)
    assert result.outputs["__unfinished"] is True
    assert "Whether it runs is not known." in result.reason
