"""The pages that use the command, as a reader follows them: each of their commands, in its order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.cli import find_cli
from tests.cli.command import Done, environment, run
from tests.cli.conftest import PIPELINES
from tests.repository.test_readme import Page

PAGES = {name: Page(f"docs/how-to/{name}.md") for name in ("bring-in", "maintenance", "status")}
TOOLS = Path(sys.executable).parent
_DONE_HERE = ("python3 -m venv ", ". .venv/", "pip ", "export ")


def lines(name: str) -> list[str]:
    """Return the commands of a page."""
    return [line for block in PAGES[name].blocks("sh") for line in block.splitlines()]


def follow(api: Emulator, line: str, cwd: Path) -> Done:
    """Run one line of a page that is nothing but our command."""
    program, *words = shlex.split(line)
    assert program == "pulumi-dpc"
    return run(api, *words, cwd=cwd)


def on_a_shell(api: Emulator, text: str, cwd: Path, path: list[Path], more: dict[str, str]) -> Done:
    """Run lines of a page in a shell."""
    found = os.pathsep.join([*map(str, path), os.environ["PATH"]])
    env = {**environment(api), **more, "PATH": found}
    done = subprocess.run(["sh", "-ec", text], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def running(api: Emulator) -> list[bool]:
    return [one.status != "NOT_RUNNING" for one in api.pipelines]


def test_a_maintenance_window_stops_what_runs_and_starts_just_that(api: Emulator, tmp_path: Path) -> None:
    api.delete(PIPELINES[2])  # its agent is away
    stop, start = lines("maintenance")
    before = running(api)
    assert before == [True, False]
    assert follow(api, stop, tmp_path).code == 0
    assert not any(running(api))
    assert follow(api, start, tmp_path).code == 0
    assert running(api) == before
    assert not list(tmp_path.iterdir())


def test_the_check_of_the_run_states_ends_as_its_table_says(api: Emulator, tmp_path: Path) -> None:
    check, *_, watch = lines("status")
    assert follow(api, check, tmp_path).code == 3
    assert follow(api, check.replace("Analytics", "nowhere"), tmp_path).code == 1
    assert follow(api, f"{check} --interval soon", tmp_path).code == 2
    assert follow(api, f"{check} --pipeline pipeline-0", tmp_path).code == 0
    assert follow(api, watch.replace("1h", "2s").replace("1m", "1s"), tmp_path).code == 3
    assert re.findall(r"^\| (\d) \|", PAGES["status"].text, re.MULTILINE) == ["0", "3", "1", "2"]


def test_cron_finds_the_command_and_its_credentials_and_sends_a_mail_only_when_something_is_wrong(
    api: Emulator, tmp_path: Path
) -> None:
    """It has neither the PATH of a virtual environment nor a variable that is not exported."""
    sent, command = tmp_path / "sent", tmp_path / "analytics/.venv/bin/pulumi-dpc"
    command.parent.mkdir(parents=True)
    command.symlink_to(TOOLS / "pulumi-dpc")
    mail = tmp_path / "mail"
    mail.write_text(f"#!/bin/sh\ncat > {sent}\n")
    mail.chmod(0o755)
    _, *file, _ = lines("status")
    given = {**api.env, "DPC_REGION": "eu1"}
    text = re.sub(r"(\w+)=\S+", lambda one: f"{one[1]}={given.pop(one[1])}", "\n".join(file))
    others = "".join(
        f"export {name}={value}\n" for name, value in given.items()
    )  # such as the emulator's address
    (tmp_path / ".dpc.env").write_text(f"{text}\n{others}")
    (entry,) = PAGES["status"].blocks("text")
    line = entry.strip().removeprefix("*/10 * * * * ").replace("mail ", f"{mail} ")
    for more, is_sent in (("", True), (" --pipeline pipeline-0", False)):
        run_line = line.replace("--exit-code", f"--exit-code{more}")
        cron = ["env", "-i", "PATH=/usr/bin:/bin", f"HOME={tmp_path}", "sh", "-c", run_line]
        done = subprocess.run(cron, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("", "")
        assert sent.exists() == is_sent
        if is_sent:
            assert "pipeline-1  NOT_RUNNING" in sent.read_text()
            sent.unlink()


def test_the_job_of_ci_asks_what_the_page_says(api: Emulator, tmp_path: Path) -> None:
    (text,) = PAGES["status"].blocks("yaml")
    *_, step = yaml.safe_load(text)["jobs"]["run-states"]["steps"]
    assert step["run"].removeprefix(".venv/bin/") == lines("status")[0]


def test_a_project_is_brought_in_by_the_commands_of_the_page(api: Emulator, tmp_path: Path) -> None:
    """What `generate` prints is what the page says; the rest of the way is `test_generate`."""
    own = [line for line in lines("bring-in") if line.startswith("pulumi-dpc")]
    assert [line.split()[1] for line in own] == ["doctor", "generate"]
    done = follow(api, own[1], tmp_path)
    assert done.code == 0
    *_, then = lines("bring-in")
    printed = [line.strip() for line in done.err.splitlines()[-4:]]
    assert printed == lines("bring-in")[-4:]
    assert then == "pulumi preview --expect-no-changes"


@pytest.mark.cli
def test_the_whole_way_with_the_real_cli(api: Emulator, tmp_path: Path) -> None:
    """From an account and an empty folder to an empty preview; `Pulumi.yaml` finds the environment by itself."""
    cli = find_cli()
    assert cli is not None
    text = "\n".join(line for line in lines("bring-in") if not line.startswith(_DONE_HERE))
    home = tmp_path / "home"
    (home / "state").mkdir(parents=True)
    more = {
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }
    done = on_a_shell(api, text, tmp_path, [Path(str(cli)).parent, TOOLS], more)
    assert done.code == 0, done.out + done.err
    assert "6 unchanged" in done.out or "7 unchanged" in done.out, done.out
    assert {request.method for request in api.requests if "/v1/" in request.path} == {"GET"}
