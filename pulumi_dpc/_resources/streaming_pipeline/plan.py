"""The pure plan: which steps lead from what is live to what is wished.

Every rule of ``docs/design.md`` section 4 about *what to send* stands in `plan`, so that a table can test it; *how*
a step is carried out, and what is known when one fails, is `converge`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pulumi_dpc._definition.alteration import Alteration, as_written
from pulumi_dpc._definition.comparison import differences, is_same, overlay

from . import run_state

Definition = Mapping[str, Any]


class Step(Enum):
    """Name one thing the runner can do; a plan is a sequence of them."""

    STOP = "stop"
    AWAIT_STOPPED = "await stopped"
    PUT = "put"
    DELETE = "delete"
    START = "start"
    AWAIT_RUNNING = "await running"
    CONFIRM_STOPPED = "confirm stopped"


@dataclass(frozen=True)
class Wish:
    """Say what the program wants.

    Attributes:
        definition: The definition in the API's spelling, None when the pipeline should not exist.
        running: Whether it should run; None leaves the run state as it is found.
        wait: Wait after the last START or STOP until it is seen to have worked.
        interrupt_snapshot: An edit may stop a snapshot.
    """

    definition: Definition | None
    running: bool | None = None
    wait: bool = True
    interrupt_snapshot: bool = False


@dataclass(frozen=True)
class Said:
    """Say what the outputs of the last operation recorded.

    Attributes:
        definition: The definition as it was last seen; None when nothing was recorded.
        alterations: Where the service stores something else than was written there, and what.
        drift: The paths at which a refresh has found something else than was written before.
        running: What was last seen, never the wish.
        unfinished: A write was sent then and its result never seen.
        resume: It ran when that operation began and is owed a start.
    """

    definition: Definition | None = None
    running: bool = False
    unfinished: bool = False
    resume: bool = False
    alterations: tuple[Alteration, ...] = ()
    drift: frozenset[str] = frozenset()

    def in_our_words(self, stored: Definition) -> Definition:
        """Return a definition of the service as it was written, where that is all that differs."""
        return as_written(stored, self.alterations, self.definition or {})


@dataclass(frozen=True)
class Live:
    """Say what the service answers now.

    Attributes:
        definition: The definition, in the words in which it was written.
        status: The status word.
        alterations: Where the service has other words for what was written.
    """

    definition: Definition
    status: str
    alterations: tuple[Alteration, ...] = ()


def understood(stored: Definition, status: str, wish: Wish, said: Said) -> Live:
    """Return what is live, where a difference that was recorded counts for none.

    It counts again when the service has something else there now (somebody has changed it), and when the program says
    something else than was written (it is an edit).
    """
    written = said.definition or {}
    same = tuple(
        one
        for one in said.alterations
        if one.holds(stored) and is_same(wish.definition or {}, written, one.path)
    )
    return Live(as_written(stored, same, written), status, same)


@dataclass(frozen=True)
class Plan:
    """Say what to do, in order.

    Attributes:
        steps: Empty when everything is as wished.
        body: The whole object that PUT sends; empty where there is none.
        wished: The definition that the program wants; empty where there is no edit.
        is_rewrite: The edit writes again what was written before, so an answer that repeats it proves nothing.
        ran: It was running, or counts as running, when this operation began (or is owed a start).
        goal: Whether it should run at the end; None for a delete.
        may_pass_unknown: A wait for the stop may go on without having seen it stopped if no status can be had.
        warnings: Sentences for the operator.
        refusal: Why nothing may be done; the steps are then empty.
    """

    steps: tuple[Step, ...] = ()
    body: Definition = field(default_factory=dict)
    wished: Definition = field(default_factory=dict)
    is_rewrite: bool = False
    ran: bool = False
    goal: bool | None = None
    may_pass_unknown: bool = False
    warnings: tuple[str, ...] = field(default=())
    refusal: str | None = None


def plan(live: Live, wish: Wish, said: Said) -> Plan:
    """Return the steps from what is live to what is wished."""
    found = run_state.is_running(live.status, otherwise=said.running)
    if wish.definition is None:
        return _to_absent(live, said, found=found)
    edits = differences(live.definition, wish.definition)
    edit = bool(edits)
    ran = found or said.resume
    goal = ran if wish.running is None else wish.running
    if (
        edit
        and live.status == run_state.SNAPSHOTTING
        and wish.running is not False
        and not wish.interrupt_snapshot
    ):
        return Plan(refusal=_SNAPSHOT_REFUSAL, ran=ran, goal=goal)
    steps = _edit_steps(live, wish, said, goal=goal) if edit else _run_steps(live, wish, said, goal=goal)
    return Plan(
        steps=steps if wish.wait else _without_last_wait(steps),
        body=overlay(live.definition, wish.definition) if edit else {},
        wished=wish.definition if edit else {},
        is_rewrite=edit and not said.drift.union(_changed_since(live, wish, said)).isdisjoint(edits),
        ran=ran,
        goal=goal,
        may_pass_unknown=edit,
        warnings=_warnings(live, wish, said, steps, found=found),
    )


def _to_absent(live: Live, said: Said, *, found: bool) -> Plan:
    warnings = (_SNAPSHOT_STOPPED,) if live.status == run_state.SNAPSHOTTING else ()
    ran = found or said.resume
    return Plan(steps=(*_stop_steps(live), Step.DELETE), ran=ran, may_pass_unknown=True, warnings=warnings)


def _stop_steps(live: Live) -> tuple[Step, ...]:
    """Return what makes sure that it is stopped; without information that means to send STOP and look."""
    if live.status == run_state.NOT_RUNNING:
        return ()
    if live.status == run_state.STOPPING:
        return (Step.AWAIT_STOPPED,)
    return (Step.STOP, Step.AWAIT_STOPPED)


def _edit_steps(live: Live, wish: Wish, said: Said, *, goal: bool) -> tuple[Step, ...]:
    edit = (*_stop_steps(live), Step.PUT)
    if goal:
        return (*edit, Step.START, Step.AWAIT_RUNNING)
    # An edit may go on without having seen the stop; the wish that it should not run needs to have seen it.
    ran = run_state.is_running(live.status, otherwise=said.running or said.unfinished)
    return (*edit, Step.CONFIRM_STOPPED) if ran and wish.running is False else edit


def _run_steps(live: Live, wish: Wish, said: Said, *, goal: bool) -> tuple[Step, ...]:
    if wish.running is None and not said.resume:
        return ()
    if not run_state.is_known(live.status):
        settled = said.running == goal and not said.unfinished and not said.resume
        return () if settled else _command(goal=goal)
    if not goal:
        return _stop_steps(live)
    if run_state.is_up(live.status):
        return ()
    if live.status == run_state.STARTING:
        return (Step.AWAIT_RUNNING,)
    return (*_stop_steps(live), Step.START, Step.AWAIT_RUNNING)


def _command(*, goal: bool) -> tuple[Step, ...]:
    return (Step.START, Step.AWAIT_RUNNING) if goal else (Step.STOP, Step.AWAIT_STOPPED)


def _without_last_wait(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Drop the wait after the last command; the stop before a PUT or START stays waited for."""
    return steps[:-1] if steps and steps[-1] in _LAST_WAITS else steps


