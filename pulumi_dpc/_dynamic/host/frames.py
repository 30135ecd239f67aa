"""The frames of the stock host, in which its calls and its executor are found.

The host (``python -m pulumi.dynamic``) hands a provider two dictionaries and nothing else. The engine's request and the
gRPC context are locals of a frame further up. What follows from that was measured (``docs/pulumi-host.md``). Each piece
is detected at run time. Where one is missing, or with ``DPC_HOST_HOOKS=off``, callers get the host's plain behaviour.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any


def is_enabled() -> bool:
    """Tell whether the user wants the host to be helped."""
    return os.environ.get("DPC_HOST_HOOKS", "").lower() != "off"


def callers_locals(*names: str) -> Iterator[Mapping[str, Any]]:
    """Yield the locals of every caller that has all these names, innermost first."""
    frame = sys._getframe(1) if is_enabled() else None  # noqa: SLF001 - documented, CPython only; PyPy has it too
    while frame:
        if all(name in frame.f_code.co_varnames for name in names):
            yield frame.f_locals
        frame = frame.f_back
