"""What it costs to know what the service has stored: nothing, unless its answer does not tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.stack.scenarios import COMMAND, CREATE, GET, LIST, PUT, STATUS
from tests.worlds import World, edited, fixed_id, resource


def some(count: int, **changes: Any) -> list[str]:
    """Return that many stopped pipelines."""
    return [
        resource(f"r{i}", edited(name=f"pipeline-{i}", agentId=fixed_id("agent", i), **changes))
        for i in range(count)
    ]


@pytest.mark.parametrize(("answer", "more"), [("stored", 0), ("ids", 10)])
def test_only_an_answer_that_names_no_more_than_the_id_costs_a_get(
    tmp_path: Path, answer: str, more: int
) -> None:
    with World("engine", tmp_path, agents=10, write_answer=answer) as world:
        assert world.up(*some(10)).ok
        assert Counter(world.requests()) == Counter({LIST: 1, CREATE: 10, GET: more})
        assert world.up(*some(10, advancedProperties={"x": 1})).ok
        assert Counter(world.requests()) == Counter({GET: 10 + more, STATUS: 10, PUT: 10})
        assert world.run("preview", expect_no_changes=True).ok
        assert world.requests() == []
        assert world.up(*some(10, advancedProperties={"x": 1})).ok
        assert world.requests() == []


def test_a_move_of_a_running_pipeline_costs_the_listing_and_a_status_for_each_on_that_agent(
    tmp_path: Path,
) -> None:
    with World("engine", tmp_path, agents=2, start_seconds=0, stop_seconds=0) as world:
        first, second = fixed_id("agent", 0), fixed_id("agent", 1)
        world.api.add_pipeline(edited(name="stand-by", agentId=second))
        assert world.up(resource(definition=edited(agentId=first), running=True)).ok
        assert world.up(resource(definition=edited(agentId=second), running=True)).ok
        # As any edit of a running one: found running, seen stopped once, seen running twice; and the stand-by's.
        assert Counter(world.requests()) == Counter({GET: 1, LIST: 1, STATUS: 4 + 1, PUT: 1, COMMAND: 2})
