"""A state with an agent, as the first version with agents leaves it: its names are an interface."""

from __future__ import annotations

import base64
import json
import pickle

import pytest

from pulumi_dpc._dynamic.hooks import StreamingAgentProvider
from pulumi_dpc._entry import STREAMING_AGENT, load_provider
from pulumi_dpc.emulator import GUIDE_AGENT
from tests import DATA
from tests.stack.agents import AGENT_TYPE, agent, live, managed
from tests.stack.scenarios import succeeded
from tests.worlds import MakeWorld, World

STATE = DATA / "agent_states" / "described.json"
URL = "http://127.0.0.1:8642/dpc"
"""Stands in the recorded state for the address of the service, which differs from run to run."""
AGENT_ID = "8c1f7a52-52a5-4d3b-9f0e-1f8a0d7c9e21"
BLOB = "gAJjcHVsdW1pX2RwYy5fZW50cnkKbG9hZF9wcm92aWRlcgpYDgAAAFN0cmVhbWluZ0FnZW50hVIu"


def program() -> str:
    return agent(description="Orders", restricted_access=True)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A stack with the recorded state, and the service as that state describes it."""
    one = make_world()
    (one.directory / "stack" / "stack.json").write_text(STATE.read_text().replace(URL, one.api.url))
    one.api.add_agent("orders-agent", AGENT_ID)
    one.api.edit_agent(
        AGENT_ID, cloudProvider="aws", deployment="fargate", description="Orders", restrictedAccess=True
    )
    one.write(program())
    return one


def test_the_next_up_has_nothing_to_do(world: World) -> None:
    succeeded(world.up())
    assert world.requests() == []
    assert world.run("preview", expect_no_changes=True).ok


def test_it_is_refreshed_edited_and_destroyed(world: World) -> None:
    assert world.run("refresh").ok
    succeeded(world.run("preview", expect_no_changes=True))
    succeeded(world.up(agent(description="Orders")), ("agent", "update"))
    assert live(world)["agentId"] == AGENT_ID
    succeeded(world.run("destroy"), ("agent", "delete"))
    assert [one["agentId"] for one in world.api.agents] == [GUIDE_AGENT]


def test_the_names_in_the_state(world: World) -> None:
    entry = managed(world)
    assert entry["type"] == AGENT_TYPE
    assert entry["id"] == AGENT_ID
    given = {"name", "cloudProvider", "deployment", "description", "restrictedAccess"}
    assert set(entry["inputs"]) == {*given, "__provider"}
    shown = {*given, "trackName", "agentId", "agentStatus", "connected", "versionDetails", "apiUrl"}
    assert set(entry["outputs"]) == {*shown, "__provider", "__secret_paths", "__given", "__witnesses"}
    assert entry["outputs"]["__given"] == ["restrictedAccess"]
    assert entry["outputs"]["__witnesses"] == [f"agent/{GUIDE_AGENT}"]


def test_the_serialised_provider_is_the_recorded_one() -> None:
    """A blob that changes shows as a difference of every resource, in every stack."""
    assert STREAMING_AGENT == BLOB
    (entry,) = [
        one for one in json.loads(STATE.read_text())["deployment"]["resources"] if one["type"] == AGENT_TYPE
    ]
    assert entry["inputs"]["__provider"] == BLOB
    assert pickle.loads(base64.b64decode(BLOB)).__class__ is StreamingAgentProvider  # noqa: S301
    assert isinstance(load_provider("StreamingAgent"), StreamingAgentProvider)