_LAST_WAITS = (Step.AWAIT_RUNNING, Step.AWAIT_STOPPED, Step.CONFIRM_STOPPED)

_SNAPSHOT_REFUSAL = (
    "a snapshot is running, and the change would interrupt it, which can cost hours or days of work; nothing was"
    " changed. Wait until the snapshot is over, or allow it with interrupt_snapshot=True"
)
_SNAPSHOT_STOPPED = "a running snapshot is interrupted"


def _warnings(live: Live, wish: Wish, said: Said, steps: tuple[Step, ...], *, found: bool) -> tuple[str, ...]:
    warnings = []
    overwritten = _overwritten(live, wish, said)
    if overwritten:
        warnings.append(f"changed outside Pulumi and now overwritten: {', '.join(overwritten)}")
    if live.status == run_state.SNAPSHOTTING and Step.STOP in steps:
        warnings.append(_SNAPSHOT_STOPPED)
    if wish.running is None and steps and said.running and not found and not said.resume:
        warnings.append(
            "it was running when last seen and is stopped now; it stays stopped, because `running` is not set"
        )
    if not run_state.is_known(live.status):
        warnings.append(
            f"its status is {live.status}, so what was last known counts: {_in_words(found=found)}"
        )
    return tuple(warnings)


def _in_words(*, found: bool) -> str:
    return "running" if found else "stopped"


def _overwritten(live: Live, wish: Wish, said: Said) -> list[str]:
    """Return the paths that changed behind our back and that the program did not touch, unless an edit of ours may."""
    return [] if said.unfinished else _changed_since(live, wish, said)


def _changed_since(live: Live, wish: Wish, said: Said) -> list[str]:
    """Return the paths at which the service has something else than was recorded, and the program still wants that."""
    if said.definition is None or wish.definition is None:
        return []
    ours = set(differences(said.definition, wish.definition))
    theirs = set(differences(live.definition, said.definition))
    return sorted((theirs - ours) & set(differences(live.definition, wish.definition)))
