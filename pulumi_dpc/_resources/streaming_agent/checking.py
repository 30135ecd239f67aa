"""Checking and comparing the inputs of an agent; previews and new imports send requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_dpc._definition.agent import canonical, mistakes
from pulumi_dpc._definition.definition import has_unknowns, is_unknown
from pulumi_dpc._definition.paths import python_name
from pulumi_dpc._names import IMPORT_ID, NAME
from pulumi_dpc._resources.declaring import declare, kept_import, other_import
from pulumi_dpc._resources.operation import Checked, Difference, Operation
from pulumi_dpc._resources.sole_owner import require_sole_owner

from . import importing, state
from .preflight import preflight
from .remote import RemoteAgent

Bag = Mapping[str, Any]


def check(operation: Operation, old_inputs: Bag, inputs: Bag) -> Checked:
    """Return the canonical inputs and every mistake, with its path in the API's spelling and in Python's.

    Args:
        operation: The engine's request.
        old_inputs: Those of the last ``up``; empty for a new resource, and before a replacement.
        inputs: What the program says now; parts may be unknown.
    """
    is_new = declare(operation, old_inputs)
    given = canonical({**inputs, **kept_import(operation, old_inputs, inputs)})
    if isinstance(given.get(IMPORT_ID), str):
        given[IMPORT_ID] = given[IMPORT_ID].lower()
    operation.process.account.declare(operation.urn, old_inputs, given)
    found = [*mistakes(given), *_import_mistakes(given.get(IMPORT_ID))]
    if is_new and not found:
        found = _compare_import(operation, given)
    if operation.is_preview and not found and (is_new or old_inputs):
        found = preflight(operation, old_inputs, given, is_new=is_new)
    return Checked(given, [_spelled(mistake) for mistake in found])


def _spelled(mistake: str) -> str:
    """Return a mistake with its path in Python's spelling too, where that is another one."""
    path, colon, text = mistake.partition(": ")
    name = python_name(path)
    return mistake if name == path or not path.isidentifier() else f"{path} ({name}){colon}{text}"


def _import_mistakes(import_id: Any) -> Iterable[str]:
    if import_id is None or is_unknown(import_id):
        return ()
    if isinstance(import_id, str) and import_id.strip(". ") and "/" not in import_id:
        return ()
    return (f"import_: {import_id!r} is not an id of an agent: write the id that the service gives it",)


def _compare_import(operation: Operation, inputs: Bag) -> list[str]:
    """Compare a new resource with the agent it wants to adopt, so that the preview lists what differs."""
    import_id = inputs.get(IMPORT_ID)
    if import_id is None or has_unknowns(inputs):
        return []
    operation.process.ownership.record_owner(operation.urn, import_id, is_new=True)
    try:
        importing.agent_if_importable(operation, RemoteAgent.of(operation, import_id, inputs), inputs)
    except importing.NotAsProgrammed as error:
        return [str(error)]
    operation.progress(f"adopts {import_id}")
    return []


def diff(operation: Operation, id_: str, outputs: Bag, inputs: Bag) -> Difference:
    """Return whether there is something to do; no request is made.

    A replacement of the same name cannot stand beside the old agent. One of another name is made first, so that the
    pipeline can be moved to it before the old agent is deleted.

    Raises:
        ConfigurationError: Another resource of the program has this agent.
    """
    other = other_import(operation, id_, outputs, inputs, "agent")
    if other is not None:
        operation.warn(operation.with_name(inputs, other))
    operation.process.ownership.record_owner(operation.urn, id_)
    require_sole_owner(operation, id_, "agent")
    changes = state.diff_changes(outputs, inputs, operation.ignored)
    if changes and state.is_seen_by_engine(operation.old_inputs(), inputs):
        changes = None  # it shows exact paths
    replaces = state.replaced_by(outputs, inputs, operation.ignored)
    name = inputs.get(NAME)
    first = bool(replaces) and (is_unknown(name) or name == outputs.get(NAME))
    return Difference(changes, replaces, first)
