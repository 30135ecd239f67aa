"""A provider: one process of the SDK's real dynamic host, its RPCs, and its failures as values."""

from __future__ import annotations

import os
import selectors
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from .values import Props, annotate_secrets, from_wire, has_unknown, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .state import State
    from .zygote import ChildProcess, Launcher

HOST_MODULE = "pulumi.dynamic"
_METADATA = 16 * 2**20  # what grpc-go takes; a traceback in an error's message is more than Python's own 8 kB
_CHANNEL_OPTIONS = [
    *_GRPC_CHANNEL_OPTIONS,
    ("grpc.max_metadata_size", _METADATA),
    ("grpc.absolute_max_metadata_size", _METADATA),
]


class ProviderError(Exception):
    """The provider's answer was an error; its text is what the engine shows."""


class InitFailed(ProviderError):
    """The object exists but is not as it should be: the engine keeps `id` and `outputs`."""

    def __init__(self, identity: str, outputs: Props, inputs: Props | None, reasons: list[str]) -> None:
        count = f"{len(reasons)} error{'s' * (len(reasons) != 1)} occurred:"
        super().__init__("\n".join([count, *(f"\t* {reason}" for reason in reasons), "", ""]))
        self.id, self.outputs, self.inputs, self.reasons = identity, outputs, inputs, reasons


@dataclass(frozen=True)
class Diff:
    """What the host said; `changes` is None for DIFF_UNKNOWN."""

    changes: bool | None
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Read:
    """A live object; an empty `id` means that it is gone, `inputs` of None that the old ones stay."""

    id: str
    outputs: Props
    inputs: Props | None
    reasons: tuple[str, ...] = ()


