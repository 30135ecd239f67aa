"""How a resource tells the provider that it is previewed, which the engine does not (decision 9)."""

from __future__ import annotations

import weakref
from typing import Any

import pulumi
from pulumi.runtime.settings import get_monitor

from pulumi_dpc._names import PREVIEW

from .mocked import has_mocks

_with_providers: weakref.WeakSet[Any] = weakref.WeakSet()
"""The runs that have a `Provider`, each by its connection to the engine."""


def marked(properties: dict[str, Any]) -> dict[str, Any]:
    """Return what is registered, with the mark that lets `check` look what the account has.

    The mark is true while the program has one provider only, so that nobody else can give up a name that is taken.
    """
    return {**properties, PREVIEW: get_monitor() not in _with_providers} if _asks_in_preview() else properties


def record_provider() -> None:
    """Record that this run of a program has more than its default provider: each one is a process of its own."""
    monitor = get_monitor()
    if monitor is not None:
        _with_providers.add(monitor)


def _asks_in_preview() -> bool:
    is_preview = pulumi.runtime.is_dry_run() and not has_mocks()
    return is_preview and (pulumi.Config("dpc").get("preflight") or "").lower() != "off"
