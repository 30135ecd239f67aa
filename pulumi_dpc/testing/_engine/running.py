"""The user's program while it runs: a process of its own for a file, a thread of this one for a function."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import json
import logging
import os
import signal
import threading
import warnings
from concurrent import futures
from types import SimpleNamespace, TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import grpc

from .deadline import Watch
from .host import OutputReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from .zygote import Launcher

PROGRAM_MODULE = f"{__package__}.program"
USER_ERROR_WAS_SHOWN = 32  # by the program, which then exits with this code
T = TypeVar("T")
_LEFT_BEHIND = r"(Output\.|RPCManager\.|StackReference\.|_?(register|read|invoke|call|secret)\w*\.<locals>)"
"""An output whose value is cut off never asks for the rest of what it was made with."""
_ANSWER_SECONDS = 0.2
_GRACE_SECONDS = 5.0
"""How long a function may take to notice that its deployment is over."""


class Running(Protocol):
    """A program that was started; what it was started with is told when it has ended."""

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 32 for an error that the user has been shown."""

    def kill(self) -> None:
        """Let it end now; callable from another thread."""

    def stop(self) -> None:
        """End it before its calls are answered, where it would complain of that."""

    def end(self, *, gently: bool) -> None:
        """Wait for its end, for a moment if `gently`, and end it then; release what it held."""


class Process:
    """A program in a file: a process of the language host's kind, in the program's folder."""

    def __init__(
        self,
        launcher: Launcher,
        settings: Mapping[str, Any],
        *,
        cwd: Path,
        env: Mapping[str, str],
        say: Callable[[str], None],
        at_end: Callable[[], None],
    ) -> None:
        self._process = launcher.start(PROGRAM_MODULE, [json.dumps(settings)], cwd=cwd, env=env)
        self._output = OutputReader(self._process, lambda _, line: say(line), at_end)

    @property
    def exit_code(self) -> int | None:
        return self._process.wait()

    def kill(self) -> None:
        self._process.signal(signal.SIGKILL)

    def stop(self) -> None:
        self.kill()
        self._process.wait()

    def end(self, *, gently: bool) -> None:
        if gently:
            self._process.wait(1)
        self.stop()
        self._output.join()
        self._process.close()


class Inline:
    """A function as an inline program: the Automation API's own language server runs it in this process."""

    def __init__(self, function: Callable[[], object], seconds: float, env: Mapping[str, str]) -> None:
        # Lookups find the environment of an inline program at its workspace, in a frame that holds the server.
        ours = (name for name in os.environ if name.startswith(("PULUMI_", "DPC_")))
        self.workspace = SimpleNamespace(env_vars={**dict.fromkeys(ours, ""), **env})
        self._function, self._seconds = function, seconds
        self._watch: Watch | None = None
        self._task: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None

    def run(self, request: Any) -> str:
        """Run it to its end; return the error that it ended with, if it did."""
        server = _language_server(self._program)
        try:
            error: str = server.Run(request, None).error
        finally:
            self._end_watch()
        return error

    def while_served(self, act: Callable[[str], T]) -> T:
        """Do something that asks for it at an address."""
        from pulumi.runtime.proto import language_pb2_grpc

        server = _language_server(self._program)
        port = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(server, port)
        address = f"127.0.0.1:{port.add_insecure_port('127.0.0.1:0')}"
        port.start()
        with _unawaited_in_silence():
            try:
                return act(address)
            finally:
                self._end_watch()
                port.stop(0).wait()
                _drop_unawaited()

    def _program(self) -> Any:
        task = asyncio.current_task()
        if task is not None:
            self._task = asyncio.get_running_loop(), task
        self._watch = Watch(self._seconds)
        return self._function()

    def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.end()

    def interrupt(self) -> None:
        """Interrupt it where it waits; a function that computes goes on, and nobody listens to it."""
        if self._task is not None and not self._task[0].is_closed():
            loop, task = self._task
            with contextlib.suppress(RuntimeError):  # it has ended just now
                loop.call_soon_threadsafe(task.cancel)


