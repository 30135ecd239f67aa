"""A server that says exactly what a test tells it to: for answers that no well-made server gives."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import DATA

UNTRUSTED = DATA / "untrusted.pem"
"""A certificate of this machine, and its key."""
EXAMPLE = DATA / "example.pem"
"""A certificate of api.example.com, and its key."""

Answer = Callable[[socket.socket], None]


class RawServer:
    """Serve one scripted answer to every request on every connection, and keep what was asked.

    Args:
        answer: What it does for a request.
        tls: It speaks TLS, with a certificate of this machine or with this context.
        hears_http: It waits for a whole request; otherwise it answers once, to whatever comes first.
    """

    def __init__(
        self, answer: Answer, *, tls: bool | ssl.SSLContext = False, hears_http: bool = True
    ) -> None:
        self.asked: list[str] = []
        self.connections = 0
        self._answer = answer
        self._hears_http = hears_http
        self._context = tls_with(UNTRUSTED) if tls is True else (tls or None)
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
            self.connections += 1
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Stop accepting."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _converse(self, connection: socket.socket) -> None:
        with (
            connection,
            contextlib.suppress(OSError),
        ):  # the client has gone, which is what some tests are about
            if not self._hears_http:
                connection.recv(65536)
                self._answer(connection)
                return
            with self._secured(connection) as talk:
                while request := _head(talk):
                    self.asked.append(request)
                    self._answer(talk)

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self._context is None:
            return connection
        talk = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        try:
            talk.do_handshake()
        except OSError:
            _hang_up(socket.socket(fileno=talk.detach()))
            raise
        return talk


def _hang_up(connection: socket.socket) -> None:
    """End a connection so that the client surely reads what it was sent last."""
    with connection, contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def tls_with(certificate: Path) -> ssl.SSLContext:
    """Return a server's side of TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def tunnel_to(port: int) -> Answer:
    """Return what a proxy does with a CONNECT, whatever its address: it takes the client to that port."""

    def script(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as service:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(service, connection), daemon=True)
            back.start()
            _copy(connection, service)
            back.join(60)

    return script


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)


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
def serving(
    script: Answer, *, tls: bool | ssl.SSLContext = False, hears_http: bool = True
) -> Iterator[RawServer]:
    """Serve while the block runs."""
    server = RawServer(script, tls=tls, hears_http=hears_http)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
