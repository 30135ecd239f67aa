"""The campaign's cases of streaming agents: every fault at every request of a command, and what must hold then.

`python -m tests.faults.agents` runs all of them; a part that takes turns is among the tests.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults import invariants
from tests.faults.kinds import KINDS, TIMEOUT, Kind
from tests.faults.stage import TIME_SCALE
from tests.stack.agents import AGENT_TYPE, agent, made
from tests.worlds import World

if TYPE_CHECKING:
    from pulumi_dpc.emulator.wire import Request
    from pulumi_dpc.testing._engine.stack import Result

ID = "11111111-2222-4333-8444-555555555555"
ADOPTS = re.compile(r'import_="([0-9a-f-]{36})"')
IMPORTED = f"text:pulumi.ResourceOptions(import_={ID!r})"


@dataclass(frozen=True)
class Scenario:
    """One command on one state of the world.

    Attributes:
        before: The arguments of the agent that an earlier ``up`` has made; None for none.
        after: Those of the program when the command runs; None for a destroy.
        command: The command that is disturbed.
        behind: What somebody does at the service before it.
        keeps: The agent that was there is there in the end.
    """

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    command: str = "up"
    behind: str = ""
    keeps: bool = True


_PLAIN: dict[str, Any] = {"description": "one"}
SCENARIOS: dict[str, Scenario] = {
    "agent: create": Scenario(None, _PLAIN),
    "agent: edit": Scenario(_PLAIN, {"description": "two"}),
    "agent: rename": Scenario(_PLAIN, {**_PLAIN, "name": "renamed"}),
    "agent: refresh": Scenario(_PLAIN, _PLAIN, "refresh", "edit"),
    "agent: replace": Scenario(_PLAIN, {**_PLAIN, "deployment": "eks"}, keeps=False),
    "agent: replace, renamed": Scenario(
        _PLAIN, {**_PLAIN, "deployment": "eks", "name": "renamed"}, keeps=False
    ),
    "agent: adopt": Scenario(None, {**_PLAIN, "opts": IMPORTED}, behind="exists"),
    "agent: destroy": Scenario(_PLAIN, None, "destroy"),
    "agent: destroy gone": Scenario(_PLAIN, None, "destroy", "delete"),
}


@dataclass(frozen=True)
class Report:
    """What came of one case; ``wrong`` is empty if everything holds."""

    case: str
    reached: bool
    wrong: tuple[str, ...]


class Case:
    """One scenario, disturbed at one request.

    Args:
        name: The scenario's.
        index: The request, from 0; None for none.
        kind: What happens to it.
    """

    def __init__(self, name: str, index: int | None = None, kind: str = "") -> None:
        self.title = f"{name}:{index}:{kind}"
        self._scenario = SCENARIOS[name]
        self._index, self._kind = index, KINDS.get(kind, Kind())
        self._wrong: list[str] = []

    def run(self) -> tuple[Report, int]:
        """Run it in a world of its own; return the report and how many requests the command sent."""
        settings: dict[str, Any] = {"time_scale": TIME_SCALE, "env": {"DPC_TIMEOUT": str(TIMEOUT)}}
        with (
            tempfile.TemporaryDirectory() as directory,
            World("engine", Path(directory), rate_limit_per_minute=None, **settings) as world,
        ):
            kept = self._set_up(world)
            self._disturb(world)
            first = self._command(world, self._scenario.command)
            asked = [one for one in world.api.requests if one.path.startswith("/v1")]
            self._repair(world)
            after = self._follow_up(world, first)
            self._wrong += self._at_the_end(world, kept, after)
        reached = self._index is not None and len(asked) > self._index
        return Report(self.title, reached, tuple(self._wrong)), len(asked)

    def _set_up(self, world: World) -> str | None:
        """Bring about what was there before the command, and return the agent's id."""
        if self._scenario.before is not None:
            assert world.up(agent(**self._scenario.before)).ok
        if self._scenario.behind == "exists":
            world.api.add_agent("orders-agent", ID)
            world.api.edit_agent(ID, cloudProvider="aws", deployment="fargate", description="one")
        kept = made(world)[0]["agentId"] if made(world) else None
        if kept is not None and self._scenario.behind == "edit":
            world.api.edit_agent(kept, description="theirs")
        if kept is not None and self._scenario.behind == "delete":
            world.api.remove_agent(kept)
        if self._scenario.after is not None:
            world.write(agent(**self._scenario.after))
        return kept

    def _disturb(self, world: World) -> None:
        world.api.clear_requests()
        if self._index is None:
            return
        fault = self._kind.due()
        if fault is not None:
            world.api.fault_at(self._index, fault)
        if self._kind.trigger is not None:
            world.api.on_request(self._act(world, self._index, self._kind.trigger))

    @staticmethod
    def _act(world: World, index: int, trigger: str) -> Callable[[Request], None]:
        done: list[bool] = []

        def act(request: Request) -> None:
            if request.index == index and not done and request.path.startswith("/v1"):
                done.append(True)
                for _ in range(2 if trigger == "cancel_twice" else 1):
                    getattr(world.stack, trigger.removesuffix("_twice"))()

        return act

    def _repair(self, world: World) -> None:
        world.api.clear_faults()
        world.api.up()
        for _ in range(500):
            if all(one.status is not None or one.fault is not None for one in world.api.requests):
                break
            threading.Event().wait(0.01)

    def _command(self, world: World, command: str) -> Result:
        result: Result = getattr(world.stack, command)()
        self._wrong += invariants.tracebacks(result)
        self._wrong += invariants.leaks(result, world.stack.state_text)
        names = [one["name"] for one in world.api.agents]
        self._wrong += [f"there are two {name}" for name in set(names) if names.count(name) > 1]
        return result

    def _follow_up(self, world: World, first: Result) -> dict[str, Any] | None:
        """Run the command again, and do what its error says; return what the program says then."""
        after, result = self._scenario.after, first
        if after is None:
            result = self._command(world, "destroy")
            self._wrong += [] if result.ok else [f"the follow-up failed: {result.errors()}"]
            return None
        for _ in range(3):
            result = self._command(world, "up")
            adopts = ADOPTS.search("\n".join(result.errors()))
            if result.ok or adopts is None:
                break
            after = {**after, "opts": f"text:pulumi.ResourceOptions(import_={adopts[1]!r})"}
            world.write(agent(**after))
        self._wrong += [] if result.ok else [f"the follow-up failed: {result.errors()}"]
        return after

    def _at_the_end(self, world: World, kept: str | None, after: dict[str, Any] | None) -> Iterator[str]:
        states = [one for one in world.stack.state if one["type"] == AGENT_TYPE]
        now = made(world)
        if after is None:
            if now or states:
                yield f"something is left: {now} {states}"
            return
        if [one["agentId"] for one in now] != [one["id"] for one in states] or len(now) != 1:
            yield f"service and state disagree: {now} {states}"
            return
        if kept is not None and self._scenario.keeps and now[0]["agentId"] != kept:
            yield "the agent was made again"
        wanted = {"name": "orders-agent", "deployment": "fargate", **after}
        differing = [key for key in ("name", "deployment", "description") if now[0][key] != wanted[key]]
        if differing and self._scenario.behind != "edit":
            yield f"it is not as the program says: {differing}"
        again = world.stack.preview(expect_no_changes=True)
        if not again.ok:
            yield f"a third run has something to do: {again.text}"


def run_scenario(name: str, step: int = 1, begin: int = 0) -> list[Report]:
    """Run the cases of one scenario: every kind at every request, or each ``step``-th of them."""
    report, requests = Case(name).run()
    every = [(index, kind) for index in range(requests) for kind in KINDS]
    return [report, *(Case(name, index, kind).run()[0] for index, kind in every[begin::step])]


def main() -> None:
    """Run every case and print what went wrong."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--step", type=int, default=1, help="only each so manieth case")
    parser.add_argument("--begin", type=int, default=0, help="the first of them")
    options = parser.parse_args()
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        futures = {name: pool.submit(run_scenario, name, options.step, options.begin) for name in SCENARIOS}
        print("| disturbed | cases | failed |\n| --- | ---: | ---: |", flush=True)
        for name, future in futures.items():
            _clean, *reports = future.result()
            failed = [report for report in reports if report.wrong]
            print(f"| {name} | {len(reports)} | {len(failed)} |", flush=True)
            for report in failed:
                print(f"{report.case}: {'; '.join(report.wrong)}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
