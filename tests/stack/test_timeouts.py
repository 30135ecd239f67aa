"""How long a command waits, and what it leaves when that is not long enough."""

from __future__ import annotations

import pytest

from tests.stack.scenarios import failed
from tests.worlds import World, resource


@pytest.mark.world(start_seconds=1e6)
def test_a_custom_timeout_bounds_the_wait(world: World) -> None:
    opts = 'text:pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="20s"))'
    failed(world.up(resource(running=True, opts=opts)), "is STARTING after 20 s of starting")
    assert world.outputs()["running"] is False


@pytest.mark.world(stop_seconds=1e6)
def test_a_delete_that_timed_out_says_that_it_starts_again(world: World) -> None:
    opts = 'text:pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete="5s"))'
    world.up(resource(running=True, opts=opts))
    failed(world.run("destroy"), "was not deleted: is STOPPING after 5 s", "It was told to start again")
