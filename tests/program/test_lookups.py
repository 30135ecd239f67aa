"""Lookups of projects, environments and agents in a program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import pulumi_dpc as dpc
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from tests.stack.scenarios import failed, succeeded
from tests.worlds import DEFINITION, World, edited, fixed_id

LISTED, LIVE = fixed_id("pipeline", 0), fixed_id("pipeline", 1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            'dpc.get_environment(pulumi.Output.from_input("p"), "production")',
            "which get_environment_output takes",
        ),
        ('dpc.get_environment(dpc.get_project("Analytics"), "production")', "write project.id"),
        ('dpc.get_project(pulumi.Output.from_input("Analytics"))', "which get_project_output takes"),
        ("dpc.get_project(None)", "get_project: name must be a text"),
        ("dpc.get_environment_output(pulumi.Output.from_input(None))", "project_id must be a text"),
        ("dpc.get_environments(dpc.Project('p', 'Analytics'))", "write project.id"),
        ("dpc.get_agent()", "get_agent: say which agent is meant, by name= or by id="),
        ("dpc.get_agent(name='a', id='b')", "get_agent: name and id are both given"),
        ("dpc.get_agent(name=pulumi.Output.from_input('a'))", "which get_agent_output takes"),
        ("dpc.get_agent(id=dpc.Agent('i', 'a'))", "get_agent: id is an Agent: write agent.id"),
        ("dpc.get_agent_output(name=pulumi.Output.from_input(1))", "get_agent: name must be a text"),
        ("dpc.get_agents(streaming='yes')", "get_agents: streaming must be True, False or None"),
        (
            "dpc.get_agents(connected=pulumi.Output.from_input(True))",
            "connected is an Output, which get_agents_output takes",
        ),
        ("dpc.get_streaming_pipeline('p')", "say which pipeline is meant, by name= or by id="),
        ("dpc.get_streaming_pipeline('p', id='q/s')", "id is that of a pipeline in another project"),
        ("dpc.get_streaming_pipelines(None)", "get_streaming_pipelines: project_id must be a text"),
    ],
)
def test_a_lookup_given_the_wrong_thing_says_what_to_write(call: str, sentence: str, world: World) -> None:
    world.write(call)
    failed(world.run("preview"), sentence)


@pytest.fixture
def api() -> Iterator[Emulator]:
    """Return an account with one more agent of each kind, and two pipelines."""
    with Emulator(time_scale=0.01) as api:
        api.add_agent("batch", fixed_id("agent", 1), agent_type="data_productivity_cloud")
        api.add_agent("away", fixed_id("agent", 2), connected=False)
        api.add_pipeline(edited(name="listed", future={"kept": 1}), GUIDE_PROJECT, LISTED)
        api.add_pipeline(edited(name="live"), GUIDE_PROJECT, LIVE, "STREAMING")
        yield api


def asked(api: Emulator) -> Counter[str]:
    return Counter(f"{one.method} {one.path}" for one in api.requests if not one.path.startswith("/oauth"))


def settings_of(api: Emulator) -> dpc.Settings:
    return dpc.Settings.resolve(environment=api.env)


def test_an_agent_is_found_by_its_name_and_by_its_id(api: Emulator) -> None:
    settings = settings_of(api)
    found = dpc.get_agent(name="streaming-agent", settings=settings)
    assert found == dpc.get_agent(id=GUIDE_AGENT.upper(), settings=settings)
    assert (found.id, found.agent_type, found.connected) == (GUIDE_AGENT, "streaming", True)
    assert (found.cloud_provider, found.agent_status) == ("azure", "running")
    assert found.deployment
    assert found.version_details is None or "trackName" in found.version_details
    assert hash(found) == hash(found)


def test_agents_are_chosen_by_what_they_run_and_whether_they_are_connected(api: Emulator) -> None:
    settings = settings_of(api)

    def names(**chosen: bool) -> list[str]:
        return [agent.name for agent in dpc.get_agents(settings=settings, **chosen)]

    assert names() == ["streaming-agent", "batch", "away"]
    assert names(streaming=True) == ["streaming-agent", "away"]
    assert names(streaming=False) == ["batch"]
    assert names(streaming=True, connected=True) == ["streaming-agent"]
    assert names(connected=False) == ["away"]
    assert asked(api) == {"GET /v1/agents": 1}


def test_projects_and_environments_are_listed(api: Emulator) -> None:
    settings = settings_of(api)
    assert [one.id for one in dpc.get_projects(settings=settings)] == [GUIDE_PROJECT]
    (environment,) = dpc.get_environments(GUIDE_PROJECT, settings=settings)
    assert environment == dpc.Environment("production", GUIDE_AGENT, "streaming-agent")


def test_a_pipeline_is_found_with_its_definition_and_its_status(api: Emulator) -> None:
    settings = settings_of(api)
    found = dpc.get_streaming_pipeline(GUIDE_PROJECT, name="live", settings=settings)
    for id_ in (LIVE, LIVE.upper(), f"{GUIDE_PROJECT}/{LIVE}"):
        assert dpc.get_streaming_pipeline(GUIDE_PROJECT, id=id_, settings=settings) == found
    assert (found.id, found.streaming_pipeline_id) == (f"{GUIDE_PROJECT}/{LIVE}", LIVE)
    assert (found.project_id, found.agent_id, found.status) == (GUIDE_PROJECT, GUIDE_AGENT, "STREAMING")
    assert found.definition == edited(name="live")
    assert found.streaming_source == DEFINITION["streamingSource"]
    assert found.streaming_target == DEFINITION["streamingTarget"]
    assert found.advanced_properties == DEFINITION["advancedProperties"]


def test_the_pipelines_of_a_project_are_listed_with_fields_that_nobody_knows(api: Emulator) -> None:
    listed, live = dpc.get_streaming_pipelines(GUIDE_PROJECT, settings=settings_of(api))
    assert listed.definition == edited(name="listed", future={"kept": 1})
    assert [listed.name, live.name] == ["listed", "live"]
    assert not hasattr(listed, "status")
    assert asked(api) == {f"GET /v1/projects/{GUIDE_PROJECT}/streaming-pipelines": 1}


def test_each_fact_is_asked_for_once(api: Emulator) -> None:
    """By name, by id and in a list, in any order: the account has one rate limit for all programs."""
    settings = settings_of(api)
    for _ in range(3):
        for pipeline in dpc.get_streaming_pipelines(GUIDE_PROJECT, settings=settings):
            dpc.get_streaming_pipeline(GUIDE_PROJECT, name=pipeline.name, settings=settings)
            dpc.get_streaming_pipeline(GUIDE_PROJECT, id=pipeline.id, settings=settings)
        for agent in dpc.get_agents(settings=settings):
            dpc.get_agent(id=agent.id, settings=settings)
            dpc.get_agent(name=agent.name, settings=settings)
        for project in dpc.get_projects(settings=settings):
            dpc.get_project(project.name, settings=settings)
            for environment in dpc.get_environments(project.id, settings=settings):
                dpc.get_environment(project.id, environment.name, settings=settings)
    pipelines = f"/v1/projects/{GUIDE_PROJECT}/streaming-pipelines"
    assert asked(api) == dict.fromkeys(
        [
            "GET /v1/agents",
            "GET /v1/projects",
            f"GET /v1/projects/{GUIDE_PROJECT}/environments",
            f"GET {pipelines}",
            f"GET {pipelines}/{LISTED}/status",
            f"GET {pipelines}/{LIVE}/status",
        ],
        1,
    )


def test_one_pipeline_by_its_id_does_not_cost_the_listing_of_its_project(api: Emulator) -> None:
    settings = settings_of(api)
    for _ in range(2):
        dpc.get_streaming_pipeline(GUIDE_PROJECT, id=LIVE, settings=settings)
        dpc.get_agent(id=GUIDE_AGENT, settings=settings)
    live = f"/v1/projects/{GUIDE_PROJECT}/streaming-pipelines/{LIVE}"
    assert asked(api) == {f"GET {live}": 1, f"GET {live}/status": 1, f"GET /v1/agents/{GUIDE_AGENT}": 1}


def test_somebodys_unfinished_pipeline_is_no_obstacle_to_reading_the_others(api: Emulator) -> None:
    api.add_pipeline({"name": "draft"}, GUIDE_PROJECT, fixed_id("pipeline", 2))
    found = dpc.get_streaming_pipelines(GUIDE_PROJECT, settings=settings_of(api))
    assert [(one.name, one.agent_id) for one in found] == [
        ("listed", GUIDE_AGENT),
        ("live", GUIDE_AGENT),
        ("draft", ""),
    ]


def test_lookups_of_outputs_return_what_plain_ones_do(world: World) -> None:
    """In a preview too; a fact that both forms ask for is asked for once."""
    world.api.add_pipeline(DEFINITION, GUIDE_PROJECT, LISTED)
    world.write(_BOTH_FORMS)
    for command in ("preview", "up"):
        succeeded(world.run(command))
        assert Counter(world.requests()) == {
            "GET /v1/projects": 1,
            "GET /v1/projects/{project}/environments": 1,
            "GET /v1/agents": 1,
            "GET /v1/projects/{project}/streaming-pipelines": 1,
            "GET /v1/projects/{project}/streaming-pipelines/{pipeline}/status": 1,
        }
    assert _exports(world) == {"equal": [True] * 6, "port": 5432}


def test_lookups_of_outputs_ask_the_account_of_a_provider(world: World) -> None:
    with Emulator(time_scale=0.01, token="a-token") as other:
        other.add_agent("elsewhere", fixed_id("agent", 7))
        world.write(
            f"account = dpc.Provider('other', token='a-token', api_url={other.url!r})\n"
            "asked = pulumi.InvokeOptions(provider=account)\n"
            "pulumi.export('agent', dpc.get_agent_output(name='elsewhere', opts=asked).id)\n"
            "agents = dpc.get_agents_output(opts=asked)\n"
            "pulumi.export('agents', agents.apply(lambda found: [agent.name for agent in found]))\n"
        )
        succeeded(world.run("up"))
    assert _exports(world) == {
        "agent": fixed_id("agent", 7),
        "agents": ["streaming-agent", "elsewhere"],
    }
    assert world.requests() == []


_BOTH_FORMS = """
project = dpc.get_project("Analytics")
later = dpc.get_project_output(pulumi.Output.from_input("Analytics"))
pipeline = dpc.get_streaming_pipeline(project.id, name="orders-pipeline")
found = dpc.get_streaming_pipeline_output(later.id, name=pulumi.Output.from_input("orders-pipeline"))
pairs = [
    (dpc.get_projects(), dpc.get_projects_output()),
    (dpc.get_environments(project.id), dpc.get_environments_output(later.id)),
    (dpc.get_agents(streaming=True), dpc.get_agents_output(streaming=pulumi.Output.from_input(True))),
    (dpc.get_agent(id=pipeline.agent_id), dpc.get_agent_output(id=found.agent_id)),
    (dpc.get_streaming_pipelines(project.id), dpc.get_streaming_pipelines_output(later.id)),
    (pipeline, found),
]
pulumi.export("equal", [output.apply(lambda value, plain=plain: value == plain) for plain, output in pairs])
pulumi.export("port", found.streaming_source["connection"]["port"])
"""


def _exports(world: World) -> dict[str, Any]:
    (stack,) = [entry for entry in world.stack.state if entry["type"] == "pulumi:pulumi:Stack"]
    exports: dict[str, Any] = stack["outputs"]
    return exports
