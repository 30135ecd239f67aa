"""Build what is released, and install it as a user does: ``python -m tests.installing FOLDER``.

The wheel and the source distribution go into the folder. Each is installed into an empty environment with pip, and
with uv where that is installed, with everything that it needs; then its emulator is served and asked there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import REPOSITORY

CHECK = """
import pulumi_dpc
from pulumi_dpc import DpcClient, Settings
from pulumi_dpc.emulator import Emulator

assert "site-packages" in pulumi_dpc.__file__, pulumi_dpc.__file__
with Emulator() as api:
    assert DpcClient(Settings.resolve(environment=api.env)).list_projects()
print("pulumi_dpc", pulumi_dpc.__version__)
"""


def build(folder: Path) -> list[Path]:
    """Build both distributions with the backend that pyproject.toml names, and return them."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "tree"
        hidden = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")
        shutil.copytree(REPOSITORY, source, ignore=hidden)
        _run(sys.executable, "-m", "venv", f"{scratch}/tools")
        tools = f"{scratch}/tools/bin/python"
        _run(tools, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "build==1.6.1")
        _run(tools, "-m", "build", "--outdir", str(folder.resolve()), str(source))
    return sorted(folder.glob("pulumi_dpc-*"))


def install(distribution: Path, installer: str) -> None:
    """Install a distribution with its dependencies into an empty environment, and use it from another folder."""
    with tempfile.TemporaryDirectory() as empty:
        python, wanted = f"{empty}/env/bin/python", f"{distribution.resolve()}[emulator]"
        if installer == "uv":
            _run("uv", "venv", "--quiet", "--python", sys.executable, f"{empty}/env")
            _run("uv", "pip", "install", "--quiet", "--python", python, wanted)
        else:
            _run(sys.executable, "-m", "venv", f"{empty}/env")
            _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted)
        print(f"{distribution.name} with {installer}: ", end="", flush=True)
        _run(python, "-c", CHECK, cwd=empty)


def _run(*command: str, cwd: str | None = None) -> None:
    subprocess.run(command, cwd=cwd, check=True)


def main(folder: Path) -> None:
    """Build, and install what was built in every way."""
    folder.mkdir(exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty: remove what is in it first.")
    for distribution in build(folder):
        install(distribution, "pip")
        if shutil.which("uv"):
            install(distribution, "uv")
        else:
            print("uv is not installed, so only pip was tried")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
