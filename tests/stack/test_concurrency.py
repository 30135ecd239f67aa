"""Many pipelines at once: one token, one pace, and no pipeline more or less than at one at a time."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from pulumi_dpc.emulator import Emulator
from pulumi_dpc.emulator.wire import Request
from tests.worlds import MakeWorld, World, edited, fixed_id, resource

MANY = 50
ALLOWED = 60
pytestmark = pytest.mark.world(parallel=64, agents=MANY)


def fleet(count: int, **arguments: object) -> list[str]:
    """Return that many pipelines, each on an agent of its own."""
    return [
        resource(
            f"p{number}",
            edited(name=f"pipeline-{number}", agentId=fixed_id("agent", number), **arguments),
            running=True,
        )
        for number in range(count)
    ]


def tokens(api: Emulator) -> int:
    return sum(request.path.startswith("/oauth") for request in api.requests)


def commands(api: Emulator) -> Counter[str]:
    return Counter(request.body["command"] for request in api.requests if request.path.endswith("/commands"))


def test_fifty_pipelines_are_created_edited_and_deleted_at_once(world: World) -> None:
    """With one token for all, one look at the listing, and one command and one write for each."""
    assert world.up(*fleet(MANY)).ok
    methods = Counter(r.method for r in world.api.requests if r.path.endswith("/streaming-pipelines"))
    assert methods == {"GET": 1, "POST": MANY}
    assert (tokens(world.api), commands(world.api)) == (1, {"START": MANY})
    assert len({pipeline.name for pipeline in world.api.pipelines}) == MANY
    assert {pipeline.status for pipeline in world.api.pipelines} == {"STREAMING"}
    assert len(world.states()) == MANY

    assert world.up(*fleet(MANY, advancedProperties={"max.batch.size": 1})).ok
    assert (tokens(world.api), commands(world.api)) == (1, {"STOP": MANY, "START": MANY})
    assert {pipeline.status for pipeline in world.api.pipelines} == {"STREAMING"}

    assert world.run("refresh").ok
    assert sum(request.path.endswith("/streaming-pipelines") for request in world.api.requests) == 1

    assert world.run("destroy").ok
    assert (world.api.pipelines, world.states()) == ([], [])


def test_a_token_that_expires_in_the_middle_is_renewed_once(world: World) -> None:
    world.api.on_request(lambda request: world.api.expire_tokens() if request.index == 40 else None)
    assert world.up(*fleet(MANY)).ok
    assert any(request.status == 401 for request in world.api.requests)
    assert tokens(world.api) == 2
    assert len(world.api.pipelines) == MANY
    assert {pipeline.status for pipeline in world.api.pipelines} == {"STREAMING"}


@pytest.mark.parametrize("parallel", [1, 2, 64])
def test_the_end_is_the_same_however_many_run_at_a_time(make_world: MakeWorld, parallel: int) -> None:
    count = 3 if parallel == 1 else 8  # one at a time waits for each start in turn
    world = make_world(parallel=parallel, agents=MANY)
    assert world.up(*fleet(count)).ok
    assert {pipeline.status for pipeline in world.api.pipelines} == {"STREAMING"}
    assert world.run("preview", expect_no_changes=True).ok
    assert world.up(*fleet(count)[1:]).ok
    assert len(world.api.pipelines) == len(world.states()) == count - 1
    assert world.run("destroy").ok
    assert world.api.pipelines == []


class LateTime:
    """The service's seconds, which pass from the first 429 on: a fleet gets there however busy the machine is."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._began: float | None = None

    def __call__(self) -> float:
        return 0.0 if self._began is None else (time.monotonic() - self._began) / self._scale

    def begin(self) -> None:
        if self._began is None:
            self._began = time.monotonic()


def test_a_service_that_allows_few_requests_slows_a_fleet_and_fails_none(make_world: MakeWorld) -> None:
    """60 a minute, 5 a second is what the older pages of the vendor give (docs/api.md section 1.3)."""
    now = LateTime(scale=0.03)
    limit: dict[str, Any] = {"rate_limit_per_minute": 60, "rate_burst_per_second": 5}
    world = make_world(parallel=64, agents=MANY, time_scale=0.03, now=now, **limit)

    def begin_after_a_refusal(_request: Request) -> None:
        if any(request.status == 429 for request in world.api.requests):
            now.begin()

    world.api.on_request(begin_after_a_refusal)
    result = world.up(*fleet(12))
    assert result.ok, result.text
    assert any(request.status == 429 for request in world.api.requests)
    assert {pipeline.status for pipeline in world.api.pipelines} == {"STREAMING"}
    assert len(world.api.pipelines) == len(world.states()) == 12


@pytest.mark.world(env={"DPC_STATUS_PER_MINUTE": str(ALLOWED)}, start_seconds=1e6)
def test_all_waiting_pipelines_share_the_looks_that_the_user_allows(world: World) -> None:
    """`DPC_STATUS_PER_MINUTE` leaves the rest of the account's limit to others; half as many may go at once first."""
    looks: list[float] = []

    def start_after_many(request: Request) -> None:
        if request.path.endswith("/status"):
            looks.append(request.at)
            if len(looks) == ALLOWED + 20:
                for pipeline in world.api.pipelines:
                    world.api.start(pipeline.id)

    world.api.on_request(start_after_many)
    assert world.up(*fleet(12)).ok
    began = next(request.at for request in world.api.requests if request.path.endswith("/commands"))
    assert len(looks) > ALLOWED
    # A busy machine delays a look, and then it comes later than it might have.
    early = [
        at
        for number, at in enumerate(sorted(looks), 1)
        if number > ALLOWED / 2 + 1 + ALLOWED * (at - began) / 60
    ]
    assert early == []
    assert {pipeline.status for pipeline in world.api.pipelines} == {"STREAMING"}


def test_two_resources_of_one_name_make_one_pipeline(world: World) -> None:
    """Both find the name free if each looks before the other has created."""
    result = world.up(
        *[resource(f"r{n}", edited(agentId=fixed_id("agent", n)), running=True) for n in range(5)],
        continue_on_error=True,
    )
    assert not result.ok
    assert len(world.api.pipelines) == len(world.states()) == 1


@pytest.mark.world(latency_seconds=1.0)
def test_two_edits_that_take_one_name_make_no_two_pipelines_of_it(world: World) -> None:
    """Nor do an edit and a create: each would find the name free before the other has taken it."""
    assert world.up(*fleet(2)).ok
    one = [edited(name="one", agentId=fixed_id("agent", number)) for number in range(3)]
    renamed = [resource(f"p{number}", definition, running=True) for number, definition in enumerate(one)]
    result = world.up(*renamed, continue_on_error=True)
    assert not result.ok
    assert [pipeline.name for pipeline in world.api.pipelines].count("one") == 1
