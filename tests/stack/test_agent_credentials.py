"""The credentials of an agent are secrets wherever they go."""

from __future__ import annotations

import re

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT
from pulumi_dpc.testing._engine.stack import Result
from pulumi_dpc.testing._engine.state import StateFile
from tests.stack.agents import agent, live
from tests.stack.scenarios import failed
from tests.worlds import ENGINES, MakeWorld, World

NOWHERE = "00000000-0000-4000-8000-000000000000"
EXPORTED = (
    "later = dpc.get_agent_credentials_output(agent.agent_id)\n"
    f"now = dpc.get_agent_credentials({GUIDE_AGENT!r})\n"
    "print(now, later)\n"
    "for name, one in {'now': now, 'later': later}.items():\n"
    "    pulumi.export(name + 'Id', one.client_id)\n"
    "    pulumi.export(name + 'Secret', one.client_secret)\n"
)


def issued(world: World) -> list[str]:
    """Return every value that the service has given out for an agent."""
    return [value for one in world.api.store.directory.credentials.values() for value in one.values()]


def seen(world: World, result: Result) -> list[str]:
    """Return which of them can be read in what a command showed, or in the state."""
    shown = "\n".join([result.text, repr(result.diagnostics), repr(result.progress), world.stack.state_text])
    return [value for value in issued(world) if value in shown]


@pytest.mark.parametrize("kind", ENGINES)
def test_they_are_never_in_plain_text(kind: str, make_world: MakeWorld) -> None:
    world = make_world(kind)  # type: ignore[arg-type]
    world.write(agent(), EXPORTED)
    for command in ("preview", "up", "preview", "refresh"):
        result = world.run(command)
        assert result.ok, result.text
        assert seen(world, result) == []
    assert "ciphertext" in world.stack.state_text
    assert len(issued(world)) == 4


def test_they_reach_what_needs_them(world: World) -> None:
    """Otherwise no resource of the program could install the agent."""
    world.write(agent(), EXPORTED)
    assert world.run("up").ok
    entry = next(one for one in world.stack.state if one["type"] == "pulumi:pulumi:Stack")
    values = world.api.store.directory.credentials
    file = StateFile(world.directory / "stack" / "stack.json")
    assert {key: file.decrypt(value).value for key, value in entry["outputs"].items()} == {
        "nowId": values[GUIDE_AGENT]["clientId"],
        "nowSecret": values[GUIDE_AGENT]["clientSecret"],
        "laterId": values[live(world)["agentId"]]["clientId"],
        "laterSecret": values[live(world)["agentId"]]["clientSecret"],
    }


def test_an_agent_that_is_not_there_is_one_sentence(world: World) -> None:
    world.write(f"dpc.get_agent_credentials({NOWHERE!r})\n")
    text = failed(world.run("preview"), "(GET /v1/agents/")
    assert re.search("404", text)


def test_an_output_is_told_the_other_form(world: World) -> None:
    world.write(agent(), "dpc.get_agent_credentials(agent.agent_id)\n")
    failed(world.run("preview"), "agent_id is an Output, which get_agent_credentials_output takes")


def test_a_resource_is_told_what_to_write(world: World) -> None:
    world.write(agent(), "dpc.get_agent_credentials(agent)\n")
    failed(world.run("preview"), "agent_id is a resource: write its id")


def test_a_broken_answer_shows_nothing_of_it(world: World) -> None:
    world.api.rewrite_next(lambda answer: {"clientSecret": answer["clientSecret"]}, times=None)
    world.write(f"dpc.get_agent_credentials({GUIDE_AGENT!r})\n")
    result = world.run("preview")
    failed(result, "the service gave no usable answer")
    assert seen(world, result) == []
