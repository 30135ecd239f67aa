"""Users, the vendor's web page, faults and kills in any order: what is left is what the program says.

Hypothesis chooses the actions; `Slot` is the model. After any of them `heal` repairs the service and runs
`up --refresh` as a user would, doing what the errors say. Then there is one pipeline for each resource, as the program
describes it, and nothing else. ``DPC_EXAMPLES=500`` runs longer, with new actions each time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from pulumi_dpc.emulator import GUIDE_PROJECT
from tests.worlds import World, edited, resource

if TYPE_CHECKING:
    from pulumi_dpc.emulator import Pipeline, Request
    from pulumi_dpc.testing._engine.stack import Result

SCALE = 0.001
FAULTS: dict[str, Any] = {
    "500": lambda api, **when: api.fail_next(500, **when),
    "500 although done": lambda api, **when: api.fail_next(500, handled=True, **when),
    "400": lambda api, **when: api.fail_next(400, **when),
    "401": lambda api, **when: api.fail_next(401, **when),
    "404": lambda api, **when: api.fail_next(404, **when),
    "409": lambda api, **when: api.fail_next(409, **when),
    "429": lambda api, **when: api.fail_next(429, retry_after=5, **when),
    "closed": lambda api, **when: api.drop_next("before", **when),
    "answer lost": lambda api, **when: api.drop_next("after", **when),
    "truncated": lambda api, **when: api.garble_next("truncated", **when),
    "html": lambda api, **when: api.garble_next("html", **when),
    "unknown status": lambda api, **when: api.garble_next("status-word", **when),
    "start fails": lambda api, **_: api.start_fails(),
}
NAMES = st.sampled_from(["a", "b"])


@dataclass
class Slot:
    """What the program says of one resource, and what is known of the run state where it says nothing.

    Attributes:
        runs: With `running` not given, whether it should run, because it did; None where nobody can know.
    """

    name: str
    agent: str
    declared: bool = False
    urn_name: str = ""
    old_names: list[str] = field(default_factory=list)
    version: int = 0
    running: bool | None = None
    wait: bool = True
    adopts: str = ""
    runs: bool | None = False

    @property
    def text(self) -> str:
        """Return the resource as program text."""
        aliases = [f"pulumi.Alias(name={name!r})" for name in self.old_names]
        import_ = f"import_={self.adopts!r}, " if self.adopts else ""
        definition = edited(name=self.name, agentId=self.agent, advancedProperties={"version": self.version})
        given = {} if self.running is None else {"running": self.running}
        options = f"text:pulumi.ResourceOptions({import_}aliases=[{', '.join(aliases)}])"
        return resource(self.urn_name, definition, wait=self.wait, opts=options, **given)


class PipelineLives(RuleBasedStateMachine):
    """Mix what users, other people, the network and the operating system do."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.world = World("engine", self.directory, time_scale=SCALE, rate_limit_per_minute=None)
        self.world.__enter__()
        self.kill_at: int | None = None
        self.world.api.on_request(self._kill_if_due)
        self.slots = {name: Slot(f"pipeline-{name}", self.world.api.add_agent(name)) for name in ("a", "b")}

    def teardown(self) -> None:
        try:
            self.heal()
        finally:
            self.world.__exit__(None, None, None)
            shutil.rmtree(self.directory)

    def _kill_if_due(self, request: Request) -> None:
        if request.index == self.kill_at and "oauth" not in request.path:
            self.kill_at = None
            assert self.world.stack is not None
            self.world.stack.kill_provider()

    # ---- what is there ----

    def live(self, slot: Slot) -> list[Pipeline]:
        return [pipeline for pipeline in self.world.api.pipelines if pipeline.name == slot.name]

    def is_recorded(self, slot: Slot) -> bool:
        names = {slot.urn_name, *slot.old_names}
        return any(entry["urn"].rpartition("::")[2] in names for entry in self.world.states())

    def may_remove(self, slot: Slot) -> bool:
        """Tell whether no create is unfinished: the docs warn of that one orphan, which only a person can find."""
        return slot.declared and (self.is_recorded(slot) or not self.live(slot))

    # ---- the program ----

    @initialize(running=st.sampled_from([None, True, False]), kill_at=st.sampled_from([None, 1, 2, 3, 6]))
    def begin(self, running: bool | None, kill_at: int | None) -> None:
        for name, slot in self.slots.items():
            slot.declared, slot.urn_name, slot.running = True, name, running
        if kill_at is not None:
            self.kill(kill_at)
        self.run_up(refresh=False)

    @rule(name=NAMES)
    def declare(self, name: str) -> None:
        slot = self.slots[name]
        if not slot.declared:
            slot.declared, slot.urn_name, slot.old_names = True, name, []
            slot.runs = None if self.live(slot) else False

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        slot = self.slots[name]
        if self.may_remove(slot):
            slot.declared, slot.adopts = False, ""

    @rule(name=NAMES, running=st.sampled_from([None, True, False]))
    def set_running(self, name: str, running: bool | None) -> None:
        slot = self.slots[name]
        if slot.running != running:
            slot.runs = None  # whether the old one was carried out depends on what came between
        slot.running = running

    @rule(name=NAMES, version=st.integers(0, 3))
    def edit(self, name: str, version: int) -> None:
        self.slots[name].version = version

    @rule(name=NAMES, wait=st.booleans())
    def set_wait(self, name: str, wait: bool) -> None:
        self.slots[name].wait = wait

    @rule(name=NAMES)
    def rename(self, name: str) -> None:
        slot = self.slots[name]
        if slot.declared and len(slot.old_names) < 3:
            slot.old_names.append(slot.urn_name)
            slot.urn_name += "x"

    # ---- behind our back ----

    @rule(name=NAMES, act=st.sampled_from(["stop", "start", "edit", "delete"]))
    def in_the_ui(self, name: str, act: str) -> None:
        slot, api = self.slots[name], self.world.api
        for pipeline in self.live(slot):
            if act == "edit":
                api.edit(pipeline.id, advancedProperties={"version": 1000})
            else:
                getattr(api, act)(pipeline.id)
            slot.runs = act == "start" if act in ("start", "stop") else None if act == "delete" else slot.runs

    @rule(name=NAMES)
    def agent_goes(self, name: str) -> None:
        self.world.api.agent_offline(self.slots[name].agent)
        self.slots[name].runs = None  # the stop before an edit may not be seen, nor the start after it

    @rule(name=NAMES)
    def agent_comes(self, name: str) -> None:
        self.world.api.agent_online(self.slots[name].agent)

    # ---- faults ----

    @rule(fault=st.sampled_from(sorted(FAULTS)), nth=st.integers(0, 8), times=st.sampled_from([1, 1, None]))
    def fault(self, fault: str, nth: int, times: int | None) -> None:
        FAULTS[fault](self.world.api, nth=nth, times=times)

    @rule(at=st.integers(0, 8))
    def kill(self, at: int) -> None:
        self.kill_at = at
        for slot in self.slots.values():
            slot.runs = None  # a kill between STOP and START is a limit that the docs name

    # ---- commands ----

    def program(self) -> list[str]:
        return [slot.text for slot in self.slots.values() if slot.declared]

    def run_up(self, *, refresh: bool) -> Result:
        self.world.write(*self.program())
        return self.checked(self.world.run("up", refresh=refresh))

    @rule(refresh=st.booleans())
    def up(self, refresh: bool) -> None:
        self.run_up(refresh=refresh)

    @rule()
    def refresh(self) -> None:
        self.checked(self.world.run("refresh"))

    @rule()
    def preview(self) -> None:
        before = self.world.api.pipelines
        self.world.write(*self.program())
        self.checked(self.world.run("preview"))
        assert [p.definition for p in self.world.api.pipelines] == [p.definition for p in before]

    def checked(self, result: Result) -> Result:
        errors = "\n".join(result.errors())
        assert "Traceback" not in errors
        assert "unexpected error" not in errors
        for slot in self.slots.values():
            assert len(self.live(slot)) <= 1, f"two pipelines {slot.name}"
        if not result.ok:
            for slot in self.slots.values():
                slot.runs = slot.runs if slot.running is None else None
        return result

    # ---- and in the end ----

    @rule()
    def heal(self) -> None:
        api = self.world.api
        self.kill_at = None
        api.clear_faults()
        api.store._start_failures.clear()
        for slot in self.slots.values():
            api.agent_online(slot.agent)
        result = self.run_up(refresh=True)
        for _ in range(4):
            if result.ok:
                break
            self.do_what_the_error_says("\n".join(result.errors()))
            result = self.run_up(refresh=True)
        assert result.ok, result.text
        self.settled()

    def do_what_the_error_says(self, errors: str) -> None:
        """Adopt what a killed create has left, as it is; the next `up` makes of it what the program says."""
        named = [
            slot
            for slot in self.slots.values()
            if f"{slot.name} (resource {slot.urn_name}): the project" in errors
        ]
        wanted = [(slot, slot.version, slot.running) for slot in named]
        for slot in named:
            (left,) = self.live(slot)
            assert f'import_="{GUIDE_PROJECT}/{left.id}"' in errors
            slot.adopts, slot.running = f"{GUIDE_PROJECT}/{left.id}", None
            slot.version = left.definition["advancedProperties"]["version"]
        self.run_up(refresh=True)
        for slot, version, running in wanted:
            slot.version, slot.running, slot.adopts, slot.runs = version, running, "", None

    def settled(self) -> None:
        if any(slot.declared and not slot.wait for slot in self.slots.values()):
            self.world.api._pause(5 * SCALE)  # nobody waited for the last command
        declared = [slot for slot in self.slots.values() if slot.declared]
        assert sorted(p.name for p in self.world.api.pipelines) == sorted(slot.name for slot in declared)
        assert len(self.world.states()) == len(declared)
        for slot in declared:
            (pipeline,) = self.live(slot)
            assert pipeline.definition["advancedProperties"] == {"version": slot.version}
            should_run = slot.runs if slot.running is None else slot.running
            if should_run is not None:
                assert pipeline.status == ("STREAMING" if should_run else "NOT_RUNNING"), (
                    slot,
                    pipeline.status,
                )
            slot.runs = pipeline.status == "STREAMING"
        recorded = {entry["id"].rpartition("/")[2] for entry in self.world.states()}
        assert recorded == {pipeline.id for pipeline in self.world.api.pipelines}
        preview = self.world.run("preview", expect_no_changes=True)
        assert preview.ok, preview.text


EXAMPLES = int(os.environ.get("DPC_EXAMPLES", "0"))
TestPipelineLives = PipelineLives.TestCase
TestPipelineLives.settings = settings(
    max_examples=EXAMPLES or 4,
    derandomize=not EXAMPLES,
    stateful_step_count=12 if EXAMPLES else 10,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # to shrink takes a hundred times as long as to find
    suppress_health_check=list(HealthCheck),
)
