"""The commands that are disturbed, and the programs before and after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pulumi

from pulumi_dpc.emulator import GUIDE_PROJECT
from pulumi_dpc.emulator.settings import Settings
from pulumi_dpc.emulator.storage_rules import stored
from tests.worlds import DEFINITION, SECRET_INPUT, edited, fixed_id, resource

Command = Literal["up", "refresh", "destroy", "up --refresh"]
EDIT = {"max.batch.size": 20000, "slot.name": "orders"}
ALTERS: Mapping[str, Any] = {
    "dropped": (("streamingTarget", "prefx"),),
    "added": {("streamingTarget", "compression"): "gzip"},
    "recased": (("streamingTarget", "prefix"),),
    "retyped": (("advancedProperties", "max.batch.size"),),
    "masked": (("advancedProperties", "jdbc.password"),),
}
"""A service that changes what it is given, in each way that the emulator has a switch for."""
RETRIES = 2
"""How often a hook has a failed operation tried again."""


@dataclass(frozen=True)
class Pipe:
    """One streaming pipeline as a program declares it.

    Attributes:
        number: It is in every name.
        running: The argument of that name.
        edited: One property is another than before.
        replaced: Such an edit replaces it.
        renamed: The resource has another name, and an alias.
        imported: The id of the pipeline that ``import_`` names.
        agent: The number of the pipeline whose agent it uses; None for one of its own.
        altered: Its definition has something of everything that `ALTERS` names, a secret among it.
        hooked: An error hook has its operations tried again, `RETRIES` times.
    """

    number: int
    running: bool | None = None
    edited: bool = False
    replaced: bool = False
    renamed: bool = False
    imported: str | None = None
    agent: int | None = None
    altered: bool = False
    hooked: bool = False

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
        return self._definition(SECRET_INPUT)

    @property
    def stored(self) -> dict[str, Any]:
        """The definition as the service has it."""
        return stored(self.definition, Settings(**ALTERS)) if self.altered else self.definition

    def _definition(self, secret: str) -> dict[str, Any]:
        changes = {"advancedProperties": EDIT} if self.edited else {}
        if self.altered:
            advanced = changes.get("advancedProperties", DEFINITION["advancedProperties"])
            changes["advancedProperties"] = {**advanced, "jdbc.password": secret}
            changes["streamingTarget"] = {**DEFINITION["streamingTarget"], "prefx": "misspelt"}
        agent = self.number if self.agent is None else self.agent
        return edited(name=self.name, agentId=fixed_id("agent", agent), **changes)

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
        if self.hooked:
            hook = f'pulumi.ErrorHook("again{self.number}", lambda args: len(args.errors) <= {RETRIES})'
            options.append(f"hooks=pulumi.ResourceHookBinding(on_error=[{hook}])")
        opts = {"opts": f"text:pulumi.ResourceOptions({', '.join(options)})"} if options else {}
        running = {} if self.running is None else {"running": self.running}
        definition = self._definition(f"text:pulumi.Output.secret({SECRET_INPUT!r})")
        return resource(self.key, definition, **running, **opts)


Program = tuple[Pipe, ...]


@dataclass(frozen=True)
class Scenario:
    """One command on one state of the world; ``before`` and ``after`` are repeated for more pipelines.

    Attributes:
        before: What an earlier ``up`` has made.
        after: What the program says when the command runs; empty where no program is run.
        command: The command that is disturbed.
        behind: What happened since, behind our back; ``away``: the agents lost their connection just before the
            command, for a while.
        may_vanish: The command may delete what was there.
        service: Switches of the emulator.
        by_turns: Not every fault befalls every request: they take turns.
    """

    before: Program
    after: Program
    command: Command = "up"
    behind: Literal["", "start", "stop", "delete", "exists", "away"] = ""
    may_vanish: bool = False
    service: Mapping[str, Any] = field(default_factory=dict)
    by_turns: bool = False


def _pipe(**words: Any) -> Program:
    return (Pipe(0, **words),)


def _pair(*, is_first: bool) -> Program:
    """Return two pipelines of one agent, of which one runs and the other stands by."""
    return (Pipe(0, running=is_first), Pipe(1, running=not is_first, agent=0))


_STOPPED, _STARTED, _STILL = _pipe(), _pipe(running=True), _pipe(running=False)
_EDITED = _pipe(running=True, edited=True)

SCENARIOS: dict[str, Scenario] = {
    "create stopped": Scenario((), _STOPPED),
    "create and start": Scenario((), _STARTED),
    "edit stopped": Scenario(_STOPPED, _pipe(edited=True)),
    "edit running": Scenario(_STARTED, _EDITED),
    "edit as found": Scenario(_STOPPED, _pipe(edited=True), behind="start"),
    "stop": Scenario(_STARTED, _STILL),
    "start": Scenario(_STILL, _STARTED),
    "replace": Scenario(
        _pipe(running=True, replaced=True), _pipe(running=True, replaced=True, edited=True), may_vanish=True
    ),
    "refresh": Scenario(_STARTED, _STARTED, "refresh", behind="stop"),
    "adopt": Scenario((), _pipe(running=True, imported="yes"), behind="exists"),
    "destroy running": Scenario(_STARTED, (), "destroy", may_vanish=True),
    "destroy gone": Scenario(_STARTED, (), "destroy", behind="delete", may_vanish=True),
    "two on one agent": Scenario(_pair(is_first=True), _pair(is_first=False), by_turns=True),
    "replace as found": Scenario(
        _pipe(replaced=True),
        _pipe(replaced=True, edited=True),
        behind="start",
        may_vanish=True,
        by_turns=True,
    ),
    "create, agent away": Scenario((), _STARTED, behind="away", by_turns=True),
    "edit, agent away": Scenario(_STARTED, _EDITED, behind="away", by_turns=True),
    "edit, altered": Scenario(
        _pipe(running=True, altered=True),
        _pipe(running=True, altered=True, edited=True),
        service=ALTERS,
        by_turns=True,
    ),
}
if hasattr(pulumi, "ErrorHook"):
    SCENARIOS["create with a hook"] = Scenario((), _pipe(running=True, hooked=True), by_turns=True)


def programs(scenario: Scenario, count: int) -> tuple[Program, Program]:
    """Return the programs before and after the command, for so many pipelines."""
    size = max(len(scenario.before), len(scenario.after))
    shifts = range(0, max(count, size), size)
    before, after = (
        tuple(_shifted(pipe, shift) for shift in shifts for pipe in group)
        for group in (scenario.before, scenario.after)
    )
    return before, after


def _shifted(pipe: Pipe, shift: int) -> Pipe:
    number = pipe.number + shift
    return replace(
        pipe,
        number=number,
        imported=pipe.imported and fixed_id("pipeline", number),
        agent=None if pipe.agent is None else pipe.agent + shift,
    )
