"""The scenarios of an agent's life, alone and with its pipeline, written once and run on both engines."""

from __future__ import annotations

from typing import Any

from tests.stack.agents import agent, live, made, managed
from tests.stack.scenarios import failed, scenario, succeeded
from tests.worlds import World, edited, resource

LIST = "GET /v1/agents"
CREATE = "POST /v1/agents"
GET = "GET /v1/agents/{agent}"
CHANGE = "PATCH /v1/agents/{agent}"
DELETE = "DELETE /v1/agents/{agent}"
USED = ["GET /v1/projects", "GET /v1/projects/{project}/streaming-pipelines"]


def with_pipeline(**arguments: Any) -> tuple[str, str]:
    """Return a program of an agent and its pipeline."""
    return agent(**arguments), resource(definition=edited(agentId="text:agent.agent_id"))


@scenario
def an_agent_lives(world: World) -> None:
    succeeded(world.up(agent(description="Orders")), ("agent", "create"))
    assert world.requests() == [LIST, CREATE]
    assert managed(world)["id"] == live(world)["agentId"]
    assert managed(world)["outputs"]["agentId"] == live(world)["agentId"]
    succeeded(world.run("preview", expect_no_changes=True))
    assert world.requests() == []
    succeeded(world.up(agent(description="Orders, EU", restricted_access=True)), ("agent", "update"))
    assert world.requests() == [GET, CHANGE, GET]
    assert (live(world)["description"], live(world)["restrictedAccess"]) == ("Orders, EU", True)
    succeeded(world.up(agent()), ("agent", "update"))
    assert (live(world)["description"], live(world)["restrictedAccess"]) == ("", True)
    succeeded(world.run("preview", expect_no_changes=True))
    succeeded(world.run("destroy"), ("agent", "delete"))
    assert world.requests() == [LIST, *USED, DELETE, GET]
    assert made(world) == []


@scenario
def the_drift_of_an_agent_is_shown_and_repaired(world: World) -> None:
    world.up(agent(description="ours"))
    world.api.edit_agent(live(world)["agentId"], description="theirs")
    succeeded(world.run("refresh"), ("agent", "refresh:update"))
    assert world.requests() == [LIST]
    assert managed(world)["inputs"]["description"] == "theirs"
    succeeded(world.up(), ("agent", "update"))
    assert live(world)["description"] == "ours"
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def an_agent_deleted_outside_is_made_again(world: World) -> None:
    world.up(agent())
    before = live(world)["agentId"]
    world.api.remove_agent(before)
    world.run("refresh")
    succeeded(world.up(), ("agent", "create"))
    assert live(world)["agentId"] != before


@scenario
def an_agent_of_another_deployment_replaces_it(world: World) -> None:
    """Of the same name: the old one first, because a name is one agent's."""
    world.up(agent())
    before = live(world)["agentId"]
    result = world.up(agent(deployment="eks"))
    assert result.ok, result.text
    assert live(world)["agentId"] != before
    assert live(world)["deployment"] == "eks"
    assert world.requests() == [LIST, *USED, DELETE, GET, CREATE]
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def an_agent_and_its_pipeline(world: World) -> None:
    succeeded(world.up(*with_pipeline()), ("agent", "create"), ("orders", "create"))
    assert world.pipeline.definition["agentId"] == live(world)["agentId"]
    succeeded(world.run("preview", expect_no_changes=True))
    assert world.requests() == []
    succeeded(world.run("destroy"), ("orders", "delete"), ("agent", "delete"))
    assert (made(world), world.api.pipelines) == ([], [])


@scenario
def a_replacement_of_another_name_takes_the_pipeline_over(world: World) -> None:
    """It is made first, the pipeline moves, and only then is the old agent deleted."""
    world.up(*with_pipeline())
    result = world.up(*with_pipeline(name="orders-agent-2", deployment="eks"))
    assert result.ok, result.text
    assert live(world)["name"] == "orders-agent-2"
    assert world.pipeline.definition["agentId"] == live(world)["agentId"]
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def an_agent_that_a_pipeline_uses_is_not_replaced_in_its_place(world: World) -> None:
    """The pipeline would stand still without a word."""
    world.up(*with_pipeline())
    before = live(world)["agentId"]
    failed(world.up(*with_pipeline(deployment="eks")), "'orders-pipeline'", "uses this agent")
    assert live(world)["agentId"] == before
    assert world.pipeline.definition["agentId"] == before


@scenario
def an_agent_is_adopted(world: World) -> None:
    id_ = world.api.add_agent("orders-agent", "11111111-2222-4333-8444-555555555555")
    place = {"cloud_provider": "azure", "deployment": "aks"}
    opts = f"text:pulumi.ResourceOptions(import_={id_!r})"
    failed(world.up(agent(opts=opts)), "differs from the program", "cloud_provider: 'aws' in the program")
    succeeded(world.up(agent(**place, opts=opts)), ("agent", "create"))
    assert managed(world)["id"] == id_
    assert not [one for one in world.requests() if not one.startswith("GET")]
    succeeded(world.up(agent(**place)))
    assert world.requests() == []


@scenario
def an_agent_is_read_and_not_managed(world: World) -> None:
    id_ = world.api.add_agent("theirs", "aaaaaaaa-2222-4333-8444-555555555555")
    batch = world.api.add_agent("batch", "21111111-2222-4333-8444-555555555555", "data_productivity_cloud")
    for given in (repr(id_), repr(id_.upper()), f"pulumi.Output.from_input({id_.upper()!r})"):
        world.write(f"agent = dpc.StreamingAgent.get('agent', {given})\npulumi.export('name', agent.name)\n")
        result = world.run("up")
        assert result.ok, result.text
    assert world.run("destroy").ok
    assert len(made(world)) == 2
    world.write(f"dpc.StreamingAgent.get('agent', {batch!r})\n")
    failed(world.run("up"), "this resource is for streaming agents only")


@scenario
def the_mistakes_of_an_agent_are_found_in_the_preview(world: World) -> None:
    world.write(agent(name="a" * 31, cloud_provider="azure"))
    failed(
        world.run("preview"),
        "name: must have 1 to 30 characters, but has 31",
        "deployment: must be aci or aks on azure, but is 'fargate'",
    )
    assert world.requests() == []
