"""Checking what a program declares, and comparing it with the outputs; previews and new imports send requests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_dpc._definition.definition import has_unknowns, validate, whole_numbers
from pulumi_dpc._definition.paths import in_both_spellings, spell_details
from pulumi_dpc._names import AGENT_ID, DEFINITION, IMPORT_ID, INPUTS, NOT_STORED, PROJECT_ID, RUNNING
from pulumi_dpc._resources.agent_uses import AgentUse, find_clashes
from pulumi_dpc._resources.declaring import declare, kept_import, other_import
from pulumi_dpc._resources.operation import Checked, Difference, Operation, without
from pulumi_dpc._resources.sole_owner import require_sole_owner

from . import importing, slots, state
from .preflight import preflight
from .remote import RemotePipeline

Bag = Mapping[str, Any]


def check(operation: Operation, old_inputs: Bag, inputs: Bag) -> Checked:
    """Return the canonical inputs and every mistake, with its path in the API's spelling and in Python's.

    Args:
        operation: The engine's request.
        old_inputs: Those of the last ``up``; empty for a new resource, and before a replacement.
        inputs: What the program says now; parts may be unknown.
    """
    is_new = declare(operation, old_inputs)
    kept = kept_import(operation, old_inputs, inputs)
    if _is_same({**inputs, **kept}, old_inputs):
        operation.process.account.declare(operation.urn, old_inputs, old_inputs)
        # It was checked when it was recorded; a preview without a change need not load pydantic.
        return Checked(dict(old_inputs), _spelled(_agent_clashes(operation, old_inputs, inputs)))
    strangers = {key: inputs[key] for key in inputs.keys() - {*INPUTS} if not key.startswith("__")}
    checked = validate({**state.definition_of(inputs), **strangers})
    mistakes = [*state.mistakes(inputs), *checked.violations]
    canonical = {**state.with_plain_ids(without(inputs, DEFINITION)), **checked.canonical, **kept}
    operation.process.account.declare(operation.urn, old_inputs, canonical)
    mistakes += _agent_clashes(operation, old_inputs, canonical)
    if is_new and not mistakes:
        mistakes = _import_mistakes(operation, canonical)
    if operation.is_preview and not mistakes and (is_new or old_inputs):
        mistakes = preflight(operation, old_inputs, canonical, is_new=is_new)
    for warning in checked.warnings:
        operation.warn(operation.with_name(canonical, in_both_spellings(warning)))
    return Checked(canonical, _spelled(mistakes))


def _is_same(inputs: Bag, old_inputs: Bag) -> bool:
    """Tell whether two bags are equal, where True is not 1: `==` alone takes them for the same."""
    return inputs == old_inputs and (
        json.dumps(inputs, sort_keys=True, default=str) == json.dumps(old_inputs, sort_keys=True, default=str)
    )


def _spelled(mistakes: Iterable[str]) -> list[str]:
    return [spell_details(one) if "\n" in one else in_both_spellings(one) for one in mistakes]


def _agent_clashes(operation: Operation, old_inputs: Bag, inputs: Bag) -> list[str]:
    """Return the mistake of two resources that are to run on one agent, as far as the agents are known."""
    agent, running = inputs.get(AGENT_ID), inputs.get(RUNNING)
    if operation.urn is None:
        return []
    use = AgentUse(
        urn=operation.urn,
        agent_id=agent if isinstance(agent, str) else None,
        running=running if isinstance(running, bool) else None,
        is_changed=any(inputs.get(key) != old_inputs.get(key) for key in (AGENT_ID, RUNNING)),
    )
    mistakes, warnings = find_clashes(use, operation.process.agent_uses.declare(use))
    for warning in warnings:
        operation.warn(operation.with_name(inputs, in_both_spellings(warning)))
    return mistakes


def _import_mistakes(operation: Operation, inputs: Bag) -> list[str]:
    """Compare a new resource with the pipeline it wants to adopt, so that the preview lists what differs."""
    import_id = inputs.get(IMPORT_ID)
    if import_id is None or has_unknowns(inputs):
        return []
    operation.process.ownership.record_owner(operation.urn, import_id, is_new=True)
    pipeline = RemotePipeline.of(operation, import_id, inputs)
    try:
        live = importing.live_if_importable(
            operation, pipeline, state.desired_of(inputs), state.secret_paths_of(inputs)
        )
    except importing.NotAsProgrammed as error:
        return [str(error)]
    operation.progress(importing.progress_text(pipeline, live))
    return []


def diff(operation: Operation, id_: str, outputs: Bag, inputs: Bag) -> Difference:
    """Return whether there is something to do; no request is made.

    Raises:
        ConfigurationError: Another resource of the program has this pipeline.
    """
    other = other_import(operation, id_, outputs, inputs, "pipeline")
    if other is not None:
        operation.warn(operation.with_name(inputs, other))
    operation.process.ownership.record_owner(operation.urn, id_)
    require_sole_owner(operation, id_, "pipeline")
    if NOT_STORED in outputs:
        text = state.not_stored(whole_numbers(outputs), whole_numbers(inputs))
        if text is not None:
            operation.warn_once(operation.with_name(inputs, text))
    left_behind = slots.when_changed(outputs, inputs, operation.ignored)
    if left_behind is not None:
        operation.warn_once(operation.with_name(inputs, left_behind))
    changes = state.diff_changes(outputs, inputs, operation.ignored)
    old_inputs = operation.old_inputs() if changes is not False else None
    if old_inputs is not None:
        changes = None if state.is_seen_by_engine(old_inputs, inputs, operation.ignored) else True
    if not state.is_moved(outputs, inputs):
        return Difference(changes)
    return Difference(None if changes is False else changes, [PROJECT_ID])
