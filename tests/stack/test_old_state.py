"""States that released versions have left behind: this version refreshes, edits and destroys what they describe.

The names in them are an interface (``CONTRIBUTING.md``, what may never change). Whoever changes one needs a migration,
and a state here that shows it; the recorded ones stay as they are (``tests/stack/old_states.py``).
"""

from __future__ import annotations

import base64
import json
import pickle
import pickletools
from typing import Any

import pytest

from pulumi_dpc import StreamingPipeline
from pulumi_dpc._dynamic.hooks import StreamingPipelineProvider
from pulumi_dpc._entry import STREAMING_PIPELINE, load_provider
from pulumi_dpc.emulator import GUIDE_PROJECT
from tests.stack.old_states import PROGRAMS, STATES, definition_of, missing, recorded
from tests.stack.scenarios import succeeded
from tests.worlds import TYPE, MakeWorld, World, resource

STORIES = sorted(PROGRAMS)
OWED = {"failed-start", "unlucky-edit"}
"""Where the last operation failed, and the next `up` has to do something."""
DESIRED = {"running", "failed-start", "secret-input", "provider"}
RAN = {"running", "secret-input", "provider"}
BLOB = "gAJjcHVsdW1pX2RwYy5fZW50cnkKbG9hZF9wcm92aWRlcgpYEQAAAFN0cmVhbWluZ1BpcGVsaW5lhVIu"


def resources(text: str) -> list[dict[str, Any]]:
    return [entry for entry in json.loads(text)["deployment"]["resources"] if entry["type"] == TYPE]


