"""The engine double: commands without the Pulumi CLI, against the SDK's real provider host."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .deployment import Deployment, Options
from .generator import Bail
from .host import Host, OutputReader
from .monitor import serve
from .providers import Providers
from .stack import PROJECT, STACK, Result, base_environment, write_project
from .state import Operation, Snapshot, State, StateFile
from .values import Props, Secret, plain, transform
from .zygote import ChildProcess, Launcher, shared_launcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM_MODULE = "pulumi_dpc.testing._engine.program"
USER_ERROR_WAS_SHOWN = 32  # by the program, which then exits with this code
CHANGES_EXIT_CODE, KILLED_EXIT_CODE, TWICE_EXIT_CODE = 7, -9, 8


class TestEngineStack:
    """A stack without the CLI (interface: `stack.Stack`). One command at a time; its state is a file."""

    __test__ = False

    def __init__(
        self,
        directory: Path,
        env: Mapping[str, str] | None = None,
        *,
        parallel: int = 8,
        plain_processes: bool = False,
        preload: Sequence[str] = (),
    ) -> None:
        self.directory, self._parallel = Path(directory), parallel
        self._env = base_environment(env)
        write_project(self.directory, None)
        self._file = StateFile(self.directory / "stack.json")
        self._config_file = self.directory / "stack.config.json"
        self._launcher = shared_launcher(plain=plain_processes, preload=preload)
        self._command: _Command | None = None

    # -- state and settings ------------------------------------------------------------------------

    @property
    def _document(self) -> dict[str, Any]:
        command = self._command
        if command is not None:
            return self._file.document(command.deployment.resources, command.snapshot.pending)
        return self._file.document(*self._file.load())

    @property
    def state(self) -> list[dict[str, Any]]:
        resources: list[dict[str, Any]] = self._document["deployment"]["resources"]
        return resources

    @property
    def pending_operations(self) -> list[dict[str, Any]]:
        pending: list[dict[str, Any]] = self._document["deployment"].get("pending_operations", [])
        return pending

    @property
    def state_text(self) -> str:
        return json.dumps(self._document, indent=1)

    def write(self, program_text: str) -> None:
        write_project(self.directory, program_text)

    def import_state(self, document: Mapping[str, Any]) -> None:
        self._file.save(*self._file.parse(document))

    def set_config(self, key: str, value: str, *, secret: bool = False) -> None:
        stored = self._file.encrypt(Secret(value)) if secret else value
        self._config_file.write_text(json.dumps({**self._stored_config(), key: stored}))

    def _stored_config(self) -> dict[str, Any]:
        found: dict[str, Any] = (
            json.loads(self._config_file.read_text()) if self._config_file.exists() else {}
        )
        return found

    @property
    def _config(self) -> Props:
        return {
            k: v if isinstance(v, str) else self._file.decrypt(v) for k, v in self._stored_config().items()
        }

    # -- commands ----------------------------------------------------------------------------------

    def preview(
        self,
        *,
        refresh: bool = False,
        expect_no_changes: bool = False,
        replace: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Result:
        options = Options(dry_run=True, replace=tuple(replace), parallel=self._parallel)
        result = self._execute(options, env, refresh=refresh, program=True)
        if result.ok and expect_no_changes and (result.drifted or _changes(result)):
            result.exit_code = CHANGES_EXIT_CODE
        return result

    def up(
        self,
        *,
        refresh: bool = False,
        replace: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        continue_on_error: bool = False,
    ) -> Result:
        options = Options(
            replace=tuple(replace), continue_on_error=continue_on_error, parallel=self._parallel
        )
        return self._execute(options, env, refresh=refresh, program=True)

    def refresh(self, *, env: Mapping[str, str] | None = None, preview_only: bool = False) -> Result:
        options = Options(dry_run=preview_only, parallel=self._parallel, refresh_only=True)
        return self._execute(options, env, refresh=True, program=False)

    def destroy(self, *, env: Mapping[str, str] | None = None) -> Result:
        return self._execute(Options(parallel=self._parallel), env, refresh=False, program=False)

    def _execute(
        self, options: Options, env: Mapping[str, str] | None, *, refresh: bool, program: bool
    ) -> Result:
        command = _Command(
            options,
            *self._file.load(),
            self._config,
            self._launcher,
            self.directory,
            {**self._env, **(env or {})},
        )
        self._command = command
        began = time.monotonic()
        try:
            command.run(refresh=refresh, program=program, delete=program or not refresh)
            if not options.dry_run:
                self._file.save(command.deployment.resources, command.snapshot.pending)
        finally:
            self._command = None
        result = command.result()
        result.seconds = time.monotonic() - began
        return result

    # -- interruption ------------------------------------------------------------------------------

    def cancel(self) -> None:
        if self._command:
            self._command.cancel()

    def kill(self) -> None:
        if self._command:
            self._command.kill(KILLED_EXIT_CODE)

    def kill_provider(self) -> None:
        if self._command:
            self._command.providers.kill()

    def close(self) -> None:
        """Nothing is held between commands."""


class _Command:
    """One command: its processes, its servers, and how they end."""

    def __init__(
        self,
        options: Options,
        resources: list[State],
        pending: list[Operation],
        config: Props,
        launcher: Launcher,
        directory: Path,
        env: dict[str, str],
    ) -> None:
        self.snapshot = Snapshot(resources, pending)
        self._interrupted = _interrupted(pending)
        self._options, self._config, self._launcher = options, config, launcher
        self._directory, self._env = directory, env
        self.providers = Providers(self._start_host)
        self.deployment = Deployment(options, self.snapshot, self.providers, config)
        self._address = ""
        self._program: ChildProcess | None = None
        self._killed: int | None = None

    def _start_host(self, config: Props) -> Host:
        env = {**self._env, "PULUMI_PROJECT": PROJECT, "PULUMI_CONFIG": "{}"}
        return Host(
            config,
            self._launcher,
            cwd=self._directory,
            env=env,
            engine=self._address,
            log=lambda line: self.deployment.say("info", "", line),
        )

    def run(self, *, refresh: bool, program: bool, delete: bool) -> None:
        server, self._address = serve(self.deployment, self._options.parallel * 4 + 8)
        try:
            self._run(refresh=refresh, program=program, delete=delete)
        except Bail:
            self.deployment.bail()
        finally:
            self.deployment.await_idle()
            self._kill_unfinished_program()
            self.deployment.end()
            self._end_program()
            self.providers.cancel()
            self.providers.close()
            self.deployment.hooks.close()
            server.stop(None).wait()

    def _run(self, *, refresh: bool, program: bool, delete: bool) -> None:
        deployment = self.deployment
        if refresh:
            deployment.refresh()
        elif self._interrupted and not self._options.dry_run:
            deployment.say("warning", "", self._interrupted)
        if deployment.errored:
            return
        if program and not deployment.stopped:
            self._run_program()
        if delete and not deployment.stopped:
            deployment.delete_the_rest()

    def _run_program(self) -> None:
        """Run the user's program to its end, or until the deployment stops."""
        settings = {
            "monitor": self._address,
            "engine": self._address,
            "project": PROJECT,
            "stack": STACK,
            "parallel": self._options.parallel,
            "dry_run": self._options.dry_run,
            "config": plain(self._config),
            "secret_keys": [key for key, value in self._config.items() if isinstance(value, Secret)],
        }
        process = self._launcher.start(
            PROGRAM_MODULE, [json.dumps(settings)], cwd=self._directory, env=self._env
        )
        self._program = process
        ended = threading.Event()

        def at_end() -> None:
            ended.set()
            self.deployment.wake()

        self._output = OutputReader(process, lambda _, line: self.deployment.say("info", "", line), at_end)
        deployment = self.deployment
        deployment.wait_until(lambda: ended.is_set() or deployment.has_heard_program)
        if not deployment.stopped and not deployment.has_heard_program and process.wait():
            self._program_failed(process.exit_code)

    def _program_failed(self, code: int | None) -> None:
        if code != USER_ERROR_WAS_SHOWN:
            text = f"an unhandled error occurred: program exited with non-zero exit code: {code}"
            self.deployment.say("error", "", text)
        self.deployment.bail()

    def _kill_unfinished_program(self) -> None:
        """Kill it before its calls are answered with the end, or it may still complain of them, by chance."""
        if self._program is not None and not self.deployment.has_heard_program:
            self._program.signal(signal.SIGKILL)
            self._program.wait()

    def _end_program(self) -> None:
        if self._program is not None:
            if self.deployment.has_heard_program:
                self._program.wait(1)
            self._program.signal(signal.SIGKILL)
            self._program.wait()
            self._output.join()
            self._program.close()

    # -- interruption ------------------------------------------------------------------------------

    def cancel(self) -> None:
        if self.deployment.canceled:
            self.kill(TWICE_EXIT_CODE)
            return
        self.deployment.hooks.cut_off()
        self.deployment.stop(canceled=True)
        self.providers.cancel()

    def kill(self, exit_code: int) -> None:
        self._killed = exit_code
        self.snapshot.freeze()
        self.deployment.stop(canceled=True)
        self.providers.kill()
        if self._program is not None:
            self._program.signal(signal.SIGKILL)

    # -- result ------------------------------------------------------------------------------------

    def result(self) -> Result:
        deployment = self.deployment
        code = self._killed if self._killed is not None else int(deployment.errored or deployment.canceled)
        if code and self._killed != KILLED_EXIT_CODE and not deployment.bailed:
            kind = "preview" if self._options.dry_run else "update"
            canceled = not (deployment.errored or self._killed)
            deployment.say("error", "", f"{kind} {'canceled' if canceled else 'failed'}")
        result = Result(code, deployment.steps, {}, deployment.diagnostics, deployment.progress)
        result.drifted = deployment.drifted
        if result.ok and not self._options.dry_run:
            result.outputs = plain(deployment.outputs)
        result.text = _as_text(result, transform(deployment.outputs, lambda _: "[secret]"))
        return result


def _interrupted(pending: Sequence[Operation]) -> str:
    if not pending:
        return ""
    count = f"with {len(pending)} pending operations from previous deployment."
    header = f"Attempting to deploy or update resources {count}"
    return "\n".join([header, *(f"  * {op.resource.urn}, interrupted while {op.type}" for op in pending)])


def _changes(result: Result) -> bool:
    return any(step.op not in ("same", "read", "refresh") for step in result.steps)


def _as_text(result: Result, outputs: Props) -> str:
    """Show what a person would see."""
    rows = [
        f"{step.op} {step.result} {step.type} {step.name} {sorted(step.keys) or ''}" for step in result.steps
    ]
    said = [
        f"{d.severity}: {d.urn.partition('::')[2]}: {d.text}" for d in result.diagnostics + result.progress
    ]
    return "\n".join([*rows, *said, *(f"{key}: {json.dumps(value)}" for key, value in outputs.items())])
