"""What a preview says of a name that somebody has: the create refuses it, and an edit does not take it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_dpc._definition.paths import in_both_spellings

from .operation import Operation
from .ownership import Name
from .service import Service
from .taking import Names


def name_mistakes(
    operation: Operation,
    names: Callable[[Service], Names],
    name: Name,
    ids: Sequence[str],
    inputs: Mapping[str, Any],
    *,
    is_new: bool,
) -> list[str]:
    """Return the mistake of a create whose name is taken, and warn of an edit that would take it.

    Args:
        operation: The engine's request.
        names: Returns the objects of the kind at their service.
        name: The name that the resource is to have, and has not.
        ids: Who has it.
        inputs: What the program says.
        is_new: The engine does not know the resource.
    """
    if not ids or operation.process.account.is_given_up(name):
        return []
    taken = names(operation.process.account.service)
    if is_new:
        owner = operation.process.ownership.other_owner(operation.urn, taken.resource_id(name, ids[0]))
        return [f"name: {taken.taken(name, ids, owner)}"]
    warn(
        operation,
        inputs,
        f"name: another {taken.noun} has this name ({ids[0]}): an edit does not take it away",
    )
    return []


def warn(operation: Operation, inputs: Mapping[str, Any], text: str) -> None:
    """Warn of what may fail, once for each resource."""
    operation.warn_once(operation.with_name(inputs, in_both_spellings(text)))
