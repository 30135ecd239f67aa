"""How the starts that a process has seen tell when to look at the next ones."""

from __future__ import annotations

import pytest

from pulumi_dpc._resources.polling import LearnedTimes


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([(13, 21)], 17),
        ([(13, 21), (17, 19)], 18),
        ([(13, 21), (18.5, 19)], 19),
        ([(40, 50), (13, 21)], 21),
    ],
    ids=[
        "between its looks",
        "between the closest looks",
        "known to the second",
        "the quickest of different ones",
    ],
)
def test_the_guess_is_where_the_truth_may_be(seen: list[tuple[float, float]], expected: float) -> None:
    times = LearnedTimes()
    for not_yet, up in seen:
        times.add(not_yet, up)
    assert times.left(5) == expected - 5


def test_there_is_no_guess_before_the_first_start() -> None:
    assert LearnedTimes().left(5) is None


def test_old_starts_are_forgotten() -> None:
    """An agent may be slower today than an hour ago."""
    times = LearnedTimes()
    times.add(1, 2)
    for _ in range(16):
        times.add(30, 31)
    assert times.left(0) == 31


def test_a_batch_of_equal_starts_is_soon_looked_at_within_two_seconds() -> None:
    """Each start is looked at when the ones before it say, and then a second later until it is up."""
    times, truth, late = LearnedTimes(), 24.3, []
    times.add(20.8, 30.8)
    for _ in range(6):
        look, before = times.left(0) or 0.0, 0.0
        while look < truth:
            before, look = look, look + 1
        times.add(before, look)
        late.append(look - truth)
    assert max(late[1:]) <= 2
