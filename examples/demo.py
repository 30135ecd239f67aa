"""`make demo`: the life of a pipeline, and an account that comes under Pulumi, with the real CLI against the emulator.

Everything is thrown away at the end: the emulator is in this process, the stacks and PULUMI_HOME in a temporary
directory. Where no CLI can be had, the same commands run as `pulumi_dpc.testing` runs them.
"""
# ruff: noqa: S603, T201 - it runs the Pulumi CLI, and talks

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from pulumi_dpc.emulator import Emulator, Pipeline
from pulumi_dpc.testing import CommandFailed, Result, Stack, open_stack

REPOSITORY = Path(__file__).resolve().parents[1]
PROGRAM = REPOSITORY / "examples" / "quickstart" / "__main__.py"

ESTATE_PROJECT = "Überseehandel & Söhne / 数据"
"""The project of the emulator's estate that comes under Pulumi."""

FIRST_WITH_IMPORT = (3, 254)
"""The version of the CLI that first imports what a file holds whole."""

SUCCESS = (0,)
CHANGES_FOUND = (7, 255)
"""What `--expect-no-changes` exits with when there are some: 7, before the CLI had exit codes 255."""

TIME_SCALE = 0.3
"""Real seconds in one of the emulator's: slow enough to watch a start, fast enough for the whole demo."""

NARROW = 100
"""Columns below which the CLI's table of rows that change has no room for status and progress: it prints lines then."""

INSTALL_SECONDS = 300
_INSTALL = """
import socket, sys
socket.setdefaulttimeout(10)
from pulumi.automation import PulumiCommand
PulumiCommand.install(root=sys.argv[1])
"""


class NotAsClaimed(Exception):
    """Say what the demo claims and did not find."""


class Stage(Protocol):
    """Somewhere to run Pulumi commands."""

    def run(self, *words: str) -> int:
        """Run one command, show what it says and return its exit code."""


class CliStage:
    """The real CLI, with a backend and a home of its own.

    Args:
        cli: The program.
        directory: Where the Pulumi program is; a project of which a stack is made.
        home: Where the CLI keeps what it keeps; the same for all stages.
        env: The service's variables.
    """

    def __init__(self, cli: str, directory: Path, home: Path, env: dict[str, str]) -> None:
        self._cli, self._directory = cli, directory
        (home / "state").mkdir(parents=True, exist_ok=True)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "DPC_"))}
        self._env = (
            clean
            | env
            | {
                "PATH": f"{Path(cli).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
                "PULUMI_HOME": str(home),
                "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
                "PULUMI_CONFIG_PASSPHRASE": "demo",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_PYTHON_CMD": sys.executable,
                "PYTHONPATH": str(REPOSITORY),
            }
        )
        is_narrow = sys.stdout.isatty() and os.get_terminal_size(sys.stdout.fileno()).columns < NARROW
        self._options = ["--non-interactive"] if is_narrow else []
        self.run("stack", "init", "dev")

    def run(self, *words: str) -> int:
        """Run the CLI in this process's terminal."""
        command = [self._cli, *words, *self._options]
        return subprocess.run(command, cwd=self._directory, env=self._env, check=False).returncode


class TestingStage:
    """A stack of `pulumi_dpc.testing`, which understands as much of the CLI's language as the demo speaks.

    Args:
        directory: Where the Pulumi program is.
        stack: The stack.
    """

    def __init__(self, directory: Path, stack: Stack) -> None:
        self._directory, self._stack = directory, stack

    def run(self, *words: str) -> int:
        """Translate one command, and print the steps, messages and outputs."""
        command, *rest = words
        if command == "config":
            _, key, value = rest
            self._stack.set_config(key, value)
            return 0
        try:
            result = self._play(command, rest)
        except CommandFailed as failed:
            result = failed.result
        print(result.text)
        if "--expect-no-changes" in rest and result.changes:
            return CHANGES_FOUND[0]
        return result.exit_code

    def _play(self, command: str, flags: Collection[str]) -> Result:
        refresh = "--refresh" in flags
        if command == "preview":
            return self._stack.preview(refresh=refresh)
        if command == "up":
            return self._stack.up(refresh=refresh)
        if command == "import":
            return self._stack.import_file(self._directory / "import.json")
        return self._stack.destroy()


class Theatre:
    """Opens stages: of the real CLI, or else of what tests of stacks run on.

    Args:
        cli: The real CLI; None where it cannot be had.
        home: Where it keeps what it keeps.
        opened: Closes what the stages hold.
    """

    def __init__(self, cli: str | None, home: Path, opened: ExitStack) -> None:
        self._cli, self._home, self._opened = cli, home, opened

    def open(self, directory: Path, api: Emulator) -> Stage:
        """Return a stage for the program in a folder."""
        if self._cli is None:
            return TestingStage(directory, self._opened.enter_context(open_stack(directory, api=api)))
        return CliStage(self._cli, directory, self._home, api.env)

    def can_import(self) -> bool:
        """Tell whether a file of resources can be imported."""
        if self._cli is None:
            return True
        done = subprocess.run([self._cli, "version"], capture_output=True, text=True, check=False)
        numbers = re.findall(r"\d+", done.stdout)[:2]
        return tuple(map(int, numbers)) >= FIRST_WITH_IMPORT


