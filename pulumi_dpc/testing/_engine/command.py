"""One command of the engine double: its processes, its servers, and how they end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .deployment import Deployment, Options
from .host import Host
from .monitor import serve
from .planned import Bail
from .providers import Providers
from .report import report
from .running import USER_ERROR_WAS_SHOWN, Process, Running, Thread
from .stack import Result
from .state import Operation, Snapshot, State
from .unsupported import Unsupported
from .values import Props, Secret, plain, transform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .mocks import Mocks
    from .zygote import Launcher

_GRACE_SECONDS = 1.0
KILLED_EXIT_CODE, TWICE_EXIT_CODE = -9, 8


class Command:
    """One command: its processes, its servers, and how they end."""

    def __init__(
        self,
        options: Options,
        resources: list[State],
        pending: list[Operation],
        config: Props,
        launcher: Launcher,
        folder: Path,
        env: dict[str, str],
        mocks: Mocks,
    ) -> None:
        self.snapshot = Snapshot(resources, pending)
        self._interrupted = _interrupted(pending)
        self._options, self._config, self._launcher = options, config, launcher
        self._folder, self._env, self._source = folder, env, options.source
        self.providers = Providers(self._start_host)
        self.deployment = Deployment(options, self.snapshot, self.providers, config, mocks)
        self._address = ""
        self._program: Running | None = None
        self._killed: int | None = None

    def _start_host(self, config: Props) -> Host:
        env = {**self._env, "PULUMI_PROJECT": self._source.project, "PULUMI_CONFIG": "{}"}
        return Host(
            config,
            self._launcher,
            cwd=self._folder,
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
        except Unsupported as refusal:
            self.deployment.refuse(refusal)
        except KeyboardInterrupt:
            self.cancel()
            raise
        finally:
            self.deployment.await_idle(lambda: self.snapshot.frozen)
            self._kill_unfinished_program()
            self.deployment.end()
            self._end_program()
            self.providers.cancel()
            self.providers.close()
            self.deployment.callbacks.close()
            # Gently, or a function of this process prints that it was cut off.
            server.stop(_GRACE_SECONDS).wait()

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
        ended = threading.Event()

        def at_end() -> None:
            ended.set()
            self.deployment.wake()

        deployment = self.deployment
        self._program = program = self._start_program(at_end)
        deployment.wait_until(lambda: ended.is_set() or deployment.has_heard_program)
        if not deployment.stopped and not deployment.has_heard_program and program.exit_code:
            self._program_failed(program.exit_code)

    def _start_program(self, at_end: Callable[[], None]) -> Running:
        source = self._source
        settings = {
            "monitor": self._address,
            "engine": self._address,
            "project": source.project,
            "stack": source.stack,
            "parallel": self._options.parallel,
            "dry_run": self._options.dry_run,
            "config": plain(self._config),
            "secret_keys": [key for key, value in self._config.items() if isinstance(value, Secret)],
            "seconds": source.seconds,
        }
        if source.function is not None:
            return Thread(source.function, settings, env=self._env, fail=self._function_failed, at_end=at_end)
        return Process(
            self._launcher,
            settings,
            cwd=self._folder,
            env=self._env,
            say=lambda line: self.deployment.say("info", "", line),
            at_end=at_end,
        )

    def _function_failed(self, error: str) -> None:
        """Report a function's error as the CLI does: once as the SDK tells it (older ones do not), once as its end."""
        deployment = self.deployment
        if deployment.is_deaf or deployment.stopped:
            return
        if not any(said.severity == "error" for said in deployment.diagnostics):
            deployment.say("error", "", error)
        deployment.say("error", "", f"an unhandled error occurred: {error}")

    def _program_failed(self, code: int | None) -> None:
        if code != USER_ERROR_WAS_SHOWN:
            text = f"an unhandled error occurred: program exited with non-zero exit code: {code}"
            self.deployment.say("error", "", text)
        self.deployment.bail()

    def _kill_unfinished_program(self) -> None:
        """Kill it before its calls are answered with the end, or it may still complain of them, by chance."""
        if self._program is not None and not self.deployment.has_heard_program:
            if self._source.function is not None:
                self.deployment.turn_away()
            self._program.stop()

    def _end_program(self) -> None:
        if self._program is not None:
            self._program.end(gently=self.deployment.has_heard_program)

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
            self._program.kill()

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
        result.unsupported, result.is_mock_broken = deployment.unsupported, deployment.is_mock_broken
        shown = transform(deployment.outputs, lambda _: "[secret]")
        name = f"{self._source.project}-{self._source.stack}"
        text = report(result, shown, stack=name, dry_run=self._options.dry_run)
        result.text = deployment.mask.hide(text)
        return result


def _interrupted(pending: Sequence[Operation]) -> str:
    if not pending:
        return ""
    count = f"with {len(pending)} pending operations from previous deployment."
    header = f"Attempting to deploy or update resources {count}"
    return "\n".join([header, *(f"  * {op.resource.urn}, interrupted while {op.type}" for op in pending)])
