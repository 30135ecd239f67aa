"""A first Ctrl-C, which the stock host does not hear."""

from __future__ import annotations

import contextlib
import sys
import threading
import types
from typing import Any

from .frames import is_enabled

_interrupt = threading.Event()


def interrupted() -> threading.Event:
    """Return the event that the user's first Ctrl-C sets, from the first call of this function on.

    The engine then calls Cancel and waits for the operations in flight. The host's Cancel does nothing, and
    gRPC holds the bound method, so only the code of that function can be replaced
    (``docs/pulumi-host.md`` section 8). The engine
    calls Cancel at the end of every command too, when no operation is left to hear it.
    """
    servicer = getattr(sys.modules.get("__main__"), "DynamicResourceProviderServicer", None)
    cancel = getattr(servicer, "Cancel", None)
    if is_enabled() and isinstance(cancel, types.FunctionType) and not hasattr(cancel, "replaced"):
        replaced = types.FunctionType(cancel.__code__, cancel.__globals__, closure=cancel.__closure__)
        cancel.replaced = replaced  # type: ignore[attr-defined]
        # A decorated Cancel, which no host has yet, refuses: a Ctrl-C then waits.
        with contextlib.suppress(ValueError):
            cancel.__code__ = _cancel.__code__
    return _interrupt


def _cancel(self: Any, request: Any, context: Any) -> Any:
    """Lend its code to the host's Cancel, so that it runs with that function's globals and not with these."""
    from pulumi_dpc._dynamic.host import cancel  # noqa: PLW0406

    cancel.interrupted().set()
    return type(self).Cancel.replaced(self, request, context)
