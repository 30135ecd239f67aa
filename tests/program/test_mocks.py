"""Lookups in a user's unit tests."""

from __future__ import annotations

import subprocess
import sys

from tests import REPOSITORY
from tests.engine.stack import base_environment


def test_lookups_under_mocks_need_no_credentials_and_ask_the_mocks() -> None:
    """Each test of `on_mocks` holds a part of it."""
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--rootdir", str(REPOSITORY), str(REPOSITORY / "tests" / "program" / "on_mocks.py")],
        cwd=REPOSITORY,
        env=base_environment(None),  # without the variables of an account
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout
