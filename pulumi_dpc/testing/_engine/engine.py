"""The engine double: commands without the Pulumi CLI, against the SDK's real provider host."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .command import KILLED_EXIT_CODE, Command
from .deployment import Options
from .importing import import_entries
from .mocks import Mocks, NoMocks
from .report import report
from .stack import SOURCE, Result, Source, base_environment, write_project
from .state import StateFile
from .values import Props, Secret
from .zygote import shared_launcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHANGES_EXIT_CODE = 7
NO_MOCKS = NoMocks()


class DoubleStack:
    """A stack without the CLI (interface: `stack.Stack`). One command at a time; its state is a file."""

    def __init__(
        self,
        directory: Path,
        env: Mapping[str, str] | None = None,
        *,
        parallel: int = 8,
        plain_processes: bool = False,
        preload: Sequence[str] = (),
        source: Source = SOURCE,
        mocks: Mocks = NO_MOCKS,
    ) -> None:
        self.directory, self._parallel = Path(directory), parallel
        self._env = base_environment(env)
        self._source, self._mocks = source, mocks
        write_project(self.directory, None, source)
        self._file = StateFile(self.directory / "stack.json")
        self._config_file = self.directory / "stack.config.json"
        self._launcher = shared_launcher(plain=plain_processes, preload=preload)
        self._command: Command | None = None

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

    def export(self) -> list[dict[str, Any]]:
        resources, _ = self._file.load()
        return self._file.shown(resources)

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
        options = Options(dry_run=True, replace=tuple(replace), parallel=self._parallel, source=self._source)
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
            replace=tuple(replace),
            continue_on_error=continue_on_error,
            parallel=self._parallel,
            source=self._source,
        )
        return self._execute(options, env, refresh=refresh, program=True)

    def refresh(self, *, env: Mapping[str, str] | None = None, preview_only: bool = False) -> Result:
        options = Options(
            dry_run=preview_only, parallel=self._parallel, source=self._source, refresh_only=True
        )
        return self._execute(options, env, refresh=True, program=False)

    def destroy(self, *, env: Mapping[str, str] | None = None) -> Result:
        return self._execute(
            Options(parallel=self._parallel, source=self._source), env, refresh=False, program=False
        )

    def import_file(self, file: Path, *, protect: bool) -> Result:
        entries = json.loads(Path(file).read_text())["resources"]
        resources, pending = self._file.load()
        now, result = import_entries(resources, entries, self._source, protect=protect)
        self._file.save(now, pending)
        if not result.unsupported:
            result.text = report(
                result, {}, stack=f"{self._source.project}-{self._source.stack}", dry_run=False
            )
        return result

    def _execute(
        self, options: Options, env: Mapping[str, str] | None, *, refresh: bool, program: bool
    ) -> Result:
        command = Command(
            options,
            *self._file.load(),
            self._config,
            self._launcher,
            self._source.folder or self.directory,
            {**self._env, **(env or {})},
            self._mocks,
        )
        self._command = command
        began = time.monotonic()
        try:
            command.run(refresh=refresh, program=program, delete=program or not refresh)
        finally:
            if not options.dry_run:
                self._file.save(command.deployment.resources, command.snapshot.pending)
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


def _changes(result: Result) -> bool:
    return any(step.op not in ("same", "read", "refresh") for step in result.steps)
