"""Why a request got no answer, in words for the operator, and whether another attempt could end otherwise."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

import requests
import urllib3.exceptions as u3

from . import trust
from .exchanges import NoAnswer
from .failures import excerpt
from .proxies import Proxy, UnusableProxy

ERRORS = (requests.RequestException, u3.HTTPError, http.client.HTTPException, OSError, ValueError)
"""All that the libraries raise for a request that cannot be made, or gets no answer."""

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}) ?(.*)", re.DOTALL)
_PASSING = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
"""Answers of a proxy after which the same request may get through."""
_UNKNOWN_ISSUER = (2, 18, 19, 20, 21)
"""OpenSSL's codes for a certificate whose authority is not among those that are trusted."""
_HANDSHAKE: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"),
        "it offers no version of TLS that is safe",
        "it must offer TLS 1.2 or newer",
    ),
    (
        ("ALERT_HANDSHAKE_FAILURE", "ALERT_INSUFFICIENT_SECURITY", "NO_SHARED_CIPHER"),
        "it refuses the TLS connection",
        "it may want a client certificate, which cannot be given, or offer only ciphers that are not safe",
    ),
    (
        (
            "WRONG_VERSION_NUMBER",
            "HTTP_REQUEST",
            "PACKET_LENGTH_TOO_LONG",
            "RECORD_LAYER_FAILURE",
            "UNKNOWN_PROTOCOL",
        ),
        "it does not answer with TLS",
        "check the port of the address",
    ),
    (("",), "the TLS connection cannot be made", ""),
)
"""How OpenSSL's reasons for a failed handshake end, what they mean, and what to do."""
_CLIENT_CERTIFICATE = (
    "ALERT_CERTIFICATE_REQUIRED",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNSUPPORTED_CERTIFICATE",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_NO_CERTIFICATE",
    "ALERT_UNKNOWN_CA",
    "ALERT_ACCESS_DENIED",
)
"""Alerts by which a server refuses what a client shows, or does not show.

With TLS 1.3 they come after the client's part of the handshake, when its request is under way, but before the server
reads it.
"""
_PASSING_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (u3.NameResolutionError, "its name cannot be resolved"),
    (u3.NewConnectionError, "the connection was refused"),
    (u3.ConnectTimeoutError, "connecting took too long"),
    (ssl.SSLError, "the TLS connection was closed"),
    (requests.exceptions.Timeout, "no answer came in time"),
    (TimeoutError, "no answer came in time"),
    (requests.exceptions.ConnectionError, "the connection was lost"),
    (ConnectionError, "the connection was lost"),
)
"""The error's class, and what it means; the first match counts."""


def explain(error: Exception, *, sent: bool, proxy: Proxy | None = None) -> NoAnswer:
    """Return what an error of the HTTP library means.

    Args:
        error: One of `ERRORS`.
        sent: The connection was ready, and the request on its way.
        proxy: The proxy in between.
    """
    causes = list(_chain(error))
    found = (
        _by_settings(causes)
        or (_by_proxy(causes, proxy) if proxy and not sent else None)
        or _by_tls(causes, sent=sent)
        or _by_class(causes, sent=sent)
    )
    way = f" through {proxy}" if proxy and str(proxy) not in found.why else ""
    return replace(found, why=found.why + way, cause=error)


def _final(why: str, cure: str = "") -> NoAnswer:
    return NoAnswer(why, sent=False, final=True, cure=cure)


def _by_settings(causes: list[BaseException]) -> NoAnswer | None:
    for cause in causes:
        if isinstance(cause, trust.UnusableCertificates):
            return _final(str(cause), "correct or unset it")
        if isinstance(cause, UnusableProxy):
            return _final(str(cause), cause.cure)
    return None


def _by_proxy(causes: list[BaseException], proxy: Proxy) -> NoAnswer | None:
    """Return what is the proxy's own doing.

    Once a request is sent, the library takes an answer that is lost for a failure of the proxy too.
    """
    answered = next((match for cause in causes if (match := _TUNNEL.search(str(cause)))), None)
    if answered:
        status, words = int(answered[1]), excerpt(answered[2].split("'")[0], 80)
        why = f"{proxy} answered {status} {words}".rstrip()
        return NoAnswer(why, sent=False, final=status not in _PASSING, cure=_cure(status, proxy))
    if not any(isinstance(cause, u3.ProxyError | requests.exceptions.ProxyError) for cause in causes):
        return None
    tls = _by_tls(causes, sent=False)
    found = tls or _by_class(causes, sent=False)
    variable = proxy.variable
    cure = f"if it takes no TLS itself, write http:// in {variable}" if tls else f"check {variable}"
    return NoAnswer(f"{proxy} could not be reached: {found.why}", sent=False, final=found.final, cure=cure)


def _cure(status: int, proxy: Proxy) -> str:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return f"give its user and password in {proxy.variable}, as http://user:password@host:port"
    if status == HTTPStatus.FORBIDDEN:
        return "have it let this address through, or name the address in NO_PROXY"
    return f"check {proxy.variable}, or name the address in NO_PROXY"


def _by_tls(causes: list[BaseException], *, sent: bool) -> NoAnswer | None:
    """Return what a failed handshake means; None for one that was only cut short, and for any later failure."""
    error = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if (
        error is None
        or isinstance(error, _PASSING_TLS)
        or any(isinstance(cause, TimeoutError) for cause in causes)
    ):
        return None
    if isinstance(error, ssl.SSLCertVerificationError):
        cure = trust.named() if error.verify_code in _UNKNOWN_ISSUER else ""
        return _final(f"its TLS certificate is not trusted ({error.verify_message})", cure)
    reason = error.reason or ""
    if reason.endswith(_CLIENT_CERTIFICATE):
        return _final(f"it wants a client certificate, which cannot be given ({_words(error)})")
    if sent:
        return None
    why, cure = next((why, cure) for ends, why, cure in _HANDSHAKE if reason.endswith(ends))
    return _final(f"{why} ({_words(error)})", cure)


def _words(error: ssl.SSLError) -> str:
    return (error.reason or type(error).__name__).replace("_", " ").lower()


def _by_class(causes: list[BaseException], *, sent: bool) -> NoAnswer:
    for kind, why in _REASONS:
        if any(isinstance(cause, kind) for cause in causes):
            return NoAnswer(why, sent=sent)
    if sent:
        return NoAnswer(f"its answer is no HTTP ({type(causes[0]).__name__})", sent=True)
    return _final(f"the request could not be made ({type(causes[0]).__name__})")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the errors that it wraps.

    Its context is left out: that may be the error of an earlier request, which a caller is just handling.
    """
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if isinstance(inner, BaseException):
            yield from _chain(inner)
