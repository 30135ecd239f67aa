"""Work that one thread does for all who want it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_dpc.errors import DpcError


class SingleFlight:
    """Let one thread at a time work, and give its failure to all who waited meanwhile.

    Without that, fifty threads that wait for one token would each spend the whole retry budget in turn.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights = 0
        self._failure: DpcError | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other thread works, then work; look first whether the work was done meanwhile.

        Raises:
            DpcError: What the thread waited for failed with.
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
    """Return an error of its own for each thread: raising one instance twice would mix their tracebacks."""
    copy = type(error).__new__(type(error), *error.args)
    copy.__dict__.update(error.__dict__)
    return copy
