"""`DpcClient` in a program: it asks the account that the lookups ask, and its errors are sentences."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from pulumi_dpc._api.client import DpcClient as ApiClient
from pulumi_dpc._program.client import DpcClient
from pulumi_dpc.testing._engine.engines import EngineName
from pulumi_dpc.testing._engine.stack import base_environment
from tests.stack.scenarios import failed, succeeded
from tests.worlds import ENGINES, MakeWorld, World

CREDENTIALS = dict.fromkeys(
    ["DPC_TOKEN", "DPC_CLIENT_ID", "DPC_CLIENT_SECRET", "DPC_TOKEN_URL", "DPC_API_URL"], ""
)
LISTS = 'pulumi.log.warn(", ".join(project["name"] for project in dpc.DpcClient().list_projects()))\n'


def configure(world: World) -> None:
    world.stack.set_config("dpc:token", "canary-token", secret=True)
    world.stack.set_config("dpc:apiUrl", world.api.url)


@pytest.mark.parametrize("kind", ENGINES)
def test_a_client_in_a_program_reads_the_stack_configuration(make_world: MakeWorld, kind: EngineName) -> None:
    """It said that no credentials are given, with a traceback, where the lookups beside it worked."""
    world = make_world(kind)
    configure(world)
    world.write(LISTS)
    result = world.run("preview", env=CREDENTIALS)
    succeeded(result)
    assert "Analytics" in result.warnings()


def test_the_environment_comes_first_for_a_client_too(world: World) -> None:
    configure(world)
    world.stack.set_config("dpc:token", "another-token", secret=True)
    world.write(LISTS)
    succeeded(world.run("preview"))


def test_settings_that_are_given_are_those_in_use(world: World) -> None:
    configure(world)
    world.write(
        f'client = dpc.DpcClient(dpc.Settings(token="another-token", api_url={world.api.url!r}))\n'
        "client.list_agents()\n"
    )
    failed(world.run("preview", env=CREDENTIALS), "they come from the arguments (token)")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("client.list_environments('no-such-project')\n", "projectId: must be a valid uuid"),
        ("client.get_agent('..')\n", "'..' is not an id"),
        ("client.get_status('p', 'q')\n", "streamingPipelineId: must be a valid uuid"),
        (
            "client.send_command('p', 'q', 'START')\n",
            "(POST /v1/projects/p/streaming-pipelines/q/commands, 400",
        ),
    ],
)
def test_an_error_of_a_client_in_a_program_is_a_sentence(world: World, lines: str, sentence: str) -> None:
    world.write(f"client = dpc.DpcClient()\n{lines}")
    result = world.run("preview")
    failed(result, sentence)
    assert "Traceback" not in result.text


def test_a_client_without_credentials_is_a_sentence(world: World) -> None:
    world.write("dpc.DpcClient()\n")
    result = world.run("preview", env=CREDENTIALS)
    failed(result, "no credentials are given")
    assert "Traceback" not in result.text


def test_a_program_can_catch_what_a_client_raises(world: World) -> None:
    world.write(
        "try:\n    dpc.DpcClient().get_agent('no-such-agent')\n"
        "except dpc.NotFound as error:\n    pulumi.log.warn(f'caught {error.status}')\n"
    )
    result = world.run("preview")
    succeeded(result)
    assert "caught 404" in result.warnings()


def test_a_script_needs_no_program(world: World) -> None:
    code = "import pulumi_dpc as dpc; print(dpc.DpcClient().list_projects()[0]['name'])"
    env = base_environment(world.api.env)
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("Analytics\n", "")


def test_every_method_of_the_client_reports_in_this_way() -> None:
    public = {name for name, member in vars(ApiClient).items() if callable(member) and name[0] != "_"}
    assert len(public) > 10
    for name in public:
        mine, theirs = getattr(DpcClient, name), getattr(ApiClient, name)
        assert mine is not theirs
        assert (mine.__doc__, inspect.signature(mine)) == (theirs.__doc__, inspect.signature(theirs))
