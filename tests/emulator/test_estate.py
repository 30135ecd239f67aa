"""The estate that an emulator can begin with: whatever a team may have before it has any of it as code."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator, Pipeline, contract
from tests.emulator.caller import Caller

SCHEMAS = contract.document()["components"]["schemas"]


@pytest.fixture(scope="module")
def estate() -> Iterator[Emulator]:
    with Emulator(seed="estate") as api:
        yield api


def kind(pipeline: Pipeline) -> tuple[str, str]:
    return pipeline.definition["streamingSource"]["type"], pipeline.definition["streamingTarget"]["type"]


def paths(value: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every field in a definition."""
    for key, member in value.items() if isinstance(value, dict) else ():
        yield (*above, key)
        yield from paths(member, (*above, key))


def documented(schema: Any) -> Iterator[tuple[str, ...]]:
    """Yield the path of every field that the document has below a schema."""
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for branch in schema.get("oneOf", ()):
        yield from documented(branch)
    for key, member in schema.get("properties", {}).items():
        yield (key,)
        yield from ((key, *below) for below in documented(member))


def test_each_source_is_there_with_each_target_twice(estate: Emulator) -> None:
    """Once with what it must have, once with every optional field; but some are newer than what is published."""
    known = Counter(
        (source, target)
        for source in SCHEMAS["StreamingSource"]["discriminator"]["mapping"]
        for target in SCHEMAS["StreamingTarget"]["discriminator"]["mapping"]
    )
    found = Counter(map(kind, estate.pipelines))
    assert len(estate.pipelines) == 40
    assert known.keys() - found.keys() == set()
    assert found.keys() - known.keys() == {("postgres", "iceberg"), ("mongodb", "s3")}


def test_every_documented_field_is_there(estate: Emulator) -> None:
    found = {path for one in estate.pipelines for path in paths(one.definition)}
    assert set(documented(SCHEMAS["DefinitionRequest"])) - found == set()


def test_the_names_are_any(estate: Emulator) -> None:
    names = [one.name for one in estate.pipelines if one.project_id == GUIDE_PROJECT]
    assert names.count("orders") == 2
    assert "Orders" in names
    assert {name for name in names if keyword.iskeyword(name)} == {"class", "None", "import"}
    assert any(not name.isascii() for name in names)


def test_some_run_and_no_agent_runs_two(estate: Emulator) -> None:
    assert set(Counter(one.status for one in estate.pipelines)) == {"STREAMING", "NOT_RUNNING", "UNKNOWN"}
    running = Counter(one.definition["agentId"] for one in estate.pipelines if one.running)
    assert set(running.values()) == {1}
    kinds = {(agent["agentType"], agent["connected"]) for agent in estate.agents}
    assert len(kinds) == 4


def test_agents_are_any_too(estate: Emulator) -> None:
    """Given to two pipelines, to none, spelled otherwise, gone, or not of the right type."""
    agents = {agent["agentId"]: agent for agent in estate.agents}
    used = Counter(one.definition["agentId"].lower() for one in estate.pipelines)
    assert set(used.values()) == {1, 2}
    assert [agent["name"] for id_, agent in agents.items() if id_ not in used] == ["nightly-away", "spare"]
    assert len(used.keys() - agents.keys()) == 1
    assert {agents[id_]["agentType"] for id_ in used if id_ in agents} == {
        "streaming",
        "data_productivity_cloud",
    }
    assert sum(one.definition["agentId"].isupper() for one in estate.pipelines) == 1
    assert {"Orders", "orders", "class"} <= {agent["name"] for agent in agents.values()}


def test_it_is_the_same_at_every_start_and_is_served_whole(estate: Emulator) -> None:
    """The definitions that are newer too, and an edit keeps what is newer in them."""
    with Emulator(seed="estate") as api, Caller(api) as caller:
        projects = [one["id"] for one in caller.send("GET", "/v1/projects").json()["results"]]
        listed = [
            caller.send("GET", f"/v1/projects/{one}/streaming-pipelines?size=100").json() for one in projects
        ]
        served = [one for page in listed for one in page["results"]]
        environments = [
            caller.send("GET", f"/v1/projects/{one}/environments").json()["total"] for one in projects
        ]
        (newer,) = [one for one in served if one["streamingTarget"]["type"] == "iceberg"]
        path = f"/v1/projects/{newer['projectId']}/streaming-pipelines/{newer['streamingPipelineId']}"
        body = {key: value for key, value in newer.items() if not key.endswith("Id") or key == "agentId"}
        assert caller.send("PUT", path, body | {"name": "edited"}).json() == newer | {"name": "edited"}
    assert environments == [2, 2]
    assert {one["streamingPipelineId"]: one["name"] for one in served} == {
        one.id: one.name for one in estate.pipelines
    }


def test_a_service_of_today_can_have_only_what_is_published() -> None:
    """Whoever gives the switch has it, and is told what is newer than that."""
    with pytest.raises(ValueError, match="is not a known field"):
        Emulator(seed="estate", unknown_field="ignored")
