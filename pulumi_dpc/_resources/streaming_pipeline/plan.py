"""The pure plan: which steps lead from what is live to what is desired.

What a plan sends is decided here, so that a table can test it. What is sent beyond it (again, taken back, or later) is
decided by `run`, `commands` and `agent_moves`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pulumi_dpc._definition.alteration import Alteration, as_written
from pulumi_dpc._definition.comparison import differences, masked_and_not_given, overlay

from . import run_state

Definition = Mapping[str, Any]


class Step(Enum):
    """One thing the runner can do; a plan is a sequence of them."""

    STOP = "stop"
    AWAIT_STOPPED = "await stopped"
    PUT = "put"
    DELETE = "delete"
    START = "start"
    AWAIT_RUNNING = "await running"
    CONFIRM_STOPPED = "confirm stopped"


@dataclass(frozen=True)
class Desired:
    """What the program wants.

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
class Recorded:
    """What the outputs of the last operation recorded.

    Attributes:
        definition: The definition as it was last seen; None when nothing was recorded.
        alterations: Where the service stores something else than was written there, and what.
        drift: The paths at which a refresh has found something else than was written before.
        running: What was last seen, never what was wanted.
        saw_run_state: It was seen at all: an import may leave it out.
        unfinished: A write was sent then and its result never seen.
        resume: It ran when that operation began and is owed a start.
    """

    definition: Definition | None = None
    running: bool = False
    saw_run_state: bool = True
    unfinished: bool = False
    resume: bool = False
    alterations: tuple[Alteration, ...] = ()
    drift: frozenset[str] = frozenset()

    def in_our_words(self, stored: Definition) -> Definition:
        """Return a definition of the service as it was written, where that is all that differs."""
        return as_written(stored, self.alterations)


@dataclass(frozen=True)
class Live:
    """What the service answers now.

    Attributes:
        definition: In the recorded words where `discount_recorded` made it, else as the service answers.
        status: The status word.
        alterations: Where the service has other words for what was written.
        as_recorded: The same pipeline in the recorded words, whatever the program says now; None where it was not read
            by `discount_recorded`.
    """

    definition: Definition
    status: str
    alterations: tuple[Alteration, ...] = ()
    as_recorded: Live | None = None


def discount_recorded(stored: Definition, status: str, desired: Desired, recorded: Recorded) -> Live:
    """Return what is live, where a difference that was recorded counts for none.

    It counts again when the service has something else there now (somebody has changed it), and when the program says
    something else than was written (it is an edit).
    """
    holding = tuple(one for one in recorded.alterations if one.holds(stored))
    same = tuple(one for one in holding if one.is_of(desired.definition or {}))
    as_recorded = Live(as_written(stored, holding), status, holding)
    return Live(as_written(stored, same), status, same, as_recorded)


@dataclass(frozen=True)
class Plan:
    """What to do, in order.

    Attributes:
        steps: Empty when everything is as the program says.
        body: The whole object that PUT sends; empty where there is none.
        definition: The definition that the program wants; empty where there is no edit.
        is_rewrite: The edit writes again what was written before, so an answer that repeats it proves nothing.
        was_running: It was running, or counts as running, when this operation began (or is owed a start).
        should_run: Whether it should run at the end; None for a delete.
        may_skip_stop_confirmation: The change may go on without having seen it stopped, if no status can be had.
        warnings: Sentences for the operator.
        refusal: Why nothing may be done; the steps are then empty.
    """

    steps: tuple[Step, ...] = ()
    body: Definition = field(default_factory=dict)
    definition: Definition = field(default_factory=dict)
    is_rewrite: bool = False
    was_running: bool = False
    should_run: bool | None = None
    may_skip_stop_confirmation: bool = False
    warnings: tuple[str, ...] = field(default=())
    refusal: str | None = None


def plan(live: Live, desired: Desired, recorded: Recorded) -> Plan:
    """Return the steps from what is live to what is desired."""
    found = run_state.is_running(live.status, otherwise=recorded.running)
    if desired.definition is None:
        return _to_absent(live, recorded, found=found)
    edits = differences(live.definition, desired.definition)
    edit = bool(edits)
    was_running = found or recorded.resume
    should_run = was_running if desired.running is None else desired.running
    body = overlay(live.definition, desired.definition) if edit else {}
    refusal = _refusal(live, desired, recorded, body) if edit else None
    if refusal is not None:
        return Plan(refusal=refusal, was_running=was_running, should_run=should_run)
    steps = (
        _edit_steps(live, desired, recorded, should_run=should_run)
        if edit
        else _run_steps(live, desired, recorded, should_run=should_run)
    )
    return Plan(
        steps=steps if desired.wait else _without_last_wait(steps),
        body=body,
        definition=desired.definition if edit else {},
        is_rewrite=edit
        and not recorded.drift.union(_changed_since(live, desired, recorded)).isdisjoint(edits),
        was_running=was_running,
        should_run=should_run,
        may_skip_stop_confirmation=edit,
        warnings=_warnings(live, desired, recorded, steps, found=found),
    )


