"""What the step generator has decided on: the steps that are still to run, and what it remembers about urns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .state import State


@dataclass(frozen=True)
class Planned:
    """A step that has been decided on and not yet run."""

    op: str
    state: State
    run: Callable[[], None]
    keys: frozenset[str] = frozenset()


@dataclass
class Seen:
    """What the step generator remembers about urns."""

    registered: set[str] = field(default_factory=set)
    operated: set[str] = field(default_factory=set)  # have an old state and were decided on
    decided: set[str] = field(default_factory=set)  # the same, and creates
    deletes: set[str] = field(default_factory=set)
    replaces: set[str] = field(default_factory=set)
    aliased: dict[str, str] = field(default_factory=dict)  # old urn -> new urn
    aliases: dict[str, str] = field(default_factory=dict)  # new urn -> old urn


class Bail(Exception):
    """The deployment ends; its reason has been reported."""
