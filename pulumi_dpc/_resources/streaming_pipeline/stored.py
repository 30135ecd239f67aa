"""What the service has stored after a write: by the answer, or by a read where that does not show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pulumi_dpc._definition.alteration import Alteration, find_alterations
from pulumi_dpc._definition.comparison import difference_paths, is_mask, value_at
from pulumi_dpc._resources.reading_back import read_back

from .plan import Live, Plan, Recorded

Definition = Mapping[str, Any]


class Readable(Protocol):
    """What has a definition."""

    def definition(self) -> Definition:
        """Return the live definition."""


def alterations_of(
    pipeline: Readable, plan: Plan, before: Live, recorded: Recorded, stored: Definition | None
) -> tuple[Alteration, ...]:
    """Return what the service stores otherwise than an accepted PUT told it.

    Args:
        pipeline: The pipeline, to read it once where the answer does not tell.
        plan: The plan whose definition was written.
        before: What was live before.
        recorded: What the outputs recorded before.
        stored: What the answer says; None where it names only the id.
    """
    is_echo = stored is not None and _shows_no_more(stored, plan.definition)
    # Such an answer may only repeat the request, where another one was to be expected.
    if stored is None or (is_echo and (plan.is_rewrite or before.alterations)):
        stored = read_back(pipeline.definition)
        if stored is None:
            # It is written. What was known before is the best guess, and the next refresh tells.
            return tuple(one for one in recorded.alterations if one.is_of(plan.definition))
    return find_alterations(stored, plan.definition, recorded.alterations)


def _shows_no_more(answer: Definition, written: Definition) -> bool:
    """Tell whether an answer has nothing but what was written, apart from values that it masks."""
    return all(is_mask(value_at(answer, path)) for path in difference_paths(answer, written))
