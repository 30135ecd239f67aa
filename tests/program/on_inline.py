"""Inline programs of the Automation API: their lookups ask the account that their resources see.

In a process of their own (`test_inline`): Pulumi leaves event loops open, and each is a warning where it is collected.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
from pulumi import automation
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

import pulumi_dpc as dpc
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from pulumi_dpc.testing._engine.cli import find_cli
from pulumi_dpc.testing._engine.stack import base_environment
from tests.program.inline_stack import inline_stack, run_program
from tests.worlds import DEFINITION


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Return the account that the environment of this process names."""
    with Emulator(time_scale=0.01) as api:
        for name, value in api.env.items():
            monkeypatch.setenv(name, value)
        yield api


@pytest.fixture
def workspace() -> Iterator[Emulator]:
    """Return the account that the workspace's `env_vars` name."""
    with Emulator(time_scale=0.01) as api:
        yield api


def lookups() -> None:
    """Ask in both forms."""
    project = dpc.get_project("Analytics")
    assert dpc.get_environment(project.id).name == "production"
    later = dpc.get_project_output(pulumi.Output.from_input("Analytics"))
    pulumi.export("agent", dpc.get_environment_output(later.id, "production").default_agent_id)


def listings(api: Emulator) -> int:
    return sum(request.path == "/v1/projects" for request in api.requests)


def test_lookups_of_an_inline_program_read_the_environment_of_its_workspace(
    caller: Emulator, workspace: Emulator, tmp_path: Path
) -> None:
    """Its resources do; a lookup in another account gives ids that do not exist there, or somebody else's."""
    inline_stack(lookups, tmp_path, workspace.env).up()
    assert listings(workspace) == 1
    assert caller.requests == []


def test_lookups_of_an_inline_program_read_the_callers_environment_where_the_workspace_says_nothing(
    caller: Emulator, tmp_path: Path
) -> None:
    inline_stack(lookups, tmp_path, {"PULUMI_CONFIG_PASSPHRASE": "test"}).up()
    assert listings(caller) == 1


def test_two_inline_programs_at_a_time_ask_two_accounts(
    caller: Emulator, workspace: Emulator, tmp_path: Path
) -> None:
    both = threading.Barrier(2)

    def program() -> None:
        both.wait(60)  # until then neither has asked
        lookups()
        both.wait(60)  # from then on both have

    stacks = [
        inline_stack(program, tmp_path / name, api.env) for name, api in (("one", caller), ("two", workspace))
    ]
    with futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(stack.up) for stack in stacks]:
            done.result()
    assert (listings(caller), listings(workspace)) == (1, 1)


def test_an_inline_program_that_runs_again_asks_again(workspace: Emulator, tmp_path: Path) -> None:
    """A server that deploys for days must see a project that was made meanwhile."""
    names = ["Analytics"]

    def program() -> None:
        for name in names:
            dpc.get_project(name)
            dpc.get_project(name)

    stack = inline_stack(program, tmp_path, workspace.env)
    stack.up()
    workspace.add_project("Finance")
    names.append("Finance")
    stack.up()
    assert listings(workspace) == 2


def test_an_inline_program_whose_workspace_cannot_be_found_asks_nothing(caller: Emulator) -> None:
    """Its resources may see another account than this process."""

    def now() -> None:
        dpc.get_project("Analytics")

    def later() -> None:
        pulumi.export("project", dpc.get_project_output("Analytics").id)

    for program in (now, later):
        assert "Give the lookup settings=..., or opts=" in error_without_a_stack(program)
    assert caller.requests == []


def test_a_thread_of_an_inline_program_asks_nothing(
    caller: Emulator, workspace: Emulator, tmp_path: Path
) -> None:
    """Its frames do not show whose it is, and the caller's environment may name another account."""
    said: list[str] = []

    def ask() -> None:
        try:
            dpc.get_project("Analytics")
        except Exception as error:  # noqa: BLE001 - its text is what is looked at
            said.append(str(error))

    def program() -> None:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    inline_stack(program, tmp_path, workspace.env).up()
    assert len(said) == 1
    assert "Give the lookup settings=..., or opts=" in said[0]
    assert (listings(caller), listings(workspace)) == (0, 0)


