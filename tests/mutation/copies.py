"""Which tests notice a mutant: copies of the tree, in each of which one mutant at a time is put in place and tested."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .mutants import Mutant

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "build", "__pycache__", ".*_cache", "*.egg-info", ".coverage*"
)
REACHES = re.compile(
    r"pulumi_dpc\._(resources|definition|dynamic)|_api\.listing|DpcClient|tests\.pipeline\.direct"
)
SLOW = re.compile(r"\b([Ww]orld|open_stack|SCENARIOS|Host)\b|@given|tests\.engine")
"""What makes a test slow, an engine or many examples: these run after those without."""
OF_THE_TOOLS = (
    "test_emulator",
    "test_engine",
    "test_examples",
    "test_faults",
    "test_readme",
    "test_site",
    "test_structure",
)
"""Tests of the tools and the pages, which take long and hold no rule."""
SECONDS = 900
"""After that long the tests of one mutant are ended, and it counts as noticed: it goes on for ever."""


@dataclass(frozen=True)
class Verdict:
    """What came of one mutant: the test that failed, or None if none did."""

    mutant: Mutant
    noticed_by: str | None
    seconds: float


class Copy:
    """A copy of the tree, in which one mutant at a time is put in place and tested."""

    def __init__(self, directory: Path, *, is_quick: bool = False) -> None:
        self._directory = directory
        shutil.copytree(ROOT, directory, ignore=LEFT_OUT)
        for link in (".pulumi", ".venv"):  # what tests run, and do not change
            if (ROOT / link).exists():
                (directory / link).symlink_to(ROOT / link)
        self._quick: list[str] = []
        self._slow: list[str] = []
        self._failing: list[str] = []
        for path in sorted((directory / "tests").rglob("test_*.py")):
            text, name = path.read_text(), str(path.relative_to(directory))
            if SLOW.search(text):
                self._slow += [] if is_quick or path.stem in OF_THE_TOOLS else [name]
            elif REACHES.search(text):
                self._quick.append(name)

    def find_failures(self) -> list[str]:
        """Return the tests that fail without any change; no mutant is tested by them."""
        failed = [name for run in (self._run_quick, self._run_slow) for name in run("--maxfail=0")]
        return [name for name in failed if "::" not in name or self._run(name)]

    def leave_out(self, names: Sequence[str]) -> None:
        """Leave tests out that prove nothing."""
        self._failing = [f"--deselect={name}" for name in names]

    def judge(self, mutant: Mutant) -> Verdict:
        """Return whether a test notices a mutant; the first that fails is enough."""
        path, began = self._directory / mutant.file, time.monotonic()
        source = path.read_bytes()
        path.write_bytes(mutant.applied(source))
        try:
            noticed = next(iter(self._run_quick(*self._failing)), None) or self._first_slow_failure()
        finally:
            path.write_bytes(source)
        return Verdict(mutant, noticed, time.monotonic() - began)

    def _first_slow_failure(self) -> str | None:
        """Return the first slow test that fails, and fails again by itself: a loaded machine fails tests too."""
        passed_again: list[str] = []
        while failed := self._run_slow(*self._failing, *(f"--deselect={name}" for name in passed_again)):
            if "::" not in failed[0] or self._run(failed[0]):
                return failed[0]
            passed_again.append(failed[0])
        return None

    def _run_quick(self, *options: str) -> list[str]:
        return self._run(*self._quick, *options) if self._quick else []

    def _run_slow(self, *options: str) -> list[str]:
        return self._run(*self._slow, *options, "-n4", "--dist=worksteal") if self._slow else []

    def _run(self, *arguments: str) -> list[str]:
        """Run tests up to the first failure; return those that failed, or what pytest says where it could not run."""
        options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--tb=no", "-o", "timeout=60"]
        command = [sys.executable, "-m", "pytest", *options, "-m", "not cli", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(self._directory), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            command, cwd=self._directory, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return ["it did not end"]
        failed = re.findall(r"^(?:FAILED|ERROR) (\S+::.*?)(?: - .*)?$", output, re.MULTILINE)
        return failed or ([] if process.returncode == 0 else [output[-500:]])
