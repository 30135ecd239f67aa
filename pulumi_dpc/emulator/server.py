"""HTTP/1.1 over sockets that can be refused, dropped and cut at will.

Werkzeug's server closes the connection after every answer, and Python's own cannot refuse connections and
then take them again on the same port; so only the parsing of requests comes from ``http.server``.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO, Final, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from .framing import Unreadable, read_body
from .wire import Call, Reply, problem

_EMPTY_LINES: Final = (b"\r\n", b"\n")
_LONGEST_LINE: Final = 65537
_DRAIN_SECONDS: Final = 1
_MALFORMED: Final = (FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect)
"""What a head has of which not every line was understood."""


class Server:
    """The sockets: each connection is served in a thread of its own.

    Args:
        answer: Returns what to send, or None to close the connection without a word.
        host: Address to listen on.
        port: Port to listen on; 0 for any that is free.

    Attributes:
        closing: Set when the server ends, so that nothing waits on.
        connections: How many TCP connections were accepted so far.
    """

    def __init__(
        self, answer: Callable[[Call], Reply | None], host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.answer = answer
        self.closing = threading.Event()
        self.connections = 0
        self._lock = threading.Lock()
        self._switch = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._socket = _bound(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        self._listening: _Listening | None = None

    def up(self) -> None:
        """Listen, on the port of the first time."""
        with self._switch:
            if self._listening is None and not self.closing.is_set():
                self._listening = _Listening(self._socket, self._accepted)

    def down(self) -> None:
        """Refuse connections and close those that are open; the port stays ours."""
        with self._switch:
            if self._listening is not None:
                self._listening.stop()
                self._listening = None
                self._socket.close()
                self._socket = _bound(self.host, self.port)
        with self._lock:
            for connection in self._open:
                _shut(connection)

    def close(self) -> None:
        """End for good; every thread and socket is gone on return."""
        self.closing.set()
        self.down()
        self._socket.close()
        with self._lock:
            threads = list(self._open.values())
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    def _accepted(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True)
            self._open[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket, serial: int) -> None:
        # A peer that goes away, and our own down(), end a connection in the middle of anything.
        with connection, contextlib.suppress(OSError):
            _Connection(connection, (self.host, serial), cast("Any", self))
        with self._lock:
            self._open.pop(connection, None)


class _Listening:
    """The socket that takes connections, until it is stopped."""

    def __init__(self, listener: socket.socket, accepted: Callable[[socket.socket], None]) -> None:
        self._listener = listener
        self._accepted = accepted
        self._waker, self._wake = socket.socketpair()
        listener.listen(128)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._waker.send(b"x")
        self._thread.join()
        self._waker.close()
        self._wake.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while all(key.fileobj is not self._wake for key, _ in selector.select()):
                with contextlib.suppress(OSError):
                    self._accepted(self._listener.accept()[0])


class _Connection(BaseHTTPRequestHandler):
    """One connection: its requests are read, and what the server answers is written."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    command = ""
    raw_requestline: bytes
    server: Any

    def __getattr__(self, name: str) -> Any:
        """Return what answers a method: http.server asks for it by name, and the service knows each."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def parse_request(self) -> bool:
        """Read the head of a request, or answer why it is none."""
        while self.raw_requestline in _EMPTY_LINES:  # RFC 9112, section 2.2
            self.raw_requestline = self.rfile.readline(_LONGEST_LINE)
        if self.raw_requestline and not self.raw_requestline.decode("latin-1").split():
            self.send_error(HTTPStatus.BAD_REQUEST, "The request begins with a blank line.")
            return False
        if not super().parse_request():
            return False
        if any(isinstance(defect, _MALFORMED) for defect in self.headers.defects):
            self.send_error(HTTPStatus.BAD_REQUEST, "A line of the request's head is not a header.")
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer why a request cannot be read, as the service would and not as a web page; then hang up."""
        detail = message or explain or HTTPStatus(code).phrase
        self._write(problem(code, detail, headers={"Connection": "close"}).to_reply())
        self.close_connection = True
        self._let_the_answer_arrive()

    def _serve(self) -> None:
        try:
            call = self._call()
        except Unreadable as error:
            self.send_error(error.status, error.detail)
            return
        reply = self.server.answer(call)
        if reply is None:
            self.close_connection = True
        else:
            self._write(reply)

    def _call(self) -> Call:
        try:
            target = urlsplit(self.path)
            query = dict(parse_qsl(target.query, keep_blank_values=True))
        except ValueError:
            raise Unreadable(HTTPStatus.BAD_REQUEST, "The target of the request is not a URL.") from None
        return Call(
            method=self.command,
            # A slash that is sent as %2F is part of an id, and must not lead to another object.
            path="/".join(unquote(part).replace("/", "%2F") for part in target.path.split("/")),
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=read_body(self.headers, cast("BinaryIO", self.rfile)),
            connection=self.client_address[1],
            hangs_up=lambda seconds: _hangs_up(self.connection, seconds),
        )

    def _write(self, reply: Reply) -> None:
        """Write head and body at once, so that they share a packet."""
        head = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}", f"Date: {self.date_time_string()}"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.status != HTTPStatus.NO_CONTENT:
            head.append(f"Content-Length: {len(reply.body)}")
        body = reply.body if reply.sent is None else reply.body[: reply.sent]
        if self.command == "HEAD":
            body = b""
        self.close_connection = self.close_connection or reply.sent is not None
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def _let_the_answer_arrive(self) -> None:
        """Take what the client still sends: closing over unread bytes would take the answer from it."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_DRAIN_SECONDS)
            while self.connection.recv(_LONGEST_LINE) and not self.server.closing.is_set():
                pass

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the emulator remembers its requests itself."""


def _bound(host: str, port: int) -> socket.socket:
    """Take a port without listening: connections to it are refused, and nobody else gets it."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _hangs_up(connection: socket.socket, seconds: float) -> bool:
    """Wait that long; return at once, and True, when the peer closes the connection."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        if not selector.select(seconds):
            return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
