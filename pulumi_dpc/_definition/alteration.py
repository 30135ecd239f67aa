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

from .comparison import Path, difference_paths, is_required, is_same, value_at, with_value
from .shape import path_text

Definition = Mapping[str, Any]


@dataclass(frozen=True)
class Alteration:
    """One place of a definition at which the service stores something else than was written.

    Attributes:
        path: The keys from the definition's root.
        stored: What the service has there, None for nothing.
    """

    path: Path
    stored: Any = None

    def holds(self, stored: Definition) -> bool:
        """Tell whether the service still has there what came instead."""
        return is_same(stored, with_value(stored, self.path, self.stored), self.path)


def find_alterations(stored: Definition, written: Definition) -> tuple[Alteration, ...]:
    """Return where the service, asked after a write, has something else than was written."""
    return tuple(Alteration(path, value_at(stored, path)) for path in difference_paths(stored, written))


def may_be_stored_of(stored: Definition, written: Definition) -> bool:
    """Tell whether the service may have made this of what was written: all that a definition must have agrees."""
    return all(
        not is_required(written, path) or _how(value_at(stored, path), value_at(written, path)) in _RESPELLED
        for path in difference_paths(stored, written)
    )


def as_written(stored: Definition, alterations: Iterable[Alteration], written: Definition) -> Definition:
    """Return what the service stores in the words in which it was written.

    Args:
        stored: The definition as the service answers it now.
        alterations: What was altered when ``written`` was written.
        written: The definition that was written.
    """
    for alteration in alterations:
        if alteration.holds(stored):
            stored = with_value(stored, alteration.path, value_at(written, alteration.path))
    return stored


def describe(alterations: Iterable[Alteration], written: Definition) -> str:
    """Return the sentence that tells the operator what was not stored as written; never with a value."""
    places = ", ".join(
        f"{path_text(one.path)} ({_how(one.stored, value_at(written, one.path))})" for one in alterations
    )
    return (
        f"the service does not store the definition as the program says it: {places}. The pipeline is not stopped or"
        " written again for this; check the spelling, or say in the program what the service stores"
    )


def _how(stored: Any, written: Any) -> str:
    if stored is None:
        return "dropped"
    if written is None:
        return "added by the service"
    if isinstance(stored, str) and isinstance(written, str) and stored.lower() == written.lower():
        return _ANOTHER_CASE
    return _ANOTHER_TYPE if str(stored) == str(written) else "stored as something else"


_ANOTHER_CASE, _ANOTHER_TYPE = "stored in another case", "stored as another type"
_RESPELLED = (_ANOTHER_CASE, _ANOTHER_TYPE)


def to_state(alterations: Iterable[Alteration]) -> list[dict[str, Any]]:
    """Return alterations as outputs record them."""
    return [
        {"path": list(one.path)} | ({} if one.stored is None else {"stored": one.stored})
        for one in alterations
    ]


def from_state(recorded: Sequence[Mapping[str, Any]]) -> tuple[Alteration, ...]:
    """Return alterations from what outputs recorded."""
    return tuple(Alteration(tuple(one["path"]), one.get("stored")) for one in recorded)
