"""One case: a command disturbed at one request, the service repaired, a follow-up, and what must hold."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.faults import invariants
from tests.faults.invariants import ADOPTS, said_about
from tests.faults.kinds import KINDS, Kind
from tests.faults.scenarios import Command, Pipe, Program
from tests.faults.stage import Stage

if TYPE_CHECKING:
    from pulumi_dpc.emulator.wire import Request
    from pulumi_dpc.testing._engine.stack import Result

ADOPTED_RUNNING = "running: False in the program, but the live pipeline is"
ADOPTED_DEFINITION = "the program and the live pipeline differ"
FOLLOW_UPS = ("same", "reverted", "flipped", "refreshed", "renamed")


@dataclass(frozen=True, order=True)
class Case:
    """Name one case.

    Attributes:
        scenario: Its name in `SCENARIOS`.
        count: How many pipelines at once.
        index: The request that is disturbed.
        kind: Its name in `KINDS`.
        follow_up: What the user does next.
        later: A second request of the same command that is disturbed, and how.
    """

    scenario: str
    count: int
    index: int
    kind: str
    follow_up: str
    later: tuple[int, str] | None = None

    def __str__(self) -> str:
        words = [
            titled(self.scenario, self.count),
            self.index,
            self.kind,
            self.follow_up,
            *(self.later or ()),
        ]
        return ":".join(map(str, words))

    @classmethod
    def parse(cls, text: str) -> Case:
        """Return the case that prints like this."""
        scenario, index, kind, follow_up, *later = text.split(":")
        name, _, times = scenario.partition(" x")
        second = (int(later[0]), later[1]) if later else None
        return cls(name, int(times or 1), int(index), kind, follow_up, second)

    @property
    def disturbed(self) -> tuple[tuple[int, Kind], ...]:
        """The requests that are disturbed, by their index, and how."""
        first = (self.index, KINDS[self.kind])
        return (first, (self.later[0], KINDS[self.later[1]])) if self.later else (first,)


def titled(scenario: str, count: int) -> str:
    """Return the name of a scenario with so many pipelines at once."""
    return scenario if count == 1 else f"{scenario} x{count}"


def was_reached(case: Case, requests: Sequence[Request]) -> bool:
    """Tell whether the requests that a case disturbs were made."""
    return all(
        any(request.fault and request.index >= index for request in requests)
        if kind.fault
        else any(request.index == index for request in requests)
        for index, kind in case.disturbed
    )


@dataclass
class Report:
    """Say what became of a case.

    Attributes:
        wrong: The invariants that did not hold.
        reached: The request was made at all: eight at once do not make the same ones every time.
        adopted: The user had to follow the line that adopts a pipeline.
        refreshed: The user had to run ``up --refresh``.
        seconds: Real seconds from a kill or Ctrl-C to the end of the command.
    """

    case: Case
    wrong: list[str] = field(default_factory=list)
    reached: bool = True
    adopted: bool = False
    refreshed: bool = False
    seconds: float = 0.0


def run_case(stage: Stage, case: Case) -> Report:
    """Run a case on its stage."""
    return _Run(stage, case).report()


class _Run:
    def __init__(self, stage: Stage, case: Case) -> None:
        self._stage = stage
        self._case = case
        first, *later = (kind for _, kind in case.disturbed)
        self._kind: Kind = functools.reduce(Kind.then, later, first)
        self._report = Report(case)
        self._named_stopped = False
        self._is_late = False
        """The service carries a START or STOP out after we have given up on it: nobody sees what comes of it."""
        self._kept: set[str] = set()
        """Ids that the state had after the fault."""
        self._orphans: set[str] = set()
        """Pipelines at the service and not in the state, for which an error or a pending operation says what to do."""

    def report(self) -> Report:
        stage, report = self._stage, self._report
        stage.reset()
        stage.disturb(self._case.disturbed)
        first = stage.run_disturbed(stage.scenario.command, stage.after or stage.before)
        report.seconds = time.monotonic() - stage.triggered_at
        stage.repair()
        report.reached = was_reached(self._case, stage.api.requests)
        self._is_late = self._kind.late and any(
            request.fault and request.path.endswith("/commands") for request in stage.api.requests
        )
        report.wrong += [f"after the fault: {text}" for text in self._after_fault(first)]
        if report.wrong:
            return report
        desired = self._follow_up(first)
        report.wrong += [f"at the end: {text}" for text in self._at_the_end(desired)]
        return report

    # ---- after the disturbed command ----

    def _after_fault(self, first: Result) -> Iterator[str]:
        stage, now = self._stage, self._stage.api.pipelines
        yield from invariants.tracebacks(first)
        yield from invariants.leaks(first, stage.stack.state_text)
        yield from invariants.always(stage.found, now, may_vanish=stage.scenario.may_vanish)
        yield from invariants.definitions(now, stage.before, stage.after)
        adopted_unseen = self._kind.is_lie and stage.scenario.behind == "exists"  # the next `up` looks again
        if first.ok and stage.scenario.command != "refresh" and not adopted_unseen:
            yield from self._agreement(stage.after, was_retried=any(pipe.hooked for pipe in stage.after))
        if first.ok and stage.scenario.command == "refresh" and not self._kind.is_lie:
            yield from invariants.recorded(now, stage.states)
        self._kept = {state["id"].rpartition("/")[2] for state in stage.states}
        self._orphans = set(invariants.announced(first, now, stage.states, stage.stack.pending_operations))
        if not stage.before:
            self._orphans.update(
                name for name, one in stage.found.items() if one.id not in self._kept
            )  # not adopted yet
        yield from invariants.lost(now, stage.states, self._orphans)
        if self._kind.is_kill:
            return
        if self._kind.is_passing and not first.ok and any(pipe.hooked for pipe in stage.after):
            yield f"a hook asked for another try, and it failed all the same: {first.errors()}"
        if self._kind.trigger is None:
            yield from invariants.speech(first, [pipe.name for pipe in stage.before or stage.after])
        if not self._is_late:
            yield from invariants.run_sentences(first, now)
            yield from invariants.left_stopped(first, stage.found, now, stage.after)
        if not first.ok and self._kind.is_passing and not any(pipe.running is False for pipe in stage.after):
            requests = stage.api.requests
            disturbed = next((request for request in requests if request.fault), None)
            if disturbed is None:
                yield f"it failed, and nothing had disturbed it: {first.errors()}"
            else:
                yield from invariants.not_resumed(disturbed, requests, stage.found, now)

    # ---- the follow-up ----

    def _follow_up(self, first: Result) -> Program:
        """Do what the user does next and return what the program says then."""
        stage = self._stage
        program = self._next_program()
        refreshed = self._case.follow_up == "refreshed" or (stage.scenario.command, self._case.follow_up) == (
            "refresh",
            "same",
        )
        if refreshed:
            self._run("refresh")
        if stage.scenario.command == "destroy" and program == ():
            self._run("destroy", stage.before)
            return ()
        for name in [pipe.name for pipe in stage.before]:
            self._named_stopped |= bool(invariants.STOPPED.search(said_about(name, first)))
        command: Command = "up --refresh" if self._needs_refresh(program) and not refreshed else "up"
        self._report.refreshed = command != "up"
        return self._up(command, program)

    def _next_program(self) -> Program:
        stage, follow_up = self._stage, self._case.follow_up
        if follow_up in ("same", "refreshed"):
            return stage.after
        if follow_up == "reverted":
            return stage.before
        program = stage.after or stage.before
        if follow_up == "flipped":
            return tuple(replace(pipe, running=not pipe.running) for pipe in program)
        return tuple(replace(pipe, renamed=True) for pipe in program)

    def _needs_refresh(self, program: Program) -> bool:
        """Tell whether only a refresh can show what the fault has left; each is a documented limit."""
        scenario = self._stage.scenario
        if scenario.behind in ("stop", "delete"):
            return True  # drift, which no plain `up` looks for
        if scenario.command == "destroy" or (scenario.may_vanish and program == self._stage.before):
            # A delete that failed after its STOP, then kept: the engine stores nothing of a failed delete.
            unseen = self._kind.is_kill or self._is_late
            return unseen or (self._named_stopped and not self._kind.is_passing)
        # A kill stores nothing, and a late command is seen by nobody; a program put back to what the state says
        # then gives the engine nothing to do.
        return self._is_late or (self._kind.is_kill and program == self._stage.before)

    def _up(self, command: Command, program: Program) -> Program:
        """Run it, do what its errors say until they say no more, and return the program that is desired then."""
        result, changed = self._run(command, program), program
        for _ in range(3 * len(program)):
            advised = tuple(_advised(pipe, said_about(pipe.name, result)) for pipe in changed)
            if result.ok or advised == changed:
                break
            self._report.adopted, changed = True, advised
            result = self._run("up", changed)
        if self._report.adopted and result.ok:
            # What was adopted as it was is brought to what the program says by the next `up`.
            program = tuple(
                replace(desired, imported=pipe.imported)
                for pipe, desired in zip(changed, program, strict=True)
            )
            result = self._run("up", program)
        if not result.ok:
            self._report.wrong.append(f"the follow-up failed: {result.errors()}")
        return program

    def _run(self, command: Command, program: Program | None = None) -> Result:
        result = self._stage.run(command, program)
        leaks = invariants.leaks(result, self._stage.stack.state_text)
        self._report.wrong += [f"{command}: {text}" for text in (*invariants.tracebacks(result), *leaks)]
        if not result.ok and command in ("refresh", "destroy"):
            self._report.wrong.append(f"{command} failed: {result.errors()}")
        return result

    # ---- the end ----

    def _at_the_end(self, program: Program) -> Iterator[str]:
        yield from self._agreement(program)
        if program and not self._stage.scenario.may_vanish:
            yield from invariants.still_there(self._kept, self._stage.api.pipelines)
        results = [result for _, result, _ in self._stage.log]
        for pipe in () if self._was_refreshed else program:
            yield from invariants.stands_unsaid(pipe, self._stage.found, self._stage.api.pipelines, results)
        if any(pipe.altered for pipe in program):
            again = self._run("up --refresh", program)
            yield from invariants.rewritten(again, self._stage.api.requests)
        command, last, _ = self._stage.log[-1]
        if command == "destroy":
            again = self._run("destroy", self._stage.before)
            yield from (f"a third run has something to do: {step}" for step in again.ops())
            return
        if all(op == "same" for _, op in last.ops()):
            return  # the last `up` was the run that must have nothing to do
        changes = self._stage.third_run_changes(program)
        if changes:
            yield f"a third run has something to do: {changes}"

    def _agreement(self, program: Program, *, was_retried: bool = False) -> Iterator[str]:
        now, states = self._stage.api.pipelines, self._stage.states
        for pipe in program:
            lame = self._is_late or (self._kind.is_kill and self._was_left_stopped(pipe))
            lame |= self._may_stand(pipe)
            yield from invariants.agrees(
                pipe, self._stage.found, now, states, may_stay_stopped=lame, was_retried=was_retried
            )
        yield from invariants.nothing_else(program, now, states, spared=self._orphans)

    @property
    def _was_refreshed(self) -> bool:
        """Tell whether a later command has recorded anew, and shown, what runs."""
        return any("refresh" in command for command, _, _ in self._stage.log[1:])

    def _may_stand(self, pipe: Pipe) -> bool:
        """Tell whether another command than the one that stopped the old pipeline made the new one, and said so."""
        (_, first, _), *later = self._stage.log
        told = invariants.was_said_to_stand(pipe, (result for _, result, _ in later))
        return pipe.replaced and not first.ok and (told or self._was_refreshed)

    def _was_left_stopped(self, pipe: Pipe) -> bool:
        """Tell whether the command was killed after the STOP of a pipeline and before its START: a documented limit."""
        found = self._stage.found.get(pipe.name)
        _, _, requests = self._stage.log[0]
        sent = [request.body for request in requests if found is not None and found.id in request.path]
        commands = [body["command"] for body in sent if isinstance(body, dict) and "command" in body]
        return commands[-1:] == ["STOP"]


def _advised(pipe: Pipe, said: str) -> Pipe:
    """Return a pipeline with the line added that an error about it names."""
    adopts = ADOPTS.search(said)
    if ADOPTED_RUNNING in said and pipe.imported:
        return replace(pipe, running=None)
    if ADOPTED_DEFINITION in said and pipe.imported:
        return replace(pipe, edited=not pipe.edited)
    return replace(pipe, imported=adopts[1]) if adopts and pipe.imported is None else pipe
