"""What a preview says and asks, in every state of the account and the service; `tests.stack` asks with an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pulumi_dpc._api import client
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator, Fault
from tests.pipeline.direct import Front, front, inputs
from tests.worlds import edited, fixed_id

NOWHERE = fixed_id("nowhere", 0)
AGENTS, LIST, PROJECTS, TOKEN = (
    "/v1/agents",
    "*/streaming-pipelines",
    "/v1/projects",
    "/oauth/*",
)


@pytest.fixture
def one() -> Iterator[Front]:
    with front() as made:
        yield made


AWAY: dict[str, Callable[[Emulator, str], None]] = {
    "503": lambda api, match: api.fail_next(503, match=match, times=None),
    "429": lambda api, match: api.fail_next(429, match=match, times=None, retry_after=60),
    "refused": lambda api, match: api.inject(Fault("refuse", match=match)),
    "no answer": lambda api, match: api.drop_next("before", match=match, times=None),
    "silence": lambda api, match: api.stall_next(3600, match=match, times=None),
}


@pytest.mark.parametrize("how", AWAY)
@pytest.mark.parametrize("what", [AGENTS, LIST, PROJECTS, TOKEN])
def test_a_preview_does_not_wait_for_a_part_of_the_service_that_is_away(
    what: str, how: str, one: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tried for two minutes to get a token, or the list of projects."""
    monkeypatch.setattr(client, "HASTY_TIMEOUT", 0.05)
    AWAY[how](one.api, f"* {what}")
    began = one.clock.seconds
    for name in ("first", "second"):
        given = inputs(name=name, **({"projectId": NOWHERE} if what == PROJECTS else {}))
        assert one.preview(given, name=name) == []
    assert one.clock.seconds - began < 1
    (text,) = one.told
    assert "so this preview checks the definitions alone" in text
    assert one.api.requests == []  # of the second: after one failure nothing more is asked


# ---- a pipeline's own name and agent ----


def test_a_pipeline_renamed_in_the_web_page_is_not_told_of_itself(one: Front) -> None:
    """Its new name was taken, and its agent in use: by itself. The preview is not told its id."""
    one.create(inputs(name="before"))
    one.api.edit("before", name="after")
    one.api.start("after")
    assert one.preview(inputs(name="after"), inputs(name="before")) == []
    assert one.preview(inputs(name="before", advancedProperties={}), inputs(name="before")) == []
    assert one.preview(inputs(name="third"), inputs(name="before")) == []
    assert one.warnings == []


def test_a_pipeline_that_is_where_it_was_is_told_of_another(one: Front) -> None:
    one.create(inputs(name="before"))
    one.api.add_pipeline(edited(name="theirs"), status="STREAMING")
    assert one.preview(inputs(name="theirs"), inputs(name="before")) == []
    (warning,) = one.warnings
    assert "another pipeline has this name" in warning


def test_a_stopped_pipeline_on_the_agent_is_no_matter(one: Front) -> None:
    """One that the same program removes was warned of, and the update worked."""
    one.api.add_pipeline(edited(name="removed"))
    assert one.preview(inputs(name="new", running=True)) == []
    assert one.warnings == []


def test_two_new_pipelines_of_one_name_are_a_mistake_of_the_preview(one: Front) -> None:
    """The update made one, and failed in the middle with the other."""
    elsewhere = one.api.add_project("Sales")
    agents = {"agentId": one.api.add_agent("second")}
    assert one.preview(inputs(), name="a") == []
    assert one.preview(inputs(projectId=elsewhere, **agents), name="b") == []
    (mistake,) = one.preview(inputs(projectId=GUIDE_PROJECT.upper(), **agents), name="c")
    assert "the resources 'c' and 'a' are to have the same name, which only one pipeline may have" in mistake
    assert one.preview(inputs(name="other", **agents), name="c") == []
