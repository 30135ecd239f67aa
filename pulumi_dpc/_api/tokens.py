"""The bearer token: given, or got for client id and secret and renewed (``docs/api.md`` section 1.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pulumi_dpc.errors import ApiError, OutcomeUnknown, Unreachable

from . import answers, redaction
from .clock import Clock
from .json_body import decode
from .pace import Pacer
from .retrying import Passing, Say, persist, retry_after
from .settings import Settings
from .single_flight import SingleFlight
from .wire import Answer, NoAnswer, Wire, anonymous

AUDIENCE = "https://api.matillion.com"
EARLY = 60.0
"""Nominal seconds before its end from which a token is replaced."""
LIFE = 1800.0
"""Nominal seconds that a token lives where its answer does not say: the documented 30 minutes."""
LONGEST_LIFE = 10 * 86400.0

_TOKEN = re.compile(r"[\x21-\x7e]+")


_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True)
class _Held:
    """Hold a token and the time from which it is replaced, which only mean something together."""

    token: str = field(repr=False)
    renew_at: float = float("inf")


class Tokens:
    """Keep one token for all threads."""

    def __init__(self, settings: Settings, wire: Wire, clock: Clock, say: Say) -> None:
        self._settings = settings
        self._wire = wire
        self._clock = clock
        self._say = say
        self._queue = Pacer(clock)
        self._flight = SingleFlight()
        self._held = _Held(settings.token) if settings.token else None
        self._host, self._path = urlsplit(settings.token_url)[1:3]

    def current(self) -> str:
        """Return a token that is good for a while.

        Raises:
            DpcError: None can be had.
        """
        held = self._held
        if held is not None and self._clock.now() < held.renew_at:
            return held.token
        return self._exchanged(held.token if held else None)

    def renew(self, refused: str) -> str | None:
        """Return another token than the one that was refused; None if there is no way to get one.

        Raises:
            DpcError: None can be had.
        """
        return None if self._settings.token else self._exchanged(refused)

    def secrets(self) -> tuple[str, ...]:
        """Return what must not appear in any text, should the service repeat it."""
        held = self._held
        known = (held.token if held else None, self._settings.token, self._settings.client_secret)
        return tuple(secret for secret in known if secret)

    def _exchanged(self, unwanted: str | None) -> str:
        with self._flight.turn():
            held = self._held
            if held is None or held.token == unwanted:
                token, life = persist(self._ask, self._queue, self._clock, self._say)
                # A token that lives no longer than the margin is used for most of what it lives.
                held = self._held = _Held(token, self._clock.now() + max(life - EARLY, life / 2))
            return held.token

    def _ask(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id or "",
            "client_secret": self._settings.client_secret or "",
            "audience": AUDIENCE,
        }
        try:
            answer = self._wire.exchange("POST", self._settings.token_url, authorize=anonymous, body=form)
        except NoAnswer as none:
            error = Unreachable(
                f"no token: {self._host} cannot be reached: {none}; check the token URL and the network"
            )
            raise (error if none.final else Passing(error)) from none
        if not answers.is_success(answer.status):
            raise self._refusal(answer)
        return self._read(answer)

    def _read(self, answer: Answer) -> tuple[str, float]:
        try:
            body = None if answer.broken else decode(answer.body)
        except ValueError:
            body = None
        said = body if isinstance(body, Mapping) else {}
        token = said.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            where = answers.where("POST", self._path, answer.status, answers.request_id(answer.headers))
            error = OutcomeUnknown(f"no token: {self._host} answered without a usable access_token {where}")
            raise Passing(error)
        return token, _life(said.get("expires_in"))

    def _refusal(self, answer: Answer) -> Exception:
        refused = answer.status in _REFUSED
        source = self._settings.credentials_source
        error = answers.error_for(
            "POST",
            self._path,
            answer.status,
            answer.headers,
            redaction.redact(answer.body, self.secrets()),
            hint=f"no token for the client id and secret from {source}" if refused else "no token",
            kind=ApiError,  # NotFound and its like speak of pipelines
        )
        crowded = answer.status == HTTPStatus.TOO_MANY_REQUESTS
        if crowded or answers.is_failure(answer.status):
            asked = retry_after(answer.headers.get("retry-after"), self._clock.wall())
            return Passing(error, asked=asked, crowded=crowded)
        return error


def _life(said: Any) -> float:
    usable = isinstance(said, int | float) and 0 < said < LONGEST_LIFE
    return float(said) if usable else LIFE
