"""Many threads and one client: a refusal holds all of them, and one token serves all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc._api.clock import Clock
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator

SCALE = 0.01


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=SCALE, rate_limit_per_minute=None, token_seconds=1e6) as one:
        yield one


def in_threads(count: int, act: Callable[[], object]) -> None:
    """Let that many threads act together, and raise what the first of them raised."""
    together = threading.Barrier(count)

    def one(_number: int) -> None:
        together.wait(60)
        act()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))


def tokens(api: Emulator) -> int:
    return sum(request.path.startswith("/oauth") for request in api.requests)


class StandingClock(Clock):
    """Time that stands still, and sleeps that last, until `go`; from then on time passes by sleeping, and at once.

    Args:
        at_first_sleep: Called once, before somebody sleeps for the first time.
    """

    def __init__(self, at_first_sleep: Callable[[], None]) -> None:
        super().__init__()
        self.asleep, self.go = threading.Event(), threading.Event()
        self._at_first_sleep = at_first_sleep
        self._seconds, self._lock = 0.0, threading.Lock()

    def now(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        if not self.asleep.is_set():
            self._at_first_sleep()
            self.asleep.set()
        assert self.go.wait(60)
        with self._lock:
            self._seconds += max(0.0, seconds)


def test_a_429_holds_all_threads(api: Emulator) -> None:
    """A thread that went on would only collect the next 429."""
    others, when_held = 15, list[int]()
    clock = StandingClock(lambda: when_held.append(len(api.requests)))
    with DpcClient(Settings.resolve(environment=api.env), clock=clock) as client:
        client.list_projects()
        api.clear_requests()
        api.fail_next(429, retry_after=60, nth=40)

        def work() -> None:
            for _ in range(10):
                client.get_agent("2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6")

        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(in_threads, 1 + others, work)
            asleep = clock.asleep.wait(60)
            time.sleep(0.2)  # for a thread that is not held; those that are held pass however long this takes
            sent = len(api.requests)
            clock.go.set()
            working.result()
    assert asleep
    assert sent <= when_held[0] + others  # each of them may have had one request on its way
    assert clock.now() >= 60
    assert len(api.requests) == (1 + others) * 10 + 1
    assert [request.status for request in api.requests].count(429) == 1


def test_a_token_that_lives_shortly_is_shared_by_all_threads(api: Emulator) -> None:
    """Each life of the token costs one request, whatever the number of threads."""
    api.settings.token_seconds = 20.0
    with DpcClient(Settings.resolve(environment=api.env), clock=Clock(SCALE)) as client:

        def work() -> None:
            for _ in range(8):
                client.list_pipelines(GUIDE_PROJECT)
                client.clock.sleep(5.0)

        in_threads(32, work)
    span = api.requests[-1].at - api.requests[0].at
    assert 2 <= tokens(api) <= span / 10 + 2
