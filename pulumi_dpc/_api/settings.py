"""Where the API is and who calls it: the settings, the sources they come from, and which source wins."""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pulumi_dpc.errors import ConfigurationError

REGIONS = ("eu1", "us1", "au1")
TOKEN_URL = "https://id.core.matillion.com/oauth/dpc/token"  # noqa: S105 - an address, the same for all regions

_CAMEL = {
    "token": "token",
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "token_url": "tokenUrl",
    "account_id": "accountId",
    "region": "region",
    "api_url": "apiUrl",
}
CONFIG_KEYS = tuple(f"dpc:{name}" for name in _CAMEL.values())
"""The keys of the stack configuration, and of an explicit provider's inputs in state."""
_CREDENTIALS = ("token", "client_id", "client_secret", "token_url", "account_id")
_ENDPOINT = ("api_url", "region")
_NUMBERS = ("timeout", "start_grace", "status_per_minute", "time_scale")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")

_NO_CREDENTIALS = (
    "no credentials are given: set DPC_TOKEN, or DPC_CLIENT_ID and DPC_CLIENT_SECRET, in the environment; or"
    " dpc:token, or dpc:clientId and dpc:clientSecret, with `pulumi config set --secret`; or use"
    " Provider(token=...) or Provider(client_id=..., client_secret=...)"
)
_NO_ENDPOINT = (
    "no region is given: set DPC_REGION in the environment, run `pulumi config set dpc:region`, or use"
    f" Provider(region=...), with one of {', '.join(REGIONS)};"
    " DPC_API_URL, dpc:apiUrl or Provider(api_url=...) name another address"
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings that a client needs to reach one account; their secrets are never printed.

    Attributes:
        region: ``eu1``, ``us1`` or ``au1``: the region of the account.
        api_url: Base URL of the API, ending in ``/dpc``; from the region unless given. State files record it.
        token_url: Where client id and secret are exchanged for a token; the vendor's unless given.
        token: A bearer token, instead of client id and secret.
        client_id: The API credential's id.
        client_secret: Its secret.
        account_id: Sent as the header ``account-id`` if given.
        timeout: Longest silence of the service within one request, in real seconds.
        start_grace: How long after an accepted START the status may still be NOT_RUNNING, in nominal seconds.
        status_per_minute: Status requests that all waiting pipelines share, per nominal minute.
        time_scale: Real seconds in a nominal one; other than 1 only on loopback, for an emulator.
        credentials_source: Where the credentials came from, for the text of a 401.
        endpoint_source: Where the address came from, for the text of one that cannot be reached.

    Raises:
        ConfigurationError: Something is missing, contradictory or malformed.
    """

    region: str | None = None
    api_url: str = ""
    token_url: str = ""
    token: str | None = field(default=None, repr=False)
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    account_id: str | None = None
    timeout: float = 30.0
    start_grace: float = 60.0
    status_per_minute: float = 300.0
    time_scale: float = 1.0
    credentials_source: str = ""
    endpoint_source: str = ""

    def __post_init__(self) -> None:
        source = _Source(
            "arguments", {name: value for name, value in vars(self).items() if value not in (None, "")}
        )
        canonical = {**_checked_credentials(source), **_checked_endpoint(source), **_checked_numbers(source)}
        if self.time_scale != 1 and not is_loopback(urlsplit(canonical["api_url"])):
            raise ConfigurationError(
                "time_scale: only an emulator on loopback may run faster than real time; leave it out"
            )
        for name, value in canonical.items():
            object.__setattr__(self, name, value)  # frozen for everybody else

    @classmethod
    def resolve(
        cls,
        arguments: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        stack_config: Mapping[str, Any] | None = None,
    ) -> Settings:
        """Return the settings that the sources give.

        Credentials are taken as a whole from the first source that gives any of them, and so is the endpoint: two
        accounts never mix. The numbers come from the environment only.

        Args:
            arguments: What ``Provider`` was given, each name as in Python or as in the stack configuration.
            environment: Environment variables; by default those of this process.
            stack_config: Stack configuration, each key with or without ``dpc:``.

        Raises:
            ConfigurationError: Something is missing, contradictory or malformed.
        """
        sources = (
            _Source.read("arguments", arguments or {}),
            _Source.read("environment", os.environ if environment is None else environment),
            _Source.read("stack configuration", stack_config or {}),
        )
        credentials = _checked_credentials(_first(sources, _CREDENTIALS))
        endpoint = _checked_endpoint(_first(sources, _ENDPOINT))
        numbers = _checked_numbers(sources[1])
        if not is_loopback(urlsplit(endpoint["api_url"])):
            numbers.pop("time_scale", None)
        return cls(**credentials, **endpoint, **numbers)


@dataclass(frozen=True)
class _Source:
    """One source of settings: its values by the names of `Settings`, and how its users spell those names."""

    kind: str
    values: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, kind: str, raw: Mapping[str, Any]) -> _Source:
        found = {
            name: _first_given(raw, _spellings(kind, name)) for name in (*_CREDENTIALS, *_ENDPOINT, *_NUMBERS)
        }
        return cls(kind, {name: value for name, value in found.items() if value is not None})

    def spelled(self, name: str) -> str:
        return _spellings(self.kind, name)[0]

    def text(self, name: str) -> str | None:
        """Return a value that can stand in a header or an address, without the newline that ends a file."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not _PRINTABLE.fullmatch(value.strip()):
            raise ConfigurationError(f"{self.spelled(name)} must be text of printable ASCII without spaces")
        return value.strip()

    def origin(self, *names: str) -> str:
        """Return where these settings come from, and by which of the names."""
        used = ", ".join(self.spelled(name) for name in names if name in self.values)
        return f"the {self.kind} ({used})"


def _spellings(kind: str, name: str) -> tuple[str, ...]:
    if kind == "environment":
        return (f"DPC_{name.upper()}",)
    camel = _CAMEL.get(name, name)
    config = (f"dpc:{camel}", camel)
    return (name, *config) if kind == "arguments" else config


def _first_given(raw: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((raw[key] for key in keys if raw.get(key) not in (None, "")), None)


def _first(sources: Iterable[_Source], group: Iterable[str]) -> _Source:
    names = set(group)
    return next((source for source in sources if names & source.values.keys()), _Source("arguments", {}))


def _checked_credentials(source: _Source) -> dict[str, Any]:
    values = {name: source.text(name) for name in _CREDENTIALS}
    _refuse_partial_credentials(source, {name for name, value in values.items() if value})
    url = values["token_url"]
    token_url = _address(source.spelled("token_url"), url).geturl() if url else TOKEN_URL
    return {
        **values,
        "token_url": token_url,
        "credentials_source": source.values.get("credentials_source", source.origin("token", "client_id")),
    }


def _refuse_partial_credentials(source: _Source, given: set[str]) -> None:
    token, id_, secret = (source.spelled(name) for name in ("token", "client_id", "client_secret"))
    if "token" in given and given & {"client_id", "client_secret"}:
        raise ConfigurationError(
            f"{token} and {id_} with {secret} are two ways to sign in: remove one of them"
        )
    if "token" in given or {"client_id", "client_secret"} <= given:
        return
    if "client_id" in given:
        raise ConfigurationError(f"{id_} is given without {secret}: set both, or {token} instead")
    if "client_secret" in given:
        raise ConfigurationError(f"{secret} is given without {id_}: set both, or {token} instead")
    lone = min(given, default=None)
    if lone is None:
        raise ConfigurationError(_NO_CREDENTIALS)
    raise ConfigurationError(
        f"{source.spelled(lone)} is given without credentials, which are all taken from one source:"
        f" set {token}, or {id_} and {secret}, there too"
    )


def _checked_endpoint(source: _Source) -> dict[str, Any]:
    region, url = source.text("region"), source.text("api_url")
    if region is not None and region.lower() not in REGIONS:
        raise ConfigurationError(
            f"{source.spelled('region')} is {region!r}; the regions are {', '.join(REGIONS)}"
        )
    if url is None and region is None:
        raise ConfigurationError(_NO_ENDPOINT)
    region = region and region.lower()
    origin = source.values.get("endpoint_source", source.origin("api_url" if url else "region"))
    address = f"https://{region}.api.matillion.com/dpc"
    api_url = _api_address(source.spelled("api_url"), url) if url else address
    return {"region": region, "api_url": api_url, "endpoint_source": origin}


def _api_address(name: str, url: str) -> str:
    parts = _address(name, url)
    path = parts.path.rstrip("/")
    if not path.endswith("/dpc"):
        stem = path.removesuffix("/v1").removesuffix("/dpc")
        better = parts._replace(path=f"{stem}/dpc").geturl()
        raise ConfigurationError(f"{name} must end in /dpc, without /v1: write {better}")
    return parts._replace(path=path).geturl()


def _address(name: str, url: str) -> SplitResult:
    """Return an address that credentials may be sent to, in the one spelling that is compared with state files."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{name} is not an address: write https://host/path") from None
    if "@" in parts.netloc or "\\" in url or parts.query or parts.fragment or not parts.hostname:
        raise ConfigurationError(f"{name} must be https://host/path, without user, query or fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts)):
        raise ConfigurationError(f"{name} must begin with https:// (http:// is for loopback only)")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"https": 443, "http": 80}[parts.scheme]
    return parts._replace(netloc=host if port in (None, default) else f"{host}:{port}")


def is_loopback(parts: SplitResult) -> bool:
    """Tell whether an address is on this machine."""
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_numbers(source: _Source) -> dict[str, Any]:
    return {
        name: _number(source.spelled(name), source.values[name]) for name in _NUMBERS if name in source.values
    }


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (number > 0 and math.isfinite(number)):
        raise ConfigurationError(f"{name} must be a number above zero")
    return number
