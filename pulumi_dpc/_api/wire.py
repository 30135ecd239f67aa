"""One HTTP exchange: bytes out, bytes in, and whether a request without an answer had been sent."""

from __future__ import annotations

import functools
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager

from pulumi_dpc._version import __version__

from .exchanges import Answer, Exchange
from .pace import CONCURRENT_REQUESTS
from .proxies import proxy_for
from .trust import tls_context
from .unanswered import ERRORS, explain

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


_sent: ContextVar[bool] = ContextVar("sent", default=False)
"""Whether the connection was ready, so that a part of this request may have reached the service."""


class _Recording:
    """A mixin for connections that records in ``_sent`` that a request went out."""

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        """Send the request, and record that; before that, only the connection is made."""
        if self.is_closed:  # type: ignore[attr-defined]
            self.connect()  # type: ignore[attr-defined]
        _sent.set(True)
        super().endheaders(*args, **kwargs)  # type: ignore[misc]


@functools.cache
def _recording(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    """Return a kind of pool whose connections record what is sent; a SOCKS proxy has kinds of its own."""
    if issubclass(pool.ConnectionCls, _Recording):
        return pool
    connection = type("Connection", (_Recording, pool.ConnectionCls), {})
    return type("Pool", (pool,), {"ConnectionCls": connection})


class _Adapter(HTTPAdapter):
    """The connections, which share one TLS context: its authorities are read once, when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        super().__init__(pool_connections=4, pool_maxsize=CONCURRENT_REQUESTS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _record_what_is_sent(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        tls = {"proxy_ssl_context": self._tls()} if proxy.lower().startswith("https:") else {}
        manager = super().proxy_manager_for(proxy, **tls, **kwargs)
        _record_what_is_sent(manager)
        return manager

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*args, **kwargs)
        return host, ({"ssl_context": self._tls()} if host["scheme"] == "https" else pool)

    def cert_verify(self, *_args: Any) -> None:
        """Leave it to the context, to which the library would add its own authorities."""

    def _tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = tls_context()
            return self._context


def _record_what_is_sent(manager: PoolManager) -> None:
    kinds = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _recording(kind) for scheme, kind in kinds.items()}


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
        self._session.trust_env = False  # what it says is read here, so that an error can name the variable
        adapter = _Adapter()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

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
        _sent.set(False)
        proxy = None
        try:
            proxy = proxy_for(url)
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
                proxies={"all": proxy.url} if proxy else None,
            )
        except ERRORS as error:
            return explain(error, sent=_sent.get(), proxy=proxy)
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
        except ERRORS as error:
            return bytes(received), f"its body broke off ({type(error).__name__})"
        return bytes(received), None


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """Read what has arrived, as it arrives: waiting for a fixed amount would let a slow body block for ever."""
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        yield chunk
