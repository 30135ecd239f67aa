"""The command as a user runs it: a process of its own, with the emulator's account in its environment."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.stack import base_environment
from tests.worlds import SECRETS

COMMAND = [sys.executable, "-m", "pulumi_dpc._cli"]
_MINUTE = 60


@dataclass(frozen=True)
class Done:
    """What a command has left: its exit code, data and words."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(api: Emulator | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a user who has set what the emulator says; an empty value unsets."""
    env = {**base_environment({}), **(api.env if api else {}), **(more or {})}
    return {name: value for name, value in env.items() if value}


def run(
    api: Emulator | None, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Done:
    """Run the command without a terminal; no secret may be shown, and no traceback."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(api, env),
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=_MINUTE,
        check=False,
    )
    shown = done.stdout + done.stderr
    assert not [secret for secret in (*SECRETS.values(), "issued-") if secret in shown]
    assert "Traceback" not in shown
    return Done(done.returncode, done.stdout, done.stderr)


def on_a_terminal(api: Emulator, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Run the command on a terminal of 120 columns, and return all that it has shown there."""
    ours, theirs = pty.openpty()
    more = {"TERM": "xterm", "COLUMNS": "120", **(env or {})}
    with subprocess.Popen(
        [*COMMAND, *arguments], env=environment(api, more), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while read := os.read(ours, 65536):
                shown += read
        except OSError:  # how Linux says that nobody has the other end any more
            pass
        process.wait(_MINUTE)
    os.close(ours)
    return shown.decode()
