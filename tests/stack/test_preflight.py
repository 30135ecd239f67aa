"""What a preview says because of what the account has: before anything is stopped, made or deleted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT
from pulumi_dpc.testing._engine.cli import CliStack
from pulumi_dpc.testing._engine.engines import EngineName
from tests.stack.agents import agent
from tests.stack.scenarios import AGENTS, LIST, failed
from tests.worlds import DEFINITION, ENGINES, MakeWorld, World, edited, fixed_id, resource

NOWHERE = fixed_id("nowhere", 0)
PROJECTS = "GET /v1/projects"
NOT_ASKED = "so this preview checks the definitions alone"


def warnings(world: World) -> list[str]:
    """Run a preview that must succeed; return its warnings."""
    result = world.run("preview")
    assert result.ok, result.text
    return result.warnings()


def told(world: World) -> list[str]:
    """Return what the last command said that it did not ask for."""
    result = world.run("preview")
    assert result.ok, result.text
    return [one.text for one in result.diagnostics if "could not be asked for" in one.text]


# ---- agents ----


@pytest.mark.parametrize("kind", ENGINES)
def test_an_agent_that_does_not_exist_is_known_in_the_preview(
    kind: EngineName, make_world: MakeWorld
) -> None:
    with make_world(kind) as world:
        world.write(resource(definition=edited(agentId=NOWHERE)))
        (warning,) = warnings(world)
        assert warning == (
            "orders-pipeline (resource orders): agentId (agent_id): the account has no agent of this id; its"
            " streaming agents are: 'streaming-agent'"
        )
        assert Counter(world.requests()) == {AGENTS: 1, LIST: 1}
        assert world.run("up").ok  # the service takes it


def test_a_batch_agent_is_known_in_the_preview(world: World) -> None:
    world.api.add_agent("nightly", NOWHERE, agent_type="data_productivity_cloud")
    world.write(resource(definition=edited(agentId=NOWHERE.upper())))
    (warning,) = warnings(world)
    assert "the agent 'nightly' is of type 'data_productivity_cloud', not 'streaming'" in warning


def test_an_agent_that_is_away_is_known_before_a_start(world: World) -> None:
    world.api.add_agent("away", NOWHERE, connected=False)
    world.write(resource(definition=edited(agentId=NOWHERE), running=True))
    (warning,) = warnings(world)
    assert "the agent 'away' is not connected: the pipeline cannot run before it is" in warning
    world.write(resource(definition=edited(agentId=NOWHERE), running=False))
    assert warnings(world) == []


def test_an_agent_that_another_pipeline_uses_is_known_in_the_preview(world: World) -> None:
    other = world.api.add_pipeline(edited(name="theirs"), status="STREAMING")
    world.write(resource())
    (warning,) = warnings(world)
    assert (
        f"the pipeline 'theirs' ({other}) of the project uses this agent and is not seen to be stopped"
        in warning
    )
    world.api.stop("theirs")
    assert warnings(world) == []


def test_two_resources_that_swap_their_agents_are_not_warned_of_each_other_twice(world: World) -> None:
    """The one that is declared first may be: nobody knows yet that the other one is leaving."""
    world.api.add_agent("second", NOWHERE)
    first, second = edited(name="first"), edited(name="second", agentId=NOWHERE)
    world.up(resource("a", first), resource("b", second))
    world.write(
        resource("a", {**first, "agentId": NOWHERE}), resource("b", {**second, "agentId": GUIDE_AGENT})
    )
    assert len(warnings(world)) <= 1


def test_an_agent_that_is_not_known_yet_is_not_looked_at(world: World) -> None:
    world.write(
        resource("first"),
        resource("second", edited(name="second", agentId="text:first.streaming_pipeline_id")),
    )
    assert warnings(world) == []


# ---- names and projects ----


@pytest.mark.parametrize("kind", ENGINES)
def test_a_name_that_is_taken_is_a_mistake_of_the_preview(kind: EngineName, make_world: MakeWorld) -> None:
    """Two pipelines of one name could not be told apart, so the create refuses it; before, in the middle of an up."""
    with make_world(kind) as world:
        world.api.add_pipeline(DEFINITION)
        world.write(resource())
        failed(world.run("preview"), "has a pipeline of this name already", "import_=", "aliases=")


def test_a_resource_that_was_renamed_without_an_alias_is_a_mistake_of_the_preview(world: World) -> None:
    world.up(resource("before"))
    world.write(resource("after"))
    failed(world.run("preview"), "has a pipeline of this name already", "aliases=")


def test_a_name_that_another_resource_gives_up_is_free(world: World) -> None:
    world.up(resource("first"))
    world.write(
        resource("first", edited(name="moved")),
        resource("second", opts="text:pulumi.ResourceOptions(depends_on=[first])"),
    )
    result = world.run("preview")
    assert result.ok, result.text
    assert world.run("up").ok


def test_a_name_that_a_resource_of_another_provider_gives_up_is_a_warning(world: World) -> None:
    """The two are in two processes, so the preview refused what the update does."""
    other = f"other = dpc.Provider('other', api_url={world.api.url!r}, token='canary-token')\n"
    theirs = "text:pulumi.ResourceOptions(provider=other)"
    world.up(other, resource("first", opts=theirs))
    world.write(
        other,
        resource("first", edited(name="moved"), opts=theirs),
        resource("second", opts="text:pulumi.ResourceOptions(depends_on=[first])"),
    )
    (warning,) = warnings(world)
    assert "unless a resource of another provider of this program gives it up first" in warning
    assert world.run("up").ok


def test_a_replacement_keeps_its_name(world: World) -> None:
    there = world.api.add_project("Sales")
    world.up(resource())
    world.write(resource(project_id=there))
    assert warnings(world) == []
    world.up()
    world.write(resource(project_id=GUIDE_PROJECT))
    assert warnings(world) == []


def test_an_adoption_is_not_told_that_its_own_name_is_taken(world: World) -> None:
    id_ = world.api.add_pipeline(DEFINITION)
    opts = f"text:pulumi.ResourceOptions(import_='{GUIDE_PROJECT}/{id_}')"
    world.write(resource(opts=opts))
    assert warnings(world) == []


def test_a_project_that_is_not_visible_is_a_mistake_of_the_preview(world: World) -> None:
    world.write(*(resource(f"r{i}", edited(name=f"p{i}"), project_id=NOWHERE) for i in range(3)))
    failed(world.run("preview"), f"the project {NOWHERE} is not visible at")
    asked = Counter(world.requests())
    assert asked[PROJECTS] == 1
    assert asked[LIST] == 1


# ---- agents as resources ----


def test_the_name_of_an_agent_that_is_taken_is_a_mistake_of_the_preview(world: World) -> None:
    """A create would refuse it in the middle of an up; a batch agent has a name too."""
    world.api.add_agent("orders-agent", NOWHERE, agent_type="data_productivity_cloud")
    world.write(agent())
    result = world.run("preview")
    failed(result, "the account has an agent of this name already", NOWHERE, "for batch pipelines")
    assert "import_=" not in result.text  # this resource cannot have it
    assert world.requests() == [AGENTS]
    assert [one.text.count("name: ") for one in result.diagnostics if NOWHERE in one.text] == [1]


def test_an_agent_renamed_without_an_alias_is_a_mistake_and_with_one_it_is_not(world: World) -> None:
    world.up(agent("before"))
    world.write(agent("after"))
    failed(world.run("preview"), "the account has an agent of this name already", "aliases=")
    world.write(agent("after", opts="text:pulumi.ResourceOptions(aliases=[pulumi.Alias(name='before')])"))
    assert warnings(world) == []
    assert world.requests() == []


def test_an_edit_that_would_take_the_name_of_another_agent_is_a_warning(world: World) -> None:
    world.api.add_agent("other", NOWHERE)
    world.up(agent())
    assert warnings(world) == []
    assert world.requests() == []
    world.write(agent(name="other"))
    (warning,) = warnings(world)
    assert f"name: another agent has this name ({NOWHERE})" in warning


def test_an_agent_and_its_pipeline_ask_for_one_listing_of_agents(world: World) -> None:
    """The pipeline's agent is not known before it is made, so nothing is said of it."""
    world.write(agent(), resource(definition=edited(agentId="text:agent.agent_id")))
    assert warnings(world) == []
    assert Counter(world.requests()) == {AGENTS: 1, LIST: 1}


