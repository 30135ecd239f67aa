"""The real provider host as a process, with a fake engine that collects what is logged to it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent import futures
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from tests import REPOSITORY
from tests.dynamic.host_sample import Sample

if TYPE_CHECKING:
    from types import TracebackType

URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/dpc:Sample::orders::eu"
PROVIDER = serialize_provider(Sample())
# A partial state travels in the trailer, of which gRPC's Python client takes 8 KiB and the engine's 16 MiB.
LARGE_TRAILERS = [("grpc.max_metadata_size", 1 << 24), ("grpc.absolute_max_metadata_size", 1 << 24)]


class FakeEngine(engine_pb2_grpc.EngineServicer):
    """Keep the log messages."""

    def __init__(self) -> None:
        self.messages: list[engine_pb2.LogRequest] = []

    def Log(self, request: engine_pb2.LogRequest, _context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Serve the one method that a provider calls."""
        self.messages.append(request)
        return empty_pb2.Empty()


class Host:
    """Run ``python -m pulumi.dynamic`` as the engine does; ``env`` is added to ours.

    Args:
        engine: Where the host finds the engine, if not at ``self.engine``.
        env: Environment variables.
    """

    def __init__(self, *, engine: str | None = None, **env: str) -> None:
        self._env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "CI": "true", **env}
        self._address = engine
        self.engine = FakeEngine()

    def __enter__(self) -> Host:
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        engine_pb2_grpc.add_EngineServicer_to_server(self.engine, self._server)
        address = self._address or f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        self._stderr = tempfile.TemporaryFile("w+")
        command = [sys.executable, "-u", "-m", "pulumi.dynamic", address]
        self._process = subprocess.Popen(command, env=self._env, stdout=subprocess.PIPE, stderr=self._stderr)
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline())
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGE_TRAILERS)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Configure(provider_pb2.ConfigureRequest(args=struct_pb2.Struct()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()
        self._process.kill()
        self._process.communicate()
        self._server.stop(None)
        self._stderr.close()

    @property
    def stderr(self) -> str:
        """Return what the host printed there so far."""
        self._stderr.seek(0)
        return self._stderr.read()

    def call(self, rpc: str, do: str, argument: Any = None) -> Any:
        """Make one call; ``grpc.RpcError`` if it fails, also when no answer comes in 120 s."""
        return self.start(rpc, do, argument).result()

    def start(self, rpc: str, do: str, argument: Any = None) -> Any:
        """Make one call and return its future."""
        request = REQUESTS[rpc](properties({"do": do, "with": argument}))
        return getattr(self.stub, rpc).future(request, timeout=120)


def properties(values: dict[str, Any]) -> struct_pb2.Struct:
    """Return the properties as the engine sends them, with the serialised provider."""
    struct = struct_pb2.Struct()
    struct.update({"__provider": PROVIDER, **values})
    return struct


def seen(response: Any) -> dict[str, Any]:
    """Return what the action in the host reported."""
    return dict(response.properties.fields["seen"].struct_value.items())


def status(error: Any) -> status_pb2.Status:
    """Return the error as the engine reads it: from the trailer, if its code is that of the call."""
    plain = status_pb2.Status(code=error.code().value[0], message=error.details())
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            detailed = status_pb2.Status.FromString(value)
            return detailed if detailed.code == plain.code else plain
    return plain


REQUESTS: dict[str, Any] = {
    "Check": lambda p: provider_pb2.CheckRequest(urn=URN, news=p),
    "Diff": lambda p: provider_pb2.DiffRequest(urn=URN, id="id-1", olds=p, news=p),
    "Create": lambda p: provider_pb2.CreateRequest(urn=URN, properties=p, timeout=90),
    "Update": lambda p: provider_pb2.UpdateRequest(urn=URN, id="id-1", olds=p, news=p),
    "Delete": lambda p: provider_pb2.DeleteRequest(urn=URN, id="id-1", properties=p),
    "Read": lambda p: provider_pb2.ReadRequest(urn=URN, id="id-1", properties=p),
}
