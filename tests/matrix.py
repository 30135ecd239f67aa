"""Run the tests with each supported Python, and the lowest and the newest SDK: ``python -m tests.matrix``.

What is not installed here is named and left out. Arguments go to pytest; without any the suite is run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests import REPOSITORY

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
ENVIRONMENTS = REPOSITORY / ".venv-matrix"


def lowest_sdk() -> str:
    """Return the requirement of the lowest SDK that is allowed."""
    pins = (REPOSITORY / "tests" / "lowest.txt").read_text().split()
    return next(pin for pin in pins if pin.startswith("pulumi=="))


SDKS = {"lowest": lowest_sdk(), "newest": "pulumi"}


def interpreter(version: str) -> str | None:
    """Return the command of that Python, if it is installed and runs."""
    command = shutil.which(f"python{version}")
    if command is None:
        return None
    works = subprocess.run([command, "-c", ""], capture_output=True, check=False).returncode == 0
    return command if works else None


def prepare(version: str, sdk: str, command: str) -> Path:
    """Return the Python of an environment with the package and that SDK, made if it is not there or out of date."""
    home = ENVIRONMENTS / f"{version}-{sdk}"
    python, stamp = home / "bin" / "python", home / "made"
    if not stamp.exists() or stamp.stat().st_mtime < (REPOSITORY / "pyproject.toml").stat().st_mtime:
        wanted = ["--editable", f"{REPOSITORY}[dev]", SDKS[sdk]]
        uv = shutil.which("uv")
        if uv is not None:
            _run(uv, "venv", "--quiet", "--clear", "--python", command, str(home))
            _run(uv, "pip", "install", "--quiet", "--python", str(python), *wanted)
        else:
            _run(command, "-m", "venv", "--clear", str(home))
            _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted)
        stamp.touch()
    return python


def _run(*command: str) -> None:
    subprocess.run(command, cwd=REPOSITORY, check=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each pair, and return 1 if one has failed, or none could be tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument(
        "--python", action="append", choices=PYTHONS, help="only this version; may be repeated"
    )
    options, tests = parser.parse_known_args(arguments)
    rows: list[tuple[str, str, str]] = []
    for version in options.python or PYTHONS:
        command = interpreter(version)
        for sdk in SDKS:
            if command is None:
                rows.append((version, sdk, "not installed here"))
                continue
            python = prepare(version, sdk, command)
            print(f"Python {version}, {sdk} SDK", flush=True)
            done = subprocess.run(
                [python, "-m", "pytest", "-q", "-n", "auto", "-m", "not cli", *tests],
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": ""},
                check=False,
            )
            rows.append((version, sdk, "passed" if done.returncode == 0 else f"failed ({done.returncode})"))
    for version, sdk, result in rows:
        print(f"Python {version}  {sdk} SDK  {result}")
    results = {result for *_, result in rows}
    return int("passed" not in results or any(result.startswith("failed") for result in results))


if __name__ == "__main__":
    sys.exit(main())
