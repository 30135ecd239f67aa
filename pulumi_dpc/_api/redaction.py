"""What an operation was told in confidence: texts that may be secret, and that the service may quote in a refusal."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

FREE = ("advancedProperties", "jdbcProperties", "__not_stored")
"""What users fill with properties of their own; all other secrets are references to a vault."""
SHORTEST = 4
"""A shorter text, such as a number or a letter, would blot out half of the sentence that quotes it."""

_of_this_thread = threading.local()


@contextmanager
def holding(*bags: Any) -> Iterator[None]:
    """Let `texts` return those of these property bags, in this thread, until the operation ends."""
    before = getattr(_of_this_thread, "bags", ())
    _of_this_thread.bags = bags
    try:
        yield
    finally:
        _of_this_thread.bags = before


def texts(*more: Any) -> list[str]:
    """Return the texts of the free properties that this thread holds, and of more values; the longest first.

    Which of them are secret the engine does not tell, so every one may be.
    """
    values = (*getattr(_of_this_thread, "bags", ()), *more)
    return sorted({text for value in values for text in _texts(value, free=False)}, key=len, reverse=True)


def _texts(value: Any, *, free: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(member, free=free or key in FREE)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member, free=free)
    elif free and isinstance(value, str) and len(value) >= SHORTEST:
        yield value
