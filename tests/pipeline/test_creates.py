"""What users rely on when a pipeline is created, adopted or replaced, and no other test holds: each by its promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pulumi import UNKNOWN

from pulumi_dpc._resources.operation import Done, Gone, Partial, Refused
from pulumi_dpc._resources.streaming_pipeline import operations
from pulumi_dpc.emulator import GUIDE_PROJECT, Fault
from pulumi_dpc.errors import ApiError, ConfigurationError, DpcError, OutcomeUnknown
from tests.pipeline.direct import Front, front, inputs
from tests.worlds import DEFINITION

LISTING = "GET */streaming-pipelines"


@pytest.fixture
def one() -> Iterator[Front]:
    with front(start_seconds=5, stop_seconds=20) as made:
        yield made


def test_a_create_that_could_not_look_up_its_name_keeps_the_pipeline_of_that_name(one: Front) -> None:
    """A renamed resource without an alias: the engine goes on to delete the old one, whose pipeline it is."""
    old = one.again().create(inputs(running=True), "old")
    one.check(inputs(running=True), name="new")
    one.api.fail_next(403, match=LISTING)
    with pytest.raises(ApiError):
        one.create(inputs(running=True), "new")
    with pytest.raises(Refused, match="a create in this command failed that may be about this very pipeline"):
        one.delete(old, "old")
    assert one.writes() == []
    assert one.pipeline.status == "STREAMING"


def test_a_create_that_could_not_look_up_its_name_lets_others_be_deleted(one: Front) -> None:
    old = one.again().create(inputs(name="another"), "old")
    one.api.fail_next(403, match=LISTING)
    with pytest.raises(ApiError):
        one.create(inputs(), "new")
    one.delete(old, "old")
    assert one.api.pipelines == []


# ---- a POST whose answer is lost ----


def test_a_create_whose_answer_was_lost_goes_on_with_its_pipeline_at_once(one: Front) -> None:
    """It is found, started and kept in the same command; the operator need not do anything."""
    one.api.drop_next("after", match="POST */streaming-pipelines")
    result = one.create(inputs(running=True))
    assert isinstance(result, Done)
    assert one.writes() == ["POST", "START"]
    assert result.id == f"{GUIDE_PROJECT}/{one.pipeline.id}"
    assert result.outputs["running"] is True
    assert one.warnings == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"agentId": "00000000-0000-4000-8000-000000000000"}, False),
        ({"streamingTarget": {"type": "s3", "bucket": "another"}}, False),
        ({"streamingTarget": {"type": "s3", "bucket": "LANDING"}}, True),
        ({"advancedProperties": {}}, True),
    ],
    ids=["another agent", "another bucket", "a bucket in another case", "without an optional part"],
)
def test_what_is_found_after_a_lost_answer_is_ours_only_if_it_may_be(
    one: Front, change: dict[str, Any], found: bool
) -> None:
    """Somebody may have made one of that name at the same moment; the service may spell ours otherwise."""
    one.api.drop_next("after", match="POST */streaming-pipelines")

    def changed(request: Any) -> None:
        if request.method == "GET" and request.path.endswith("/streaming-pipelines") and one.api.pipelines:
            one.api.edit(one.pipeline.id, change)

    one.api.on_request(changed)
    if found:
        assert isinstance(one.create(inputs()), Done)
        return
    with pytest.raises(OutcomeUnknown, match="the pipelines of this name differ from this definition"):
        one.create(inputs())


def test_two_that_may_be_what_was_posted_are_none_of_ours(one: Front) -> None:
    one.api.drop_next("after", match="POST */streaming-pipelines")

    def twin(request: Any) -> None:
        if request.method == "GET" and len(one.api.pipelines) == 1:
            one.api.add_pipeline(one.pipeline.definition)

    one.api.on_request(twin)
    with pytest.raises(OutcomeUnknown, match="2 of this name and definition are there now"):
        one.create(inputs())


def test_a_create_called_again_after_a_lost_answer_finds_what_the_first_has_made(one: Front) -> None:
    """The first could not look; a second POST would make a second pipeline."""
    one.api.drop_next("after", match="POST */streaming-pipelines")
    one.api.fail_next(403, match=LISTING, nth=1)
    with pytest.raises(OutcomeUnknown, match="It could not be looked up whether the pipeline was created"):
        one.create(inputs(running=True))
    result = one.create(inputs(running=True))
    assert isinstance(result, Done)
    assert result.id == f"{GUIDE_PROJECT}/{one.pipeline.id}"
    assert one.writes() == ["POST", "START"]


def test_a_resource_that_the_host_does_not_name_finds_what_it_has_made_too(one: Front) -> None:
    """Without the host hooks no operation knows its URN."""
    one.api.drop_next("after", match="POST */streaming-pipelines")
    one.api.fail_next(403, match=LISTING, nth=1)
    operation = replace(one.operation(), urn=None)
    with pytest.raises(OutcomeUnknown):
        operations.create(operation, inputs())
    assert isinstance(operations.create(operation, inputs()), Done)


def test_what_the_service_makes_of_a_new_definition_is_looked_at_where_its_answer_does_not_tell(
    one: Front,
) -> None:
    """Otherwise the next refresh would call it drift, and stop the pipeline to write the same again."""
    one.api.settings.write_answer = "ids"
    one.api.settings.recased = (("streamingTarget", "bucket"),)
    result = one.create(inputs())
    assert isinstance(result, Done)
    assert result.outputs["__not_stored"] == [
        {"path": ["streamingTarget", "bucket"], "written": "landing", "stored": "LANDING"}
    ]
    (warning,) = one.warnings
    assert "streamingTarget.bucket (stored in another case)" in warning
    refreshed = one.again().read(result)
    assert isinstance(refreshed, Done)
    assert refreshed.outputs["__not_stored"] == result.outputs["__not_stored"]
    assert "__drift" not in refreshed.outputs
    later = one.again()
    assert later.diff(refreshed, inputs()).changes is False
    (said,) = later.warnings
    assert "streamingTarget.bucket (stored in another case)" in said
    other = inputs(streamingTarget={"type": "s3", "bucket": "another"})
    assert one.again().diff(refreshed, other).changes is None
    assert isinstance(one.again().update(refreshed, inputs()), Done)
    assert one.writes() == []


# ---- deleted while it is started, and a create that is called again ----


def delete_after_start(one: Front) -> None:
    started = False

    def act(request: Any) -> None:
        nonlocal started
        if started and request.path.endswith("/status") and one.api.pipelines:
            one.api.delete(one.pipeline.id)
        started |= request.body == {"command": "START"}

    one.api.on_request(act)


def test_a_pipeline_deleted_while_it_is_started_leaves_nothing_to_be_gone_on_with(one: Front) -> None:
    """An id of nothing in the state would be refreshed, edited and deleted in vain."""
    delete_after_start(one)
    with pytest.raises(Refused) as refused:
        one.create(inputs(running=True))
    assert str(refused.value) == "was deleted outside Pulumi while it was started; run `pulumi up` again"
    again = one.create(inputs())
    assert isinstance(again, Done)
    assert again.id.endswith(one.pipeline.id)


def test_a_create_called_again_for_a_pipeline_that_is_gone_makes_another(one: Front) -> None:
    one.api.start_fails()
    first = one.create(inputs(running=True))
    assert isinstance(first, Partial)
    one.api.delete(one.pipeline.id)
    second = one.create(inputs(running=True))
    assert isinstance(second, Done)
    assert second.id != first.id
    assert second.outputs["running"] is True


def test_a_create_called_again_that_cannot_look_keeps_what_the_first_has_left(one: Front) -> None:
    one.api.start_fails()
    first = one.create(inputs(running=True))
    one.api.fail_next(403, match="GET *status")
    second = one.create(inputs(running=True))
    assert isinstance(second, Partial)
    assert (second.id, second.outputs) == (first.id, first.outputs)
    assert second.reason.startswith(
        "orders-pipeline (resource orders): was created, but the service does not allow this"
    )
    assert second.reason.endswith("The next `pulumi up` continues.")


def test_a_start_that_is_refused_leaves_what_the_next_up_starts(one: Front) -> None:
    """Whatever fails after the POST leaves a pipeline that the state must know of."""
    one.api.fail_next(403, match="POST *commands")
    first = one.create(inputs(running=True))
    assert isinstance(first, Partial)
    assert (first.outputs["running"], first.outputs["status"]) == (False, "NOT_RUNNING")
    assert one.again().diff(first, inputs(running=True)).changes is True
    assert isinstance(one.again().update(first, inputs(running=True)), Done)
    assert one.writes() == ["START"]


def test_a_create_that_was_cut_off_after_its_post_is_recorded_as_unfinished(one: Front) -> None:
    """It has written, so the next operation looks, whatever the program says then."""
    one.api.inject(Fault("refuse", match="POST *commands"))
    result = one.create(inputs(running=True))
    assert isinstance(result, Partial)
    assert "cannot be reached" in result.reason
    assert result.outputs["__unfinished"] is True


def test_a_create_called_again_that_only_waits_is_recorded_as_unfinished_too(one: Front) -> None:
    """It sends nothing, but it goes on with what the first call has written."""
    one.api.settings.start_seconds = 50
    one.api.start_fails()
    first = one.create(inputs(running=True), timeout=10)
    assert isinstance(first, Partial)
    assert "is STARTING after 10 s of starting" in first.reason
    second = one.create(inputs(running=True))
    assert isinstance(second, Partial)
    assert one.writes() == ["POST", "START"]
    assert "stopped again" in second.reason
    assert second.outputs["__unfinished"] is True


# ---- adopting ----


def test_two_resources_of_one_program_never_create_one_name(one: Front) -> None:
    """The error names the other resource of the program, not an alias that would be wrong."""
    one.check(inputs(), name="one")
    one.check(inputs(), name="other")
    one.create(inputs(), "one")
    with pytest.raises(ConfigurationError, match=r"is managed already, by the resource urn:.*::one of this"):
        one.create(inputs(), "other")


def test_a_failed_adoption_keeps_the_pipeline_that_it_names(one: Front) -> None:
    """A renamed resource with `import_` that differs: the delete of the old one comes after that failure."""
    old = one.again().create(inputs(running=True), "old")
    with pytest.raises(ConfigurationError, match="differs from the program"):
        one.create(inputs(running=False, __import_id=old.id), "new")
    with pytest.raises(Refused, match="was not deleted, because a create in this command failed"):
        one.delete(old, "old")
    assert one.pipeline.status == "STREAMING"


def test_what_is_adopted_running_as_it_should_is_not_warned_of(one: Front) -> None:
    id_ = one.api.add_pipeline(DEFINITION, status="STREAMING")
    result = one.create(inputs(running=True, __import_id=f"{GUIDE_PROJECT}/{id_}"))
    assert isinstance(result, Done)
    assert one.warnings == []
    result = one.again().create(inputs(__import_id=f"{GUIDE_PROJECT}/{id_}"))
    assert isinstance(result, Done)


@pytest.mark.parametrize(
    ("status", "running", "warning"),
    [
        ("NOT_RUNNING", True, "was adopted as it is (NOT_RUNNING); the next `pulumi up` starts it"),
        ("NOT_RUNNING", False, None),
        ("NOT_RUNNING", None, None),
        ("STREAMING", None, None),
        (
            "UNKNOWN",
            True,
            "was adopted while its status is UNKNOWN; the next `pulumi up` looks again whether it runs",
        ),
        (
            "UNKNOWN",
            False,
            "was adopted while its status is UNKNOWN; the next `pulumi up` looks again whether it runs",
        ),
    ],
)
def test_what_an_adoption_leaves_to_the_next_up_is_said(
    one: Front, status: str, running: bool | None, warning: str | None
) -> None:
    id_ = one.api.add_pipeline(DEFINITION)
    one.api.rewrite_next(lambda _: {"status": status}, match="GET *status")
    result = one.create(inputs(running=running, __import_id=f"{GUIDE_PROJECT}/{id_}"))
    assert isinstance(result, Done)
    assert one.warnings == ([] if warning is None else [f"orders-pipeline (resource orders): {warning}"])
    assert result.outputs["running"] is (status == "STREAMING" or (status == "UNKNOWN" and not running))
    assert one.writes() == []


def test_an_adoption_without_running_given_needs_to_know_whether_it_runs(one: Front) -> None:
    id_ = one.api.add_pipeline(DEFINITION)
    one.api.rewrite_next(lambda _: {"status": "UNKNOWN"}, match="GET *status")
    with pytest.raises(ConfigurationError, match="running: the program does not give it"):
        one.create(inputs(__import_id=f"{GUIDE_PROJECT}/{id_}"))


def test_an_adoption_is_compared_only_when_all_of_the_program_is_known(one: Front) -> None:
    """A preview cannot tell what a value will be, and must not ask for what it cannot compare."""
    id_ = one.api.add_pipeline(DEFINITION)
    unknown = inputs(streamingTarget=UNKNOWN, __import_id=f"{GUIDE_PROJECT}/{id_}")
    assert one.check(unknown).mistakes == []
    assert one.api.requests == []


def test_an_adoption_is_compared_at_every_check_until_it_was_made(one: Front) -> None:
    """Only a resource that an operation has met is known; one that was only compared is still new."""
    id_ = one.api.add_pipeline(DEFINITION, status="STREAMING")
    wrong = inputs(running=False, __import_id=f"{GUIDE_PROJECT}/{id_}")
    assert [one.check(wrong).mistakes != [] for _ in range(2)] == [True, True]


# ---- a delete that fails ----


@pytest.mark.parametrize("ran", [True, False])
def test_a_delete_that_fails_starts_again_what_it_has_stopped(one: Front, ran: bool) -> None:
    made = one.again().create(inputs(running=ran))
    one.api.fail_next(409, match="DELETE *")
    with pytest.raises(Refused, match=r"was not deleted: the service refused .* It is (running|stopped)"):
        one.delete(made)
    assert one.writes() == (["STOP", "DELETE", "START"] if ran else ["DELETE"])
    assert one.pipeline.running is ran


# ---- a refresh ----


def test_what_is_gone_from_the_listing_too_is_gone(one: Front) -> None:
    made = one.again().create(inputs(running=True))
    one.api.delete(one.pipeline.id)
    assert isinstance(one.read(made), Gone)
    assert one.warnings == []


def test_a_pipeline_of_a_project_that_is_not_visible_is_not_gone(one: Front) -> None:
    made = one.again().create(inputs(running=True))
    one.api.delete_project(GUIDE_PROJECT)
    with pytest.raises(DpcError, match="is not visible at"):
        one.read(made)


def test_a_refresh_reads_no_page_behind_the_one_that_has_the_pipeline(one: Front) -> None:
    """Each page is up to a hundred definitions."""
    made = one.again().create(inputs())
    for number in range(100):
        one.api.add_pipeline({**DEFINITION, "name": f"other-{number}"})
    one.api.clear_requests()
    assert isinstance(one.read(made), Done)
    asked = [request for request in one.api.requests if request.path.endswith("/streaming-pipelines")]
    assert len(asked) == 1
