"""More calls at a time than the four that the stock host answers."""

from __future__ import annotations

import contextlib

from .frames import callers_locals


def raise_worker_limit(n: int) -> bool:
    """Let the host answer up to ``n`` calls at a time instead of 4; tell whether it does.

    Four waiting creates would stop every other operation, and Cancel, which needs a thread too, would not be
    heard. The executor is a local of the function that its threads run
    (``docs/pulumi-host.md`` section 4). It starts threads only as
    calls arrive, so those that a refresh has queued before the provider is loaded need theirs now.
    """
    for caller in callers_locals("executor_reference", "work_queue"):
        executor = caller["executor_reference"]()
        with contextlib.suppress(AttributeError):  # another kind of executor, or a changed one
            executor._max_workers = max(n, executor._max_workers)  # noqa: SLF001 - no public way, here and below
            for _ in range(caller["work_queue"].qsize()):
                executor._adjust_thread_count()  # noqa: SLF001
            return True
    return False
