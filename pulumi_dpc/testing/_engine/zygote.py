"""Cheap Python processes: a server that has imported what they all need and forks itself for each of them.

The parent (`Zygote`) speaks to the server over a Unix socket: one JSON message with three file descriptors (stdout,
stderr, and one for the exit status) per process. The server never creates a gRPC object, a thread or an event loop, so
that forking it is safe. `PlainLauncher` starts ordinary interpreters instead, with the same interface.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn


# What `pulumi.dynamic.__main__` and every program import; the two test modules are the programs' entry points.
PRELOAD = (
    "asyncio",
    "base64",
    "concurrent.futures.thread",
    "dill",
    "grpc._server",
    "pulumi.dynamic",
    "pulumi.runtime",
    "runpy",
    "traceback",
)


@dataclass
class ChildProcess:
    """A running child: its output pipes, and a pipe that gives its exit status when it has ended."""

    pid: int
    stdout: int
    stderr: int
    _status: int | subprocess.Popen[bytes]
    exit_code: int | None = None

    def wait(self, timeout: float | None = None) -> int | None:
        """Return the exit code (negative: a signal), or None if it still runs after `timeout` seconds."""
        if self.exit_code is None:
            self.exit_code = self._wait(timeout)
        return self.exit_code

    def _wait(self, timeout: float | None) -> int | None:
        if isinstance(self._status, subprocess.Popen):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._status.wait(timeout)
            return None
        if not select.select([self._status], [], [], timeout)[0]:
            return None
        return int(os.read(self._status, 32) or b"-9")

    def signal(self, number: int) -> None:
        if self.wait(0) is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def close(self) -> None:
        """Release the pipes of an ended child."""
        for end in (self.stdout, self.stderr, self._status):
            if isinstance(end, int):
                os.close(end)


class Launcher(Protocol):
    """Starts `python -u -m <module> <args>` with its stdout and stderr readable."""

    def start(
        self, module: str, args: Sequence[str], *, cwd: Path, env: Mapping[str, str]
    ) -> ChildProcess: ...


class PlainLauncher:
    """Starts ordinary interpreters."""

    def start(self, module: str, args: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> ChildProcess:
        (out, out_child), (err, err_child) = os.pipe(), os.pipe()
        command = [sys.executable, "-u", "-m", module, *args]
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out_child,
            stderr=err_child,
            start_new_session=True,
        )
        os.close(out_child)
        os.close(err_child)
        return ChildProcess(process.pid, out, err, process)


class Zygote:
    """The parent's side: starts the server on first use and asks it for processes."""

    def __init__(self, preload: Sequence[str] = ()) -> None:
        self._preload = (*PRELOAD, *preload)
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def start(self, module: str, args: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> ChildProcess:
        request = {"module": module, "args": list(args), "cwd": str(cwd), "env": dict(env)}
        pipes = [os.pipe() for _ in range(3)]
        with self._lock:
            pid = self._ask(request, [write for _, write in pipes])
        for _, write in pipes:
            os.close(write)
        out, err, status = (read for read, _ in pipes)
        return ChildProcess(pid, out, err, status)

    def _ask(self, request: dict[str, Any], descriptors: list[int]) -> int:
        connection = self._socket or self._begin()
        body = json.dumps(request).encode()
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
        connection.sendmsg([len(body).to_bytes(8, "big")], [rights])
        connection.sendall(body)
        return int.from_bytes(_receive(connection, 8), "big")

    def _begin(self) -> socket.socket:
        from .stack import our_path  # the server itself needs none of it

        ours, theirs = socket.socketpair()
        # Without `-u` a host's port stays in its buffer: it does not flush what it writes.
        command = [sys.executable, "-u", "-m", __name__, str(theirs.fileno()), *self._preload]
        # Not the path of this process: a program must not find what only pytest has put there.
        paths = [*our_path(), *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        self._server = subprocess.Popen(command, env=env, pass_fds=[theirs.fileno()])
        theirs.close()
        self._socket = ours
        return ours

    def close(self) -> None:
        """End the server and every process it started."""
        if self._socket and self._server:
            self._socket.close()
            self._server.wait()
        self._socket = self._server = None


def _receive(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


_LAUNCHERS: dict[tuple[str, ...], Zygote] = {}


def shared_launcher(*, plain: bool = False, preload: Sequence[str] = ()) -> Launcher:
    """Return this process's launcher; one zygote serves all stacks that preload the same modules.

    Where forking is not dependable (anything but Linux) it is the plain one.
    """
    if plain or not sys.platform.startswith("linux"):
        return PlainLauncher()
    key = tuple(preload)
    if key not in _LAUNCHERS:
        _LAUNCHERS[key] = Zygote(preload)
        atexit.register(_LAUNCHERS[key].close)
    return _LAUNCHERS[key]


# -- the server's side -----------------------------------------------------------------------------


class _Server:
    """Forks on request, reports exits, and ends with the parent, taking its children along."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._status: dict[int, int] = {}
        self._wake, wake = os.pipe()
        for end in (self._wake, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(wake)

    def serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._connection.fileno(), self._wake], [], [])
            if self._wake in ready:
                os.read(self._wake, 512)
                self._reap()
            if self._connection.fileno() in ready:
                try:
                    self._fork()
                except EOFError:
                    break
        for pid in self._status:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        for pid in list(self._status):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                end = self._status.pop(pid)
                os.write(end, b"%d" % os.waitstatus_to_exitcode(status))
                os.close(end)

    def _fork(self) -> None:
        size, rights, _, _ = self._connection.recvmsg(8, socket.CMSG_SPACE(3 * 4))
        if not size:
            raise EOFError
        descriptors = array.array("i")
        descriptors.frombytes(rights[0][2])
        request = json.loads(_receive(self._connection, int.from_bytes(size, "big")))
        out, err, status = descriptors
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for end in (status, self._wake, *self._status.values()):
                os.close(end)
            self._connection.close()
            _become(request, out, err)
        os.close(out)
        os.close(err)
        self._status[pid] = status
        self._connection.sendall(pid.to_bytes(8, "big"))


def _become(request: dict[str, Any], out: int, err: int) -> NoReturn:
    """Turn the forked child into `python -u -m module args` in its own process group, as the engine starts it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setpgid(0, 0)
    for target, source in ((1, out), (2, err)):
        os.dup2(source, target)
        os.close(source)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    paths = [path for path in request["env"].get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [request["cwd"], *paths, *(path for path in sys.path[1:] if path not in paths)]
    sys.argv = [request["module"], *request["args"]]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr]
    os._exit(_run_module(request["module"]))


def _run_module(module: str) -> int:
    """Run `module` as `__main__` and return the exit code the interpreter would give."""
    import runpy
    import traceback

    if "COVERAGE_PROCESS_START" in os.environ:
        importlib.import_module("coverage").process_startup()
    code: object = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = stop.code
    except BaseException:  # noqa: BLE001 - this is the interpreter's own last resort
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def main() -> None:
    connection = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        module, _, function = name.partition(":")
        loaded = importlib.import_module(module)
        if function:
            getattr(loaded, function)()  # what it builds is kept
    gc.freeze()  # a collection in a child would copy every page it looks at
    _Server(connection).serve()


if __name__ == "__main__":
    main()
