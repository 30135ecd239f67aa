"""Work that one thread does for all: its failure is theirs too, and nobody else's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_dpc._api.single_flight import SingleFlight
from pulumi_dpc.errors import ApiError, NotFound


def refused() -> ApiError:
    return NotFound("not there", status=404, method="GET", path="/v1/x", violations=["a: b"], request_id="r1")


def test_whoever_waited_gets_a_failure_of_their_own() -> None:
    """With all that it carries: raising one instance in two threads would mix their tracebacks."""
    flight, working, go_on = SingleFlight(), threading.Event(), threading.Event()
    began: list[int] = []

    def work(number: int) -> None:
        with flight.turn():
            began.append(number)
            working.set()
            go_on.wait(5)
            raise refused()

    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(work, 0)]
        assert working.wait(5)
        results += [pool.submit(work, number) for number in range(1, 8)]
        threading.Event().wait(0.2)  # until they wait
        go_on.set()
        errors = [result.exception(5) for result in results]
    assert began == [0]
    assert len({id(error) for error in errors}) == 8
    assert {type(error) for error in errors} == {NotFound}
    for error in errors:
        assert isinstance(error, NotFound)
        assert (error.status, error.path, error.violations, error.request_id) == (
            404,
            "/v1/x",
            ("a: b",),
            "r1",
        )


def test_whoever_comes_later_tries_again() -> None:
    flight = SingleFlight()
    for _ in range(2):
        with pytest.raises(NotFound), flight.turn():
            raise refused()
    with flight.turn():
        pass
