"""Lookups of projects, environments and agents in a program."""

from __future__ import annotations

import pytest

from tests.stack.scenarios import failed
from tests.worlds import World


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            'dpc.get_environment(pulumi.Output.from_input("p"), "production")',
            "which get_environment_output takes",
        ),
        ('dpc.get_environment(dpc.get_project("Analytics"), "production")', "write project.id"),
        ('dpc.get_project(pulumi.Output.from_input("Analytics"))', "which get_project_output takes"),
        ("dpc.get_project(None)", "get_project: name must be a text"),
    ],
)
def test_a_lookup_given_the_wrong_thing_says_what_to_write(call: str, sentence: str, world: World) -> None:
    world.write(call)
    failed(world.run("preview"), sentence)
