"""What a status counts as, and when a wait is over."""

from __future__ import annotations

import pytest

from pulumi_dpc._resources.polling import Verdict, poll_delay
from pulumi_dpc._resources.streaming_pipeline import run_state
from pulumi_dpc._resources.streaming_pipeline.run_state import Watch

START = Watch(for_running=True, grace=60)
STOP = Watch(for_running=False, grace=0)


def verdicts(watch: Watch, *looks: tuple[str, float]) -> list[Verdict | None]:
    found = []
    for status, elapsed in looks:
        verdict, watch = watch.judge(status, elapsed)
        found.append(verdict)
    return found


@pytest.mark.parametrize(
    ("status", "running"),
    [
        ("STREAMING", True),
        ("SNAPSHOTTING", True),
        ("STARTING", True),
        ("STOPPING", False),
        ("NOT_RUNNING", False),
    ],
)
def test_a_status_counts_as_running_or_stopped(status: str, running: bool) -> None:
    assert run_state.is_running(status, otherwise=not running) is running


@pytest.mark.parametrize("status", ["UNKNOWN", "REBALANCING", ""])
@pytest.mark.parametrize("last", [True, False])
def test_a_status_without_information_keeps_the_last_knowledge(status: str, last: bool) -> None:
    assert run_state.is_running(status, otherwise=last) is last


def test_running_must_be_seen_twice() -> None:
    """A connector can come up and die on its first record."""
    assert verdicts(START, ("STREAMING", 3), ("STREAMING", 4)) == [Verdict.CONFIRM, Verdict.DONE]
    assert verdicts(START, ("STREAMING", 3), ("NOT_RUNNING", 4)) == [Verdict.CONFIRM, None]


def test_stopped_after_starting_is_a_failed_start_at_once() -> None:
    """The API has no FAILED, and ten minutes of waiting would tell no more."""
    assert verdicts(START, ("STARTING", 1), ("NOT_RUNNING", 2))[-1] is None


def test_not_running_just_after_the_command_may_not_have_begun_yet() -> None:
    assert verdicts(START, ("NOT_RUNNING", 1), ("NOT_RUNNING", 60), ("NOT_RUNNING", 61)) == [
        Verdict.GO_ON,
        Verdict.GO_ON,
        None,
    ]


def test_unknown_between_two_sights_starts_the_count_again() -> None:
    looks = (("STREAMING", 1), ("UNKNOWN", 2), ("STREAMING", 3), ("STREAMING", 4))
    assert verdicts(START, *looks) == [Verdict.CONFIRM, Verdict.GO_ON, Verdict.CONFIRM, Verdict.DONE]


def test_a_stop_is_over_when_it_reads_not_running_and_only_then() -> None:
    looks = (("STREAMING", 0), ("STOPPING", 1), ("UNKNOWN", 2), ("NOT_RUNNING", 3))
    assert verdicts(STOP, *looks) == [Verdict.GO_ON, Verdict.GO_ON, Verdict.GO_ON, Verdict.DONE]


def test_looks_come_after_one_second_and_grow_to_ten() -> None:
    for looks, base in ((1, 1.0), (2, 1.5), (3, 2.25), (20, 10.0)):
        assert base * 0.9 <= poll_delay(looks) <= base * 1.1


def test_a_look_comes_no_later_than_others_needed_to_start() -> None:
    assert poll_delay(20, expected=0.5) == 0.5


def test_after_the_expected_time_the_delays_grow_anew() -> None:
    for overdue, base in ((0.0, 1.0), (2.0, 1.0), (6.0, 3.0), (60.0, 10.0)):
        assert base * 0.9 <= poll_delay(20, expected=-overdue) <= base * 1.1
    assert poll_delay(1, expected=-60) <= 1.1
