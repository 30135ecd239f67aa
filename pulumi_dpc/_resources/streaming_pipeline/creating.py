"""Creating a pipeline and starting it, or adopting one; and going on with one that an earlier call has made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_dpc._definition.alteration import describe, find_alterations
from pulumi_dpc._names import IMPORT_ID, NAME, PROJECT_ID, RUNNING
from pulumi_dpc._resources.operation import Done, Operation, Partial, Refused
from pulumi_dpc._resources.ownership import Predecessor
from pulumi_dpc._resources.reading_back import read_back
from pulumi_dpc._resources.taking import create_or_find
from pulumi_dpc.errors import DpcError, NotFound

from . import importing, run_state, state
from .context import run_context
from .outcome import End, Outcome
from .plan import Desired, Live, Recorded, discount_recorded, plan
from .posting import PipelineNames
from .remote import RemotePipeline
from .run import carry_out

Bag = dict[str, Any]


def create(operation: Operation, inputs: Bag) -> Done | Partial:
    """Create the pipeline, or adopt the one that ``import_`` names, and start it if asked.

    Raises:
        DpcError: Nothing was created, or nothing is known of it.
    """
    process = operation.process
    made = process.attempts.created(operation.urn)
    again = None if made is None else _go_on(operation, made, inputs)
    if again is not None:
        return again
    name, import_id = (inputs[PROJECT_ID], inputs[NAME]), inputs.get(IMPORT_ID)
    with process.name_locks.hold(name):
        if import_id is not None and not process.ownership.import_already_done(operation.urn, import_id):
            return _adopted(operation, RemotePipeline.of(operation, import_id, inputs), inputs)
        names = PipelineNames(operation.service)
        created = create_or_find(operation, names, name, state.definition_of(inputs))
        pipeline = RemotePipeline.of(operation, state.make_id(name[0], created.id), inputs)
        process.ownership.record_owner(operation.urn, pipeline.id)
        process.attempts.record_creation(operation.urn, pipeline.id)
    return _start(operation, pipeline, inputs, created.stored)


def _adopted(operation: Operation, pipeline: RemotePipeline, inputs: Bag) -> Done:
    desired = state.desired_of(inputs)
    live = importing.adopt(operation, pipeline, desired, state.secret_paths_of(inputs))
    operation.progress(importing.progress_text(pipeline, live))
    # Under an unknown status the opposite is recorded, so that the next `up` looks again.
    running = run_state.is_running(live.status, otherwise=desired.running is False)
    if not running:
        _warn_if_predecessor_is_unseen(operation, inputs)
    if not run_state.is_known(live.status):
        text = (
            f"was adopted while its status is {live.status}; the next `pulumi up` looks again whether it runs"
        )
        operation.warn(operation.with_name(inputs, text))
    elif desired.running and not running:
        text = f"was adopted as it is ({live.status}); the next `pulumi up` starts it"
        operation.warn(operation.with_name(inputs, text))
    definition = desired.definition or {}
    altered = find_alterations(live.definition, definition)
    if altered:
        operation.warn_once(operation.with_name(inputs, describe(altered)))
    outcome = Outcome(End.DONE, definition, live.status, running, alterations=altered)
    return state.done(pipeline.id, state.make_outputs(inputs, outcome, pipeline.service.api_url))


def _start(
    operation: Operation, pipeline: RemotePipeline, inputs: Bag, stored: Mapping[str, Any] | None
) -> Done | Partial:
    """Bring a pipeline that was just created to the run state that it should have."""
    desired = state.desired_of(inputs)
    written = desired.definition or {}
    if stored is None and (answer := read_back(pipeline.definition)) is not None:
        stored = pipeline.service.record_stored(pipeline.project_id, pipeline.pipeline_id, answer)
    alterations = () if stored is None else find_alterations(stored, written)
    live = Live(written, run_state.NOT_RUNNING, alterations)
    _warn_if_predecessor_is_unseen(operation, inputs)
    predecessor = _predecessor(operation, inputs)
    recorded = Recorded(definition=written, resume=predecessor is not None and bool(predecessor.was_running))
    return _reach(operation, pipeline, inputs, live, desired, recorded)


def _predecessor(operation: Operation, inputs: Bag) -> Predecessor | None:
    """Return the pipeline that this one replaces, if the program leaves to it whether this one is to run."""
    if inputs.get(RUNNING) is not None:
        return None
    return operation.process.ownership.predecessor(operation.urn, (inputs[PROJECT_ID], inputs[NAME]))


def _warn_if_predecessor_is_unseen(operation: Operation, inputs: Bag) -> None:
    predecessor = _predecessor(operation, inputs)
    if predecessor is not None and predecessor.was_running is None:
        text = _REPLACED_UNSEEN.format(predecessor.id.rpartition("/")[2])
        operation.warn(operation.with_name(inputs, text))


def _go_on(operation: Operation, id_: str, inputs: Bag) -> Done | Partial | None:
    """Go on with the pipeline that an earlier call of this create has made; None if it is gone."""
    pipeline = RemotePipeline.of(operation, id_, inputs)
    desired, left = state.desired_of(inputs), operation.process.attempts.unfinished(id_)
    recorded = Recorded(definition=desired.definition) if left is None else state.recorded_of(left)
    try:
        live = discount_recorded(pipeline.definition(), pipeline.status(), desired, recorded)
    except DpcError as error:
        if isinstance(error, NotFound) and pipeline.is_gone():
            _forget(operation, pipeline)
            return None
        if left is None:
            raise
        reason = operation.with_name(inputs, f"was created, but {error}. The next `pulumi up` continues.")
        return state.partial(id_, left, reason)
    return _reach(operation, pipeline, inputs, live, desired, recorded)


def _reach(
    operation: Operation,
    pipeline: RemotePipeline,
    inputs: Bag,
    live: Live,
    desired: Desired,
    recorded: Recorded,
) -> Done | Partial:
    """Bring a pipeline that this create has made to what the program says."""
    context = run_context(operation, pipeline, inputs)
    outcome = carry_out(pipeline, plan(live, desired, recorded), live, recorded, context, sent=True)
    attempts = operation.process.attempts
    outputs = state.make_outputs(inputs, outcome, pipeline.service.api_url)
    if outcome.alterations:
        operation.warn_once(operation.with_name(inputs, describe(outcome.alterations)))
    if outcome.end is End.DONE:
        attempts.record_unfinished(pipeline.id, None)
        return state.done(pipeline.id, outputs)
    if outcome.end is End.GONE:
        _forget(operation, pipeline)
        raise Refused(_DELETED_WHILE_STARTING)
    attempts.record_unfinished(pipeline.id, outputs)
    return state.partial(
        pipeline.id, outputs, operation.with_name(inputs, outcome.message("was created, but "))
    )


def _forget(operation: Operation, pipeline: RemotePipeline) -> None:
    operation.process.ownership.record_deletion(operation.urn, pipeline.id)
    operation.process.attempts.forget(pipeline.id)


_REPLACED_UNSEEN = (
    "replaces the pipeline {}, and nobody can tell whether that should run: it was gone, or was stopped since it was"
    " last seen. `running` is not given, so this one was created stopped; if it should run, start it, or set"
    " running=True"
)
_DELETED_WHILE_STARTING = "was deleted outside Pulumi while it was started; run `pulumi up` again"
