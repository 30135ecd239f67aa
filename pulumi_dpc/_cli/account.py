"""The account that a command asks: its settings, and what a name on the command line means there."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pulumi_dpc._api.client import DpcClient
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.settings import Settings
from pulumi_dpc.errors import ConfigurationError, LookupFailed

from .words import readable, say

_MOST_NAMES = 20
_CREDENTIALS = ("DPC_TOKEN", "DPC_CLIENT_ID", "DPC_CLIENT_SECRET", "DPC_TOKEN_URL", "DPC_ACCOUNT_ID")
_ENDPOINT = ("DPC_REGION", "DPC_API_URL")


def given_credentials() -> list[str]:
    """Return which variables of the environment say who asks."""
    return [name for name in _CREDENTIALS if os.environ.get(name)]


def settings_of(region: str | None, api_url: str | None) -> Settings:
    """Return the settings that the options and the environment give; the options win.

    Raises:
        ConfigurationError: Something is missing, contradictory or malformed.
    """
    if not given_credentials():
        raise ConfigurationError(
            "no credentials are given: set DPC_TOKEN, or DPC_CLIENT_ID and DPC_CLIENT_SECRET, in the environment"
        )
    if not (region or api_url or any(os.environ.get(name) for name in _ENDPOINT)):
        raise ConfigurationError("no region is given: use --region, or set DPC_REGION in the environment")
    settings = Settings.resolve({"region": region, "api_url": api_url})
    if not (region or api_url):
        return settings
    return replace(settings, endpoint_source=f"the option {'--api-url' if api_url else '--region'}")


@contextmanager
def opened(
    region: str | None, api_url: str | None, interrupt: threading.Event | None = None
) -> Iterator[DpcClient]:
    """Return a client of the account, which says on the standard error what it waits for.

    Args:
        region: What ``--region`` says.
        api_url: What ``--api-url`` says.
        interrupt: Ends every wait when it is set.
    """
    settings = settings_of(region, api_url)
    ended = interrupt or threading.Event()
    with DpcClient(settings, clock=Clock(settings.time_scale, ended), notify=say) as client:
        try:
            yield client
        except BaseException:
            ended.set()  # requests of other threads would be tried again for minutes, and the command end no sooner
            raise


def find(
    things: Sequence[Mapping[str, Any]], wanted: str, kind: str, where: str, *, key: str = "id"
) -> Mapping[str, Any]:
    """Return the only thing that has this id or, if none has it, this name.

    Args:
        things: What there is.
        wanted: The name or id, as it was given.
        kind: What is looked for, as a noun.
        where: Where it is looked for.
        key: The property that holds the id.

    Raises:
        LookupFailed: There is none, or several have that name.
    """
    by_id = [thing for thing in things if str(thing.get(key)).lower() == wanted.lower()]
    matches = by_id or [thing for thing in things if thing.get("name") == wanted]
    if len(matches) == 1:
        return matches[0]
    if matches:
        ids = ", ".join(str(thing.get(key)) for thing in matches)
        raise LookupFailed(f"{len(matches)} {kind}s are named {wanted!r} {where}: give the id instead: {ids}")
    names = sorted({str(thing.get("name")) for thing in things})
    shown = ", ".join(repr(readable(name)) for name in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    raise LookupFailed(
        f"no {kind} {wanted!r} {where}; there is: {shown or 'none that these credentials may see'}{more}"
    )


def find_project(projects: Sequence[Mapping[str, Any]], wanted: str) -> Mapping[str, Any]:
    """Return the project of that name or id, of all that the account has."""
    return find(projects, wanted, "project", "in this account")
