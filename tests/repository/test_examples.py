"""Every example is deployed, looked at again and destroyed, and `make demo` passes with and without the CLI."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.cli import find_cli
from pulumi_dpc.testing._engine.engines import open_stack
from pulumi_dpc.testing._engine.stack import PROJECT, base_environment
from tests import REPOSITORY
from tests.worlds import ENGINES, warmed

PROGRAMS = sorted(
    str(path.parent.relative_to(REPOSITORY)) for path in (REPOSITORY / "examples").rglob("Pulumi.yaml")
)
STORY = "examples/agent_and_pipeline"
"""Its pipeline does not run before somebody has installed the agent."""


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=0.01) as emulator:
        yield emulator


@pytest.fixture
def america() -> Iterator[Emulator]:
    with Emulator(time_scale=0.01) as emulator:
        yield emulator


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Copy what `pulumi up` needs of the repository, with the virtual environment that `make install` makes."""
    copy = tmp_path / "clone"
    hidden = shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml", ".venv")
    shutil.copytree(REPOSITORY / "examples", copy / "examples", ignore=hidden)
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(REPOSITORY / name, copy)
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


def config_of(program: str, america: Emulator) -> dict[str, str]:
    """Return the settings that a program requires of its stack."""
    other = america.env
    return {
        "examples/existing_database": {"sslPassword": "hush"},
        "examples/two_accounts": {
            "americaClientId": other["DPC_CLIENT_ID"],
            "americaClientSecret": other["DPC_CLIENT_SECRET"],
            "americaTokenUrl": other["DPC_TOKEN_URL"],
            "americaApiUrl": america.url,
        },
    }.get(program, {})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("program", [one for one in PROGRAMS if one != STORY])
def test_every_example_runs_from_nothing_to_streaming_and_back(
    engine: Any, program: str, api: Emulator, america: Emulator, clone: Path
) -> None:
    """The examples are what users copy first; each must deploy as it stands, settle, and leave nothing."""
    stack = open_stack(engine, clone / program, api.env, **warmed(engine))
    for key, value in config_of(program, america).items():
        stack.set_config(key if engine == "cli" else f"{PROJECT}:{key}", value, secret=True)

    deployed = stack.up()
    assert deployed.ok, deployed.text
    assert deployed.outputs["projectId"] == "3dda0acf-e646-4f4b-b4f6-e00449b69427"
    assert deployed.outputs["defaultAgentID"] == "2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6"
    made = api.pipelines + america.pipelines
    assert [pipeline.status for pipeline in made] == ["STREAMING"] * (
        2 if program.endswith("accounts") else 1
    )
    assert deployed.warnings() == []
    assert '"hush"' not in stack.state_text

    again = stack.preview(expect_no_changes=True)
    assert again.ok, again.text
    gone = stack.destroy()
    assert gone.ok, gone.text
    assert api.pipelines + america.pipelines == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_database_behind_an_output_is_known_when_the_pipeline_is_made(
    engine: Any, api: Emulator, clone: Path
) -> None:
    """The engine makes every number a float, and the service wants a whole port."""
    stack = open_stack(engine, clone / "examples" / "existing_database", api.env, **warmed(engine))
    stack.set_config("sslPassword" if engine == "cli" else f"{PROJECT}:sslPassword", "hush", secret=True)
    assert stack.preview().ok
    assert stack.up().ok
    connection = api.pipelines[0].definition["streamingSource"]["connection"]
    assert connection["host"].startswith("shop.cluster-")
    assert repr(connection["port"]) == "5432"
    assert connection["jdbcProperties"]["sslpassword"] == "hush"

    api.edit(api.pipelines[0].id, advancedProperties={"max.batch.size": 500})
    tuned = stack.up(refresh=True)
    assert tuned.ok, tuned.text
    assert api.pipelines[0].definition["advancedProperties"] == {"max.batch.size": 500}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_story_of_an_agent_and_its_pipeline(engine: Any, api: Emulator, clone: Path) -> None:
    """Follow the numbered steps at the head of its program."""
    api.settings.agent_seconds = None  # somebody has to install it
    stack = open_stack(engine, clone / STORY, api.env, **warmed(engine))
    one = stack.up()
    assert one.ok, one.text
    assert [pipeline.status for pipeline in api.pipelines] == ["UNKNOWN"]  # nobody is there who could tell
    (agent,) = (found for found in api.agents if found["name"] == "orders-agent")
    assert api.pipelines[0].definition["agentId"] == agent["agentId"] == one.outputs["agentId"]
    assert (agent["deployment"], agent["connected"]) == ("fargate", False)

    credentials = api.store.directory.credentials[agent["agentId"]]
    shown = one.text + repr(one.diagnostics) + stack.state_text
    assert [value for value in credentials.values() if value in shown] == []
    api.agent_online(agent["agentId"])

    stack.set_config("agentInstalled" if engine == "cli" else f"{PROJECT}:agentInstalled", "true")
    three = stack.up()
    assert three.ok, three.text
    assert [pipeline.status for pipeline in api.pipelines] == ["STREAMING"]
    assert one.warnings() == three.warnings() == []
    assert stack.preview(expect_no_changes=True).ok

    four = stack.destroy()
    assert four.ok, four.text
    assert api.pipelines == []
    assert agent["agentId"] not in [found["agentId"] for found in api.agents]