@pytest.fixture
def world(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """A stack with a recorded state, and the service as that state describes it."""
    story = request.param
    one = make_world()
    text = recorded(story, one.api.url)
    (one.directory / "stack" / "stack.json").write_text(text)
    (entry,) = resources(text)
    project_id, pipeline_id = entry["id"].split("/")
    status = "STREAMING" if story in RAN else "NOT_RUNNING"
    one.api.add_pipeline(definition_of(story), project_id, id=pipeline_id, status=status)
    one.write(*PROGRAMS[story](one.api, definition_of(story)))
    return one


def in_every_story(test: Any) -> Any:
    """Run a test with each recorded state; it gets the story's name too."""
    return pytest.mark.parametrize(
        ("world", "story"), [(s, s) for s in STORIES], ids=STORIES, indirect=["world"]
    )(test)


def test_every_story_has_a_state() -> None:
    assert list(missing()) == []


@in_every_story
def test_the_next_up_has_nothing_to_do_or_finishes_what_was_left(world: World, story: str) -> None:
    before = world.pipeline.id
    result = world.up()
    assert result.ok, result.text
    done = [op for op in result.ops() if op[1] != "same"]
    assert done == ([("orders", "update")] if story in OWED else [])
    assert world.pipeline.id == before
    runs = story in DESIRED | {"unlucky-edit"}  # that edit had stopped it, and it ran before
    assert world.pipeline.status == ("STREAMING" if runs else "NOT_RUNNING")
    assert not {"__unfinished", "__resume"} & world.outputs().keys()
    assert world.run("preview", expect_no_changes=True).ok


@in_every_story
def test_a_refresh_finds_what_is_recorded(world: World, story: str) -> None:
    outputs = {key: value for key, value in world.outputs().items() if key != "__unfinished"}
    result = world.run("refresh")
    assert result.ok, result.text
    assert world.outputs() == outputs
    assert world.up().ok
    runs = story in DESIRED | {"unlucky-edit"}
    assert world.pipeline.status == ("STREAMING" if runs else "NOT_RUNNING")


@in_every_story
def test_an_edit_reaches_the_pipeline(world: World, story: str) -> None:
    before = world.pipeline.id
    definition = {**definition_of(story), "advancedProperties": {"max.batch.size": 2}}
    result = world.up(*PROGRAMS[story](world.api, definition))
    assert result.ok, result.text
    assert world.pipeline.id == before
    assert world.pipeline.definition["advancedProperties"] == {"max.batch.size": 2}
    assert world.run("preview", expect_no_changes=True).ok


@in_every_story
def test_it_is_destroyed(world: World, story: str) -> None:
    result = world.run("destroy")
    assert result.ok, result.text
    assert (world.api.pipelines, world.states()) == ([], [])


# ---- the names that states are made of ----


def test_the_type_token_is_the_one_in_all_states() -> None:
    """Another one would delete every pipeline and create it again."""
    assert TYPE == "pulumi-python:dynamic/dpc:StreamingPipeline"
    assert StreamingPipeline.__mro__[1].__name__ == "Resource"
    for story in STORIES:
        assert TYPE in (STATES / f"{story}.json").read_text()


@pytest.mark.parametrize("world", ["stopped"], indirect=True)
def test_the_type_token_of_today_is_the_recorded_one(world: World) -> None:
    assert world.up().ok
    assert [entry["type"] for entry in world.states()] == [TYPE]


ALWAYS = {
    *(
        "__provider",
        "projectId",
        "name",
        "agentId",
        "streamingSource",
        "streamingTarget",
        "advancedProperties",
    ),
    *("wait", "interruptSnapshot"),
}
SEEN = {"running", "status", "apiUrl"}
HIDDEN = {
    "stopped": set(),
    "running": {"__running"},
    "given-stopped": {"__running"},
    "failed-start": {"__running", "__unfinished"},
    "unlucky-edit": {"__unfinished", "__resume"},
    "secret-input": {"__running"},
    "provider": {"__running"},
    "imported": {"__import_id"},
}


@pytest.mark.parametrize("story", STORIES)
def test_the_property_names_in_states(story: str) -> None:
    (entry,) = resources(recorded(story, ""))
    given = {"__running": "running", "__import_id": "__import_id"}
    assert set(entry["outputs"]) == ALWAYS | SEEN | HIDDEN[story]
    assert set(entry["inputs"]) == ALWAYS | {given[key] for key in HIDDEN[story] if key in given}
    project_id, pipeline_id = entry["id"].split("/")
    assert project_id == GUIDE_PROJECT
    assert len(pipeline_id) == len(GUIDE_PROJECT)


@pytest.mark.parametrize("story", STORIES)
def test_no_state_holds_a_secret_outside_a_secret(story: str) -> None:
    """The recorded ones show their secrets, each in the one place that the engine encrypts."""
    text = recorded(story, "")
    hidden = [line for line in text.splitlines() if '"plaintext"' in line]
    shown = "\n".join(line for line in text.splitlines() if line not in hidden)
    assert "canary" not in shown
    assert bool(hidden) == (story in {"secret-input", "provider"})


# ---- the serialised provider ----


def test_the_serialised_provider_is_small_and_always_the_same() -> None:
    """A blob that changes shows as a difference of every resource, in every stack."""
    assert STREAMING_PIPELINE == BLOB
    assert len(BLOB) < 100
    for story in STORIES:
        (entry,) = resources(recorded(story, ""))
        assert entry["inputs"]["__provider"] == entry["outputs"]["__provider"] == BLOB


def test_the_serialised_provider_is_a_pickle_of_the_call_and_no_more() -> None:
    class Reference:
        def __reduce__(self) -> tuple[Any, ...]:
            return load_provider, ("StreamingPipeline",)

    pickled = pickletools.optimize(pickle.dumps(Reference(), protocol=2))
    assert base64.b64encode(pickled).decode() == BLOB


def test_the_serialised_provider_loads() -> None:
    assert isinstance(pickle.loads(base64.b64decode(BLOB)), StreamingPipelineProvider)  # noqa: S301 - our own


def test_the_serialised_provider_names_no_class() -> None:
    """So the class, and every module but this one, may be moved and renamed."""
    pickled = [
        argument for _, argument, _ in pickletools.genops(base64.b64decode(BLOB)) if isinstance(argument, str)
    ]
    assert pickled == ["pulumi_dpc._entry load_provider", "StreamingPipeline"]


def test_the_serialised_provider_loads_a_class_that_was_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Renamed(StreamingPipelineProvider):
        pass

    monkeypatch.setattr("pulumi_dpc._dynamic.hooks.StreamingPipelineProvider", Renamed)
    assert isinstance(pickle.loads(base64.b64decode(BLOB)), Renamed)  # noqa: S301 - our own


def test_the_state_of_a_newer_version_is_refused_with_a_sentence() -> None:
    blob = base64.b64decode(BLOB).replace(b"StreamingPipeline", b"ConnectedPipeline")
    with pytest.raises(
        ValueError, match="no resource 'ConnectedPipeline': the state was written by a newer version"
    ):
        pickle.loads(blob)  # noqa: S301 - our own


def test_a_state_without_a_name_can_be_destroyed(make_world: MakeWorld) -> None:
    """Outputs that were imported by hand may be incomplete."""
    world = make_world()
    world.up(resource())
    state = world.stack.state_text.replace('"name": "orders-pipeline",', "")
    (world.directory / "stack" / "stack.json").write_text(state)
    succeeded(world.run("destroy"), ("orders", "delete"))
    assert world.api.pipelines == []
