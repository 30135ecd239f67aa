"""Work that one thread does for all threads that want it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_dpc.errors import DpcError


class SingleFlight:
    """A piece of work that one thread does while others wait; if it fails, it fails for all of them.

    Without that, fifty threads that wait for one token would each spend the whole retry budget, one after the other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights = 0
        self._failure: DpcError | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let the block run when no other thread runs it; the block first looks whether the work was done meanwhile.

        Raises:
            DpcError: The error of the thread that this one waited for.
        """
        seen = self._flights
        with self._lock:
            if self._flights != seen and self._failure is not None:
                raise _copy(self._failure)
            self._failure = None
            try:
                yield
            except DpcError as error:
                self._failure = _copy(error)
                raise
            finally:
                self._flights += 1


def _copy(error: DpcError) -> DpcError:
    """Return a copy of an error, because one instance raised in two threads would mix their tracebacks."""
    copy = type(error).__new__(type(error), *error.args)
    copy.__dict__.update(error.__dict__)
    return copy
