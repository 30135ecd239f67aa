"""The record of every request, numbered in the order they came."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .app import public_path
from .wire import Call, Reply, Request

TOKEN_PATH = "/oauth/dpc/token"  # noqa: S105


class Journal:
    """The requests so far, numbered as they came.

    Args:
        now: Returns nominal seconds since the emulator began.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._generation = 0
        self._numbers = (itertools.count(), itertools.count())

    def begin(self, call: Call) -> tuple[Request, Callable[[Request], None]]:
        """Enter a request; return it and the function that replaces the entry when more is known."""
        with self._lock:
            request = self._entry(call)
            position, generation = len(self._requests), self._generation
            self._requests.append(request)

        def amend(known: Request) -> None:
            with self._lock:
                if generation == self._generation:
                    self._requests[position] = known

        return request, amend

    def entries(self) -> list[Request]:
        """Return every request so far."""
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Forget everything and number from 0 again."""
        with self._lock:
            self._requests.clear()
            self._generation += 1
            self._numbers = (itertools.count(), itertools.count())

    def _entry(self, call: Call) -> Request:
        path = public_path(call.path)
        is_token = path == TOKEN_PATH
        return Request(
            index=next(self._numbers[is_token]),
            method=call.method,
            path=path,
            query=call.query,
            status=None,
            body=None if is_token else decoded(call.body),
            answer=None,
            at=self._now(),
            headers=call.headers,
            connection=call.connection,
        )


def answered(request: Request, reply: Reply | None) -> Request:
    """Return the entry with what was sent."""
    if reply is None:
        return request
    answer = None if request.path == TOKEN_PATH else decoded(reply.body)
    return replace(request, status=reply.status, answer=answer)


def decoded(body: bytes) -> Any:
    """Return JSON as a value, other text as it is, nothing as None."""
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # a client under test may be given anything
        return body.decode("utf-8", "replace")