class OutputReader:
    """Hands every line a process writes to a callback, from a thread of its own."""

    def __init__(
        self,
        process: ChildProcess,
        line: Callable[[str, str], None],
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._process, self._line, self._at_end = process, line, at_end
        self._thread = threading.Thread(target=self._run, name=f"output of {process.pid}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        rest = {self._process.stdout: b"", self._process.stderr: b""}
        names = {self._process.stdout: "stdout", self._process.stderr: "stderr"}
        with selectors.DefaultSelector() as selector:
            for end in rest:
                selector.register(end, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fd)
                    *lines, rest[key.fd] = (rest[key.fd] + data).split(b"\n")
                    for line in lines if data else filter(None, [rest[key.fd]]):
                        self._line(names[key.fd], line.decode(errors="replace"))
        self._at_end()

    def join(self) -> None:
        self._thread.join()


class Host:
    """One provider process, started at once, asked for its port and configured on first use."""

    def __init__(
        self,
        config: Props,
        launcher: Launcher,
        *,
        cwd: Path,
        env: Mapping[str, str],
        engine: str,
        log: Callable[[str], None],
    ) -> None:
        self.config, self._log = config, log
        self.known = not has_unknown(config)
        self._lock = threading.Lock()
        self._port: str | None = None
        self._is_dead = False
        self._ready = threading.Event()
        self._channel: grpc.Channel | None = None
        self._cancel: grpc.Future[Any] | None = None
        self._stub: provider_pb2_grpc.ResourceProviderStub | None = None
        self._process = launcher.start(HOST_MODULE, [engine], cwd=cwd, env=env)
        self._output = OutputReader(self._process, self._on_line)

    def _on_line(self, _stream: str, line: str) -> None:
        if self._port is None and line.strip().isdigit():
            self._port = line.strip()
            self._ready.set()
        else:
            self._log(line)

    # -- RPCs --------------------------------------------------------------------------------------

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._connected(), method)(request)
        except grpc.RpcError as error:
            raise self._died(error) or _failure(error) from None

    def _change(self, method: str, request: Any, inputs: Props) -> Any:
        """Call a method that may fail half-way; what is there then is as secret as after a success."""
        try:
            return self._call(method, request)
        except InitFailed as failed:
            failed.outputs = annotate_secrets(failed.outputs, inputs)
            raise

    def _died(self, error: Any) -> ProviderError | None:
        """Return grpc-go's words for a process that has ended: during this call, or before it."""
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            return None
        with self._lock:
            was_dead, self._is_dead = self._is_dead, True
        if not was_dead:
            return ProviderError("error reading from server: EOF")
        refused = f"dial tcp 127.0.0.1:{self._port}: connect: connection refused"
        return ProviderError(f'connection error: desc = "transport: Error while dialing: {refused}"')

    def _connected(self) -> provider_pb2_grpc.ResourceProviderStub:
        with self._lock:
            if self._stub is None:
                while not self._ready.wait(0.05):
                    if self._process.wait(0) is not None:
                        raise ProviderError("could not start plugin: it exited before it wrote its port")
                self._channel = grpc.insecure_channel(f"127.0.0.1:{self._port}", options=_CHANNEL_OPTIONS)
                stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
                args = to_wire(self.config, keep_secrets=True)
                request = provider_pb2.ConfigureRequest(args=args, acceptSecrets=True, acceptResources=True)
                try:
                    stub.Configure(request)
                except grpc.RpcError as error:
                    raise _failure(error) from None
                self._stub = stub
            return self._stub

    def check(self, state: State, olds: Props, news: Props) -> tuple[Props, list[tuple[str, str]]]:
        """Return the checked inputs and the failures as (property, reason)."""
        request = provider_pb2.CheckRequest(olds=_wire(olds), news=_wire(news), **_who(state))
        answer = self._call("Check", request)
        return annotate_secrets(from_wire(answer.inputs), news), [
            (f.property, f.reason) for f in answer.failures
        ]

    def diff(self, state: State, old: State, news: Props) -> Diff:
        request = provider_pb2.DiffRequest(
            id=old.id,
            olds=_wire(old.outputs),
            old_inputs=_wire(old.inputs),
            news=_wire(news),
            ignoreChanges=state.ignore_changes,
            **_who(state),
        )
        answer = self._call("Diff", request)
        changes = {1: False, 2: True}.get(answer.changes)
        return Diff(changes, tuple(answer.replaces), answer.deleteBeforeReplace)

    def create(self, state: State) -> tuple[str, Props]:
        timeout = state.custom_timeouts.get("create", 0)
        request = provider_pb2.CreateRequest(properties=_wire(state.inputs), timeout=timeout, **_who(state))
        answer = self._change("Create", request, state.inputs)
        if not answer.id:
            raise ProviderError("provider did not return an ID from Create")
        return answer.id, annotate_secrets(from_wire(answer.properties), state.inputs)

    def update(self, state: State, old: State) -> Props:
        request = provider_pb2.UpdateRequest(
            id=old.id,
            olds=_wire(old.outputs),
            old_inputs=_wire(old.inputs),
            news=_wire(state.inputs),
            timeout=state.custom_timeouts.get("update", 0),
            ignoreChanges=state.ignore_changes,
            **_who(state),
        )
        answer = self._change("Update", request, state.inputs)
        return annotate_secrets(from_wire(answer.properties), state.inputs)

    def delete(self, state: State) -> None:
        timeout = state.custom_timeouts.get("delete", 0)
        request = provider_pb2.DeleteRequest(
            id=state.id,
            properties=_wire(state.outputs),
            old_inputs=_wire(state.inputs),
            timeout=timeout,
            **_who(state),
        )
        self._call("Delete", request)

    def read(self, state: State, props: Props) -> Read:
        """Read the object `state.id`; an unwell one comes back with `reasons`."""
        timeout = state.custom_timeouts.get("read", 0)
        request = provider_pb2.ReadRequest(
            id=state.id, properties=_wire(props), inputs=_wire(state.inputs), **_who(state)
        )
        if "timeout" in request.DESCRIPTOR.fields_by_name:  # older SDKs know none
            request.timeout = timeout
        try:
            answer = self._call("Read", request)
        except InitFailed as failed:
            outputs = annotate_secrets(failed.outputs, props)
            inputs = annotate_secrets(failed.inputs, state.inputs) if failed.inputs is not None else None
            return Read(failed.id, outputs, inputs, tuple(failed.reasons))
        inputs = from_wire(answer.inputs) if answer.HasField("inputs") else None
        return Read(
            answer.id,
            annotate_secrets(from_wire(answer.properties), props),
            annotate_secrets(inputs, state.inputs) if inputs is not None else None,
        )

    # -- ending ------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Tell the provider that the user wants to stop. A host that is busy hears it when a thread is free."""
        if self._stub is not None:
            # Kept, because a call that nobody holds is cancelled.
            self._cancel = self._stub.Cancel.future(empty_pb2.Empty(), timeout=30)

    def kill(self) -> None:
        self._process.signal(signal.SIGKILL)

    def close(self) -> None:
        """End the process as the engine does: an interrupt, then a kill. One that was never used is only killed."""
        if self._channel is not None:
            self._channel.close()
            self._process.signal(signal.SIGINT)
        if self._channel is None or self._process.wait(1) is None:
            self._process.signal(signal.SIGKILL)
        self._process.wait()
        self._output.join()
        self._process.close()


def _wire(props: Mapping[str, Any]) -> Any:
    return to_wire(props, keep_secrets=False)


def _who(state: State) -> dict[str, Any]:
    return {"urn": state.urn, "name": state.name, "type": state.type}


def _failure(error: Any) -> ProviderError:
    """Read the error as grpc-go does: the details in the trailer count if their code is the call's."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if packed is None:
        return ProviderError(error.details())
    status = status_pb2.Status.FromString(packed)
    if status.code != error.code().value[0]:
        return ProviderError(error.details())
    for detail in status.details:
        failed = provider_pb2.ErrorResourceInitFailed()
        if detail.Unpack(failed):
            inputs = from_wire(failed.inputs) if failed.HasField("inputs") else None
            return InitFailed(failed.id, from_wire(failed.properties), inputs, list(failed.reasons))
    return ProviderError(status.message)
