"""What is sent, and in which order: every rule of the run state as a row of a table."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_dpc._resources.streaming_pipeline.plan import Desired, Live, Plan, Recorded, Step, plan

OLD: dict[str, Any] = {"name": "orders", "agentId": "a"}
NEW: dict[str, Any] = {"name": "orders", "agentId": "b"}

STOP, AWAIT_STOPPED, PUT, DELETE = Step.STOP, Step.AWAIT_STOPPED, Step.PUT, Step.DELETE
START, AWAIT_RUNNING, CONFIRM = Step.START, Step.AWAIT_RUNNING, Step.CONFIRM_STOPPED

UP = ("STREAMING", "STARTING")


def steps(status: str, desired: Desired, recorded: Recorded | None = None) -> tuple[Step, ...]:
    return plan(Live(OLD, status), desired, recorded or Recorded(OLD)).steps


@pytest.mark.parametrize(
    ("status", "running", "expected"),
    [
        ("STREAMING", True, ()),
        ("SNAPSHOTTING", True, ()),
        ("STARTING", True, (AWAIT_RUNNING,)),
        ("STOPPING", True, (AWAIT_STOPPED, START, AWAIT_RUNNING)),
        ("NOT_RUNNING", True, (START, AWAIT_RUNNING)),
        ("STREAMING", False, (STOP, AWAIT_STOPPED)),
        ("SNAPSHOTTING", False, (STOP, AWAIT_STOPPED)),
        ("STARTING", False, (STOP, AWAIT_STOPPED)),
        ("STOPPING", False, (AWAIT_STOPPED,)),
        ("NOT_RUNNING", False, ()),
        ("STREAMING", None, ()),
        ("SNAPSHOTTING", None, ()),
        ("STARTING", None, ()),
        ("STOPPING", None, ()),
        ("NOT_RUNNING", None, ()),
        ("UNKNOWN", None, ()),
        ("REBALANCING", None, ()),
    ],
)
def test_running_alone_sends_one_command_or_none(
    status: str, running: bool | None, expected: tuple[Step, ...]
) -> None:
    """A command is sent only if the live status needs it, and an unchanged definition is never put."""
    assert steps(status, Desired(OLD, running)) == expected


@pytest.mark.parametrize(
    ("status", "running", "expected"),
    [
        ("STREAMING", True, (STOP, AWAIT_STOPPED, PUT, START, AWAIT_RUNNING)),
        ("STARTING", True, (STOP, AWAIT_STOPPED, PUT, START, AWAIT_RUNNING)),
        ("STOPPING", True, (AWAIT_STOPPED, PUT, START, AWAIT_RUNNING)),
        ("NOT_RUNNING", True, (PUT, START, AWAIT_RUNNING)),
        ("STREAMING", None, (STOP, AWAIT_STOPPED, PUT, START, AWAIT_RUNNING)),
        ("STOPPING", None, (AWAIT_STOPPED, PUT)),
        ("NOT_RUNNING", None, (PUT,)),
        ("STREAMING", False, (STOP, AWAIT_STOPPED, PUT, CONFIRM)),
        ("SNAPSHOTTING", False, (STOP, AWAIT_STOPPED, PUT, CONFIRM)),
        ("NOT_RUNNING", False, (PUT,)),
    ],
)
def test_an_edit_stops_what_runs_and_starts_what_should_run(
    status: str, running: bool | None, expected: tuple[Step, ...]
) -> None:
    """Whether a PUT reaches a running connector is not documented, so an edit never relies on it."""
    assert steps(status, Desired(NEW, running)) == expected


@pytest.mark.parametrize("running", [True, None])
def test_an_edit_refuses_to_interrupt_a_snapshot(running: bool | None) -> None:
    """A snapshot can be days of work."""
    refused = plan(Live(OLD, "SNAPSHOTTING"), Desired(NEW, running), Recorded(OLD))
    assert refused.refusal is not None
    assert refused.refusal.startswith("a snapshot is running")
    assert refused.steps == ()


def test_an_edit_interrupts_a_snapshot_when_the_user_allows_it() -> None:
    allowed = plan(Live(OLD, "SNAPSHOTTING"), Desired(NEW, True, interrupt_snapshot=True), Recorded(OLD))
    assert allowed.steps == (STOP, AWAIT_STOPPED, PUT, START, AWAIT_RUNNING)
    assert "a running snapshot is interrupted" in allowed.warnings


@pytest.mark.parametrize("desired", [Desired(OLD, False), Desired(None)])
def test_a_stop_or_delete_interrupts_a_snapshot_with_a_warning(desired: Desired) -> None:
    assert (
        "a running snapshot is interrupted"
        in plan(Live(OLD, "SNAPSHOTTING"), desired, Recorded(OLD)).warnings
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("STREAMING", (STOP, AWAIT_STOPPED, DELETE)),
        ("STARTING", (STOP, AWAIT_STOPPED, DELETE)),
        ("STOPPING", (AWAIT_STOPPED, DELETE)),
        ("NOT_RUNNING", (DELETE,)),
        ("UNKNOWN", (STOP, AWAIT_STOPPED, DELETE)),
    ],
)
def test_a_delete_stops_first(status: str, expected: tuple[Step, ...]) -> None:
    assert steps(status, Desired(None)) == expected


@pytest.mark.parametrize(
    ("running", "recorded", "expected"),
    [
        (True, Recorded(OLD, running=True), ()),
        (True, Recorded(OLD, running=False), (START, AWAIT_RUNNING)),
        (True, Recorded(OLD, running=True, resume=True), (START, AWAIT_RUNNING)),
        (False, Recorded(OLD, running=False), ()),
        (False, Recorded(OLD, running=True), (STOP, AWAIT_STOPPED)),
        (False, Recorded(OLD, running=False, unfinished=True), (STOP, AWAIT_STOPPED)),
    ],
)
def test_without_information_the_last_knowledge_counts(
    running: bool, recorded: Recorded, expected: tuple[Step, ...]
) -> None:
    """UNKNOWN says nothing, so nothing is sent unless what was last known contradicts what is desired."""
    assert steps("UNKNOWN", Desired(OLD, running), recorded) == expected


def test_an_edit_under_unknown_may_go_on_without_having_seen_the_stop() -> None:
    """Moving to another agent is the repair of a dead one, so it must not wait for the dead one's word."""
    moved = plan(Live(OLD, "UNKNOWN"), Desired(NEW), Recorded(OLD, running=True))
    assert moved.steps == (STOP, AWAIT_STOPPED, PUT, START, AWAIT_RUNNING)
    assert moved.may_skip_stop_confirmation