# ---- what it costs, and where it cannot be asked ----


@pytest.mark.world(agents=11)
def test_one_listing_of_agents_and_one_of_pipelines_serve_a_whole_preview(world: World) -> None:
    world.api.settings.max_page_size, world.api.settings.over_max = 10, "clamp"
    definitions = [edited(name=f"p{i}", agentId=fixed_id("agent", i)) for i in range(11)]
    world.write(*(resource(f"r{i}", definition) for i, definition in enumerate(definitions)))
    assert warnings(world) == []
    assert Counter(world.requests()) == {AGENTS: 2, LIST: 1}
    assert world.run("up").ok
    assert AGENTS not in world.requests()  # the update looks at its own, when it needs it
    assert warnings(world) == []
    assert world.requests() == []


def test_a_changed_definition_costs_the_listing_of_agents(world: World) -> None:
    world.up(resource())
    more = {**DEFINITION["advancedProperties"], "max.batch.size": 7}
    world.write(resource(definition=edited(advancedProperties=more)))
    assert warnings(world) == []
    assert world.requests() == [AGENTS]


def test_a_preview_without_credentials_works_and_says_once_what_it_did_not_check(world: World) -> None:
    nothing = {"DPC_CLIENT_ID": "", "DPC_CLIENT_SECRET": "", "DPC_TOKEN": "", "DPC_TOKEN_URL": ""}
    some = (resource(f"r{i}", edited(name=f"p{i}", agentId=fixed_id("agent", i))) for i in range(3))
    world.write(agent(), *some)
    result = world.run("preview", env={**world.api.env, **nothing})
    assert result.ok, result.text
    texts = [one.text for one in result.diagnostics if NOT_ASKED in one.text]
    assert texts == [
        f"what the account has could not be asked for, {NOT_ASKED}: no credentials are given",
    ]
    assert world.requests() == []


