"""What the service stores otherwise than it was told, so that it is not written again at every run.

A service may drop a field that it does not know, add one, or store a value in another type or case; and it may answer
with a mask instead of the value. After a write what is stored is compared with what was written, and each difference
is recorded with what came instead. As long as both stay what they are there is nothing to repair; as soon as either
changes, by the program or by somebody, the difference counts again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .comparison import Path, difference_paths, is_mask, is_required, is_same, value_at, with_value
from .shape import path_text

Definition = Mapping[str, Any]


@dataclass(frozen=True)
class Alteration:
    """One place of a definition at which the service stores something else than was written.

    Attributes:
        path: The keys from the definition's root.
        written: What was written there, None for nothing.
        stored: What the service had there then, None for nothing.
        is_volatile: Two writes of the same value were stored as different ones: the service keeps a value of its own.
    """

    path: Path
    written: Any = None
    stored: Any = None
    is_volatile: bool = False

    def holds(self, stored: Definition) -> bool:
        """Tell whether the service still has there what came instead."""
        return self.is_volatile or is_same(stored, with_value(stored, self.path, self.stored), self.path)

    def is_of(self, definition: Definition) -> bool:
        """Tell whether a definition says there what was written."""
        return is_same(definition, with_value(definition, self.path, self.written), self.path)


def find_alterations(
    stored: Definition, written: Definition, before: Iterable[Alteration] = ()
) -> tuple[Alteration, ...]:
    """Return where the service, asked after a write, has something else than was written.

    Args:
        stored: What the service has.
        written: What was written.
        before: What was found after the write before this one.
    """
    earlier = {one.path: one for one in before if one.is_of(written)}
    found = []
    for path in difference_paths(stored, written):
        known = earlier.get(path)
        is_volatile = known is not None and not known.holds(stored)
        was_volatile = known is not None and known.is_volatile
        values = value_at(written, path), value_at(stored, path)
        found.append(Alteration(path, *values, is_volatile or was_volatile))
    return tuple(found)


def may_be_stored_of(stored: Definition, written: Definition) -> bool:
    """Tell whether the service may have made this of what was written: all that a definition must have agrees."""
    return all(
        not is_required(written, path) or _how(value_at(stored, path), value_at(written, path)) in _RESPELLED
        for path in difference_paths(stored, written)
    )


def as_written(stored: Definition, alterations: Iterable[Alteration]) -> Definition:
    """Return what the service stores in the words in which it was written.

    Args:
        stored: The definition as the service answers it now.
        alterations: Where it was seen to store something else than was written.
    """
    for alteration in alterations:
        if alteration.holds(stored):
            stored = with_value(stored, alteration.path, alteration.written)
    return stored


def describe(alterations: Iterable[Alteration]) -> str:
    """Return the sentence that tells the operator what was not stored as written; never with a value."""
    places = ", ".join(f"{path_text(one.path)} ({_how(one.stored, one.written)})" for one in alterations)
    return (
        f"the service does not store the definition as the program says it: {places}. The pipeline is not stopped or"
        " written again for this; check the spelling, or say in the program what the service stores"
    )


def _how(stored: Any, written: Any) -> str:
    if stored is None:
        return "dropped"
    if written is None:
        return "added by the service"
    if is_mask(stored):
        return _MASKED
    if isinstance(stored, str) and isinstance(written, str) and stored.lower() == written.lower():
        return _ANOTHER_CASE
    return _ANOTHER_TYPE if str(stored) == str(written) else "stored as something else"


_ANOTHER_CASE, _ANOTHER_TYPE, _MASKED = (
    "stored in another case",
    "stored as another type",
    "answered as a mask",
)
_RESPELLED = (_ANOTHER_CASE, _ANOTHER_TYPE, _MASKED)


_WORDS = {"written": "written", "stored": "stored", "volatile": "is_volatile"}
"""An alteration's attributes by the words in which outputs record them; what is None or False is left out."""


def to_state(alterations: Iterable[Alteration]) -> list[dict[str, Any]]:
    """Return alterations as outputs record them."""
    return [
        {"path": list(one.path)}
        | {word: value for word, name in _WORDS.items() if (value := getattr(one, name)) not in (None, False)}
        for one in alterations
    ]


def from_state(recorded: Sequence[Mapping[str, Any]]) -> tuple[Alteration, ...]:
    """Return alterations from what outputs recorded."""
    return tuple(
        Alteration(
            tuple(one["path"]), one.get("written"), one.get("stored"), bool(one.get("volatile", False))
        )
        for one in recorded
    )