def live(stage: Stage, api: Emulator) -> None:
    """Run the whole life of a pipeline.

    Raises:
        NotAsClaimed: A command ended otherwise than it should, or left something else in the service.
    """
    _step(stage, "Create a pipeline and start it", "up --yes")
    made = _check(api, batch=10000)
    _step(stage, "Nothing has changed, so there is nothing to do", "preview --expect-no-changes")
    _step(stage, "Change a setting of the program", "config set maxBatchSize 20000")
    _step(stage, "Edit the running pipeline: stop, change, start", "up --yes --skip-preview")
    _check(api, batch=20000, made=made)
    api.stop(made.id)
    _headline("Somebody stops the pipeline in the Matillion UI")
    look = "preview --refresh --diff --expect-no-changes"
    _step(stage, "See it; in CI this fails the check", look, exits=CHANGES_FOUND)
    _step(stage, "Repair it", "up --yes --skip-preview --refresh")
    _check(api, batch=20000, made=made)
    _step(stage, "Stop it and delete it", "destroy --yes")
    if api.pipelines:
        raise NotAsClaimed(f"{len(api.pipelines)} pipelines are left")


def bring_in(theatre: Theatre, api: Emulator, folder: Path) -> None:
    """Bring under Pulumi what an account has already, and hold that nothing is written to the service.

    Raises:
        NotAsClaimed: A command failed, something differs, or the service was asked to change something.
    """
    words = ["generate", ESTATE_PROJECT, "--out", str(folder)]
    _headline(f"An account with {len(api.pipelines)} pipelines, made by hand: pulumi-dpc {shlex.join(words)}")
    env = {key: value for key, value in os.environ.items() if not key.startswith("DPC_")} | api.env
    done = subprocess.run(
        [sys.executable, "-m", "pulumi_dpc._cli", *words], cwd=REPOSITORY, env=env, check=False
    )
    if done.returncode:
        raise NotAsClaimed(f"`pulumi-dpc generate` ended with exit code {done.returncode}")
    stage = theatre.open(folder, api)
    taken = "import --file import.json --yes --skip-preview --generate-code=false --protect=true"
    _step(stage, "Bring them under Pulumi", taken)
    _step(stage, "The program is what there is: nothing to do", "preview --expect-no-changes")
    writes = [
        f"{one.method} {one.path}" for one in api.requests if one.method != "GET" and "/v1/" in one.path
    ]
    if writes:
        raise NotAsClaimed(f"the service was asked to change something: {', '.join(writes)}")
    print(f"  in the service: {len(api.requests)} requests, none of which writes", flush=True)


def _headline(text: str) -> None:
    print(f"\n\N{BLACK RIGHT-POINTING TRIANGLE} {text}", flush=True)


def _step(stage: Stage, why: str, command: str, *, exits: Collection[int] = SUCCESS) -> None:
    _headline(f"{why}: pulumi {command}")
    code = stage.run(*command.split())
    if code not in exits:
        raise NotAsClaimed(f"`pulumi {command}` ended with exit code {code}")


def _check(api: Emulator, *, batch: int, made: Pipeline | None = None) -> Pipeline:
    """Look in the service itself for the one pipeline, running, with that batch size."""
    if len(api.pipelines) != 1:
        raise NotAsClaimed(f"there are {len(api.pipelines)} pipelines, not one")
    found = api.pipelines[0]
    runs_with = (found.running_definition or {}).get("advancedProperties")
    print(f"  in the service: {found.definition['name']} is {found.status}, with {runs_with}", flush=True)
    if found.status != "STREAMING" or runs_with != {"max.batch.size": batch}:
        raise NotAsClaimed(f"it should be STREAMING with a max.batch.size of {batch}")
    if made is not None and found.id != made.id:
        raise NotAsClaimed("it is another pipeline than the one made first")
    return found


def find_cli(root: Path) -> str | None:
    """Return the Pulumi CLI from PATH, or from `root`, where Pulumi's own installer puts it if it can."""
    installed = shutil.which("pulumi", path=str(root / "bin"))
    found = shutil.which("pulumi") or installed
    if found:
        return found
    print(f"There is no Pulumi CLI on PATH; installing it into {root}.", flush=True)
    command = [sys.executable, "-c", _INSTALL, str(root)]
    try:
        subprocess.run(command, timeout=INSTALL_SECONDS, check=True, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return shutil.which("pulumi", path=str(root / "bin"))


def _first_act(theatre: Theatre, folder: Path) -> None:
    folder.mkdir()
    # Short names, because the CLI's table has one column for all of them.
    (folder / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    shutil.copy(PROGRAM, folder)
    with Emulator(time_scale=TIME_SCALE, start_seconds=6, stop_seconds=3) as api:
        live(theatre.open(folder, api), api)


def _second_act(theatre: Theatre, folder: Path) -> None:
    if not theatre.can_import():
        needed = ".".join(map(str, FIRST_WITH_IMPORT))
        print(
            f"\nBringing in what exists already needs the Pulumi CLI {needed} or newer, so it is not shown."
        )
        return
    with Emulator(seed="estate") as api:
        bring_in(theatre, api, folder)


def main() -> int:
    """Play the demo; return the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=main.__doc__)
    help_ = "where the Pulumi CLI is looked for after PATH, and installed (default: %(default)s)"
    parser.add_argument("--cli-root", type=Path, default=REPOSITORY / ".pulumi", help=help_)
    root = parser.parse_args().cli_root
    # A proxy without an exception for this machine would be asked for the emulator, and for the engine's processes.
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join([*filter(None, [os.environ.get(name)]), "127.0.0.1", "localhost"])
    cli = find_cli(root)
    if cli is None:
        print("The Pulumi CLI cannot be had (no network?), so this is pulumi_dpc.testing instead.")
    with tempfile.TemporaryDirectory(prefix="pulumi-dpc-demo-") as scratch, ExitStack() as opened:
        theatre = Theatre(cli, Path(scratch) / "home", opened)
        try:
            _first_act(theatre, Path(scratch) / "life")
            _second_act(theatre, Path(scratch) / "estate")
        except NotAsClaimed as error:
            print(f"\nNot as claimed: {error}.", file=sys.stderr)
            return 1
    print("\nAll of it went as claimed, and nothing is left behind.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
