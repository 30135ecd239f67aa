"""Reading what a write has left, where its answer does not show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pulumi_dpc.errors import DpcError


def read_back(read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return what is live, None where two tries have failed: what is written needs no third."""
    for _ in range(2):
        try:
            return read()
        except DpcError:
            continue
    return None
