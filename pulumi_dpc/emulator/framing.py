"""The body of a request: how long its head says that it is, and its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import BinaryIO, Final

MOST_BYTES: Final = 10 * 1024 * 1024
"""The largest body; a definition of a thousand tables has a hundredth of it."""

_LONGEST_LINE: Final = 100
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_HEXADECIMAL: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]*)?\r?\n")


class Unreadable(Exception):
    """Why a request cannot be read, with the status to answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def read_body(head: Message, stream: BinaryIO) -> bytes:
    """Read the body that follows a head.

    Raises:
        Unreadable: It ends too early, is too large, or the head does not say where it ends (RFC 9112, section 6).
    """
    codings = head.get_all("Transfer-Encoding", [])
    lengths = set(head.get_all("Content-Length", []))
    if codings and lengths:
        raise Unreadable(400, "A request has a Content-Length or a Transfer-Encoding, not both.")
    if codings:
        if [coding.strip().lower() for coding in codings] != ["chunked"]:
            raise Unreadable(501, "The emulator knows one Transfer-Encoding: chunked.")
        return b"".join(_chunks(stream))
    if not lengths:
        return b""
    return _exactly(stream, _length(lengths), already=0)


def _length(lengths: set[str]) -> int:
    if len(lengths) > 1 or not re.fullmatch("[0-9]+", text := lengths.pop().strip()):
        raise Unreadable(400, "The Content-Length must be one whole number.")
    if not _DIGITS.fullmatch(text):
        raise _too_large()
    return int(text)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the chunks, and pass over the trailers after the last."""
    total = 0
    while size := _chunk_size(stream):
        yield _exactly(stream, size, already=total)
        total += size
        if stream.readline(_LONGEST_LINE) not in (b"\r\n", b"\n"):
            raise Unreadable(400, "A chunk of the body is longer than it says.")
    while (line := stream.readline(_LONGEST_LINE)) not in (b"\r\n", b"\n"):
        if not line:
            raise Unreadable(400, "The body ended before its last chunk.")


def _chunk_size(stream: BinaryIO) -> int:
    line = _HEXADECIMAL.fullmatch(stream.readline(_LONGEST_LINE))
    if line is None:
        raise Unreadable(400, "A chunk of the body does not begin with its size.")
    return int(line[1], 16)


def _exactly(stream: BinaryIO, size: int, already: int) -> bytes:
    if already + size > MOST_BYTES:
        raise _too_large()
    read = stream.read(size)
    if len(read) < size:
        raise Unreadable(400, "The body ended before the length that the request gives it.")
    return read


def _too_large() -> Unreadable:
    return Unreadable(413, f"The emulator takes bodies of up to {MOST_BYTES} bytes.")
