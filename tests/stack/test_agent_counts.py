"""What every command on agents may ask of the API, and that credentials of another account empty nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from pulumi_dpc.emulator import Emulator
from tests.stack.agent_scenarios import CHANGE, CREATE, DELETE, GET, LIST, USED
from tests.stack.agents import AGENT_TYPE, agent, made
from tests.stack.scenarios import failed, succeeded
from tests.worlds import World


def run(world: World, command: str) -> Counter[str]:
    """Run a command that must succeed; return what it asked, how often."""
    result = world.run(command)
    assert result.ok, result.text
    return Counter(world.requests())


PAGE = 4
"""How many agents a page of the listing holds, so that few make several pages."""


@pytest.mark.parametrize("count", [1, PAGE * 2])
def test_agents_cost_one_request_each_and_a_listing(count: int, world: World) -> None:
    """From create to destroy, with every command between that has nothing to do; the guide's agent is listed too."""
    world.api.settings.max_page_size, world.api.settings.over_max = PAGE, "clamp"
    pages = -(-(count + 1) // PAGE)
    world.write(*[agent(f"a{n}", name=f"agent-{n}") for n in range(count)])
    assert run(world, "up") == {LIST: 1, CREATE: count}
    assert run(world, "preview") == {}
    assert run(world, "up") == {}
    assert run(world, "refresh") == {LIST: pages}
    world.write(*[agent(f"a{n}", name=f"agent-{n}", description="x") for n in range(count)])
    assert run(world, "up") == {GET: 2 * count, CHANGE: count}
    used = Counter(USED)
    assert run(world, "destroy") == {LIST: pages, **used, DELETE: count, GET: count}
    assert made(world) == []


ELSEWHERE: dict[str, Callable[[World, Emulator], dict[str, str]]] = {
    "another account": lambda world, _: world.api.other_account(),
    "another region": lambda _, region: region.env,
    "a role without rights": lambda world, _: world.api.powerless_account(),
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_an_agent_that_is_elsewhere_is_not_gone(place: str, world: World) -> None:
    """A refresh with the wrong credentials that emptied the state would make the next `up` create all again."""
    world.up(agent(description="one"))
    before = [(one["agentId"], one["description"]) for one in made(world)]
    recorded = [one for one in world.stack.state if one["type"] == AGENT_TYPE]
    world.write(agent(description="two"))
    with Emulator(time_scale=0.01, guide=False) as region:
        region.add_agent("orders-agent")
        env = ELSEWHERE[place](world, region)
        for command, options in (("refresh", {}), ("destroy", {}), ("up", {"refresh": True}), ("up", {})):
            text = failed(world.run(command, env=env, **options), "orders-agent")
            if place != "a role without rights":
                assert f"pulumi state delete '{recorded[0]['urn']}'" in text
        assert len(region.agents) == 1
    assert [(one["agentId"], one["description"]) for one in made(world)] == before
    kept = [one for one in world.stack.state if one["type"] == AGENT_TYPE]
    assert [(one["id"], one["outputs"]) for one in kept] == [(one["id"], one["outputs"]) for one in recorded]
    succeeded(world.up(), ("agent", "update"))
