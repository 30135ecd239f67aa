"""Functions of the running program that the engine calls: the connections to where the program serves them."""

from __future__ import annotations

import threading
from typing import Any

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc


class Callbacks:
    """One connection for each place, opened when it is first called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, grpc.Channel] = {}

    def call(self, callback: Any, request: bytes) -> bytes:
        """Call a function of the program.

        Raises:
            grpc.RpcError: It cannot be reached, or has raised.
        """
        with self._lock:
            if callback.target not in self._channels:
                channel = grpc.insecure_channel(callback.target, options=_GRPC_CHANNEL_OPTIONS)
                self._channels[callback.target] = channel
            stub = callback_pb2_grpc.CallbacksStub(self._channels[callback.target])
        answer = stub.Invoke(callback_pb2.CallbackInvokeRequest(token=callback.token, request=request))
        response: bytes = answer.response
        return response

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()
