"""An error that all resources of a command share: every one fails, and one of them says all of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from pulumi_dpc._dynamic.shared_errors import SharedErrors
from pulumi_dpc.errors import Unreachable
from pulumi_dpc.testing._engine.cli import CliStack
from pulumi_dpc.testing._engine.engines import EngineName
from pulumi_dpc.testing._engine.stack import Result
from tests.worlds import ENGINES, MakeWorld, World, edited, fixed_id, resource

Env = dict[str, str]
NAMES = ("p0", "p1", "p2")
CREDENTIALS = ("DPC_TOKEN", "DPC_CLIENT_ID", "DPC_CLIENT_SECRET", "DPC_TOKEN_URL", "DPC_ACCOUNT_ID")
NONE: Env = dict.fromkeys(CREDENTIALS, "")
WAYS_OUT = (
    "A refresh or destroy sees the stack configuration and the providers of the last `pulumi up`: if they were changed"
    " since then, run `pulumi up --refresh=false` or `pulumi refresh --run-program` first"
)

SHARED: dict[str, tuple[Callable[[World], Env], str]] = {
    "no credentials": (lambda _: NONE, "no credentials are given"),
    "half a credential": (
        lambda _: {"DPC_CLIENT_SECRET": ""},
        "DPC_CLIENT_ID is given without DPC_CLIENT_SECRET",
    ),
    "a wrong token": (lambda _: {**NONE, "DPC_TOKEN": "t"}, "the service refused the credentials"),
    "a wrong secret": (
        lambda _: {"DPC_CLIENT_SECRET": "wrong"},
        "could not get a token: the service refused the credentials",
    ),
    "an API that is not there": (
        lambda _: {**NONE, "DPC_TOKEN": "t", "DPC_API_URL": "http://127.0.0.1:9/dpc"},
        "127.0.0.1:9 cannot be reached",
    ),
    "a token endpoint that is not there": (
        lambda _: {"DPC_TOKEN_URL": "http://127.0.0.1:9/token"},
        "could not get a token: 127.0.0.1:9 cannot be reached",
    ),
}
"""What is wrong, and how it is told in a few words."""


def pipelines() -> list[str]:
    return [
        resource(name, edited(name=f"orders-{number}", agentId=fixed_id("agent", number)))
        for number, name in enumerate(NAMES)
    ]


def split(result: Result, words: str) -> tuple[list[str], list[str]]:
    """Return the errors of the resources that say all, and those that point to another one."""
    assert not result.ok, result.text
    errors = [text for text in result.errors() if "orders-" in text]
    assert all(words in text for text in errors), errors
    short = [text for text in errors if re.search(rf"{re.escape(words)}; the error of p\d says more$", text)]
    return [text for text in errors if text not in short], short


@pytest.mark.parametrize("cause", SHARED)
@pytest.mark.parametrize("command", ["up", "refresh", "destroy"])
@pytest.mark.world(agents=3)
def test_what_all_resources_meet_is_told_in_full_once(world: World, cause: str, command: str) -> None:
    """It was the same five lines for every pipeline of the stack, in the rows and again below them."""
    setting, words = SHARED[cause]
    if command != "up":
        assert world.up(*pipelines()).ok
    world.write(*pipelines())
    options = {"continue_on_error": True} if command == "up" else {}
    full, short = split(world.run(command, env=setting(world), **options), words)
    assert (len(full), len(short)) == (1, 2)
    pointed = {re.search(r"the error of (p\d)", text)[1] for text in short}  # type: ignore[index]
    assert pointed == {re.search(r"\(resource (p\d)\)", full[0])[1]}  # type: ignore[index]


@pytest.mark.world(agents=3)
def test_what_each_resource_meets_by_itself_is_told_by_each(world: World) -> None:
    world.api.fail_next(400, match="POST */streaming-pipelines", times=None, body={"detail": "No."})
    result = world.up(*pipelines(), continue_on_error=True)
    assert (
        len([text for text in result.errors() if "the service rejected the request as invalid" in text]) == 3
    )


@pytest.mark.world(agents=3)
def test_one_resource_that_meets_it_twice_says_it_twice(world: World) -> None:
    """Nobody else said it."""
    assert world.up(pipelines()[0]).ok
    for _ in range(2):
        full, short = split(world.run("refresh", env=NONE), "no credentials are given")
        assert (len(full), len(short)) == (1, 0)


def configure(world: World, secret: str) -> None:
    """Put the credentials into the stack configuration."""
    world.stack.set_config("dpc:clientId", world.api.env["DPC_CLIENT_ID"])
    world.stack.set_config("dpc:clientSecret", secret, secret=True)
    world.stack.set_config("dpc:tokenUrl", world.api.env["DPC_TOKEN_URL"])


@pytest.mark.parametrize("kind", ENGINES)
def test_credentials_set_since_the_last_up_are_not_seen_and_that_is_said(
    make_world: MakeWorld, kind: EngineName
) -> None:
    """A refresh said "no credentials are given: pulumi config set", and that is what had been done."""
    world = make_world(kind, agents=3)
    assert world.up(*pipelines()).ok
    configure(world, world.api.env["DPC_CLIENT_SECRET"])
    for command in ("refresh", "destroy"):
        full, short = split(world.run(command, env=NONE), "no credentials are given")
        assert (len(full), len(short)) == (1, 2)
        assert full[0].endswith(f". {WAYS_OUT}")
    assert world.up(env=NONE).ok
    assert world.run("refresh", env=NONE).ok


@pytest.mark.world(agents=3)
def test_credentials_rotated_since_the_last_up_are_not_seen_and_that_is_said(world: World) -> None:
    configure(world, "before-the-rotation")
    assert world.up(*pipelines()).ok  # the environment's credentials
    configure(world, world.api.env["DPC_CLIENT_SECRET"])
    words = "could not get a token: the service refused the credentials"
    for command in ("refresh", "destroy"):
        full, short = split(world.run(command, env=NONE), words)
        assert (len(full), len(short)) == (1, 2)
        assert "come from the stack configuration (dpc:clientId)" in full[0]
        assert full[0].endswith(f". {WAYS_OUT}")
    assert world.up(env=NONE).ok
    assert world.run("destroy", env=NONE).ok


@pytest.mark.cli
def test_both_ways_out_after_a_rotation_really_work(make_world: MakeWorld) -> None:
    """Also where a stack refreshes always; there, `destroy --run-program` does not help."""
    world = make_world("cli")
    stack = world.stack
    assert isinstance(stack, CliStack)
    project = stack.directory / "Pulumi.yaml"
    project.write_text(f"{project.read_text()}options:\n  refresh: always\n")
    configure(world, "before-the-rotation")
    assert world.up(pipelines()[0]).ok
    configure(world, world.api.env["DPC_CLIENT_SECRET"])
    for command in ("up", "refresh", "destroy"):
        assert WAYS_OUT in world.run(command, env=NONE).text
    quietly = ("--yes", "--skip-preview")
    assert stack._command("refresh", *quietly, "--run-program", env=NONE).ok
    assert world.run("refresh", env=NONE).ok
    configure(world, "wrong-again")
    assert not stack._command("refresh", *quietly, "--run-program", env=NONE).ok
    configure(world, world.api.env["DPC_CLIENT_SECRET"])
    assert stack._command("up", *quietly, "--refresh=false", env=NONE).ok
    assert world.run("destroy", env=NONE).ok


@pytest.mark.world(agents=3)
def test_an_address_corrected_since_the_last_up_is_not_seen_and_that_is_said(world: World) -> None:
    """The first `up` failed, and has put the wrong address into the state."""
    env = {**NONE, "DPC_TOKEN": "canary-token", "DPC_API_URL": ""}
    assert world.up(pipelines()[0], env={**env, "DPC_API_URL": world.api.url}).ok
    world.stack.set_config("dpc:apiUrl", "http://127.0.0.1:9/dpc")
    assert not world.up(*pipelines(), env=env).ok
    world.stack.set_config("dpc:apiUrl", world.api.url)
    (error,) = split(world.run("refresh", env=env), "127.0.0.1:9 cannot be reached")[0]
    assert "check the API URL from the stack configuration (dpc:apiUrl) and the network" in error
    assert error.endswith(f". {WAYS_OUT}")


@pytest.mark.parametrize("command", ["refresh", "destroy"])
def test_credentials_of_the_environment_are_those_of_now(world: World, command: str) -> None:
    """So the ways out of the stack configuration would lead astray."""
    assert world.up(resource()).ok
    result = world.run(command, env={"DPC_CLIENT_SECRET": "wrong"})
    assert "come from the environment (DPC_CLIENT_ID)" in result.text
    assert WAYS_OUT not in result.text


def test_an_up_that_lacks_credentials_speaks_of_no_refresh(world: World) -> None:
    result = world.up(resource(), env=NONE)
    assert "no credentials are given" in result.text
    assert WAYS_OUT not in result.text


def test_an_error_that_leaves_open_what_was_done_is_never_shortened() -> None:
    """Which write it was is in its text."""
    shared = SharedErrors()
    for name in NAMES:
        error = Unreachable(f"the whole text (PUT /v1/{name})")
        error.shared, error.maybe_applied = "the whole text", True
        assert shared.text(error, name, is_recorded=False) == str(error)


def test_another_reason_is_another_error() -> None:
    """The host is the same, and what is to be done is not."""
    shared = SharedErrors()
    for name, why in (("a", "its name cannot be resolved"), ("b", "its certificate is not trusted")):
        error = Unreachable(f"api.example.com cannot be reached: {why} (GET /v1/projects)")
        error.shared = "api.example.com cannot be reached"
        assert shared.text(error, name, is_recorded=False) == str(error)
