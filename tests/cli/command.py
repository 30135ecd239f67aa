"""The command as a user runs it, with the emulator's account in its environment: here, or in a process of its own."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pulumi_dpc._cli.app import main
from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.stack import base_environment
from tests.worlds import SECRETS

COMMAND = [sys.executable, "-m", "pulumi_dpc._cli"]
NOBODY = dict.fromkeys(["DPC_CLIENT_ID", "DPC_CLIENT_SECRET", "DPC_TOKEN", "DPC_TOKEN_URL"], "")
"""The environment of a user who has given no credentials."""
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
    """Run the command without a terminal, in this process; no secret may be shown, and no traceback."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    here = Path.cwd()
    with (
        patch.dict(os.environ, environment(api, env), clear=True),
        patch.multiple(sys, stdout=out, stderr=err, stdin=io.StringIO()),
    ):
        os.chdir(cwd or here)
        try:
            main(arguments)
        except SystemExit as ended:
            code = ended.code
        finally:
            os.chdir(here)
    return _held(Done(int(code or 0), _written(out), _written(err)))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def run_apart(
    api: Emulator | None, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Done:
    """Run the command in a process of its own, where the test is about the process."""
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
    return _held(Done(done.returncode, done.stdout, done.stderr))


def _held(done: Done) -> Done:
    shown = done.out + done.err
    assert not [secret for secret in (*SECRETS.values(), "issued-") if secret in shown]
    assert "Traceback" not in shown
    return done


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
