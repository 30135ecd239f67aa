"""What a process records of a resource that the program declares, and what it takes ``import_`` for after that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_dpc._names import IMPORT_ID

from .operation import Operation

Bag = Mapping[str, Any]


def declare(operation: Operation, old_inputs: Bag) -> bool:
    """Record that the program declares this resource, and tell whether it is new."""
    ownership = operation.process.ownership
    is_new = not old_inputs and ownership.is_first_check(operation.urn)
    ownership.declare(operation.urn, is_new=is_new, imported=old_inputs.get(IMPORT_ID))
    if not old_inputs and not is_new:
        ownership.release(operation.urn)
    return is_new


def kept_import(operation: Operation, old_inputs: Bag, inputs: Bag) -> Bag:
    """Return the ``import_`` that the program has removed, which changes nothing and is nothing to show."""
    is_removed = (
        operation.urn is not None and old_inputs.get(IMPORT_ID) is not None and inputs.get(IMPORT_ID) is None
    )
    operation.process.ownership.record_removed_import(operation.urn, is_removed=is_removed)
    return {IMPORT_ID: old_inputs[IMPORT_ID]} if is_removed else {}


def other_import(operation: Operation, id_: str, outputs: Bag, inputs: Bag, noun: str) -> str | None:
    """Return what is wrong where the program's ``import_`` names another object than this resource has.

    None where it names this one, or the one that was adopted, and where the program has removed it.

    Args:
        operation: The engine's request.
        id_: The resource id.
        outputs: Those recorded.
        inputs: What the program says.
        noun: What the object is called, such as ``pipeline``.
    """
    import_id = inputs.get(IMPORT_ID)
    if not isinstance(import_id, str) or import_id in (id_.lower(), outputs.get(IMPORT_ID)):
        return None
    if operation.process.ownership.is_import_removed(operation.urn):
        return None
    return (
        f"import_ names {import_id}, but this resource manages {id_}, and a resource cannot be switched to another"
        f" {noun}: adopt that one under another resource name, or remove `import_`"
    )