def test_an_inline_program_may_say_which_account_it_asks(caller: Emulator) -> None:
    def program() -> None:
        there = dpc.Settings.resolve(environment=other.env)
        assert dpc.get_project("Analytics", settings=there).id == GUIDE_PROJECT
        account = dpc.Provider("other", token="a-token", api_url=other.url)
        opts = pulumi.InvokeOptions(provider=account)
        pulumi.export("project", dpc.get_project_output("Analytics", opts=opts).id)

    with Emulator(time_scale=0.01, token="a-token") as other:
        run_without_a_stack(program)
        assert listings(other) == 2
    assert caller.requests == []


def error_without_a_stack(program: Callable[[], Any]) -> str:
    """Return what an inline program ends with.

    Ending it, Pulumi cancels what is pending; where its stack is just then registered that raises `invalid state`
    (`Stack`, `resolve`) in the place of the program's error, as chance has it.
    """
    for _ in range(20):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its text is what is looked at
            run_without_a_stack(program)
        if "invalid state" not in str(caught.value):
            break
    return str(caught.value)


def run_without_a_stack(program: Callable[[], Any]) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        run_program(f"127.0.0.1:{port}")
    finally:
        server.stop(None).wait()


@pytest.mark.cli
def test_lookups_and_resources_of_an_inline_program_ask_one_account(
    caller: Emulator, workspace: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real CLI: both accounts have everything, so only the requests tell."""

    def program() -> None:
        project = dpc.get_project("Analytics")
        dpc.StreamingPipeline.from_definition("orders", DEFINITION, project_id=project.id)

    cli = Path(str(find_cli())).parent
    monkeypatch.setenv("PATH", f"{cli}:{base_environment(None)['PATH']}")
    state = automation.ProjectBackend(f"file://{tmp_path}")
    stack = automation.create_stack(
        "dev",
        project_name="shop",
        program=program,
        opts=automation.LocalWorkspaceOptions(
            pulumi_home=str(tmp_path / "home"),
            project_settings=automation.ProjectSettings("shop", "python", backend=state),
            env_vars={
                **base_environment(None),
                "PULUMI_CONFIG_PASSPHRASE": "test",
                "PULUMI_SKIP_UPDATE_CHECK": "1",
                **workspace.env,
            },
        ),
    )
    stack.up()
    assert len(workspace.pipelines) == 1
    assert listings(workspace) == 1
    assert caller.requests == []
    stack.destroy()


@pytest.mark.cli
def test_an_inline_program_gives_the_provider_its_own_python(tmp_path: Path) -> None:
    """Otherwise Pulumi takes the `python3` of PATH, which may know nothing of this package."""

    def deployed() -> None:
        dpc.StreamingPipeline.from_definition("orders", DEFINITION, project_id=GUIDE_PROJECT)

    def stack(name: str, **env: str) -> automation.Stack:
        state = automation.ProjectBackend(f"file://{tmp_path}")
        options = automation.LocalWorkspaceOptions(
            pulumi_home=str(tmp_path / "home"),
            project_settings=automation.ProjectSettings("shop", "python", backend=state),
            env_vars={
                **base_environment(api.env),
                "PULUMI_CONFIG_PASSPHRASE": "test",
                "PULUMI_SKIP_UPDATE_CHECK": "1",
                "PATH": f"{tmp_path / 'other' / 'bin'}:/usr/bin:/bin",
                **env,
            },
            pulumi_command=automation.PulumiCommand(str(home)),
        )
        return automation.create_stack(name, project_name="shop", program=deployed, opts=options)

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "other")], check=True)
    home = tmp_path / "pulumi"
    home.mkdir()
    (home / "bin").symlink_to(Path(str(find_cli())).parent)
    with Emulator(time_scale=0.01) as api:
        with pytest.raises(automation.CommandError, match="No module named 'pulumi'"):
            stack("without", PULUMI_PYTHON_CMD="").up()
        stack("with", PULUMI_PYTHON_CMD=sys.executable).up()
        assert len(api.pipelines) == 1
