"""Who may call: credentials, the tokens issued for them, and how many calls a minute."""

from __future__ import annotations

import base64
import math
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from .settings import Settings
from .store import Store

AUDIENCE = "https://api.matillion.com"


@dataclass(frozen=True)
class Account:
    """An API credential and what it sees.

    Attributes:
        store: The account's projects and pipelines.
        permitted: False for a role that may do nothing here (``docs/api.md`` section 1.2): every call is 403.
        token: A token that never expires; empty for none.
    """

    client_id: str
    client_secret: str
    store: Store
    permitted: bool = True
    token: str = ""


class Access:
    """The tokens: issued, and recognised.

    Args:
        settings: The switches, read at each call.
        now: Returns nominal seconds.
    """

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self.accounts: list[Account] = []
        self._issued: dict[str, tuple[Account, float]] = {}

    def issue(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, object]]:
        """Answer a token request as OAuth 2.0 does: status and body."""
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        if form.get("audience", AUDIENCE) != AUDIENCE:
            return 403, {"error": "access_denied", "error_description": "Unknown audience."}
        given = _basic(authorization) or [(form.get("client_id", ""), form.get("client_secret", ""))]
        account = next((one for one in self.accounts if (one.client_id, one.client_secret) in given), None)
        if account is None:
            return 401, {"error": "invalid_client", "error_description": "Unknown client id or wrong secret."}
        token = f"issued-{secrets.token_urlsafe(24)}"
        self._issued[token] = (account, self._now() + self._settings.token_seconds)
        return 200, {
            "access_token": token,
            "expires_in": math.ceil(self._settings.token_seconds),
            "token_type": "Bearer",
        }

    def account_of(self, authorization: str) -> Account | None:
        """Return whose valid token an ``Authorization`` header carries."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        account, until = self._issued.get(token, (None, 0.0))
        if account is not None and self._now() < until:
            return account
        return next((one for one in self.accounts if one.token == token), None)

    def expire_tokens(self) -> None:
        """Make every token issued so far worthless."""
        self._issued.clear()


class RateLimit:
    """The calls of the last minute and the last second, counted."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def wait_needed(self) -> int:
        """Count a call; return 0, or after how many nominal seconds it may come again."""
        limits = ((60, self._settings.rate_limit_per_minute), (1, self._settings.rate_burst_per_second))
        with self._lock:
            now = self._now()
            while self._times and self._times[0] <= now - 60:
                self._times.popleft()
            wait = max(self._excess(now, window, limit) for window, limit in limits)
            if wait <= 0:
                self._times.append(now)
            return math.ceil(wait)

    def _excess(self, now: float, window: float, limit: int | None) -> float:
        """Return how long until the call that fills the window leaves it."""
        if limit is None or len(self._times) < limit:
            return 0
        return self._times[-limit] + window - now


def _basic(authorization: str) -> list[tuple[str, str]]:
    """Return what a ``Basic`` header may say: client id and secret as they are, or percent-encoded.

    RFC 6749, section 2.3.1, asks for the second, and Go's client sends it; most clients send the first.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:  # not base64, or no text in it
        return [("", "")]
    return [(name, secret), (unquote_plus(name), unquote_plus(secret))]
