"""The commands on agents that the campaign disturbs, and what was there before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tests.stack.agents import agent
from tests.worlds import fixed_id


@dataclass(frozen=True)
class Said:
    """What a program says of one agent.

    Attributes:
        number: Which one it is.
        description: Its description.
        deployment: How it is installed; another one is another agent.
        is_renamed: It has its second name.
        import_id: The agent that it adopts.
    """

    number: int = 0
    description: str = "one"
    deployment: str = "fargate"
    is_renamed: bool = False
    import_id: str | None = None

    @property
    def key(self) -> str:
        """The resource's name."""
        return f"agent{self.number}"

    @property
    def name(self) -> str:
        """The agent's name."""
        return f"{'renamed' if self.is_renamed else 'orders'}-agent-{self.number}"

    @property
    def source(self) -> str:
        """Its text in the program."""
        opts = None if self.import_id is None else f"text:pulumi.ResourceOptions(import_={self.import_id!r})"
        return agent(
            self.key,
            name=self.name,
            description=self.description,
            deployment=self.deployment,
            opts=opts,
        )

    @property
    def stored(self) -> Mapping[str, str]:
        """What the service has of it then."""
        return {"name": self.name, "description": self.description, "deployment": self.deployment}


Program = tuple[Said, ...]


@dataclass(frozen=True)
class Scenario:
    """One command on one state of the world, of one agent or of several.

    Attributes:
        before: What an earlier ``up`` has made; None for nothing.
        after: What the program says when the command runs; None where no program is run.
        command: The command that is disturbed.
        behind: What somebody does at the service before it.
        may_vanish: The command may delete what was there.
        by_turns: Not every fault befalls every request: they take turns.
    """

    before: Said | None
    after: Said | None
    command: Literal["up", "refresh", "destroy"] = "up"
    behind: Literal["", "edit", "delete", "exists"] = ""
    may_vanish: bool = False
    by_turns: bool = False


_ONE = Said()
_EKS = Said(deployment="eks")
SCENARIOS: dict[str, Scenario] = {
    "create": Scenario(None, _ONE),
    "edit": Scenario(_ONE, Said(description="two")),
    "rename": Scenario(_ONE, Said(is_renamed=True), by_turns=True),
    "refresh": Scenario(_ONE, _ONE, "refresh", "edit"),
    "replace": Scenario(_ONE, _EKS, may_vanish=True),
    "replace, renamed": Scenario(_ONE, replace(_EKS, is_renamed=True), may_vanish=True, by_turns=True),
    "adopt": Scenario(None, Said(import_id="yes"), behind="exists"),
    "destroy": Scenario(_ONE, None, "destroy", may_vanish=True),
    "destroy gone": Scenario(_ONE, None, "destroy", "delete", may_vanish=True, by_turns=True),
}


def programs(scenario: Scenario, count: int) -> tuple[Program, Program]:
    """Return the programs before and after the command, for so many agents."""
    before, after = (tuple(_numbered(one, count)) for one in (scenario.before, scenario.after))
    return before, after


def _numbered(one: Said | None, count: int) -> Iterator[Said]:
    for number in range(count if one is not None else 0):
        assert one is not None
        yield replace(one, number=number, import_id=one.import_id and fixed_id("record of an agent", number))
