"""The real engine: commands of the Pulumi CLI on a throw-away `file://` backend, read from its event log."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .running import Inline
from .stack import SOURCE, Diagnostic, Result, Source, Step, base_environment, our_path, write_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_PROVIDER = "::pulumi:providers:pulumi-python::default"
NO_CLI = "no Pulumi CLI on PATH or in .pulumi/bin"


def find_cli() -> str | None:
    """Return the path of the Pulumi CLI: from PATH, else from `.pulumi/bin` of a checkout."""
    places = [None, *(f"{root}/.pulumi/bin" for root in our_path())]
    return next(filter(None, (shutil.which("pulumi", path=place) for place in places)), None)


class CliStack:
    """A stack of the real Pulumi CLI (interface: `stack.Stack`)."""

    def __init__(
        self,
        directory: Path,
        env: Mapping[str, str] | None = None,
        *,
        parallel: int = 8,
        source: Source = SOURCE,
    ) -> None:
        cli = find_cli()
        if cli is None:
            raise RuntimeError(NO_CLI)
        self._cli, self.directory, self._parallel = cli, Path(directory), parallel
        self._home = self.directory / ".home"
        (self._home / "state").mkdir(parents=True, exist_ok=True)
        self._env = base_environment(env) | {
            "PATH": f"{Path(cli).resolve().parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(self._home),
            "PULUMI_BACKEND_URL": f"file://{self._home / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # uncovers --event-log
        }
        self._running: subprocess.Popen[str] | None = None
        self._killed = False
        self._source = source
        write_project(self.directory, None, source)
        if not (self.directory / f"Pulumi.{source.stack}.yaml").exists():
            self._plain("stack", "init", source.stack)

    def _plain(self, *args: str) -> str:
        return subprocess.run(
            [self._cli, *args, "--non-interactive"],
            cwd=self.directory,
            env=self._env,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    # -- state -------------------------------------------------------------------------------------

    @property
    def _deployment(self) -> dict[str, Any]:
        deployment: dict[str, Any] = json.loads(self._plain("stack", "export"))["deployment"]
        return deployment

    @property
    def state(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._deployment.get("resources", [])
        return found

    def export(self) -> list[dict[str, Any]]:
        document = json.loads(self._plain("stack", "export", "--show-secrets"))
        found: list[dict[str, Any]] = document["deployment"].get("resources", [])
        return found

    @property
    def pending_operations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._deployment.get("pending_operations", [])
        return found

    @property
    def state_text(self) -> str:
        return "".join(path.read_text() for path in sorted((self._home / "state").rglob("*.json")))

    def write(self, program_text: str) -> None:
        write_project(self.directory, program_text)

    def import_state(self, document: Mapping[str, Any]) -> None:
        # The CLI wants to see a manifest of its own making and the stack's own way to keep secrets.
        current = self._deployment
        own = {key: current[key] for key in ("manifest", "secrets_providers")}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"version": 3, "deployment": {**document["deployment"], **own}}, file)
            file.flush()
            self._plain("stack", "import", "--file", file.name)

    def set_config(self, key: str, value: str, *, secret: bool = False) -> None:
        self._plain("config", "set", key, value, "--secret" if secret else "--plaintext")

    # -- commands ----------------------------------------------------------------------------------

    def preview(
        self,
        *,
        refresh: bool = False,
        expect_no_changes: bool = False,
        replace: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Result:
        flags = ["--refresh"] * refresh + ["--expect-no-changes"] * expect_no_changes
        return self._command("preview", *flags, *_replace(replace), env=env)

    def up(
        self,
        *,
        refresh: bool = False,
        replace: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        continue_on_error: bool = False,
    ) -> Result:
        flags = ["--refresh"] * refresh + ["--continue-on-error"] * continue_on_error
        return self._command("up", "--yes", "--skip-preview", *flags, *_replace(replace), env=env)

    def refresh(self, *, env: Mapping[str, str] | None = None, preview_only: bool = False) -> Result:
        flags = ["--preview-only"] if preview_only else ["--yes", "--skip-preview"]
        return self._command("refresh", *flags, env=env)

    def destroy(self, *, env: Mapping[str, str] | None = None) -> Result:
        return self._command("destroy", "--yes", "--skip-preview", env=env)

    def import_file(self, file: Path, *, protect: bool) -> Result:
        flags = ["--generate-code=false", f"--protect={str(protect).lower()}", "--yes", "--skip-preview"]
        return self._command("import", "--file", str(Path(file).resolve()), *flags, env=None)

    def _command(self, *args: str, env: Mapping[str, str] | None) -> Result:
        source = self._source
        if source.function is None or args[0] in ("refresh", "destroy", "import"):
            return self._run(*args, env=env)
        inline = Inline(source.function, source.seconds, {**self._env, **(env or {})})
        kind = "--exec-kind=auto.inline"
        return inline.while_served(lambda address: self._run(*args, f"--client={address}", kind, env=env))

    def _run(self, *args: str, env: Mapping[str, str] | None) -> Result:
        with tempfile.TemporaryDirectory() as scratch:
            log = Path(scratch) / "events"
            flags = ["--event-log", str(log), "--non-interactive", "--color", "never"]
            began = time.monotonic()
            process = subprocess.Popen(
                [self._cli, *args, *flags, "--parallel", str(self._parallel)],
                cwd=self.directory,
                env={**self._env, **(env or {})},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            self._running = process
            try:
                text, _ = process.communicate()
                seconds = time.monotonic() - began
            finally:
                self._running = None
                if self._killed:
                    self._forget_lock()
            lines = log.read_text().splitlines() if log.exists() else []
        result = _read_events([json.loads(line) for line in lines])
        result.text, result.exit_code, result.seconds = text, process.returncode, seconds
        if result.ok and args[0] == "up":
            result.outputs = json.loads(self._plain("stack", "output", "--json", "--show-secrets"))
        return result

    # -- interruption ------------------------------------------------------------------------------

    def cancel(self) -> None:
        if self._running:
            self._running.send_signal(signal.SIGINT)

    def kill(self) -> None:
        if self._running:
            self._killed = True
            children = _descendants(self._running.pid)
            self._running.kill()
            for pid in children:
                _kill(pid)

    def _forget_lock(self) -> None:
        """Do what `pulumi cancel` does after a kill."""
        shutil.rmtree(self._home / "state" / ".pulumi" / "locks", ignore_errors=True)
        self._killed = False

    def kill_provider(self) -> None:
        if self._running:
            for pid in _descendants(self._running.pid):
                if b"pulumi.dynamic" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    _kill(pid)

    def close(self) -> None:
        """Nothing is held."""


def _replace(urns: Sequence[str]) -> list[str]:
    return [flag for urn in urns for flag in ("--replace", urn)]


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    """Return the process ids below `pid` (Linux)."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _read_events(events: list[dict[str, Any]]) -> Result:
    """Turn the event log into steps, diagnostics and progress."""
    result, steps = Result(), []
    refreshing: dict[str, list[int]] = {}
    for event in events:
        if found := event.get("resourcePreEvent"):
            steps.append(_step(found["metadata"]))
            if steps[-1].op == "refresh":
                refreshing.setdefault(steps[-1].urn, []).append(len(steps) - 1)
        elif found := event.get("resOutputsEvent"):
            if waiting := refreshing.get(found["metadata"]["urn"]):
                index = waiting.pop(0)
                steps[index] = _refreshed(found["metadata"])
        elif found := event.get("diagnosticEvent"):
            _collect(result, found)
    result.steps = [step for step in steps if not step.urn.endswith(DEFAULT_PROVIDER)]
    return result


def _step(metadata: dict[str, Any], result: str = "") -> Step:
    return Step(metadata["op"], metadata["urn"], result, frozenset(metadata.get("diffs") or []))


def _refreshed(metadata: dict[str, Any]) -> Step:
    """Read the second event of a refresh: its operation is the finding; other commands do not tell."""
    finding = metadata["op"].replace("refresh", "")
    return _step({**metadata, "op": "refresh"}, finding)


def _collect(result: Result, event: dict[str, Any]) -> None:
    severity = {"info#err": "info"}.get(event["severity"], event["severity"])
    if severity != "debug":
        kept = result.progress if event.get("ephemeral") else result.diagnostics
        kept.append(Diagnostic(severity, event.get("urn", ""), event["message"].strip()))
