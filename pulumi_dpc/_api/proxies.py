"""The proxy that the environment names for an address."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from .settings import is_loopback

_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
_SCHEMES = ("http", "https", *_SOCKS)


class UnusableProxy(OSError):
    """A variable that names no proxy; its text is the reason, for an error's sentence.

    Attributes:
        cure: What to do.
    """

    def __init__(self, why: str, cure: str) -> None:
        super().__init__(why)
        self.cure = cure


@dataclass(frozen=True)
class Proxy:
    """A proxy; its user and password are never printed.

    Attributes:
        url: Its address.
        variable: Where that comes from.
        host: Its host and port.
    """

    url: str = field(repr=False)
    variable: str
    host: str

    def __str__(self) -> str:
        return f"the proxy {self.host} ({self.variable})"


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy of an address, None where it is reached directly, as loopback always is, also for the CLI.

    Raises:
        UnusableProxy: The proxy is no address, or of a kind that needs a package which is not installed.
    """
    parts = urlsplit(url)
    if is_loopback(parts):
        return None
    found = get_environ_proxies(url)
    key = next((key for key in _keys(parts.scheme, parts.hostname) if found.get(key)), None)
    return _checked(found[key], _variable(key)) if key else None


def _keys(scheme: str, host: str | None) -> Iterable[str]:
    """Return the names under which the library looks for a proxy, in its order."""
    return (f"{scheme}://{host}", scheme, f"all://{host}", "all")


def _variable(key: str) -> str:
    """Return the variable that a proxy comes from; where the case differs, the library prefers the lower one."""
    name = f"{key}_proxy"
    spellings = [other for other in os.environ if other.lower() == name and os.environ[other]]
    return max(spellings, default="the settings of this system")


def _checked(text: str, variable: str) -> Proxy:
    url = text if "://" in text else f"http://{text}"
    wrong = UnusableProxy(f"{variable} is not the address of a proxy", "write http://host:port")
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise wrong from None
    if not parts.host or parts.scheme not in _SCHEMES or not url.isascii() or not url.isprintable():
        raise wrong
    if parts.scheme in _SOCKS and importlib.util.find_spec("socks") is None:
        raise UnusableProxy(
            f"{variable} names a SOCKS proxy, which needs the package PySocks",
            "run `pip install pysocks` in the environment of the program, or name an HTTP proxy",
        )
    return Proxy(url, variable, parts.netloc or parts.host)
