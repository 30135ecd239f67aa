"""The pytest plugin: what it adds to a suite that does not use it, and the first test of one that does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing import StackFactory
from tests.testing.programs import pipeline

UNUSED = """
import sys

def test_nothing_is_loaded(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("pytest_pulumi_dpc")
    assert not {name.partition(".")[0] for name in sys.modules} & {"pulumi", "pulumi_dpc", "grpc", "yaml", "requests"}
"""


def run_pytest(directory: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder in a process of their own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, str(directory)]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_pulumi_dpc"}
    if path is not None:
        env["PATH"] = path
    return subprocess.run(command, env=env, cwd=directory, capture_output=True, text=True, check=False)


def test_a_suite_that_does_not_use_it_pays_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_unused.py").write_text(UNUSED)
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pytest_finds_it_by_itself(pytestconfig: pytest.Config) -> None:
    plugins = {name for name, _ in pytestconfig.pluginmanager.list_name_plugin()}
    assert "pytest_pulumi_dpc" in plugins


def test_where_there_is_no_cli_the_option_says_so(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(dpc_stack):\n    pass\n")
    done = run_pytest(tmp_path, "--dpc-cli", path=str(tmp_path))
    assert done.returncode != 0
    assert "--dpc-cli: there is no Pulumi CLI on PATH" in done.stdout + done.stderr


REJECTED = """

from pulumi import export
from pulumi_dpc.testing import open_stack
from pulumi_dpc.testing.opening import open_api
from tests.testing.programs import Team, pipeline

def program():
    for number in range(3):
        made = pipeline(f"p{number}", running=False, streamingTarget={"type": "s3"})
        pipeline(f"q{number}", running=False, streamingTarget={"type": "s3", "bucket": made.name})
        export(f"x{number}", made.name.apply(len))
        Team(f"t{number}")

with open_api() as api:
    for _ in range(2):
        with open_stack(program, api=api) as stack:
            stack.up(expect_failure="bucket")
"""


def test_a_function_that_is_rejected_leaves_no_tracebacks_and_no_warnings() -> None:
    """The SDK drops what the program's loop still had to do: "Future exception was never retrieved", and the like."""
    command = [sys.executable, "-W", "error", "-c", REJECTED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.dpc_api(agents=2, start_seconds=1)
class TestMarker:
    """The closest marker goes first."""

    @pytest.mark.dpc_api(agents=1)
    def test_its_settings_are_those_of_the_emulator(self, dpc_api: Emulator) -> None:
        assert [agent["name"] for agent in dpc_api.store.directory.agents.values()] == [
            "streaming-agent",
            "agent-1",
        ]
        assert dpc_api.settings.start_seconds == 1


def test_two_stacks_of_a_test_share_its_service_and_nothing_else(
    dpc_stack: StackFactory, dpc_api: Emulator
) -> None:
    first, second = (
        dpc_stack(lambda: pipeline("a", running=False)),
        dpc_stack(lambda: pipeline("b", running=False)),
    )
    first.up()
    second.up()
    assert [found.name for found in dpc_api.pipelines] == ["a", "b"]
    assert [found.pulumi_resource_name for found in first.resources] == ["a"]


@pytest.mark.cli
@pytest.mark.dpc_cli
def test_a_test_with_the_marker_runs_on_the_real_cli(dpc_stack: StackFactory) -> None:
    assert "Duration: " in dpc_stack(lambda: pipeline(running=False)).up().text
