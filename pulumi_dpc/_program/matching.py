"""The one thing that a name or an id means, or the sentence that says which there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_dpc.errors import LookupFailed

_MOST_NAMES = 20


def the_one(
    things: Sequence[Mapping[str, Any]], name: str | None, kind: str, where: str, *, id_key: str = "id"
) -> Mapping[str, Any]:
    """Return the only thing of that name; without a name, the only thing.

    Args:
        things: All there are, in the API's spelling.
        name: The name, exactly.
        kind: What they are, for errors.
        where: Where they are, for errors.
        id_key: The property that tells one from another of its name.

    Raises:
        LookupFailed: There is none, or more than one.
    """
    matches = [thing for thing in things if name is None or thing.get("name") == name]
    if len(matches) == 1:
        return matches[0]
    names = _in_words([repr(name) for name in sorted(str(thing.get("name")) for thing in things)])
    if not matches:
        wanted = f"no {kind}" if name is None else f"no {kind} {name!r}"
        raise LookupFailed(f"{wanted} {where}; there is: {names}")
    if name is None:
        raise LookupFailed(f"several {kind}s {where}: say which one by its name: {names}")
    ids = ", ".join(str(thing.get(id_key, "?")) for thing in matches)
    raise LookupFailed(
        f"{len(matches)} {kind}s are named {name!r} {where} ({ids}): use the id of the one you mean"
    )


def with_id(things: Sequence[Mapping[str, Any]], id_: str, id_key: str) -> Mapping[str, Any] | None:
    """Return the thing of that id; the service does not care about the case of an id."""
    return next((thing for thing in things if str(thing.get(id_key)).lower() == id_.lower()), None)


def required_with_id(
    things: Sequence[Mapping[str, Any]], id_: str, kind: str, where: str, *, id_key: str
) -> Mapping[str, Any]:
    """Return the thing of that id.

    Raises:
        LookupFailed: There is none; the text lists names with their ids.
    """
    found = with_id(things, id_, id_key)
    if found is not None:
        return found
    there = sorted(f"{str(thing.get('name'))!r} ({thing.get(id_key)})" for thing in things)
    raise LookupFailed(f"no {kind} {id_} {where}; there is: {_in_words(there)}")


def _in_words(things: Sequence[str]) -> str:
    if not things:
        return "none that these credentials may see"
    more = len(things) - _MOST_NAMES
    shown = ", ".join(things[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
