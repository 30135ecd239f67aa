"""Creating: one POST for a name that nobody has, never a second one; and the start that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._definition.alteration import describe, find_alterations, may_be_stored_of
from pulumi_dpc._definition.definition import without_ids
from pulumi_dpc._names import IMPORT_ID, NAME, PROJECT_ID, RUNNING
from pulumi_dpc._resources.operation import Done, Operation, Partial, Refused, named
from pulumi_dpc._resources.service import Service
from pulumi_dpc.errors import ConfigurationError, DpcError, NotFound, OutcomeUnknown

from . import importing, run_state, state
from .context import run_context
from .outcome import End, Outcome
from .plan import Live, Recorded, plan, understood
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
        created = _create_or_find(operation, name, state.definition_of(inputs))
        pipeline = RemotePipeline.of(operation, state.make_id(name[0], created.id), inputs)
        process.ownership.record_owner(operation.urn, pipeline.id)
        process.attempts.record_creation(operation.urn, pipeline.id)
    return _start(operation, pipeline, inputs, created.stored)


def require_free_name(pipeline: RemotePipeline, name: str) -> None:
    """Raise if an edit may not take a name: two pipelines of one name could not be told apart any more.

    Raises:
        ConfigurationError: Another pipeline of the project has it.
    """
    others = set(_owners_of(pipeline.service, pipeline.project_id, name)) - {pipeline.pipeline_id}
    if others:
        raise ConfigurationError(
            f"the project {pipeline.project_id} has another pipeline of this name ({min(others)}), so nothing was"
            " changed: choose another name, or run `pulumi up` again if that one is being renamed too (two that swap"
            " their names need a third one in between)"
        )


# ---- adopting ----


def _adopted(operation: Operation, pipeline: RemotePipeline, inputs: Bag) -> Done:
    desired = state.desired_of(inputs)
    live = importing.adopt(operation, pipeline, desired)
    # Where the status says nothing, what makes the next `up` look again.
    running = run_state.is_running(live.status, otherwise=desired.running is False)
    if not run_state.is_known(live.status):
        text = (
            f"was adopted while its status is {live.status}; the next `pulumi up` looks again whether it runs"
        )
        operation.warn(named(inputs, text))
    elif desired.running and not running:
        text = f"was adopted as it is ({live.status}); the next `pulumi up` starts it"
        operation.warn(named(inputs, text))
    definition = desired.definition or {}
    altered = find_alterations(live.definition, definition)
    if altered:
        operation.warn_once(named(inputs, describe(altered)))
    outcome = Outcome(End.DONE, definition, live.status, running, alterations=altered)
    return state.done(pipeline.id, state.outputs_of(inputs, outcome, pipeline.service.api_url))


# ---- one POST ----


@dataclass(frozen=True)
class Created:
    """A pipeline that one POST has made.

    Attributes:
        id: The streaming pipeline's id.
        stored: What the service stores of the definition; None where its answer does not tell.
    """

    id: str
    stored: Mapping[str, Any] | None


def _create_or_find(operation: Operation, name: tuple[str, str], definition: Mapping[str, Any]) -> Created:
    """Create a pipeline whose name is free in the project, or find the one whose answer this process has lost.

    Raises:
        ConfigurationError: The project has a pipeline of that name.
        OutcomeUnknown: The answer was lost, and what is there now does not tell.
    """
    service, attempts = operation.service, operation.process.attempts
    has_posted = attempts.has_posted(operation.urn, name)
    try:
        taken = _owners_of(service, *name)
        if taken and has_posted:
            ours, _ = _found(service, name[0], definition)
            if len(ours) == 1:
                return ours[0]
        if not taken:
            attempts.record_post(operation.urn, name)
            return _post(service, name[0], definition)
    except DpcError as error:
        attempts.record_failed_create(name=name)
        if has_posted and not error.maybe_applied:
            raise _not_looked_up(error) from error
        raise
    ids = [state.make_id(name[0], id_) for id_ in taken]
    attempts.record_failed_create(*ids)
    owner = operation.process.ownership.other_owner(operation.urn, ids[0])
    raise importing.owned_by_another(taken[0], owner) if owner else _name_taken(*name, taken)


def _owners_of(service: Service, project_id: str, name: str) -> list[str]:
    """Return the ids of the pipelines that have a name now; the listing may be as old as this process."""
    if not service.listing.named(project_id, name):
        return []
    return [id_ for id_, _ in service.listing.named(project_id, name, since=service.client.clock.now())]


def _post(service: Service, project_id: str, definition: Mapping[str, Any]) -> Created:
    """Send one POST, never a second one.

    If the answer is lost, the one pipeline of that name and definition is ours: none was there before.
    """
    try:
        created = service.client.create_pipeline(project_id, definition)
    except DpcError as error:
        if not error.maybe_applied:
            raise
        return _found_again(service, project_id, definition, error)
    pipeline_id = str(created["streamingPipelineId"])
    stored = service.stored(project_id, pipeline_id, created)
    if stored is None:
        service.listing.store(project_id, pipeline_id, definition)  # by its name others are told from it
    return Created(pipeline_id, stored)


def _found(
    service: Service, project_id: str, definition: Mapping[str, Any]
) -> tuple[list[Created], list[Created]]:
    """Return the pipelines of that name that may be what was posted, and all of that name."""
    since = service.client.clock.now()
    found = service.listing.named(project_id, definition["name"], since=since)
    now = [Created(id_, without_ids(live)) for id_, live in found]
    return [one for one in now if may_be_stored_of(one.stored or {}, definition)], now


def _not_looked_up(error: DpcError) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{error}. It could not be looked up whether the pipeline was created; run `pulumi up` again: it finds the"
        " pipeline if it is there, and does not make a second one",
        maybe_applied=True,
    )


def _found_again(
    service: Service, project_id: str, definition: Mapping[str, Any], error: DpcError
) -> Created:
    try:
        ours, now = _found(service, project_id, definition)
    except DpcError:
        raise _not_looked_up(error) from error
    if len(ours) == 1:
        return ours[0]
    found = (
        f"{len(ours)} of this name and definition are there now" if ours else "none of this name is there now"
    )
    if now and not ours:
        found = "what has this name now is not, or cannot be told to be, of this definition"
    doubt = f"{error}. Whether the pipeline was created is not known: {found}; run `pulumi up` again"
    raise OutcomeUnknown(doubt, maybe_applied=True) from error


def _name_taken(project_id: str, name: str, ids: Sequence[str]) -> ConfigurationError:
    found = ", ".join(ids)
    return ConfigurationError(
        f"the project {project_id} has a pipeline of this name already ({found}), so nothing was created. If this"
        " resource was renamed or moved in the program, add"
        ' opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="<its old name>")]). If it is a pipeline that Pulumi'
        f' does not manage yet, adopt it with opts=pulumi.ResourceOptions(import_="{project_id}/{ids[0]}").'
        f" If both may exist, give this one another name than {name!r}"
    )


# ---- the start ----


def _start(
    operation: Operation, pipeline: RemotePipeline, inputs: Bag, stored: Mapping[str, Any] | None
) -> Done | Partial:
    """Bring a pipeline that was just created to the run state that it should have."""
    desired = state.desired_of(inputs)
    written = desired.definition or {}
    stored = _read_back(pipeline) if stored is None else stored
    alterations = () if stored is None else find_alterations(stored, written)
    live = Live(written, run_state.NOT_RUNNING, alterations)
    recorded = Recorded(definition=written, resume=_takes_over_running(operation, inputs))
    context = run_context(operation, pipeline)
    outcome = carry_out(pipeline, plan(live, desired, recorded), live, recorded, context, sent=True)
    return _result(operation, pipeline, inputs, outcome)


def _read_back(pipeline: RemotePipeline) -> Mapping[str, Any] | None:
    """Return what is stored of a pipeline just created; None where it cannot be read now."""
    try:
        answer = pipeline.definition()
    except DpcError:
        return None
    return pipeline.service.stored(pipeline.project_id, pipeline.pipeline_id, answer)


def _takes_over_running(operation: Operation, inputs: Bag) -> bool:
    """Tell whether a pipeline runs because the one that it replaces ran, where the program does not say."""
    if inputs.get(RUNNING) is not None:
        return False
    name = (inputs[PROJECT_ID], inputs[NAME])
    predecessor = operation.process.ownership.predecessor(operation.urn, name)
    if predecessor is not None and predecessor.was_running is None:
        operation.warn(named(inputs, _REPLACED_UNSEEN.format(predecessor.id.rpartition("/")[2])))
    return predecessor is not None and bool(predecessor.was_running)


def _go_on(operation: Operation, id_: str, inputs: Bag) -> Done | Partial | None:
    """Go on with the pipeline that an earlier call of this create has made; None if it is gone."""
    pipeline = RemotePipeline.of(operation, id_, inputs)
    desired, left = state.desired_of(inputs), operation.process.attempts.unfinished(id_)
    recorded = Recorded(definition=desired.definition) if left is None else state.recorded_of(left)
    try:
        live = understood(pipeline.definition(), pipeline.status(), desired, recorded)
    except DpcError as error:
        if isinstance(error, NotFound) and pipeline.is_gone():
            _forget(operation, pipeline)
            return None
        if left is None:
            raise
        reason = named(inputs, f"was created, but {error}. The next `pulumi up` continues.")
        return state.partial(id_, left, reason)
    context = run_context(operation, pipeline)
    outcome = carry_out(pipeline, plan(live, desired, recorded), live, recorded, context, sent=True)
    return _result(operation, pipeline, inputs, outcome)


def _result(operation: Operation, pipeline: RemotePipeline, inputs: Bag, outcome: Outcome) -> Done | Partial:
    attempts = operation.process.attempts
    outputs = state.outputs_of(inputs, outcome, pipeline.service.api_url)
    if outcome.alterations:
        operation.warn_once(named(inputs, describe(outcome.alterations)))
    if outcome.end is End.DONE:
        attempts.record_unfinished(pipeline.id, None)
        return state.done(pipeline.id, outputs)
    if outcome.end is End.GONE:
        _forget(operation, pipeline)
        raise Refused(_DELETED_WHILE_STARTING)
    attempts.record_unfinished(pipeline.id, outputs)
    return state.partial(pipeline.id, outputs, named(inputs, outcome.message("was created, but ")))


def _forget(operation: Operation, pipeline: RemotePipeline) -> None:
    operation.process.ownership.record_deletion(operation.urn, pipeline.id)
    operation.process.attempts.forget(pipeline.id)


_REPLACED_UNSEEN = (
    "replaces the pipeline {}, and nobody can tell whether that should run: it was gone, or was stopped since it was"
    " last seen. `running` is not given, so this one was created stopped; if it should run, start it, or set"
    " running=True"
)
_DELETED_WHILE_STARTING = "was deleted outside Pulumi while it was started; run `pulumi up` again"