def test_every_example_is_a_project_of_its_own() -> None:
    """`pulumi up` in its folder finds the one virtual environment, and no two share a name or a stack."""
    projects = {
        program: yaml.safe_load((REPOSITORY / program / "Pulumi.yaml").read_text()) for program in PROGRAMS
    }
    assert len({project["name"] for project in projects.values()}) == len(projects)
    for program, project in projects.items():
        environment = REPOSITORY / program / project["runtime"]["options"]["virtualenv"]
        assert os.path.normpath(environment) == str(REPOSITORY / ".venv"), program


@pytest.mark.cli
def test_pulumi_up_in_the_repository_itself_runs_the_quickstart(api: Emulator, clone: Path) -> None:
    """The shortest way for somebody who has cloned it."""
    stack = open_stack("cli", clone, api.env)
    deployed = stack.up()
    assert deployed.ok, deployed.text
    assert deployed.outputs["status"] == "STREAMING"
    assert [pipeline.name for pipeline in api.pipelines] == ["sqlserver-to-snowflake"]
    assert stack.destroy().ok


# ---- the demo ----


def demo(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.demo", *arguments],
        cwd=REPOSITORY,
        env=base_environment(env),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demo_passes_without_any_cli(tmp_path: Path) -> None:
    """On a machine without Pulumi and without network it says so in one line, and still shows the whole life."""
    nowhere = "http://127.0.0.1:9"
    done = demo("--cli-root", str(tmp_path), PATH=str(tmp_path), http_proxy=nowhere, https_proxy=nowhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("The Pulumi CLI cannot be had") == 1
    assert done.stdout.count("is STREAMING") == 3
    assert "none of which writes" in done.stdout
    assert "All of it went as claimed" in done.stdout


@pytest.mark.cli
def test_the_demo_passes_with_the_cli(tmp_path: Path) -> None:
    done = demo("--cli-root", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cannot be had" not in done.stdout
    assert '~ status            : "STREAMING" => "NOT_RUNNING"' in done.stdout
    assert "none of which writes" in done.stdout
    assert "All of it went as claimed" in done.stdout


FIRST_STEP = """
import sys
from pathlib import Path
from examples.demo import PROGRAM, TIME_SCALE, CliStage
from pulumi_dpc.emulator import Emulator
folder = Path(sys.argv[2])
(folder / "Pulumi.yaml").write_text("name: demo\\nruntime: python\\n")
(folder / "__main__.py").write_text(PROGRAM.read_text())
with Emulator(time_scale=TIME_SCALE, start_seconds=6) as api:
    stage = CliStage(sys.argv[1], folder, folder / "home", api.env)
    sys.exit(stage.run("up", "--yes", "--skip-preview"))
"""


@pytest.mark.cli
@pytest.mark.parametrize("columns", [80, 120])
def test_the_demo_shows_status_and_progress_on_a_terminal(tmp_path: Path, columns: int) -> None:
    """At 80 columns the table of the CLI ends with the names, and nothing told that anything happened."""
    command = [sys.executable, "-c", FIRST_STEP, str(find_cli()), str(tmp_path)]
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "".join(on_a_terminal(command, columns)))
    assert re.search(r"dpc:StreamingPipeline +orders +creating \(\d+s\)[. ]+starting, \d+ s", shown), shown
    assert 'status             : "STREAMING"' in shown


def on_a_terminal(command: list[str], columns: int) -> Iterator[str]:
    """Run a command of the repository on a terminal of that width, and yield what it shows."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=base_environment({}), stdin=its, stdout=its, stderr=its
    ):
        os.close(its)
        with contextlib.suppress(OSError):  # what Linux raises at the end of a terminal
            while text := os.read(ours, 65536):
                yield text.decode("utf-8", "replace")
    os.close(ours)


def test_the_demo_installs_what_it_needs_and_says_so() -> None:
    """It took two minutes, without a word, for the 391 MB that developers need."""
    command = ["make", "--dry-run", "--always-make", "demo"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    installs = [line for line in done.stdout.splitlines() if "pip install" in line]
    assert len(installs) == 1
    assert installs[0].endswith("'.[cli,emulator]'")
    assert done.stdout.count('echo "make demo: ') == 3


def test_the_demo_runs_without_the_tools_of_developers() -> None:
    """Its modules are those of the package, of the emulator, and of what tests of stacks run on."""
    tools = ["pytest", "hypothesis", "coverage", "grimp", "importlinter", "matplotlib", "mypy", "sphinx"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({tools!r}));"
        "import examples.demo; from pulumi_dpc.testing import opening"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
