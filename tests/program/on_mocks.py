"""A user's unit tests of a program: under `pulumi.runtime.set_mocks` its lookups ask the mocks, and nobody else.

In a process of their own (`test_mocks`): mocks are for the whole life of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

import pulumi_dpc as dpc
from tests.worlds import DEFINITION

ANSWERS: dict[str, dict[str, Any]] = {
    "dpc:index:getProject": {"id": "p-1", "name": "Analytics", "description": "of the shop"},
    "dpc:index:getEnvironment": {
        "name": "production",
        "defaultAgentId": "a-1",
        "defaultAgentName": "streaming",
    },
    "dpc:index:getAgent": {"agentId": "a-1", "name": "streaming", "connected": True},
    "dpc:index:getStreamingPipeline": {
        "streamingPipelineId": "s-1",
        "agentId": "a-1",
        "streamingSource": DEFINITION["streamingSource"],
        "status": "STREAMING",
    },
    "dpc:index:getProjects": {"projects": [{"id": "p-1", "name": "Analytics"}]},
    "dpc:index:getEnvironments": {"environments": [{"name": "production"}]},
    "dpc:index:getAgents": {"agents": [{"agentId": "a-1", "name": "streaming"}]},
    "dpc:index:getStreamingPipelines": {"streamingPipelines": [{"streamingPipelineId": "s-1"}]},
}


class Mocks(pulumi.runtime.Mocks):
    """What a user's test has; it remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.made: dict[str, dict[str, Any]] = {}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """Answer a lookup."""
        self.asked.append((args.token, args.args, args.provider))
        return self.answers.get(args.token, {})

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Make a resource."""
        self.made[args.name] = args.inputs
        return f"{args.name}-id", args.inputs


def mocked(answers: Mapping[str, Any] = ANSWERS) -> Mocks:
    mocks = Mocks(answers)
    pulumi.runtime.set_mocks(mocks, preview=False)
    return mocks


def test_plain_lookups_ask_the_mocks() -> None:
    mocks = mocked()
    project = dpc.get_project("Analytics")
    assert project == dpc.Project("p-1", "Analytics", "of the shop")
    assert dpc.get_environment(project.id, "production") == dpc.Environment("production", "a-1", "streaming")
    assert dpc.get_environment(project.id).default_agent_id == "a-1"
    assert [(token, arguments) for token, arguments, _ in mocks.asked] == [
        ("dpc:index:getProject", {"name": "Analytics"}),
        ("dpc:index:getEnvironment", {"projectId": "p-1", "name": "production"}),
        ("dpc:index:getEnvironment", {"projectId": "p-1"}),
    ]


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_lookups_of_outputs_ask_the_mocks() -> pulumi.Output[None]:
    mocks = mocked()
    project = dpc.get_project_output(pulumi.Output.from_input("Analytics"))
    environment = dpc.get_environment_output(project.id, "production")

    def hold(found: list[Any]) -> None:
        assert found == [dpc.Project("p-1", "Analytics", "of the shop"), "a-1"]
        assert [(token, arguments) for token, arguments, _ in mocks.asked] == [
            ("dpc:index:getProject", {"name": "Analytics"}),
            ("dpc:index:getEnvironment", {"projectId": "p-1", "name": "production"}),
        ]

    return pulumi.Output.all(project, environment.default_agent_id).apply(hold)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_the_mocks_are_told_which_provider_is_asked() -> pulumi.Output[None]:
    mocks = mocked()
    america = dpc.Provider("america", region="us1", token="t")
    parent = pulumi.ComponentResource(
        "shop:index:Streams", "streams", opts=pulumi.ResourceOptions(providers=[america])
    )
    found = [
        dpc.get_project_output("Analytics", opts=opts).id
        for opts in (
            pulumi.InvokeOptions(provider=america),
            pulumi.InvokeOptions(parent=parent),
            pulumi.InvokeOutputOptions(provider=america, depends_on=[parent]),
        )
    ]

    def hold(ids: list[str]) -> None:
        assert ids == ["p-1"] * 3
        assert all("america" in provider for _, _, provider in mocks.asked)

    return pulumi.Output.all(*found).apply(hold)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_a_whole_program_runs_on_mocks() -> pulumi.Output[None]:
    mocks = mocked()
    project = dpc.get_project("Analytics")
    orders = dpc.StreamingPipeline.from_definition("orders", DEFINITION, project_id=project.id)

    def hold(project_id: str) -> None:
        assert project_id == "p-1"
        assert mocks.made["orders"]["streamingTarget"] == DEFINITION["streamingTarget"]

    return orders.project_id.apply(hold)


def test_lookups_of_one_thing_ask_the_mocks() -> None:
    mocks = mocked()
    assert dpc.get_agent(name="streaming") == dpc.Agent("a-1", "streaming", connected=True)
    found = dpc.get_streaming_pipeline("p-1", name="orders")
    assert (found.id, found.name, found.agent_id, found.status) == ("p-1/s-1", "orders", "a-1", "STREAMING")
    assert found.streaming_source == DEFINITION["streamingSource"]
    assert type(found.streaming_source["connection"]["port"]) is int
    assert [(token, arguments) for token, arguments, _ in mocks.asked] == [
        ("dpc:index:getAgent", {"name": "streaming"}),
        ("dpc:index:getStreamingPipeline", {"projectId": "p-1", "name": "orders"}),
    ]


def test_lookups_of_all_things_ask_the_mocks() -> None:
    mocks = mocked()
    assert dpc.get_projects() == [dpc.Project("p-1", "Analytics")]
    assert dpc.get_environments("p-1") == [dpc.Environment("production", "", "")]
    assert dpc.get_agents(streaming=True) == [dpc.Agent("a-1", "streaming")]
    assert [one.id for one in dpc.get_streaming_pipelines("p-1")] == ["p-1/s-1"]
    assert [(token, arguments) for token, arguments, _ in mocks.asked] == [
        ("dpc:index:getProjects", {}),
        ("dpc:index:getEnvironments", {"projectId": "p-1"}),
        ("dpc:index:getAgents", {"streaming": True}),
        ("dpc:index:getStreamingPipelines", {"projectId": "p-1"}),
    ]


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_each_lookup_of_outputs_asks_the_mocks() -> pulumi.Output[None]:
    mocks = mocked()
    project_id = pulumi.Output.from_input("p-1")
    found = [
        dpc.get_agent_output(id=pulumi.Output.from_input("a-1")).name,
        dpc.get_streaming_pipeline_output(project_id, name="orders").status,
        dpc.get_projects_output().apply(len),
        dpc.get_environments_output(project_id).apply(len),
        dpc.get_agents_output(connected=True).apply(len),
        dpc.get_streaming_pipelines_output(project_id).apply(len),
    ]

    def hold(values: list[Any]) -> None:
        assert values == ["streaming", "STREAMING", 1, 1, 1, 1]
        assert {token for token, _, _ in mocks.asked} == set(ANSWERS) - {
            "dpc:index:getProject",
            "dpc:index:getEnvironment",
        }

    return pulumi.Output.all(*found).apply(hold)


def test_mocks_may_leave_out_what_the_program_has_asked_for() -> None:
    mocked({"dpc:index:getProject": {"id": "p-1"}, "dpc:index:getEnvironment": {"defaultAgentId": "a-1"}})
    assert dpc.get_project("Analytics") == dpc.Project("p-1", "Analytics")
    assert dpc.get_environment("p-1", "production") == dpc.Environment("production", "a-1", "")
    mocked({"dpc:index:getAgent": {"name": "streaming"}})
    assert dpc.get_agent(id="a-1") == dpc.Agent("a-1", "streaming")


def test_mocks_that_know_nothing_of_a_lookup_are_told_what_to_return() -> None:
    """`call` returns {} in many a test; an id of None would fail far from there."""
    mocked({})
    with pytest.raises(
        dpc.LookupFailed, match=r"let `call` return \{'id': '...'\} where args.token is 'dpc:index:getP"
    ):
        dpc.get_project("Analytics")
    with pytest.raises(dpc.LookupFailed, match=r"\{'defaultAgentId': '...'\}"):
        dpc.get_environment("p-1")
    with pytest.raises(dpc.LookupFailed, match=r"\{'agentId': '...'\} where args.token is 'dpc:index:getA"):
        dpc.get_agent(id="a-1")
    with pytest.raises(dpc.LookupFailed, match=r"\{'agents': \[\{'agentId': '...'\}\]\}"):
        dpc.get_agents()


CREDENTIALS = {"dpc:index:getAgentCredentials": {"clientId": "c-1", "clientSecret": "canary"}}


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_an_agent_and_its_credentials_run_on_mocks() -> pulumi.Output[None]:
    mocks = mocked(CREDENTIALS)
    agent = dpc.StreamingAgent("orders", name="orders", cloud_provider="aws", deployment="eks")
    later = dpc.get_agent_credentials_output("a-1")
    now = dpc.get_agent_credentials("a-1")

    def hold(found: list[str]) -> None:
        assert found == ["orders", "c-1", "canary", "canary"]
        assert mocks.made["orders"]["deployment"] == "eks"
        assert [(token, given) for token, given, _ in mocks.asked] == [
            ("dpc:index:getAgentCredentials", {"agentId": "a-1"})
        ] * 2

    return pulumi.Output.all(agent.name, later.client_id, later.client_secret, now.client_secret).apply(hold)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_the_credentials_of_mocks_are_secrets_too() -> pulumi.Output[None]:
    mocked(CREDENTIALS)
    later, now = dpc.get_agent_credentials_output("a-1"), dpc.get_agent_credentials("a-1")

    async def hold() -> None:
        for one in (later.client_id, later.client_secret, now.client_id, now.client_secret):
            assert await one.is_secret()

    return pulumi.Output.from_input(hold())
