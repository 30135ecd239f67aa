"""The errors that all resources of a command share: told in full once, and pointed to by the others."""

from __future__ import annotations

import re
import threading

from pulumi_dpc.errors import DpcError

_LAST_UP = (
    "A refresh or destroy sees the stack configuration and the providers of the last `pulumi up`: if they were changed"
    " since then, run `pulumi up --refresh=false` or `pulumi refresh --run-program` first"
)
_REQUEST = re.compile(r" \([A-Z]+ /[^()]*\)")
_RECORDED = ("dpc:", "the arguments (")
"""How an error names a setting that the engine gives a refresh or destroy from the state."""


class SharedErrors:
    """What this process has told of errors that have nothing to do with the resource that met them.

    Every resource still fails: only the text of all but the first is short.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: dict[str, str] = {}

    def text(self, error: DpcError, resource: str | None, *, is_recorded: bool) -> str:
        """Return what a resource says of an error.

        Args:
            error: The error; one that leaves open whether something was done is always told in full.
            resource: The resource's name in the program; None where the host does not tell.
            is_recorded: The operation sees the settings that the state has, not those of now.
        """
        if not error.shared or error.maybe_applied:
            return str(error)
        if resource is not None:
            with self._lock:
                # Told in full is what is the same but for the request that met it.
                first = self._first.setdefault(_REQUEST.sub("", str(error)), resource)
            if first != resource:
                return f"{error.shared}; the error of {first} says more"
        is_outdated = is_recorded and any(word in str(error) for word in _RECORDED)
        return f"{error}. {_LAST_UP}" if is_outdated else str(error)
