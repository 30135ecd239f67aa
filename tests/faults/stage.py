"""The service and the stack of one scenario, put back to its beginning before every case."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.engines import EngineName, open_stack
from tests.faults.kinds import TIMEOUT, Kind
from tests.faults.scenarios import Command, Program, Scenario, programs
from tests.worlds import SECRETS, TYPE, fixed_id, program, warmed

if TYPE_CHECKING:
    from pulumi_dpc.emulator import Pipeline
    from pulumi_dpc.emulator.wire import Request
    from pulumi_dpc.testing._engine.stack import Result, Stack

TIME_SCALE = 0.002
START_TICKS, STOP_TICKS = 2.5, 1.5
"""How long a start and a stop of one pipeline take, in looks at it; eight at once take half."""
AWAY_TICKS = 6
"""How long an agent is away, in looks at its pipeline; eight at once take a third."""
GRACE = 2.0
"""Real seconds in which a pipeline waits for an agent that is away, or that another one is to leave.

The service's time passes with requests, so a busy machine must not make that wait the shorter one.
"""
PATIENCE = 5.0
"""Real seconds within which the service ends what it has begun."""


class Ticks:
    """Let the service's time pass with the requests it gets, so that every run sees the same statuses.

    A second passes when each of its pipelines has been asked about once.
    """

    def __init__(self, count: int) -> None:
        self._step = 1 / count
        self._now = 0.0

    def pass_with(self, request: Request) -> None:
        """Let a part of a second pass with a request, but not with one for a token."""
        if request.path.startswith("/v1"):
            self._now += self._step

    def pass_by(self, seconds: float) -> None:
        """Let time pass without requests."""
        self._now += seconds

    def __call__(self) -> float:
        return self._now


class Stage:
    """Set a scenario up once, then bring it back to that point as often as asked.

    Args:
        scenario: What is set up.
        count: How many pipelines of it.
        directory: Where the stack is kept.
        kind: The engine; the real one is set up afresh each time, because its state cannot simply be put back.
    """

    def __init__(self, scenario: Scenario, count: int, directory: Path, kind: EngineName = "engine") -> None:
        self.scenario = scenario
        self.before, self.after = programs(scenario, count)
        self.log: list[tuple[str, Result, list[Request]]] = []
        """Of every command since the beginning: its words, result and requests."""
        self._kind = kind
        self._directory = directory
        self._agents = [fixed_id("agent", pipe.number) for pipe in self.before or self.after]
        self.is_racing = len(self._agents) > 1
        """What is which request differs from run to run, because several pipelines race."""
        self._ticks = Ticks(len(self._agents))
        self._service: list[Pipeline] = []
        self._trigger: Callable[[Request], None] = lambda _request: None
        self._opened = 0
        self.triggered_at = 0.0
        """When our own processes were last told to end, as `time.monotonic` counts."""
        self.stack: Stack
        self.api = Emulator(
            time_scale=TIME_SCALE,
            now=self._ticks,
            start_seconds=START_TICKS if count == 1 else START_TICKS / 2,
            stop_seconds=STOP_TICKS if count == 1 else STOP_TICKS / 2,
            token_seconds=1e6,
            rate_limit_per_minute=None,
            **SECRETS,
            **scenario.service,
        )
        if scenario.service:
            # One says what was sent, whatever was stored, the other nothing.
            self.api.settings.write_answer = "echo" if count == 1 else "ids"
        self.api.on_request(self._ticks.pass_with)
        self.api.on_request(self._triggered)
        for number, agent in enumerate(self._agents):
            self.api.add_agent(f"agent-{number}", agent)

    def __enter__(self) -> Stage:
        self.api.__enter__()
        self._set_up()
        self._service = self.api.pipelines
        if self._kind == "engine":
            self.stack.close()
            shutil.copytree(self._home, self._kept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()
        self.api.close()

    @property
    def _home(self) -> Path:
        return self._directory / f"stack{self._opened}"

    @property
    def _kept(self) -> Path:
        return self._directory / "kept"

    def _open(self) -> None:
        env = {**self.api.env, "DPC_TIMEOUT": str(TIMEOUT)}
        if self.scenario.behind == "away" or any(pipe.agent is not None for pipe in self.after):
            env["DPC_START_GRACE"] = str(GRACE / TIME_SCALE)
        self.stack = open_stack(self._kind, self._home, env, **warmed(self._kind))

    def _set_up(self) -> None:
        """Bring about what was there before the command."""
        self._open()
        if self.before:
            result = self.run("up", self.before)
            assert result.ok, result.text
        if self.scenario.service:
            # An answer that repeats what was sent hides what is stored; the next change that it hides is read back.
            self.run("up --refresh", self.before)
        if self.scenario.behind == "exists":
            for pipe in self.after:
                self.api.add_pipeline(pipe.definition, id=pipe.imported, status="STREAMING")
        for pipeline in self.api.pipelines:
            if self.scenario.behind in ("start", "stop", "delete"):
                getattr(self.api, self.scenario.behind)(pipeline.id)
        if self.scenario.behind == "start":
            self.run("refresh")  # the state knows that it runs; a status without information leaves only that

    def reset(self) -> None:
        """Go back to the beginning."""
        self.repair()
        for pipeline in self.api.pipelines:
            self.api.delete(pipeline.id)
        if self._kind == "cli":
            self._opened += 1
            self._set_up()
            self._service = self.api.pipelines
        else:
            shutil.rmtree(self._home)
            shutil.copytree(self._kept, self._home)
            self._open()
            for pipeline in self._service:
                self.api.add_pipeline(pipeline.definition, id=pipeline.id, status=pipeline.status)
        if self.scenario.behind == "away":
            for agent in self._agents:
                self.api.agent_offline(agent, AWAY_TICKS / 3 if self.is_racing else AWAY_TICKS)
        self.log.clear()

    @property
    def found(self) -> dict[str, Pipeline]:
        """The pipelines that were there at the beginning, by name."""
        return {pipeline.name: pipeline for pipeline in self._service}

    # ---- the disturbance ----

    def disturb(self, disturbed: Iterable[tuple[int, Kind]]) -> None:
        """Let this happen to the requests of these indices of the next command; at most one is a trigger."""
        self.api.clear_requests()
        for index, kind in disturbed:
            fault = kind.due()
            if fault is not None:
                self.api.fault_at(index, fault)
            if kind.trigger is not None:
                self._trigger = self._at(index, kind.trigger)

    def _triggered(self, request: Request) -> None:
        self._trigger(request)

    def _at(self, index: int, trigger: str) -> Callable[[Request], None]:
        def act(request: Request) -> None:
            if request.index == index and request.path.startswith("/v1"):
                self.triggered_at = time.monotonic()
                for _ in range(2 if trigger == "cancel_twice" else 1):
                    getattr(self.stack, trigger.removesuffix("_twice"))()

        return act

    def repair(self) -> None:
        """End every disturbance and let the service finish what it has begun."""
        self._trigger = lambda _request: None
        self.api.clear_faults()
        self.api.up()
        for agent in self._agents:
            self.api.agent_online(agent)
        deadline = time.monotonic() + PATIENCE
        while any(_is_under_way(request) for request in self.api.requests) and time.monotonic() < deadline:
            threading.Event().wait(0.01)

    # ---- commands ----

    def run(self, command: Command, pipes: Program | None = None) -> Result:
        """Run a command, with this program if one is given."""
        self.api.clear_requests()
        return self.run_disturbed(command, pipes)

    def run_disturbed(self, command: Command, pipes: Program | None = None) -> Result:
        """Run a command without forgetting the requests, whose numbers a disturbance waits for."""
        if pipes is not None:
            self.stack.write(_text(pipes))
        words = command.split()
        options = {"refresh": True} if "--refresh" in words else {}
        result: Result = getattr(self.stack, words[0])(**options)
        self.log.append((command, result, self.api.requests))
        return result

    def third_run_changes(self, pipes: Program) -> str:
        """Return what a further `up` of this program would change; "" for nothing."""
        self.stack.write(_text(pipes))
        result = self.stack.preview(expect_no_changes=True)
        return "" if result.ok else result.text

    @property
    def states(self) -> list[dict[str, Any]]:
        """The streaming pipelines in the state."""
        return [entry for entry in self.stack.state if entry["type"] == TYPE]


def _text(pipes: Program) -> str:
    return program(*(pipe.source for pipe in pipes))


def _is_under_way(request: Request) -> bool:
    return request.status is None and request.fault is None
