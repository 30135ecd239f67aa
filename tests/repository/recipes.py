"""The recipes of `examples/ci`: what their files say, and their shell lines carried out with stubs for other programs.

A shell line is run as its system runs it. What the line calls besides our scripts is recorded by one stub; the steps
that are actions or tasks are the business of their own systems.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pulumi_dpc.testing._engine.stack import base_environment
from tests import REPOSITORY

FOLDER = REPOSITORY / "examples" / "ci"
GITHUB = FOLDER / ".github" / "workflows"
STUBBED = ("pulumi", "pip", "python3", "curl", "gh", "az")
STUB = r"""#!/bin/bash
name=${0##*/}
case "$name $*" in
  "python3 -m venv .venv") mkdir -p .venv/bin; ln -sf "$STUBS/stub" .venv/bin/pip; ln -sf "$STUBS/python" .venv/bin;;
esac
{ printf '%s' "$name"; printf ' %q' "$@"; printf '\n'; } >> "$CALLS"
case "$name $*" in
  "pulumi refresh"*)
    echo refreshed "$REFRESH_PRINTS"
    codes=(${REFRESH_EXITS:-0}); looks=$(grep -c "^pulumi refresh" "$CALLS")
    exit "${codes[looks - 1]:-${codes[0]}}";;
  "pulumi preview"*) cat "${PREVIEW_PRINTS:-/dev/null}"; echo previewed; exit "${PREVIEW_EXITS:-0}";;
  "pulumi stack init check"*) echo made >> Pulumi.check.yaml;;
  "pulumi up --stack check"*) echo "at $DPC_API_URL" >> "$CALLS"; echo "token $DPC_TOKEN" >> "$CALLS";;
  "gh issue list"* | "az boards query"*) echo "${OPEN_ISSUES:-0}";;
  "curl"*"state=opened"*) [ "${OPEN_ISSUES:-0}" = 0 ] && echo "[]" || echo '[{"iid": 1}]';;
esac
"""
PYTHON = """#!/bin/bash
case "$*" in
  *pulumi_dpc.emulator*)
    [ -n "$REAL_EMULATOR" ] || {{ echo "export DPC_API_URL=stub"; echo "# Serving"; exec sleep 60; }};;
esac
exec "{python}" "$@"
"""
"""What stands for the python of the recipe's virtual environment."""


def read(path: Path) -> dict[Any, Any]:
    """Return a recipe; `on` is the key True there, because YAML 1.1 reads it so."""
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return found


def azure_jobs(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the steps of every job of an Azure pipeline, by the job's name."""
    document = read(path)
    jobs = document.get("jobs") or [job for stage in document["stages"] for job in stage["jobs"]]
    return {
        job.get("job") or job["deployment"]: job.get("steps") or job["strategy"]["runOnce"]["deploy"]["steps"]
        for job in jobs
    }


def github_scripts(path: Path, job: str, values: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each shell step of a job with its environment; an expression without a value here is an error."""
    document = read(path)
    at_job = document["jobs"][job]
    for step in at_job["steps"]:
        if "run" in step:
            env = {**document.get("env", {}), **at_job.get("env", {}), **step.get("env", {})}
            yield step["run"], {key: _filled(text, values) for key, text in env.items()}


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: values[found[1]], text)


def azure_scripts(path: Path, job: str, values: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each shell step of a job with its environment; a macro without a value here is an error."""
    for step in azure_jobs(path)[job]:
        text = step.get("script") or step.get("bash")
        if text:
            env = step.get("env", {})
            yield (
                text,
                {
                    key: re.sub(r"\$\(([\w.]+)\)", lambda found: values[found[1]], value)
                    for key, value in env.items()
                },
            )


def gitlab_script(job: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the lines of a job, which one shell runs, with the environment that its variables make."""
    document = read(FOLDER / ".gitlab-ci.yml")
    own = document[job]
    base = document.get(own.get("extends", ""), {})
    lines = [*base.get("before_script", []), *own["script"]]
    env = {**document.get("variables", {}), **own.get("variables", {})}
    return "\n".join(lines), {
        key: re.sub(r"\$(\w+)", lambda found: values[found[1]], text) for key, text in env.items()
    }


class Shell:
    """A copy of the recipes, and a shell in which every other program is a stub."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder / "copy"
        shutil.copytree(FOLDER, self.folder, ignore=shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml"))
        (self.folder / "requirements.txt").write_text("./dpc.whl[emulator]\n")
        stubs = folder / "stubs"
        stubs.mkdir()
        for name, text in (("stub", STUB), ("python", PYTHON.format(python=sys.executable))):
            (stubs / name).write_text(text)
            (stubs / name).chmod(0o755)
        for name in STUBBED:
            (stubs / name).symlink_to("stub")
        self._calls = folder / "calls"
        path = f"{stubs}:/usr/bin:/bin"
        self._env = base_environment(
            {
                "PATH": path,
                "STUBS": str(stubs),
                "CALLS": str(self._calls),
                "REAL_EMULATOR": "",
                "LOOK_AGAIN_AFTER": "0",
                **env,
            }
        )

    def run(self, script: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a script as the systems do: bash, which stops at the first command that fails, of a pipe too."""
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self._env, **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """Return what the stubs were called with, in order."""
        return self._calls.read_text().splitlines() if self._calls.exists() else []