def test_a_stop_alone_may_not_pass_unknown() -> None:
    """Where standing still is the goal, not having seen it stop is a failure."""
    assert not plan(
        Live(OLD, "STREAMING"), Desired(OLD, False), Recorded(OLD, running=True)
    ).may_skip_stop_confirmation
    assert Step.CONFIRM_STOPPED in steps("UNKNOWN", Desired(NEW, False), Recorded(OLD, running=True))
    # A write whose result nobody saw may have started it.
    assert Step.CONFIRM_STOPPED in steps("UNKNOWN", Desired(NEW, False), Recorded(OLD, unfinished=True))
    assert Step.CONFIRM_STOPPED not in steps("UNKNOWN", Desired(NEW, False), Recorded(OLD))


@pytest.mark.parametrize(
    ("status", "desired", "expected"),
    [
        ("NOT_RUNNING", Desired(OLD, True, wait=False), (START,)),
        ("STREAMING", Desired(OLD, False, wait=False), (STOP,)),
        ("STREAMING", Desired(NEW, True, wait=False), (STOP, AWAIT_STOPPED, PUT, START)),
        ("STREAMING", Desired(NEW, False, wait=False), (STOP, AWAIT_STOPPED, PUT)),
        ("STARTING", Desired(OLD, True, wait=False), ()),
        ("STOPPING", Desired(OLD, True, wait=False), (AWAIT_STOPPED, START)),
    ],
)
def test_wait_false_skips_only_the_last_wait(
    status: str, desired: Desired, expected: tuple[Step, ...]
) -> None:
    assert steps(status, desired) == expected


