"""Many threads and one client: a refusal holds all of them, and one token serves all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc._api.clock import Clock
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator

SCALE = 0.01


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=SCALE, rate_limit_per_minute=None) as one:
        yield one


def in_threads(count: int, act: Callable[[], object]) -> None:
    """Let that many threads act together, and raise what the first of them raised."""
    together = threading.Barrier(count)

    def one(_number: int) -> None:
        together.wait(10)
        act()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))


def tokens(api: Emulator) -> int:
    return sum(request.path.startswith("/oauth") for request in api.requests)


def test_a_429_holds_all_threads(api: Emulator) -> None:
    """A thread that went on would only collect the next 429."""
    hold = 60.0
    with DpcClient(Settings.resolve(environment=api.env), clock=Clock(SCALE)) as client:
        client.list_projects()
        api.clear_requests()
        api.fail_next(429, retry_after=int(hold), nth=40)

        def work() -> None:
            for _ in range(10):
                client.get_agent("2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6")

        in_threads(16, work)
    (refused,) = (request for request in api.requests if request.status == 429)
    assert len(api.requests) == 16 * 10 + 1
    # Those on their way when the refusal came are let off; a loaded machine may keep them for a while.
    silence = [r for r in api.requests if refused.at + hold / 2 < r.at < refused.at + hold * 0.95]
    assert silence == []
    assert any(request.at >= refused.at + hold * 0.95 for request in api.requests)


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
