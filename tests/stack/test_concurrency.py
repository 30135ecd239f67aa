"""Many pipelines at once: one token, one pace, and no pipeline more or less than at one at a time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc.emulator import Emulator
from tests.worlds import World, edited, fixed_id, resource

MANY = 50


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


def world(tmp_path: Path, parallel: int, **settings: Any) -> World:
    return World("engine", tmp_path, parallel=parallel, agents=MANY, **settings)


def tokens(api: Emulator) -> int:
    return sum(request.path.startswith("/oauth") for request in api.requests)


def commands(api: Emulator) -> Counter[str]:
    return Counter(request.body["command"] for request in api.requests if request.path.endswith("/commands"))


def test_fifty_pipelines_are_created_edited_and_deleted_at_once(tmp_path: Path) -> None:
    """With one token for all, one look at the listing, and one command and one write for each."""
    with world(tmp_path, parallel=64) as w:
        assert w.up(*fleet(MANY)).ok
        methods = Counter(r.method for r in w.api.requests if r.path.endswith("/streaming-pipelines"))
        assert methods == {"GET": 1, "POST": MANY}
        assert (tokens(w.api), commands(w.api)) == (1, {"START": MANY})
        assert len({pipeline.name for pipeline in w.api.pipelines}) == MANY
        assert {pipeline.status for pipeline in w.api.pipelines} == {"STREAMING"}
        assert len(w.states()) == MANY

        assert w.up(*fleet(MANY, advancedProperties={"max.batch.size": 1})).ok
        assert (tokens(w.api), commands(w.api)) == (1, {"STOP": MANY, "START": MANY})
        assert {pipeline.status for pipeline in w.api.pipelines} == {"STREAMING"}

        assert w.run("refresh").ok
        assert sum(request.path.endswith("/streaming-pipelines") for request in w.api.requests) == 1

        assert w.run("destroy").ok
        assert (w.api.pipelines, w.states()) == ([], [])


def test_a_token_that_expires_in_the_middle_is_renewed_once(tmp_path: Path) -> None:
    with world(tmp_path, parallel=64) as w:
        w.api.on_request(lambda request: w.api.expire_tokens() if request.index == 40 else None)
        assert w.up(*fleet(MANY)).ok
        assert any(request.status == 401 for request in w.api.requests)
        assert tokens(w.api) == 2
        assert len(w.api.pipelines) == MANY
        assert {pipeline.status for pipeline in w.api.pipelines} == {"STREAMING"}


@pytest.mark.parametrize("parallel", [1, 2, 16, 64])
def test_the_end_is_the_same_however_many_run_at_a_time(tmp_path: Path, parallel: int) -> None:
    count = 3 if parallel == 1 else 12  # one at a time waits for each start in turn
    with world(tmp_path, parallel=parallel) as w:
        assert w.up(*fleet(count)).ok
        assert {pipeline.status for pipeline in w.api.pipelines} == {"STREAMING"}
        assert w.run("preview", expect_no_changes=True).ok
        assert w.up(*fleet(count)[1:]).ok
        assert len(w.api.pipelines) == len(w.states()) == count - 1
        assert w.run("destroy").ok
        assert w.api.pipelines == []


def test_a_service_that_allows_few_requests_slows_a_fleet_and_fails_none(tmp_path: Path) -> None:
    """60 a minute, 5 a second is what the older pages of the vendor give (docs/api.md section 1.3)."""
    limit = {"rate_limit_per_minute": 60, "rate_burst_per_second": 5}
    # Slow enough for the fleet to reach the limit on a loaded machine.
    with world(tmp_path, parallel=64, time_scale=0.03, **limit) as w:
        result = w.up(*fleet(12))
        assert result.ok, result.text
        assert any(request.status == 429 for request in w.api.requests)
        assert {pipeline.status for pipeline in w.api.pipelines} == {"STREAMING"}
        assert len(w.api.pipelines) == len(w.states()) == 12


def test_all_waiting_pipelines_share_the_looks_that_the_user_allows(tmp_path: Path) -> None:
    """`DPC_STATUS_PER_MINUTE` leaves the rest of the account's limit to others; half as many may go at once first."""
    allowed = 60
    with world(tmp_path, parallel=64, env={"DPC_STATUS_PER_MINUTE": str(allowed)}, start_seconds=120) as w:
        assert w.up(*fleet(12)).ok
        looks = [request.at for request in w.api.requests if request.path.endswith("/status")]
        assert len(looks) > allowed
        busiest = max(sum(at <= other < at + 60 for other in looks) for at in looks)
        assert busiest <= 1.5 * allowed + 2  # a look that was due at the window's edge may arrive in it
        assert {pipeline.status for pipeline in w.api.pipelines} == {"STREAMING"}


def test_two_resources_of_one_name_make_one_pipeline(tmp_path: Path) -> None:
    """Both find the name free if each looks before the other has created."""
    with world(tmp_path, parallel=64) as w:
        result = w.up(
            *[resource(f"r{n}", edited(agentId=fixed_id("agent", n)), running=True) for n in range(5)],
            continue_on_error=True,
        )
        assert not result.ok
        assert len(w.api.pipelines) == len(w.states()) == 1


def test_two_edits_that_take_one_name_make_no_two_pipelines_of_it(tmp_path: Path) -> None:
    """Nor do an edit and a create: each would find the name free before the other has taken it."""
    with world(tmp_path, parallel=64, latency_seconds=1.0) as w:
        assert w.up(*fleet(2)).ok
        one = [edited(name="one", agentId=fixed_id("agent", number)) for number in range(3)]
        renamed = [resource(f"p{number}", definition, running=True) for number, definition in enumerate(one)]
        result = w.up(*renamed, continue_on_error=True)
        assert not result.ok
        assert [pipeline.name for pipeline in w.api.pipelines].count("one") == 1
