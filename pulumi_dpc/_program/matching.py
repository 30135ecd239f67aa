"""The one thing that a name means, or the sentence that says which there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_dpc.errors import LookupFailed

_MOST_NAMES = 20


def the_one(
    things: Sequence[Mapping[str, Any]], name: str | None, kind: str, where: str
) -> Mapping[str, Any]:
    """Return the only thing of that name; without a name, the only thing.

    Raises:
        LookupFailed: There is none, or more than one.
    """
    matches = [thing for thing in things if name is None or thing.get("name") == name]
    if len(matches) == 1:
        return matches[0]
    names = _in_words(sorted(str(thing.get("name")) for thing in things))
    if not matches:
        wanted = f"no {kind}" if name is None else f"no {kind} {name!r}"
        raise LookupFailed(f"{wanted} {where}; there is: {names}")
    if name is None:
        raise LookupFailed(f"several {kind}s {where}: say which one by its name: {names}")
    ids = ", ".join(str(thing.get("id", "?")) for thing in matches)
    raise LookupFailed(
        f"{len(matches)} {kind}s are named {name!r} {where} ({ids}): use the id of the one you mean"
    )


def _in_words(names: Sequence[str]) -> str:
    if not names:
        return "none that these credentials may see"
    more = len(names) - _MOST_NAMES
    shown = ", ".join(repr(name) for name in names[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
