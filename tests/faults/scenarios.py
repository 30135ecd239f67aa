"""The commands that are disturbed, and the programs before and after them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pulumi_dpc.emulator import GUIDE_PROJECT
from tests.worlds import edited, fixed_id, resource

Command = Literal["up", "refresh", "destroy", "up --refresh"]
EDIT = {"max.batch.size": 20000, "slot.name": "orders"}


@dataclass(frozen=True)
class Pipe:
    """One streaming pipeline as a program declares it."""

    number: int
    running: bool | None = None
    edited: bool = False
    replaced: bool = False
    renamed: bool = False
    imported: str | None = None

    @property
    def key(self) -> str:
        """Its resource name."""
        return f"{'renamed' if self.renamed else 'pipe'}{self.number}"

    @property
    def name(self) -> str:
        """Its name at the service."""
        return f"pipeline-{self.number}"

    @property
    def definition(self) -> dict[str, Any]:
        """Its definition in the API's spelling."""
        edit = {"advancedProperties": EDIT} if self.edited else {}
        return edited(name=self.name, agentId=fixed_id("agent", self.number), **edit)

    @property
    def source(self) -> str:
        """Its program text."""
        options = []
        if self.replaced:
            options.append('replace_on_changes=["advanced_properties"]')
        if self.renamed:
            options.append(f'aliases=[pulumi.Alias(name="pipe{self.number}")]')
        if self.imported:
            options.append(f'import_="{GUIDE_PROJECT}/{self.imported}"')
        opts = {"opts": f"text:pulumi.ResourceOptions({', '.join(options)})"} if options else {}
        running = {} if self.running is None else {"running": self.running}
        return resource(self.key, self.definition, **running, **opts)


Program = tuple[Pipe, ...]


@dataclass(frozen=True)
class Scenario:
    """One command on one state of the world; ``before`` and ``after`` hold for each of its pipelines.

    Attributes:
        before: What an earlier ``up`` has made; None for nothing.
        after: What the program says when the command runs; None where no program is run.
        command: The command that is disturbed.
        behind: What happened since, behind our back.
        may_vanish: The command may delete what was there.
    """

    before: Pipe | None
    after: Pipe | None
    command: Command = "up"
    behind: Literal["", "start", "stop", "delete", "exists"] = ""
    may_vanish: bool = False


_STOPPED, _STARTED, _STILL = Pipe(0), Pipe(0, running=True), Pipe(0, running=False)
_REPLACED = replace(_STARTED, replaced=True)

SCENARIOS: dict[str, Scenario] = {
    "create stopped": Scenario(None, _STOPPED),
    "create and start": Scenario(None, _STARTED),
    "edit stopped": Scenario(_STOPPED, replace(_STOPPED, edited=True)),
    "edit running": Scenario(_STARTED, replace(_STARTED, edited=True)),
    "edit as found": Scenario(_STOPPED, replace(_STOPPED, edited=True), behind="start"),
    "stop": Scenario(_STARTED, _STILL),
    "start": Scenario(_STILL, _STARTED),
    "replace": Scenario(_REPLACED, replace(_REPLACED, edited=True), may_vanish=True),
    "refresh": Scenario(_STARTED, _STARTED, "refresh", behind="stop"),
    "adopt": Scenario(None, replace(_STARTED, imported="yes"), behind="exists"),
    "destroy running": Scenario(_STARTED, None, "destroy", may_vanish=True),
    "destroy gone": Scenario(_STARTED, None, "destroy", behind="delete", may_vanish=True),
}


def programs(scenario: Scenario, count: int) -> tuple[Program, Program]:
    """Return the programs before and after the command, for so many pipelines."""
    return _program(scenario.before, count), _program(scenario.after, count)


def _program(pipe: Pipe | None, count: int) -> Program:
    if pipe is None:
        return ()
    return tuple(
        replace(pipe, number=number, imported=pipe.imported and fixed_id("pipeline", number))
        for number in range(count)
    )