@pytest.mark.parametrize("status", ["NOT_RUNNING", "STOPPING"])
def test_a_start_that_is_owed_is_given(status: str) -> None:
    """An earlier operation stopped it and failed; `running` is not set, so as found means running."""
    assert steps(status, Desired(OLD), Recorded(OLD, resume=True))[-2:] == (START, AWAIT_RUNNING)


def test_a_start_that_is_owed_never_beats_a_given_running() -> None:
    assert steps("NOT_RUNNING", Desired(OLD, False), Recorded(OLD, resume=True)) == ()


def test_fields_changed_behind_our_back_are_named_and_overwritten() -> None:
    """The program did not touch the agent; somebody did, and their work is about to go."""
    live = {**OLD, "agentId": "theirs"}
    desired = Desired({**OLD, "advancedProperties": {"max.batch.size": 5}})
    result = plan(Live(live, "NOT_RUNNING"), desired, Recorded(OLD))
    assert any("agentId" in warning and "advancedProperties" not in warning for warning in result.warnings)


def test_a_field_the_program_changed_is_no_surprise() -> None:
    live = {**OLD, "agentId": "theirs"}
    assert plan(Live(live, "NOT_RUNNING"), Desired(NEW), Recorded(OLD)).warnings == ()


def test_an_edit_that_finds_it_stopped_against_its_record_says_so() -> None:
    """A kill between STOP and START cannot be told from a stop by hand, so it is at least recorded."""
    result = plan(Live(OLD, "NOT_RUNNING"), Desired(NEW), Recorded(OLD, running=True))
    assert any("stays stopped" in warning for warning in result.warnings)


def test_what_is_as_the_program_says_needs_no_body() -> None:
    assert plan(Live(OLD, "STREAMING"), Desired(OLD, True), Recorded(OLD, running=True)) == Plan(
        was_running=True, should_run=True
    )


def test_an_unmodelled_field_of_the_live_object_is_carried_over() -> None:
    """The service may be newer than we are, and PUT replaces the whole object."""
    live = {**OLD, "projectId": "p", "streamingPipelineId": "i", "novelty": {"kept": True}}
    body = plan(Live(live, "NOT_RUNNING"), Desired(NEW), Recorded(OLD)).body
    assert body == {**NEW, "novelty": {"kept": True}}


UNSEEN = Recorded(OLD, saw_run_state=False)
"""As an import leaves it that did not ask for the run state."""


def test_what_was_never_seen_running_or_stopped_is_not_edited_blindly() -> None:
    """An edit stops what runs, and nobody could tell whether it has to be started again."""
    made = plan(Live(OLD, "UNKNOWN"), Desired(NEW), UNSEEN)
    assert made.steps == ()
    assert made.refusal is not None
    assert "Run `pulumi refresh`" in made.refusal
    assert steps("UNKNOWN", Desired(NEW, running=True), UNSEEN)[-2:] == (START, AWAIT_RUNNING)
    assert steps("STREAMING", Desired(NEW), UNSEEN)[-2:] == (START, AWAIT_RUNNING)
    assert steps("NOT_RUNNING", Desired(NEW), UNSEEN) == (PUT,)


def test_what_was_never_seen_stopped_is_stopped() -> None:
    assert steps("UNKNOWN", Desired(OLD, running=False), UNSEEN) == (STOP, AWAIT_STOPPED)
    assert steps("UNKNOWN", Desired(OLD, running=False)) == ()
