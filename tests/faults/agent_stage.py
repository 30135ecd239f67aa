"""The service and the stack of one scenario of agents, put back to its beginning before every case."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_dpc.emulator import GUIDE_AGENT
from tests.faults.agent_scenarios import Program, Scenario, programs
from tests.faults.kinds import TIMEOUT, Kind
from tests.faults.stage import TIME_SCALE
from tests.stack.agents import AGENT_TYPE, made
from tests.worlds import World

if TYPE_CHECKING:
    from pulumi_dpc.emulator.wire import Request
    from pulumi_dpc.testing._engine.stack import Result

_OWN = {"agentId", "name", "connected", "agentStatus"}
"""What the service says of an agent and nobody sets; its name is given when it is made."""


class Stage:
    """Set a scenario up once, then bring it back to that point as often as asked.

    Args:
        scenario: What is set up.
        count: How many agents of it.
        directory: Where the stack is kept.
    """

    def __init__(self, scenario: Scenario, count: int, directory: Path) -> None:
        self.scenario = scenario
        self.before, self.after = programs(scenario, count)
        self.found: list[dict[str, Any]] = []
        """The agents that were there at the beginning."""
        self._world = World(
            "engine",
            directory,
            rate_limit_per_minute=None,
            time_scale=TIME_SCALE,
            env={"DPC_TIMEOUT": str(TIMEOUT)},
        )
        self._state = directory / "stack" / "stack.json"
        self._kept: str | None = None
        self._trigger: Callable[[Request], None] = lambda _request: None

    def __enter__(self) -> Stage:
        self._world.__enter__()
        self._world.api.on_request(self._triggered)
        if self.before:
            assert self.run("up", self.before).ok
        self._go_behind()
        self.found = self.now
        self._kept = self._state.read_text() if self._state.exists() else None
        return self

    def __exit__(self, *_: object) -> None:
        self._world.__exit__()

    def _go_behind(self) -> None:
        """Let somebody do what the state does not know."""
        api = self._world.api
        for one in self.after if self.scenario.behind == "exists" else ():
            assert one.import_id is not None
            api.add_agent(one.name, one.import_id)
            api.edit_agent(one.import_id, cloudProvider="aws", **one.stored)
        for agent in self.now:
            if self.scenario.behind == "edit":
                api.edit_agent(agent["agentId"], description="theirs")
            elif self.scenario.behind == "delete":
                api.remove_agent(agent["agentId"])

    def reset(self) -> None:
        """Go back to the beginning."""
        self.repair()
        api = self._world.api
        for agent in self.now:
            api.remove_agent(agent["agentId"])
        _await(lambda: not self.now)  # one may be on its way out
        for agent in self.found:
            api.add_agent(agent["name"], agent["agentId"])
            given = {key: value for key, value in agent.items() if key not in _OWN}
            api.edit_agent(agent["agentId"], **given)
        if self._kept is None:
            self._state.unlink(missing_ok=True)
        else:
            self._state.write_text(self._kept)

    def disturb(self, disturbed: Iterable[tuple[int, Kind]]) -> None:
        """Let this happen to the requests of these indices of the next command; at most one is a trigger."""
        self._world.api.clear_requests()
        for index, kind in disturbed:
            fault = kind.due()
            if fault is not None:
                self._world.api.fault_at(index, fault)
            if kind.trigger is not None:
                self._trigger = self._at(index, kind.trigger)

    def _triggered(self, request: Request) -> None:
        self._trigger(request)

    def _at(self, index: int, trigger: str) -> Callable[[Request], None]:
        done: list[bool] = []

        def act(request: Request) -> None:
            if request.index == index and not done and request.path.startswith("/v1"):
                done.append(True)
                for _ in range(2 if trigger == "cancel_twice" else 1):
                    getattr(self._world.stack, trigger.removesuffix("_twice"))()

        return act

    def repair(self) -> None:
        """End every disturbance and let the service finish what it has begun."""
        self._trigger = lambda _request: None
        self._world.api.clear_faults()
        self._world.api.up()
        _await(lambda: all(one.status is not None or one.fault is not None for one in self.requests))

    def run(self, command: str, program: Program | None = None) -> Result:
        """Run a command, with this program if one is given."""
        if program is not None:
            self._world.write(*(one.source for one in program))
        result: Result = getattr(self._world.stack, command)()
        return result

    def has_nothing_to_do(self) -> Result:
        """Return a preview that fails where there is something to do."""
        return self._world.stack.preview(expect_no_changes=True)

    @property
    def requests(self) -> list[Request]:
        """The requests since the disturbance."""
        return [one for one in self._world.api.requests if one.path.startswith("/v1")]

    @property
    def now(self) -> list[dict[str, Any]]:
        """The agents at the service, but for that of the guide."""
        assert any(one["agentId"] == GUIDE_AGENT for one in self._world.api.agents)
        return made(self._world)

    @property
    def states(self) -> list[dict[str, Any]]:
        """The agents in the state."""
        return [entry for entry in self._world.stack.state if entry["type"] == AGENT_TYPE]

    @property
    def state_text(self) -> str:
        """The state as it is stored."""
        return self._world.stack.state_text

    @property
    def pending(self) -> set[str]:
        """The names of the resources whose create was under way when a command was killed."""
        operations = self._world.stack.pending_operations
        return {one["resource"]["urn"].rpartition("::")[2] for one in operations if one["type"] == "creating"}


def _await(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        threading.Event().wait(0.01)
