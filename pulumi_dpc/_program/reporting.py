"""How an error in a program reaches its user: as a sentence, not as a traceback."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pulumi

from pulumi_dpc.errors import DpcError

T = TypeVar("T")


def in_program(act: Callable[[], T]) -> T:
    """Return what ``act`` returns; its errors are those that the Pulumi language host prints as a sentence."""
    try:
        return act()
    except DpcError as error:
        raise _as_sentence(error) from None


def _as_sentence(error: DpcError) -> DpcError:
    """Return the same error, of its own class and of `pulumi.RunError`, the one the host prints without traceback.

    The engine-free parts of this package must not know that class, so it joins in here.
    """
    kind = type(error)
    both = type(
        kind.__name__, (kind, pulumi.RunError), {"__module__": kind.__module__, "__doc__": kind.__doc__}
    )
    twin: DpcError = both.__new__(both)  # type: ignore[call-overload]
    twin.args = error.args
    twin.__dict__.update(error.__dict__)
    return twin
