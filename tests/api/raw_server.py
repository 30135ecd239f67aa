"""A server that says exactly what a test tells it to: for answers that no well-made server gives."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests import DATA

UNTRUSTED = DATA / "untrusted.pem"

Answer = Callable[[socket.socket], None]


class RawServer:
    """Serve one scripted answer to every request on every connection, and keep what was asked."""

    def __init__(self, answer: Answer, *, tls: bool = False) -> None:
        self.asked: list[str] = []
        self._answer = answer
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self._context:
            self._context.load_cert_chain(UNTRUSTED)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/dpc"

    def serve(self) -> None:
        """Serve until the listener is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Stop accepting."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _converse(self, connection: socket.socket) -> None:
        with connection:
            try:
                talk = (
                    self._context.wrap_socket(connection, server_side=True) if self._context else connection
                )
                while request := _head(talk):
                    self.asked.append(request)
                    self._answer(talk)
            except OSError:
                return  # the client has gone, which is what some tests are about


def _head(connection: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = connection.recv(65536)
        if not chunk:
            return ""
        head += chunk
    return head.decode("latin-1")


def answer(status: str, body: bytes = b"", **headers: str) -> Answer:
    """Return an answer with that status line's rest, body and headers (``_`` stands for ``-``)."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return lambda connection: connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


@contextmanager
def serving(script: Answer, *, tls: bool = False) -> Iterator[RawServer]:
    """Serve while the block runs."""
    server = RawServer(script, tls=tls)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
