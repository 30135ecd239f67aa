"""One authenticated request: repeated where that is safe, and with one clear error where it is not."""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

from pulumi_dpc.errors import ConfigurationError, DpcError, OutcomeUnknown, Unreachable

from . import answers, redaction
from .clock import Clock
from .json_body import decode
from .pace import Pacer
from .retrying import Passing, Say, persist, retry_after, silence
from .settings import Settings
from .tokens import Tokens
from .wire import Answer, NoAnswer, Wire, bearer

_STALE = ", of which refresh and destroy see what the last `up` saw: run them with --run-program"

Repeat = Literal["always", "unsent"]
"""``always``: it may be sent again whatever happened; ``unsent``: only if it surely was not handled."""


def anything(_value: Any) -> bool:
    """Accept every body, and none."""
    return True


class Transport:
    """Send requests to one API for one account, from any number of threads.

    Args:
        settings: Where, and as whom.
        clock: Time, and the sleep that a Ctrl-C ends.
        say: Shows a passing line while a request is being repeated.

    Attributes:
        pacer: Spaces the requests of all threads.
    """

    def __init__(self, settings: Settings, clock: Clock, say: Say = silence) -> None:
        self.pacer = Pacer(clock, settings.status_per_minute)
        self._settings = settings
        self._clock = clock
        self._wire = Wire(settings.timeout)
        self._say = say
        self._tokens = Tokens(settings, self._wire, clock, say)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        repeat: Repeat = "always",
        usable: Callable[[Any], bool] = anything,
    ) -> Any:
        """Send a request and return the JSON value of its answer, None if that has no body.

        A 429 and a connection that was refused are waited out; with ``repeat="always"``, so are a 5xx, a lost
        connection, a timeout and a success without a usable body. A 401 gets a new token, once. After two
        minutes of that no more is tried, unless ``Retry-After`` asks for longer (15 minutes at most).

        Args:
            method: HTTP method.
            path: Path from ``/v1``.
            params: Query.
            json: Body.
            repeat: When the request may be sent again.
            usable: Tells whether the value of a successful answer is what it should be.

        Raises:
            ApiError: The service refused, or failed.
            OutcomeUnknown: The request was sent and no usable answer came.
            Unreachable: The request was never sent.
            Interrupted: The user cancelled during a wait.
            DpcError: In each, ``maybe_applied`` tells whether the service may have done the work unseen.
        """
        call = _Call(method, path, params, _encoded(json), repeat, usable)
        try:
            return persist(lambda: self._attempt(call), self.pacer, self._clock, self._say)
        except DpcError as error:
            error.maybe_applied = call.maybe_applied
            raise

    def _attempt(self, call: _Call) -> Any:
        try:
            answer = self._send(call)
        except NoAnswer as none:
            raise self._unanswered(call, none) from none
        if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
            self.pacer.accepted()
        if answers.is_success(answer.status):
            return self._value(call, answer)
        raise self._refusal(call, answer)

    def _send(self, call: _Call) -> Answer:
        """Exchange one request and its answer, once more with a new token if the one in use is refused."""
        token = self._tokens.current()
        answer = self._exchange(call, token)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            renewed = self._tokens.renew(token)
            if renewed is not None:
                return self._exchange(call, renewed)
        return answer

    def _exchange(self, call: _Call, token: str) -> Answer:
        headers = {"account-id": self._settings.account_id} if self._settings.account_id else {}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        url, authorize, call.token = self._settings.api_url + call.path, bearer(token), token
        return self._wire.exchange(
            call.method, url, authorize=authorize, params=call.params, headers=headers, body=call.body
        )

    def _unanswered(self, call: _Call, none: NoAnswer) -> Exception:
        host = urlsplit(self._settings.api_url).netloc
        if none.sent:
            return call.doubtful(OutcomeUnknown(f"{host} gave no answer: {none} {call}"))
        error = Unreachable(f"{host} cannot be reached: {none}; check the API URL and the network {call}")
        return error if none.final else Passing(error)

    def _value(self, call: _Call, answer: Answer) -> Any:
        why = answer.broken or "its body is not what it should be"
        try:
            value = decode(answer.body)
            if answer.broken is None and call.usable(value):
                return value
        except ValueError:
            why = answer.broken or "its body is not JSON"
        where = answers.where(call.method, call.path, answer.status, answers.request_id(answer.headers))
        raise call.doubtful(OutcomeUnknown(f"the service gave no usable answer: {why} {where}"))

    def _refusal(self, call: _Call, answer: Answer) -> Exception:
        said = json_.loads(call.body) if call.body else None
        confided = [*self._tokens.secrets(), call.token, *redaction.protected_texts(said)]
        body = redaction.redact(answer.body, confided)
        hint = self._hint(answer.status)
        error = answers.error_for(call.method, call.path, answer.status, answer.headers, body, hint=hint)
        asked = retry_after(answer.headers.get("retry-after"), self._clock.wall())
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return Passing(error, asked=asked, crowded=True)
        return call.doubtful(error, asked=asked) if answers.is_failure(answer.status) else error

    def _hint(self, status: int) -> str:
        source = self._settings.credentials_source
        if status == HTTPStatus.UNAUTHORIZED:
            return f"they come from {source}{_STALE if 'stack' in source else ''}"
        if status == HTTPStatus.FORBIDDEN:
            return (
                f"the credentials from {source} may lack the role, the account's IP allow list may leave this"
                f" machine out, or the account may live elsewhere than at {self._settings.api_url}"
            )
        return ""


@dataclass
class _Call:
    """Hold one request and whether any attempt at it may have been carried out unseen."""

    method: str
    path: str
    params: Mapping[str, Any] | None
    body: bytes | None
    repeat: Repeat
    usable: Callable[[Any], bool]
    maybe_applied: bool = False
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        return answers.where(self.method, self.path)

    def doubtful(self, error: DpcError, asked: float | None = None) -> Exception:
        """Return what to raise after an attempt that the service may have carried out."""
        self.maybe_applied = self.method != "GET"
        return Passing(error, asked=asked) if self.repeat == "always" else error


def _encoded(value: Any) -> bytes | None:
    if value is None:
        return None
    try:
        return json_.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"the request cannot be written as JSON: {error}") from None
