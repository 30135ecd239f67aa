"""Credentials of another account, another region, a role without rights: nothing is lost, here or there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from tests.worlds import DEFINITION, World, edited, resource

Service = Callable[[World, Emulator], dict[str, str]]

ELSEWHERE: dict[str, Service] = {
    "another account": lambda world, _: world.api.other_account(),
    "another region, the same account": lambda _, region: region.env,
    "another region, another account": lambda _, region: region.other_account(),
}
"""Where the pipeline is not: the answer is a 404, which must not be believed."""
REFUSED: dict[str, Service] = {
    "a role without rights": lambda world, _: world.api.powerless_account(),
    "a wrong secret": lambda world, _: {**world.api.env, "DPC_CLIENT_SECRET": "wrong"},
    "a token that has ended": lambda world, _: {
        "DPC_TOKEN": "ended",
        "DPC_CLIENT_ID": "",
        "DPC_CLIENT_SECRET": "",
        "DPC_TOKEN_URL": "",
    },
}
"""Who may not ask: nothing is learned at all."""


@pytest.fixture
def region() -> Iterator[Emulator]:
    """Another region: it has a project and a pipeline of the same names, with other ids."""
    with Emulator(time_scale=0.01, guide=False) as one:
        project = one.add_project("Analytics")
        one.add_pipeline(DEFINITION, project_id=project, status="STREAMING")
        yield one


def kept(world: World) -> list[tuple[Any, ...]]:
    """Return what the state holds of the pipelines, without the engine's own book-keeping."""
    return [tuple(entry[key] for key in ("urn", "id", "inputs", "outputs")) for entry in world.states()]


def commands(world: World, env: dict[str, str]) -> dict[str, str]:
    """Run every command that could lose something and return the errors of each; all must fail."""
    errors = {}
    for command, options in (("refresh", {}), ("destroy", {}), ("up", {"refresh": True}), ("up", {})):
        result = world.run(command, env=env, **options)
        assert not result.ok, (command, result.text)
        errors[f"{command} {' '.join(options)}"] = "\n".join(result.errors())
    return errors


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_pipeline_that_is_elsewhere_is_not_gone(world: World, region: Emulator, place: str) -> None:
    """A refresh with the wrong credentials that emptied the state would make the next `up` create all again."""
    world.up(resource(running=True))
    recorded, living = kept(world), world.pipeline
    there = region.pipelines
    world.write(resource(definition=edited(advancedProperties={"x": 1}), running=True))
    for command, text in commands(world, ELSEWHERE[place](world, region)).items():
        assert f"pulumi state delete '{world.managed['urn']}'" in text, command
        assert "Traceback" not in text
    assert kept(world) == recorded
    assert world.pipeline == living
    assert region.pipelines == there


@pytest.mark.parametrize("place", ELSEWHERE)
def test_the_error_of_a_pipeline_that_is_elsewhere_ends_with_the_way_out(
    world: World, region: Emulator, place: str
) -> None:
    world.up(resource())
    result = world.run("refresh", env=ELSEWHERE[place](world, region))
    (error,) = (text for text in result.errors() if "orders-pipeline" in text)
    assert error.endswith(f"drop it with: pulumi state delete '{world.managed['urn']}'")
    assert world.api.url in error
    assert (region.url in error) == ("region" in place)


@pytest.mark.parametrize("place", REFUSED)
def test_who_may_not_ask_changes_nothing(world: World, region: Emulator, place: str) -> None:
    world.up(resource(running=True))
    recorded, living = kept(world), world.pipeline
    world.write(resource(definition=edited(advancedProperties={"x": 1}), running=True))
    for command, text in commands(world, REFUSED[place](world, region)).items():
        assert re.search(
            r"orders-pipeline \(resource orders\): (could not get a token: )?the service", text
        ), command
        assert "Traceback" not in text
    assert kept(world) == recorded
    assert world.pipeline == living
    assert world.up().ok


def test_a_project_that_is_really_gone_does_not_go_unsaid(world: World) -> None:
    """Whether the project was deleted or only hidden from this role cannot be told: a person decides."""
    world.up(resource())
    world.api.delete_project(GUIDE_PROJECT)
    for command in ("refresh", "destroy"):
        result = world.run(command)
        assert not result.ok
        assert f"pulumi state delete '{world.managed['urn']}'" in "\n".join(result.errors())


def test_a_resource_moved_to_the_provider_of_another_account_is_not_made_or_deleted_there(
    world: World, region: Emulator
) -> None:
    """The engine re-homes such a resource silently (docs/pulumi-host.md section 4)."""
    world.up(resource(running=True))
    living, there = world.pipeline, region.pipelines
    env = region.env
    provider = (
        f"other = dpc.Provider('other', api_url={region.url!r}, token_url={env['DPC_TOKEN_URL']!r},"
        f" client_id={env['DPC_CLIENT_ID']!r}, client_secret={env['DPC_CLIENT_SECRET']!r})\n"
    )
    moved = resource(
        definition=edited(advancedProperties={"x": 1}),
        running=True,
        opts="text:pulumi.ResourceOptions(provider=other)",
    )
    result = world.up(provider, moved)
    assert not result.ok
    assert f"was made at {world.api.url}, but this command uses {region.url}" in "\n".join(result.errors())
    assert world.pipeline == living
    assert region.pipelines == there
