"""Misbehaviour: which request it befalls, and what its answer becomes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any, Literal, get_args

from .wire import Answer, Reply, Request

Kind = Literal[
    "refuse",
    "drop-before",
    "drop-after",
    "drop-during",
    "stall",
    "status",
    "truncated",
    "html",
    "empty",
    "shape",
    "status-word",
    "rewrite",
]


_LOWEST, _HIGHEST = 200, 599
"""An informational status (1xx) ends no answer."""


@dataclass(frozen=True)
class Fault:
    """One misbehaviour, as a value.

    Attributes:
        kind: ``refuse``: the service goes down, the request unhandled, until ``up()`` or for ``seconds``.
            ``drop-before``, ``drop-after``: the connection closes before the request is handled, or after.
            ``drop-during``: handled, and the connection closes in the middle of the answer.
            ``stall``: nothing happens for ``seconds``; see ``handled``.
            ``status``: another status, with ``body`` and ``retry_after``; see ``handled``.
            ``truncated``, ``html``, ``empty``, ``shape``: handled, and the body is half of its JSON, a web
            page, nothing, or JSON of another shape.
            ``status-word``: handled, and a status is a word that no document names; other answers stay.
            ``rewrite``: handled, and ``rewrite`` returns the JSON that is answered.
        match: Pattern (``fnmatch``) of "METHOD path"; by default every API request and no token request.
        nth: How many matching requests pass before it.
        at: Pass every request whose ``index`` is lower.
        times: How many requests it befalls; None for every one from then on.
        handled: ``True``: the request was carried out before the failing status or the stall. ``False``: a
            failing status means that nothing was done; after a stall the request is carried out only if the
            client still waits. ``"late"``: after a stall it is carried out even if nobody waits any more.
        seconds: Length of a stall in real seconds; of a refusal in nominal seconds, None until ``up()``.
        retry_after: The ``Retry-After`` header of a failing status: seconds or a date.
        headers: Further headers of a failing status.
        body: Its body: JSON as a value, or text or bytes as they are; by default a problem that says so.
        content_type: Of that body; ``application/json`` where not given.
        rewrite: Returns the JSON to answer, given the JSON that would have been answered.

    Raises:
        ValueError: There is no such kind, or no such status.
    """

    kind: Kind
    match: str = "* /v1/*"
    nth: int = 0
    at: int = 0
    times: int | None = 1
    handled: bool | Literal["late"] = False
    status: int = 500
    seconds: float | None = None
    retry_after: int | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str | None = None
    rewrite: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what could never befall a request, before a test waits for it."""
        if self.kind not in get_args(Kind):
            raise ValueError(f"Fault: kind is one of {', '.join(get_args(Kind))}; not {self.kind!r}")
        if type(self.status) not in (int, HTTPStatus) or not _LOWEST <= self.status <= _HIGHEST:
            raise ValueError(
                f"Fault: status is a number from {_LOWEST} to {_HIGHEST}, as 503; not {self.status!r}"
            )
        if (self.kind == "rewrite") != callable(self.rewrite):
            raise ValueError("Fault: the kind `rewrite`, and no other, takes a function as `rewrite`")


@dataclass
class _Armed:
    fault: Fault
    passed: int = 0
    fired: int = 0

    def is_due(self, request: Request) -> bool:
        """Count a request that matches, and tell whether the fault may befall it."""
        fault = self.fault
        if request.index < fault.at or not fnmatchcase(f"{request.method} {request.path}", fault.match):
            return False
        self.passed += 1
        return self.passed > fault.nth and (fault.times is None or self.fired < fault.times)


@dataclass
class FaultPlan:
    """The faults that are still to come, in the order they were injected."""

    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Let a fault act on the next request it matches."""
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Drop every fault."""
        with self._lock:
            self._armed.clear()

    def withdraw(self, fault: Fault) -> int:
        """Drop one fault, this very object; return how many requests it has befallen."""
        with self._lock:
            found = [armed for armed in self._armed if armed.fault is fault]
            self._armed = [armed for armed in self._armed if armed.fault is not fault]
            return sum(armed.fired for armed in found)

    def take(self, request: Request) -> Fault | None:
        """Return the first fault that befalls this request."""
        with self._lock:
            # Every fault counts the request, though only the first that is due acts on it.
            due = [armed for armed in self._armed if armed.is_due(request)]
            for armed in due[:1]:
                armed.fired += 1
            return due[0].fault if due else None


def misbehave(
    fault: Fault,
    handle: Callable[[], Answer],
    pause: Callable[[float], None],
    hangs_up: Callable[[float], bool],
) -> Reply | None:
    """Return what is sent under a fault, None for a closed connection.

    Args:
        fault: The misbehaviour.
        handle: Carries the request out.
        pause: Waits that many real seconds.
        hangs_up: Waits as long, but returns at once, and True, when the client closes the connection.
    """
    if fault.kind == "drop-before":
        return None
    if fault.kind == "stall":
        return _stalled(fault, handle, pause, hangs_up)
    if fault.kind == "status":
        if fault.handled:
            handle()
        return _failed(fault)
    answer = handle()
    if fault.kind == "drop-after":
        return None
    if fault.kind == "drop-during":
        whole = answer.to_reply()
        return Reply(whole.status, whole.headers, whole.body, sent=len(whole.body) // 2)
    return _garbled(fault, answer)


def _stalled(
    fault: Fault,
    handle: Callable[[], Answer],
    pause: Callable[[float], None],
    hangs_up: Callable[[float], bool],
) -> Reply | None:
    seconds = fault.seconds or 0
    if fault.handled == "late":
        pause(seconds)
        return handle().to_reply()
    answer = handle() if fault.handled else None
    return None if hangs_up(seconds) else (answer or handle()).to_reply()


def _failed(fault: Fault) -> Reply:
    problem = {
        "type": "about:blank",
        "title": "Injected",
        "status": fault.status,
        "detail": "An injected failure.",
    }
    body = problem if fault.body is None else fault.body
    text = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    headers = {"Content-Type": fault.content_type or "application/json", **fault.headers}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return Reply(fault.status, headers, text)


def _garbled(fault: Fault, answer: Answer) -> Reply:
    whole = answer.to_reply()
    # A 204 has no body that could be broken.
    status = 200 if whole.status == HTTPStatus.NO_CONTENT and fault.kind != "empty" else whole.status
    content_type, body = _GARBLED[fault.kind](answer.body, fault)
    return Reply(status, {**whole.headers, "Content-Type": content_type}, body)


def _as_json(value: object) -> tuple[str, bytes]:
    return "application/json", json.dumps(value).encode()


def _half(value: object, _: Fault) -> tuple[str, bytes]:
    text = json.dumps({"data": None} if value is None else value).encode()
    return "application/json", text[: len(text) // 2]


def _with_unknown_word(value: object, _: Fault) -> tuple[str, bytes]:
    known = isinstance(value, dict) and set(value) == {"status"}
    return _as_json({"status": "REBALANCING"}) if known else _as_json(value)


_GARBLED: dict[str, Callable[[Any, Fault], tuple[str, bytes]]] = {
    "truncated": _half,
    "html": lambda _, __: ("text/html", b"<html><body><h1>Just a moment...</h1></body></html>"),
    "empty": lambda _, __: ("application/json", b""),
    "shape": lambda value, _: _as_json({"data": [value]}),
    "status-word": _with_unknown_word,
    "rewrite": lambda value, fault: _as_json((fault.rewrite or (lambda same: same))(value)),
}
