"""What a type checker tells a user about a program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import REPOSITORY


def test_a_type_checker_knows_outputs_lookups_and_mappings(tmp_path: Path) -> None:
    """`typed_program` asserts what each is; an output of unknown type hides every mistake behind it."""
    program = Path("tests") / "program" / "typed_program.py"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), str(program)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
