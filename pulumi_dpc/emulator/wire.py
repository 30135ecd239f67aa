"""What passes between the socket and the service: a call, an answer, a reply, and the record of a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

_IN_A_PATH: Final = "/:@!$&'()*+,;=~"
"""What stands in the path of a URL as it is (RFC 3986, section 3.3), beside letters, digits, ``-``, ``.``, ``_``."""


@dataclass(frozen=True)
class Call:
    """One request as it came in.

    Attributes:
        path: Without the query; percent-decoded, except a slash within a segment.
        headers: By lower-case name.
        connection: Serial number of the TCP connection.
        hangs_up: Waits that many real seconds; returns at once, and True, when the client closes its end.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    connection: int
    hangs_up: Callable[[float], bool]


@dataclass(frozen=True)
class Reply:
    """The bytes to send.

    Attributes:
        sent: How much of the body leaves before the connection closes; None for all of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: int | None = None


@dataclass(frozen=True)
class Answer:
    """What the service says; ``body`` is JSON, or None for no body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_reply(self) -> Reply:
        """Return it as bytes."""
        if self.body is None:
            return Reply(self.status, self.headers, b"")
        kind = "application/problem+json" if self.status >= HTTPStatus.BAD_REQUEST else "application/json"
        return Reply(self.status, {"Content-Type": kind, **self.headers}, json.dumps(self.body).encode())


def problem(
    status: int,
    detail: str,
    path: str = "",
    violations: list[str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Describe a refusal (RFC 9457, with the service's ``violations``).

    Args:
        status: The status of the answer.
        detail: What was wrong, in one sentence.
        path: The path that was asked for, percent-decoded; empty where the request has none.
        violations: What is wrong with a body or with parameters, one sentence each.
        headers: Further headers of the answer.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "violations": violations or [],
    }
    if path:
        body["instance"] = quote(path, safe=_IN_A_PATH)
    return Answer(status, body, headers or {})


@dataclass(frozen=True)
class Request:
    """One request that the emulator received.

    Attributes:
        index: Position among the API requests, from 0; token requests are counted on their own.
        path: From ``/v1``, or ``/oauth/dpc/token``.
        status: As answered; None while it is handled and where the connection was closed without an answer.
        body: The JSON that was sent; None if there was none (a token request's form is not kept).
        answer: The JSON that was answered; text where it was not JSON; None for nothing.
        at: Nominal seconds since the emulator began.
        headers: By lower-case name.
        connection: Serial number of the TCP connection.
        handled: Whether the service carried it out (or refused it on its own).
        fault: Kind of the fault that befell it.
    """

    index: int
    method: str
    path: str
    query: Mapping[str, str]
    status: int | None
    body: Any = field(repr=False)
    answer: Any = field(repr=False)
    at: float
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    connection: int = 0
    handled: bool = False
    fault: str | None = None
