"""One case of agents: a command disturbed at a request, the service repaired, the command again, and what must hold."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.faults import invariants
from tests.faults.agent_scenarios import Program, Said
from tests.faults.agent_stage import Stage
from tests.faults.case import Case, Report, was_reached
from tests.faults.invariants import DIED
from tests.faults.kinds import Kind

if TYPE_CHECKING:
    from pulumi_dpc.testing._engine.stack import Result

ADOPTS = re.compile(r'import_="([0-9a-f-]{36})"')


def said_about(key: str, result: Result) -> str:
    """Return the errors of a resource."""
    errors = (one for one in result.diagnostics if one.severity == "error")
    return "\n".join(one.text for one in errors if one.urn.rpartition("::")[2] == key)


def run_case(stage: Stage, case: Case) -> Report:
    """Run a case on its stage."""
    return _Run(stage, case).report()


class _Run:
    def __init__(self, stage: Stage, case: Case) -> None:
        self._stage = stage
        self._case = case
        first, *later = (kind for _, kind in case.disturbed)
        self._kind = functools.reduce(Kind.then, later, first)
        self._report = Report(case)
        self._last: Result

    def report(self) -> Report:
        stage, report = self._stage, self._report
        stage.reset()
        stage.disturb(self._case.disturbed)
        first = self._command(stage.scenario.command, stage.after or stage.before)
        stage.repair()
        report.reached = was_reached(self._case, stage.requests)
        report.wrong += [f"after the fault: {text}" for text in self._after_fault(first)]
        program = self._follow_up()
        report.wrong += [f"at the end: {text}" for text in self._at_the_end(program)]
        return report

    def _command(self, command: str, program: Program | None = None) -> Result:
        """Run a command, and hold what no command may do."""
        result = self._last = self._stage.run(command, program)
        wrong = [*invariants.tracebacks(result), *invariants.leaks(result, self._stage.state_text)]
        times = Counter(one["name"] for one in self._stage.now)
        wrong += [f"{name} is there {number} times" for name, number in times.items() if number > 1]
        self._report.wrong += [f"{command}: {text}" for text in wrong]
        return result

    # ---- after the disturbed command ----

    def _after_fault(self, first: Result) -> Iterator[str]:
        stage = self._stage
        yield from self._nothing_between()
        yield from self._nothing_vanished()
        if first.ok and stage.scenario.command != "refresh":
            yield from self._agreement(stage.after)
        yield from self._nothing_lost(first)
        keys = [one.key for one in stage.before or stage.after]
        if not first.ok and self._kind.trigger is None and not any(said_about(key, first) for key in keys):
            yield f"it failed without naming an agent: {first.errors()}"

    def _nothing_between(self) -> Iterator[str]:
        """Hold that each agent is the old one or the new one, nothing between."""
        programs = (*self._stage.before, *self._stage.after)
        for live in self._stage.now:
            if live["description"] == "theirs" and self._stage.scenario.behind == "edit":
                continue
            if not any(_is_as_said(live, one.stored) for one in programs):
                yield f"{live['name']} is what no program says: {live}"

    def _nothing_vanished(self) -> Iterator[str]:
        there = {one["agentId"] for one in self._stage.now}
        for agent in self._stage.found:
            if agent["agentId"] not in there and not self._stage.scenario.may_vanish:
                yield f"{agent['name']} was deleted or made again"

    def _nothing_lost(self, first: Result) -> Iterator[str]:
        """Hold that every agent is in the state, or was there before, or that the user was told of it."""
        stage = self._stage
        known = {one["id"] for one in stage.states} | {one["agentId"] for one in stage.found}
        for live in stage.now:
            key = f"agent{live['name'].rpartition('-')[2]}"
            said = said_about(key, first)
            died = any(
                one.urn.rpartition("::")[2] == key and DIED.search(one.text) for one in first.diagnostics
            )
            told = "run `pulumi up` again" in said or ADOPTS.search(said) or key in stage.pending or died
            if live["agentId"] not in known and not told:
                yield f"{live['name']} is at the service, and neither the state nor a message has it"

    # ---- the follow-up, and the end ----

    def _follow_up(self) -> Program:
        """Run the command again, and do what its errors say until they say no more; return what the program says."""
        program = self._stage.after
        if not program:
            result = self._command("destroy")
            self._hold(result)
            return ()
        result = self._command("up", program)
        for _ in range(3 * len(program)):
            advised = tuple(_advised(one, said_about(one.key, result)) for one in program)
            if result.ok or advised == program:
                break
            self._report.adopted, program = True, advised
            result = self._command("up", program)
        self._hold(result)
        return program

    def _hold(self, result: Result) -> None:
        if not result.ok:
            self._report.wrong.append(f"the follow-up failed: {result.errors()}")

    def _at_the_end(self, program: Program) -> Iterator[str]:
        yield from self._agreement(program)
        yield from self._nothing_vanished()
        if program and any(op != "same" for _, op in self._last.ops()):  # else it had nothing to do itself
            again = self._stage.has_nothing_to_do()
            if not again.ok:
                yield f"a third run has something to do: {again.text}"

    def _agreement(self, program: Program) -> Iterator[str]:
        """Hold that there is what the program says, at the service and in the state, and nothing else."""
        states = {one["urn"].rpartition("::")[2]: one for one in self._stage.states}
        now = {one["agentId"]: one for one in self._stage.now}
        if set(states) != {one.key for one in program} or len(now) != len(program):
            yield f"there are {sorted(states)} in the state, and at the service {list(now.values())}"
            return
        for one in program:
            state = states[one.key]
            live = now.get(state["id"])
            if live is None:
                yield f"{one.name}: the state has another agent"
                continue
            if self._stage.scenario.behind != "edit" and not _is_as_said(live, one.stored):
                yield f"{one.name} is not as the program says: {live}"
            if "__unfinished" in state["outputs"] or state.get("initErrors"):
                yield f"{one.name}: the state is not settled: {state.get('initErrors', '')}"


def _is_as_said(live: dict[str, object], stored: object) -> bool:
    return stored == {key: live[key] for key in ("name", "description", "deployment")}


def _advised(one: Said, said: str) -> Said:
    """Return what a program says of an agent, with the line added that an error about it names."""
    adopts = ADOPTS.search(said)
    return replace(one, import_id=adopts[1]) if adopts and one.import_id is None else one