def _refusal(live: Live, desired: Desired, recorded: Recorded, body: Definition) -> str | None:
    """Return why an edit may not be made, None if it may."""
    if (
        live.status == run_state.SNAPSHOTTING
        and desired.running is not False
        and not desired.interrupt_snapshot
    ):
        return _SNAPSHOT_REFUSAL
    if desired.running is None and not recorded.saw_run_state and not run_state.is_known(live.status):
        return _UNSEEN_REFUSAL.format(live.status)
    masks = masked_and_not_given(body, desired.definition or {})
    return _MASK_REFUSAL.format(", ".join(masks)) if masks else None


def _to_absent(live: Live, recorded: Recorded, *, found: bool) -> Plan:
    warnings = (_SNAPSHOT_STOPPED,) if live.status == run_state.SNAPSHOTTING else ()
    was_running = found or recorded.resume
    return Plan(
        steps=(*_stop_steps(live), Step.DELETE),
        was_running=was_running,
        may_skip_stop_confirmation=True,
        warnings=warnings,
    )


def _stop_steps(live: Live) -> tuple[Step, ...]:
    """Return what makes sure that it is stopped; without information that means to send STOP and look."""
    if live.status == run_state.NOT_RUNNING:
        return ()
    if live.status == run_state.STOPPING:
        return (Step.AWAIT_STOPPED,)
    return (Step.STOP, Step.AWAIT_STOPPED)


def _edit_steps(live: Live, desired: Desired, recorded: Recorded, *, should_run: bool) -> tuple[Step, ...]:
    edit = (*_stop_steps(live), Step.PUT)
    if should_run:
        return (*edit, Step.START, Step.AWAIT_RUNNING)
    # An edit may go on without having seen the stop; a program that wants it stopped needs to have seen it.
    was_running = run_state.is_running(live.status, otherwise=recorded.running or recorded.unfinished)
    return (*edit, Step.CONFIRM_STOPPED) if was_running and desired.running is False else edit


def _run_steps(live: Live, desired: Desired, recorded: Recorded, *, should_run: bool) -> tuple[Step, ...]:
    if desired.running is None and not recorded.resume:
        return ()
    if not run_state.is_known(live.status):
        is_sure = recorded.saw_run_state and not recorded.unfinished and not recorded.resume
        settled = recorded.running == should_run and is_sure
        return () if settled else _command(should_run=should_run)
    if not should_run:
        return _stop_steps(live)
    if run_state.is_up(live.status):
        return ()
    if live.status == run_state.STARTING:
        return (Step.AWAIT_RUNNING,)
    return (*_stop_steps(live), Step.START, Step.AWAIT_RUNNING)


def _command(*, should_run: bool) -> tuple[Step, ...]:
    return (Step.START, Step.AWAIT_RUNNING) if should_run else (Step.STOP, Step.AWAIT_STOPPED)


def _without_last_wait(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Drop the wait after the last command; the stop before a PUT or START stays waited for."""
    return steps[:-1] if steps and steps[-1] in _LAST_WAITS else steps


_LAST_WAITS = (Step.AWAIT_RUNNING, Step.AWAIT_STOPPED, Step.CONFIRM_STOPPED)

_SNAPSHOT_REFUSAL = (
    "a snapshot is running, and the change would interrupt it, which can cost hours or days of work; nothing was"
    " changed. Wait until the snapshot is over, or allow it with interrupt_snapshot=True"
)
_UNSEEN_REFUSAL = (
    "its status is {}, and none was seen since it was imported, so nobody knows whether it is to run after the change;"
    " nothing was changed. Run `pulumi refresh` when its agent is connected, or say `running` in the program"
)
_MASK_REFUSAL = (
    "the service answers with a mask instead of the value of {}, which the program does not give; an edit writes the"
    " whole definition, and so would put the mask in the place of the value. Nothing was changed: say the value in the"
    " program"
)
_SNAPSHOT_STOPPED = "a running snapshot is interrupted"


def _warnings(
    live: Live, desired: Desired, recorded: Recorded, steps: tuple[Step, ...], *, found: bool
) -> tuple[str, ...]:
    warnings = []
    overwritten = _overwritten(live, desired, recorded)
    if overwritten:
        warnings.append(f"changed outside Pulumi and now overwritten: {', '.join(overwritten)}")
    if live.status == run_state.SNAPSHOTTING and Step.STOP in steps:
        warnings.append(_SNAPSHOT_STOPPED)
    if desired.running is None and steps and recorded.running and not found and not recorded.resume:
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


def _overwritten(live: Live, desired: Desired, recorded: Recorded) -> list[str]:
    """Return the paths that changed behind our back and that the program did not touch, unless an edit of ours may."""
    return [] if recorded.unfinished else _changed_since(live, desired, recorded)


def _changed_since(live: Live, desired: Desired, recorded: Recorded) -> list[str]:
    """Return the paths at which the service has something else than was recorded, and the program still wants that."""
    if recorded.definition is None or desired.definition is None:
        return []
    ours = set(differences(recorded.definition, desired.definition))
    theirs = set(differences(live.definition, recorded.definition))
    return sorted((theirs - ours) & set(differences(live.definition, desired.definition)))
