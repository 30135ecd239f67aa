"""The provider in another Python than the program: what Pulumi says, and that the cures of the pages are cures."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.cli import CliStack, find_cli
from pulumi_dpc.testing._engine.stack import PROJECT
from tests.repository.test_readme import Page
from tests.worlds import program, resource

NO_MODULE = "No module named 'pulumi'"
NO_FOLDER = "The 'virtualenv' option in Pulumi.yaml is set to"
PAGE = Page("docs/troubleshooting.md")
pytestmark = pytest.mark.cli


@dataclass(frozen=True)
class Case:
    """A project as users have them, beside the one virtual environment `.venv`.

    Attributes:
        message: What Pulumi says.
        options: Those of the runtime.
        cure: Those that work.
        folder: The project's, seen from the environment; the program's is below it where `main` says so.
        main: The program's folder, if it is another one.
        has_lock: Whether uv's lock file stands beside the environment.
    """

    message: str
    options: dict[str, str] = field(default_factory=dict)
    cure: dict[str, str] = field(default_factory=dict)
    folder: str = "."
    main: str = ""
    has_lock: bool = True


CASES = {
    "uv found by its lock file": Case(NO_MODULE, cure={"toolchain": "uv"}),
    "a uv workspace": Case(
        NO_FOLDER, {"toolchain": "uv"}, {"toolchain": "uv", "virtualenv": "../.venv"}, folder="app"
    ),
    "main": Case(
        NO_FOLDER, {"virtualenv": ".venv"}, {"virtualenv": "{root}/.venv"}, main="infra", has_lock=False
    ),
}


@pytest.fixture
def elsewhere(tmp_path: Path) -> str:
    """Return a PATH like that of many users: with uv, and with a `python3` that knows nothing of the project."""
    there = tmp_path / "elsewhere"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(there)], check=True)
    uv = there / "bin" / "uv"
    uv.write_text("#!/bin/sh\necho 'uv 0.9.0'\n")  # of a project that is installed Pulumi asks no more
    uv.chmod(0o755)
    return os.pathsep.join([str(there / "bin"), str(Path(str(find_cli())).parent), "/usr/bin", "/bin"])


def write_settings(project: Path, case: Case, options: dict[str, str]) -> None:
    lines = [f"name: {PROJECT}", *([f"main: {case.main}"] if case.main else []), "runtime:", "  name: python"]
    lines += ["  options:"] * bool(options) + [f"    {key}: {value}" for key, value in options.items()]
    (project / "Pulumi.yaml").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("name", CASES)
def test_a_provider_in_another_python_is_cured_as_the_page_says(
    name: str, tmp_path: Path, elsewhere: str
) -> None:
    case, root = CASES[name], tmp_path / "root"
    project = root / case.folder
    project.mkdir(parents=True)
    (root / ".venv").symlink_to(sys.prefix)
    if case.has_lock:
        (root / "uv.lock").write_text('version = 1\nrequires-python = ">=3.10"\n')
    write_settings(project, case, case.options)
    with Emulator(time_scale=0.01) as api:
        stack = CliStack(project, {**api.env, "PULUMI_PYTHON_CMD": ""})
        (project / case.main).mkdir(exist_ok=True)
        (project / case.main / "__main__.py").write_text(program(resource()))
        failed = stack.up(env={"PATH": elsewhere})
        assert not failed.ok
        assert case.message in failed.text
        assert f"\n### {case.message}\n" in PAGE.text
        assert api.pipelines == []

        cure = {key: value.format(root=root) for key, value in case.cure.items()}
        write_settings(project, case, cure)
        cured = stack.up(env={"PATH": elsewhere})
        assert cured.ok, cured.text
        assert len(api.pipelines) == 1
