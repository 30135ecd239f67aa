"""What users rely on before anything is done, and no other test holds: each by its promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT
from tests.pipeline.direct import Front, front, inputs
from tests.worlds import DEFINITION, edited

NOWHERE = "00000000-0000-4000-8000-000000000000"
NO_ID = "is not an id of a streaming pipeline: write '<project id>/<streaming pipeline id>'"
UNKNOWN = pulumi.output.Unknown()  # type: ignore[no-untyped-call]
"""What the host gives for a value that a preview cannot know."""


@pytest.fixture
def one() -> Iterator[Front]:
    with front() as made:
        yield made


@pytest.mark.parametrize(
    ("change", "mistakes"),
    [
        ({"projectId": None}, ["projectId (project_id): is required"]),
        ({"projectId": "Analytics"}, ["projectId (project_id): must be a UUID"]),
        ({"projectId": 5.0}, ["projectId (project_id): must be a UUID"]),
        ({"projectId": GUIDE_PROJECT.upper()}, []),
        ({"projectId": UNKNOWN}, []),
        ({"running": "true"}, ["running: must be true or false"]),
        ({"wait": 1.0}, ["wait: must be true or false"]),
        ({"interruptSnapshot": "no"}, ["interruptSnapshot (interrupt_snapshot): must be true or false"]),
        ({"running": UNKNOWN, "wait": UNKNOWN}, []),
        (
            {"projectId": None, "wait": 0.0, "agentId": None},
            [
                "projectId (project_id): is required",
                "wait: must be true or false",
                "agentId (agent_id): is required",
            ],
        ),
        (
            {"__import_id": f"{NOWHERE}/{NOWHERE}"},
            ["import_: names a pipeline of another project than projectId"],
        ),
        ({"__import_id": f"{NOWHERE}/{NOWHERE}", "projectId": UNKNOWN}, None),
        (
            {"__import_id": NOWHERE},
            [f"import_: '{NOWHERE}' {NO_ID}"],
        ),
        (
            {"__import_id": f"{GUIDE_PROJECT}/a/b"},
            [f"import_: '{GUIDE_PROJECT}/a/b' {NO_ID}"],
        ),
        ({"__import_id": UNKNOWN}, []),
    ],
)
def test_the_preview_refuses_what_could_never_be_applied(
    one: Front, change: dict[str, Any], mistakes: list[str] | None
) -> None:
    """All mistakes at once, before anything is changed; a value that is not known yet is none."""
    found = one.check(inputs(**change)).mistakes
    if mistakes is None:  # whether that project is the same one is not known yet
        assert found == [] or "another project" in found[0]
    else:
        assert found == mistakes
    assert one.api.requests == []


# ---- warnings of check ----


def test_what_this_version_does_not_know_is_said_with_the_pipeline_s_name(one: Front) -> None:
    """A misspelt optional field would be passed on, and dropped by the service, without a word."""
    target = {**DEFINITION["streamingTarget"], "prefx": "shop"}
    checked = one.check(inputs(streamingTarget=target))
    assert checked.mistakes == []
    (warning,) = one.warnings
    assert warning == (
        "orders-pipeline (resource orders): streamingTarget.prefx (streaming_target.prefx): is not a field this"
        " version knows; passed on unchecked"
    )


def test_a_mistyped_field_is_told_by_the_field_that_is_missing(one: Front) -> None:
    """In the spelling of the models too, in which most programs are written."""
    connection = {**DEFINITION["streamingSource"]["connection"], "usernme": "streamer"}
    del connection["username"]
    checked = one.check(inputs(streamingSource={**DEFINITION["streamingSource"], "connection": connection}))
    (mistake,) = checked.mistakes
    path = "streamingSource.connection.username (streaming_source.connection.username)"
    assert mistake == f"{path}: is required; `usernme` is not a field: did you mean `username`?"


def test_a_mapping_in_python_s_spelling_is_told_the_api_s(one: Front) -> None:
    """A mapping is taken as it is; without a word it would be a definition without a source."""
    given = inputs(streaming_source=DEFINITION["streamingSource"], streamingSource=None)
    (mistake,) = one.check(given).mistakes
    assert mistake.startswith("streamingSource (streaming_source): is required")
    assert mistake.endswith("`streaming_source` is not a field: did you mean `streamingSource`?")
    assert any("streaming_source: is not a field this version knows" in text for text in one.warnings)


def test_paths_inside_the_user_s_own_properties_stay_as_they_are(one: Front) -> None:
    spoiled = inputs(advancedProperties={"someKey": {"innerKey": float("inf")}})
    assert one.check(spoiled).mistakes == [
        "advancedProperties.someKey.innerKey (advanced_properties.someKey.innerKey): must be a finite number"
    ]


def test_resources_that_share_an_agent_are_said_with_the_pipeline_s_name(one: Front) -> None:
    one.check(inputs(running=True), name="one")
    assert one.check(inputs(running=False, name="stand-by"), name="other").mistakes == []
    (warning,) = one.warnings
    assert warning.startswith(
        "stand-by (resource other): agentId (agent_id): the resources 'one' and 'other' use the same agent"
    )


def test_an_unchanged_resource_is_still_held_against_the_others_of_its_agent(one: Front) -> None:
    """Its inputs were checked when they were recorded, but not what the program says of others now."""
    one.check(inputs(running=True), inputs(running=True), name="one")
    (mistake,) = one.check(inputs(running=True, name="new"), name="other").mistakes
    assert "and both are to run" in mistake


@pytest.mark.parametrize("change", [{"agentId": NOWHERE}, {"running": False}])
def test_only_a_change_of_agent_or_running_makes_a_shared_agent_a_mistake(
    one: Front, change: dict[str, Any]
) -> None:
    """Where neither says anything new the service may allow it: an `up` that worked must go on working."""
    one.check(inputs(running=True), inputs(running=True), name="one")
    before = inputs(running=True, name="other")
    edit = {"advancedProperties": {"x": 1}}
    assert one.check(inputs(running=True, name="other", **edit), before, name="other").mistakes == []
    assert one.warnings
    assert one.check({**before, **edit}, {**before, **change}, name="other").mistakes != []


# ---- import_ in the preview ----


def test_import_is_compared_in_the_preview_of_a_new_resource_only(one: Front) -> None:
    """A managed one is not compared again: `import_` may stay in the program while it is edited."""
    id_ = one.api.add_pipeline(edited(advancedProperties={"x": 1}))
    given = inputs(__import_id=f"{GUIDE_PROJECT}/{id_}")
    (mistake,) = one.check(given).mistakes
    assert (
        "named by import_ differs from the program, so it was not adopted and nothing was changed" in mistake
    )
    fresh = one.again()
    fresh.api.clear_requests()
    assert fresh.check(given, {**given, "wait": False}).mistakes == []
    assert fresh.api.requests == []


def test_a_replacement_does_not_compare_its_import_again(one: Front) -> None:
    """The engine checks it with empty old inputs, as if it were new."""
    id_ = one.api.add_pipeline(edited(advancedProperties={"x": 1}))
    given = inputs(__import_id=f"{GUIDE_PROJECT}/{id_}")
    one.check(given, {**given, "wait": False})
    one.api.clear_requests()
    assert one.check(given).mistakes == []
    assert one.api.requests == []


def test_import_in_another_case_is_the_same_pipeline(one: Front) -> None:
    id_ = one.api.add_pipeline(DEFINITION)
    checked = one.check(inputs(__import_id=f"{GUIDE_PROJECT}/{id_}".upper()))
    assert checked.mistakes == []
    assert checked.inputs["__import_id"] == f"{GUIDE_PROJECT}/{id_}"
