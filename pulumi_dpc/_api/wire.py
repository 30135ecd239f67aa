"""One HTTP exchange: bytes out, bytes in, and whether a request without an answer had been sent."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from pulumi_dpc._version import __version__

from .exchanges import Answer, Exchange, NoAnswer
from .pace import CONCURRENT_REQUESTS

CONNECT_TIMEOUT = 10.0
LARGEST_BODY = 64 * 2**20
"""Bytes of an answer that are read: 100 definitions with thousands of tables each are half of it."""
_CHUNK = 2**16

Authorize = Callable[[requests.PreparedRequest], requests.PreparedRequest]


def bearer(token: str) -> Authorize:
    """Return the function that puts a token on a request: given as ``auth``, a ``~/.netrc`` cannot replace it."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorize


def anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request without credentials, whatever ``~/.netrc`` says."""
    return request


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the library calls it
        """Return no target: the library would otherwise read the redirect's body, even though it does not follow it."""
        return None


class Wire:
    """The connections to the service, kept alive and shared by all threads.

    Args:
        timeout: Longest silence, in real seconds; a whole body may take twice as long.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._session = _Session()
        self._session.headers.update(
            {"User-Agent": f"pulumi-dpc/{__version__}", "Accept": "application/json"}
        )
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=CONCURRENT_REQUESTS))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def exchange(
        self,
        method: str,
        url: str,
        *,
        authorize: Authorize,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send one request, once, and return what came back for it."""
        timeout = (min(CONNECT_TIMEOUT, self._timeout), self._timeout)
        try:
            response = self._session.request(
                method,
                url,
                params=params,
                headers=headers,
                data=body,
                auth=authorize,
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return _no_answer(error)
        with response:
            received, broken = self._read(response)
        lower = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, lower, received, broken)

    def _read(self, response: requests.Response) -> tuple[bytes, str | None]:
        """Return the body, and why it is incomplete, if it is: a body that is too large or too slow is cut."""
        received, deadline = bytearray(), time.monotonic() + 2 * self._timeout
        try:
            for chunk in _chunks(response):
                received += chunk
                if len(received) > LARGEST_BODY:
                    why = f"its body is larger than {LARGEST_BODY // 2**20} MiB"
                    return bytes(received[:LARGEST_BODY]), why
                if time.monotonic() > deadline:
                    return bytes(received), f"its body took longer than {2 * self._timeout:.0f} s"
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return bytes(received), f"its body broke off ({type(error).__name__})"
        return bytes(received), None


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """Read what has arrived, as it arrives: waiting for a fixed amount would let a slow body block for ever."""
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        yield chunk


_REASONS: tuple[tuple[type[BaseException], str, bool], ...] = (
    (requests.exceptions.ProxyError, "the proxy could not be reached", False),
    (urllib3.exceptions.NameResolutionError, "its name cannot be resolved", False),
    (urllib3.exceptions.NewConnectionError, "the connection was refused", False),
    (requests.exceptions.ConnectTimeout, "connecting took too long", False),
    (requests.exceptions.Timeout, "no answer came in time", True),
    (requests.exceptions.ConnectionError, "the connection was lost", True),
)
"""The error's class, what it means, and whether the request may have reached the service; the first match counts."""


def _no_answer(error: requests.RequestException) -> NoAnswer:
    causes = list(_chain(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"its TLS certificate is not trusted ({cause.verify_message})"
            return NoAnswer(why, sent=False, final=True, cause=error)
    for kind, why, sent in _REASONS:
        if any(isinstance(cause, kind) for cause in causes):
            return NoAnswer(why, sent=sent, cause=error)
    why = f"the request could not be made ({type(error).__name__})"
    return NoAnswer(why, sent=False, final=True, cause=error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the errors that it wraps.

    Its context is left out: that may be the error of an earlier request, which a caller is just handling.
    """
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if isinstance(inner, BaseException):
            yield from _chain(inner)
