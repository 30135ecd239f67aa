"""The bearer token: given, or got for client id and secret and renewed (``docs/api.md`` section 1.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pulumi_dpc.errors import ApiError

from . import redaction
from .clock import Clock
from .exchanges import Answer, Endpoint, Exchange, Request
from .pace import Pacer
from .retries import Notify, call_with_retries
from .settings import Settings
from .single_flight import SingleFlight
from .wire import Wire, anonymous

AUDIENCE = "https://api.matillion.com"
EARLY = 60.0
"""Nominal seconds before its end at which a token is replaced."""
LIFE = 1800.0
"""Nominal seconds that a token lives where its answer does not say: the documented 30 minutes."""
LONGEST_LIFE = 10 * 86400.0

_TOKEN = re.compile(r"[\x21-\x7e]+")
_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True)
class _Held:
    """A token and the time from which it is replaced, as one value, so that no thread sees half of a change."""

    token: str = field(repr=False)
    renew_at: float = float("inf")


class Tokens:
    """The token of one account, shared by all threads.

    Args:
        settings: Where, and as whom.
        wire: The connections.
        clock: Time, and the sleep that a Ctrl-C ends.
        notify: Shows a line while a request is being retried.
        once: Do not wait and try again after a failure that may pass.

    Attributes:
        renewable: Whether another token can be had for one that was refused.
    """

    def __init__(
        self, settings: Settings, wire: Wire, clock: Clock, notify: Notify, *, once: bool = False
    ) -> None:
        self.renewable = settings.token is None
        self._settings = settings
        self._wire = wire
        self._clock = clock
        self._notify = notify
        self._once = once
        self._pacer = Pacer(clock)
        self._flight = SingleFlight()
        self._held = _Held(settings.token) if settings.token else None
        self._request = _request(settings)

    def current(self) -> str:
        """Return a token that is good for a while.

        Raises:
            DpcError: None can be had.
        """
        held = self._good()
        if held is None:
            with self._flight.turn():
                held = self._good() or self._exchange()
        return held.token

    def discard(self, refused: str) -> None:
        """Do not hand out a token again, because the service refused it; one that was given is all there is."""
        held = self._held
        if self.renewable and held is not None and held.token == refused:
            self._held = replace(held, renew_at=float("-inf"))

    def secrets(self) -> tuple[str, ...]:
        """Return what must not appear in any text, should the service repeat it."""
        held = self._held
        known = (held.token if held else None, self._settings.token, self._settings.client_secret)
        return tuple(secret for secret in known if secret)

    def _good(self) -> _Held | None:
        held = self._held
        return held if held is not None and self._clock.now() < held.renew_at else None

    def _exchange(self) -> _Held:
        body = call_with_retries(
            self._request, self._send, self._pacer, self._clock, self._notify, once=self._once
        )
        life = _life(body.get("expires_in"))
        # A token that lives no longer than the margin is used for half of its life.
        self._held = held = _Held(body["access_token"], self._clock.now() + max(life - EARLY, life / 2))
        return held

    def _send(self) -> Exchange:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id or "",
            "client_secret": self._settings.client_secret or "",
            "audience": AUDIENCE,
        }
        exchange = self._wire.exchange("POST", self._settings.token_url, authorize=anonymous, body=form)
        if isinstance(exchange, Answer) and not exchange.is_success:
            return replace(exchange, body=redaction.redact(exchange.body, self.secrets()))
        return exchange


def _request(settings: Settings) -> Request:
    address = urlsplit(settings.token_url)
    hint = f"the client id and secret come from {settings.credentials_source}"
    endpoint = Endpoint(
        host=address.netloc,
        setting="token URL",
        prefix="could not get a token: ",
        hints=dict.fromkeys(_REFUSED, hint),
        error_class=ApiError,  # NotFound and the other classes speak of pipelines
    )
    return Request(method="POST", path=address.path, endpoint=endpoint, usable=_has_token)


def _has_token(body: Any) -> bool:
    token = body.get("access_token") if isinstance(body, Mapping) else None
    return isinstance(token, str) and _TOKEN.fullmatch(token) is not None


def _life(seconds: Any) -> float:
    usable = isinstance(seconds, int | float) and 0 < seconds < LONGEST_LIFE
    return float(seconds) if usable else LIFE
