"""How a resource tells the provider that it is previewed, which the engine does not (decision 9)."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_dpc._names import PREVIEW

from .mocked import has_mocks


def marked(properties: dict[str, Any]) -> dict[str, Any]:
    """Return what is registered, with the mark that lets `check` look what the account has."""
    return {**properties, PREVIEW: True} if _asks_in_preview() else properties


def _asks_in_preview() -> bool:
    is_preview = pulumi.runtime.is_dry_run() and not has_mocks()
    return is_preview and (pulumi.Config("dpc").get("preflight") or "").lower() != "off"
