"""When requests may go: as one rule over times that are passed in, and with threads that wait for it."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.pace import Line, Pace, Pacer
from pulumi_dpc.errors import Interrupted


def sent_at(pace: Pace, now: float, count: int) -> list[float]:
    """Return when so many requests go that all want to go now."""
    times = []
    for _ in range(count):
        now = pace.due(now)
        pace.take(now)
        times.append(round(now, 3))
    return times


def test_without_a_429_nothing_waits() -> None:
    assert sent_at(Pace(), 10, 5) == [10] * 5


@pytest.mark.parametrize(
    ("accepted", "span", "hold", "rate"),
    [
        pytest.param(60, 2, 58, 54, id="a minute's allowance spent at once"),
        pytest.param(60, 59, 1, 54, id="a minute's allowance spent evenly"),
        pytest.param(5, 0.2, 1, 225, id="a burst limit says little about the minute"),
        pytest.param(0, 0, 30, 6, id="spent by somebody else"),
        pytest.param(3, 1, 1, 81, id="a stray 429 stalls nothing"),
    ],
)
def test_a_429_teaches_what_was_accepted_lately(accepted: int, span: float, hold: float, rate: float) -> None:
    pace = Pace()
    for i in range(accepted):
        pace.accept(100 + span * i / max(1, accepted))
    pace.refuse(100 + span, 100 + span, hold)
    assert pace.rate == pytest.approx(rate, rel=0.01)


def test_what_was_accepted_more_than_a_minute_ago_teaches_nothing() -> None:
    pace = Pace()
    for _ in range(1000):
        pace.accept(100)
    pace.refuse(161, 161, 1)
    assert pace.rate == 54


def test_a_429_holds_everybody_and_spaces_them_afterwards() -> None:
    pace = Pace()
    pace.accept(99)
    pace.refuse(100, 100, 59)
    assert pace.rate == 6
    assert sent_at(pace, 101, 2) == [159, 169]


def test_a_second_429_puts_off_whoever_waits() -> None:
    pace = Pace()
    pace.refuse(100, 100, 10)
    assert sent_at(pace, 100, 1) == [110]
    pace.refuse(111, 112, 8)
    assert sent_at(pace, 113, 1) == [120]


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    pace = Pace()
    pace.refuse(100, 100, 59)
    pace.refuse(99, 101, 1)
    assert pace.held_until == 159


def test_one_burst_is_one_lesson() -> None:
    """Forty requests in flight meet forty 429s, and the limit is still what it is."""
    pace = Pace()
    for i in range(60):
        pace.accept(100 + i / 60)
    for _ in range(40):
        pace.refuse(100.5, 101, 59)
    assert pace.rate == pytest.approx(54, rel=0.01)
    assert pace.held_until == 160


def test_the_first_request_after_a_hold_can_teach_again() -> None:
    pace = Pace()
    for i in range(60):
        pace.accept(i / 30)
    pace.refuse(2, 2, 58)
    pace.refuse(59.9, 60, 58)
    assert pace.rate == pytest.approx(54), "it was sent before the hold ended"
    pace.refuse(60, 61, 58)
    assert pace.rate is not None
    assert pace.rate < 54


def test_a_learned_rate_is_used_and_grows_by_six_in_each_minute_without_a_429() -> None:
    """The timeline in the docstring of `Pace`."""
    pace = Pace()
    for i in range(60):
        pace.accept(i / 30)
    pace.refuse(2, 2, 58)
    assert pace.rate == pytest.approx(54)
    assert sent_at(pace, 2, 2) == [60, round(60 + 60 / 54, 3)]
    assert [pace.rate_at(now) for now in (60, 120, 130)] == pytest.approx([54, 60, 61])
    times = sent_at(pace, 120, 100)
    assert sum(time < 180 for time in times) == pytest.approx(63, abs=1)


def test_a_429_at_a_learned_rate_never_makes_it_faster() -> None:
    """Few seconds after a pause, what was accepted over the time says more than the service allows."""
    pace = Pace()
    pace.accept(0)
    pace.refuse(0, 0, 60)
    for _ in range(10):
        pace.accept(130)
    pace.refuse(130, 130, 1)
    assert pace.rate == pytest.approx(6 + 6 * 70 / 60)


def test_a_rate_never_falls_below_six_a_minute() -> None:
    pace = Pace()
    for now in range(0, 10_000, 1000):
        pace.refuse(now, now, 900)
    assert pace.rate == 6


# ---- threads ----


def test_threads_that_wait_go_one_after_the_other_at_the_learned_rate() -> None:
    clock = Clock(0.002)
    pacer = Pacer(clock)
    pacer.rate_limited(clock.now(), 10)
    began = clock.now()
    with ThreadPoolExecutor(5) as pool:
        times = sorted(time - began for time in pool.map(lambda _: pacer.turn(), range(5)))
    assert times[0] >= 9.9
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(times))


def test_a_ctrl_c_ends_the_wait_of_every_thread_in_the_queue() -> None:
    interrupt = threading.Event()
    pacer = Pacer(Clock(1.0, interrupt))
    pacer.rate_limited(0, 3600)
    with ThreadPoolExecutor(5) as pool:
        turns = [pool.submit(pacer.turn) for _ in range(5)]
        interrupt.set()
        assert {type(turn.exception(10)) for turn in turns} == {Interrupted}


def test_polls_are_shared_in_order_of_asking() -> None:
    """Half a minute's share at once, then evenly: nobody starves, and the first to run is seen at once."""
    line = Line()
    due = [line.reserve(1000, 300, burst=150) for _ in range(400)]
    assert due[:150] == pytest.approx([1000] * 150)
    assert due == sorted(due)
    assert due[399] == pytest.approx(1050)


def test_polls_leave_room_for_commands_once_the_limit_is_known() -> None:
    """A hundred waiting pipelines must not keep a START from being sent: a quarter of 54 a minute is theirs."""
    clock = Clock(0.02)
    pacer = Pacer(clock)
    for _ in range(60):
        pacer.accepted()
    pacer.rate_limited(clock.now(), 60)
    began = clock.now()
    for _ in range(5):
        pacer.poll_turn()
    assert clock.now() - began >= 4 * 60 / (54 * 0.75) - 0.2


def test_polls_are_as_many_as_the_user_allows_and_half_as_many_at_once_after_a_pause() -> None:
    clock = Clock(0.005)
    pacer = Pacer(clock, polls_per_minute=4)
    began, times = clock.now(), []
    for _ in range(4):
        pacer.poll_turn()
        times.append(clock.now() - began)
    assert times[1] < 10
    assert 15 <= times[2] < 30 <= times[3]