@pytest.mark.parametrize("path", ["/v1/agents", "/v1/projects/*"])
def test_a_preview_does_not_wait_for_a_service_that_is_away(path: str, world: World) -> None:
    world.api.fail_next(503, match=f"GET {path}")
    world.write(*(resource(f"r{i}", edited(name=f"p{i}", agentId=fixed_id("agent", i))) for i in range(3)))
    (text,) = told(world)
    assert NOT_ASKED in text
    assert world.requests() == [AGENTS, LIST][: 1 + ("projects" in path)]


def test_a_role_that_may_not_list_agents_is_told_once_and_the_rest_is_checked(world: World) -> None:
    world.api.fail_next(403, match="GET /v1/agents")
    world.write(*(resource(f"r{i}", edited(name=f"p{i}", agentId=fixed_id("agent", i))) for i in range(3)))
    (text,) = told(world)
    assert text.startswith("the list of agents could not be asked for, so this preview checks without it: ")
    assert Counter(world.requests()) == {AGENTS: 1, LIST: 1}


@pytest.mark.parametrize("way", ["variable", "configuration"])
def test_it_can_be_switched_off(way: str, world: World) -> None:
    world.api.add_pipeline(DEFINITION)
    world.write(resource(definition=edited(agentId=NOWHERE)))
    if way == "configuration":
        world.stack.set_config("dpc:preflight", "off")
    env = {"DPC_PREFLIGHT": "off"} if way == "variable" else {}
    result = world.run("preview", env={**world.api.env, **env})
    assert result.ok, result.text
    assert result.warnings() == []
    assert world.requests() == []


def test_nothing_of_it_is_in_the_state(world: World) -> None:
    world.write(resource())
    world.run("preview")
    world.run("up")
    assert "__preview" not in world.stack.state_text


@pytest.mark.cli
def test_a_plan_holds_an_update_to_what_was_previewed_and_an_up_warns_once(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """What the program says of its preview is gone before the engine compares, shows or plans anything."""
    with make_world("cli") as world:
        assert isinstance(world.stack, CliStack)
        world.write(resource())
        plan, experimental = tmp_path / "plan.json", {"PULUMI_EXPERIMENTAL": "1"}
        shown = world.stack._command("preview", "--diff", "--save-plan", str(plan), env=experimental)
        assert shown.ok, shown.text
        goals = [one["goal"] for one in json.loads(plan.read_text())["resourcePlans"].values()]
        assert "__preview" not in shown.text + json.dumps([goal.get("inputDiff") for goal in goals])
        updated = world.stack._command("up", "--yes", "--plan", str(plan), env=experimental)
        assert updated.ok, updated.text
        world.write(resource(definition=edited(agentId=NOWHERE)))
        world.api.clear_requests()
        again = world.stack._command("up", "--yes", env=None)
        assert again.ok, again.text
        # A row repeats its warning; the diagnostics, one section for the preview and one for the update, do not.
        (warning,) = [line for line in again.text.splitlines() if line.startswith("    warning: ")]
        assert "the account has no agent of this id" in warning
        assert world.requests().count(AGENTS) == 1
        assert "__preview" not in world.stack.state_text
