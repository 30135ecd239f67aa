"""One authenticated request, with its retries, and one clear error where it fails."""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pulumi_dpc.errors import ConfigurationError

from . import redaction
from .clock import Clock
from .exchanges import Answer, Endpoint, Exchange, Request
from .pace import Pacer
from .retries import Notify, call_with_retries, no_output
from .settings import Settings
from .tokens import Tokens
from .wire import Wire, bearer


def anything(_value: Any) -> bool:
    """Accept every body, and none."""
    return True


class Transport:
    """The way to one API for one account, for any number of threads.

    Args:
        settings: Where, and as whom.
        clock: Time, and the sleep that a Ctrl-C ends.
        notify: Shows a line while a request is being retried.
        once: Never wait and try again after a failure that may pass, be it of the token.

    Attributes:
        pacer: Spaces the requests of all threads.
    """

    def __init__(
        self, settings: Settings, clock: Clock, notify: Notify = no_output, *, once: bool = False
    ) -> None:
        self.pacer = Pacer(clock, settings.status_per_minute)
        self._settings = settings
        self._endpoint = _endpoint(settings)
        self._clock = clock
        self._wire = Wire(settings.timeout)
        self._notify = notify
        self._once = once
        self._tokens = Tokens(settings, self._wire, clock, notify, once=once)

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
        repeatable: bool = True,
        usable: Callable[[Any], bool] = anything,
        once: bool = False,
    ) -> Any:
        """Send a request, again where `retries` allows it, and return the JSON value of its answer.

        Args:
            method: HTTP method.
            path: Path from ``/v1``.
            params: Query.
            json: Body.
            repeatable: Whether it may be sent again although the service may have carried it out.
            usable: Tells whether the value of a successful answer is what it should be.
            once: Do not wait and try again after a failure that may pass.

        Raises:
            ApiError: The service refused, or failed.
            OutcomeUnknown: The request was sent and no usable answer came.
            Unreachable: The request was never sent.
            Interrupted: The user cancelled during a wait. ``maybe_applied`` of each error says what may be done.
        """
        body = _encoded(json)
        request = Request(
            method=method,
            path=path,
            endpoint=self._endpoint,
            repeatable=repeatable,
            changes=method != "GET",
            renewable=self._tokens.renewable,
            usable=usable,
        )
        send = partial(self._send, request, params, body)
        return call_with_retries(
            request, send, self.pacer, self._clock, self._notify, once=once or self._once
        )

    def _send(self, request: Request, params: Mapping[str, Any] | None, body: bytes | None) -> Exchange:
        """Send it once, with a token that is good for a while; the body of a refusal comes back redacted."""
        token = self._tokens.current()
        headers = {"account-id": self._settings.account_id} if self._settings.account_id else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = self._settings.api_url + request.path
        exchange = self._wire.exchange(
            request.method, url, authorize=bearer(token), params=params, headers=headers, body=body
        )
        if not isinstance(exchange, Answer) or exchange.is_success:
            return exchange
        if exchange.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.discard(token)
        sent = json_.loads(body) if body else None
        secrets = [*self._tokens.secrets(), token, *redaction.protected_texts(sent)]
        return replace(exchange, body=redaction.redact(exchange.body, secrets))


def _endpoint(settings: Settings) -> Endpoint:
    refused = f"they come from {settings.credentials_source}"
    forbidden = (
        f"the credentials from {settings.credentials_source} may lack the role, the account's IP allow list may leave"
        f" this machine out, or the account may live elsewhere than at {settings.api_url}"
    )
    return Endpoint(
        host=urlsplit(settings.api_url).netloc,
        setting=f"API URL from {settings.endpoint_source}",
        hints={HTTPStatus.UNAUTHORIZED: refused, HTTPStatus.FORBIDDEN: forbidden},
    )


def _encoded(value: Any) -> bytes | None:
    if value is None:
        return None
    try:
        return json_.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"the request cannot be written as JSON: {error}") from None
