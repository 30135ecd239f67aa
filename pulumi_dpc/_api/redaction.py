"""Texts that may be secret, and how they are kept out of what the service answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from pulumi_dpc._names import NOT_STORED

from .json_body import decode

FREE_PROPERTIES = ("advancedProperties", "jdbcProperties", NOT_STORED)
"""Properties that users fill with names and values of their own, and what the service makes of them: any text in them
is taken for a secret. Any other value may be a Pulumi secret too, but is shown (``docs/limits.md``)."""
SHORTEST = 4
"""A shorter text, such as a number or a letter, would blank out half of the sentence that quotes it."""

_protected: ContextVar[tuple[Any, ...]] = ContextVar("protected", default=())


@contextlib.contextmanager
def protecting(*bags: Any) -> Iterator[None]:
    """Let `protected_texts` return the texts of these property bags until the block ends.

    They belong to the context, not to the thread: ``asyncio.to_thread`` takes them along, a thread of a pool does not.
    A hook runs in one thread from its beginning to its end.
    """
    token = _protected.set(bags)
    try:
        yield
    finally:
        _protected.reset(token)


def protected_texts(*more: Any) -> list[str]:
    """Return every text among the free properties of the protected bags and of more values, the longest first.

    The engine does not say which of them are secret, so each one may be.
    """
    values = (*_protected.get(), *more)
    return sorted({text for value in values for text in _texts(value, free=False)}, key=len, reverse=True)


def redact(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return a body without these texts, in whatever way its JSON spells them."""
    with contextlib.suppress(ValueError):
        body = json.dumps(decode(body), ensure_ascii=False).encode()
    for secret in secrets:
        for spelling in _spellings(secret):
            body = body.replace(spelling.encode(), b"[secret]")
    return body


def _spellings(secret: str) -> list[str]:
    """Return a text as it stands, in JSON, and in JSON that is quoted within JSON; the longest first."""
    once = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    twice = {json.dumps(text, ensure_ascii=False)[1:-1] for text in once}
    return sorted({secret, *once, *twice}, key=len, reverse=True)


def _texts(value: Any, *, free: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(member, free=free or key in FREE_PROPERTIES)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member, free=free)
    elif free and isinstance(value, str) and len(value) >= SHORTEST:
        yield value
