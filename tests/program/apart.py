"""Runs tests in a process of their own, as a user's test session would: what they leave behind ends with it."""

from __future__ import annotations

import subprocess
import sys

from pulumi_dpc.testing._engine.stack import base_environment
from tests import REPOSITORY


def hold_apart(file: str, count: int, *options: str) -> None:
    """Run a file of this folder that pytest does not collect by itself; hold that so many tests pass."""
    plain = [
        "-c",
        "/dev/null",
        "--rootdir",
        str(REPOSITORY),
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
    ]
    quiet = ["-q", "-W", "ignore::ResourceWarning"]  # of the event loops that Pulumi leaves open
    where = str(REPOSITORY / "tests" / "program" / file)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *quiet, *options, where],
        cwd=REPOSITORY,
        env=base_environment(None),  # without the variables of an account
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} passed" in done.stdout