class Thread:
    """A function that runs in a thread of this process."""

    def __init__(
        self,
        function: Callable[[], object],
        settings: Mapping[str, Any],
        *,
        env: Mapping[str, str],
        fail: Callable[[str], None],
        at_end: Callable[[], None],
    ) -> None:
        self.exit_code: int | None = None
        self._fail = fail
        self._inline = Inline(function, settings["seconds"], env)
        self._settings, self._at_end = settings, at_end
        self._silence = contextlib.ExitStack()
        self._silence.enter_context(_unawaited_in_silence())
        self._thread = threading.Thread(target=self._run, name="inline program", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            error = self._inline.run(_request(self._settings))
            self.exit_code = USER_ERROR_WAS_SHOWN if error else 0
            if error:
                self._fail(error)
        finally:
            self._at_end()

    def kill(self) -> None:
        if self.exit_code is None:
            self._inline.interrupt()

    def stop(self) -> None:
        """Nothing is done before its calls are answered: it cannot be ended in the midst of one."""

    def end(self, *, gently: bool) -> None:
        # What waits for the engine ends as that is answered; only what waits for something else is interrupted.
        self._thread.join(_GRACE_SECONDS if gently else _ANSWER_SECONDS)
        self.kill()
        self._thread.join(_GRACE_SECONDS)
        if self.exit_code != 0:
            _drop_unawaited()
        self._silence.close()


def _language_server(program: Callable[[], Any]) -> Any:
    from pulumi.automation._server import LanguageServer
    from pulumi.runtime.proto import language_pb2

    loops: list[asyncio.AbstractEventLoop] = []

    def noting() -> Any:
        loops.append(asyncio.get_running_loop())
        return program()

    class Server(LanguageServer):
        """The SDK's, which leaves its loop open where its clean-up meets the end of the deployment."""

        def _exception_handler(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            """Say nothing of errors that nobody asked for, however late: the engine has told the program's own."""
            if isinstance(context.get("exception"), grpc.RpcError):
                loop.stop()

        def Run(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
            level = logging.getLogger("asyncio").level
            try:
                return super().Run(request, context)  # type: ignore[no-untyped-call]
            except (Exception, asyncio.CancelledError) as ended:  # noqa: BLE001 - the program's own error is told
                return language_pb2.RunResponse(error=str(ended) or "canceled")
            finally:
                for loop in loops:
                    _close(loop)
                logging.getLogger("asyncio").setLevel(level)  # which the SDK silences for good

    return Server(noting)


@contextlib.contextmanager
def _unawaited_in_silence() -> Iterator[None]:
    """Let nobody be warned of the coroutines that the SDK leaves behind in a program that failed, nor of ours."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", rf"coroutine '{_LEFT_BEHIND}.*' was never awaited", RuntimeWarning)
        yield


def _drop_unawaited() -> None:
    """Drop what outputs that failed were made with and never asked for, also where an error holds it for longer."""
    for found in gc.get_objects():
        # What is in a traceback has failed, so this takes nothing from a program of another thread.
        if isinstance(found, TracebackType) and found.tb_frame.f_code.co_name == "compute_data":
            for value in found.tb_frame.f_locals.values():
                if inspect.iscoroutine(value) and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
                    value.close()
    gc.collect()


def _close(loop: asyncio.AbstractEventLoop) -> None:
    if loop.is_closed():
        return
    while tasks := asyncio.all_tasks(loop):  # the end of one may begin another
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks))
    loop.close()


def _request(settings: Mapping[str, Any]) -> Any:
    from pulumi.runtime.proto import language_pb2

    return language_pb2.RunRequest(
        project=settings["project"],
        stack=settings["stack"],
        monitor_address=settings["monitor"],
        args=[settings["engine"]],
        parallel=settings["parallel"],
        dryRun=settings["dry_run"],
        config=settings["config"],
        configSecretKeys=settings["secret_keys"],
        organization="organization",
    )
