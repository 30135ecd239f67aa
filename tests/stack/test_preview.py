"""What a preview refuses, before anything is asked of the service."""

from __future__ import annotations

import pytest

from tests.stack.scenarios import failed
from tests.worlds import World, edited, resource


@pytest.mark.parametrize(
    ("number", "mistake"),
    [
        ("2**53 + 1", "is too large for a number"),
        ("-(2**63)", "is too large for a number"),
    ],
)
def test_a_number_that_would_not_arrive_is_refused_in_the_preview(
    number: str, mistake: str, world: World
) -> None:
    world.write(resource(definition=edited(advancedProperties={"n": f"text:{number}"})))
    failed(world.run("preview"), f"advancedProperties.n (advanced_properties.n): {mistake}")
    assert world.requests() == []
