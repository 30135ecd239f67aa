"""Reading, updating and deleting a streaming pipeline; creating, importing and checking stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_dpc._definition.alteration import describe
from pulumi_dpc._names import AGENT_ID, API_URL, GIVEN_RUNNING, NAME, RESUME, RUNNING, STATUS
from pulumi_dpc._resources.declaring import other_import
from pulumi_dpc._resources.operation import Done, Gone, Operation, Partial, Refused
from pulumi_dpc.errors import LookupFailed, NotFound

from . import run_state, slots, state
from .agent_moves import await_free_agent
from .checking import check, diff
from .context import run_context
from .creating import create
from .outcome import End, Outcome
from .plan import Desired, Live, Recorded, discount_recorded, plan
from .posting import require_free_name
from .remote import RemotePipeline
from .run import carry_out

__all__ = ["check", "create", "delete", "diff", "read", "update"]

Bag = dict[str, Any]


def read(operation: Operation, id_: str, recorded: Bag) -> Done | Gone:
    """Return the live pipeline for refresh and get.

    Raises:
        DpcError: It could not be read, or nothing proves that it is gone.
    """
    pipeline = RemotePipeline.of(operation, id_, recorded)
    is_get = API_URL not in recorded
    try:
        definition = pipeline.definition() if is_get else pipeline.listed_definition()
        live = Live(definition, pipeline.status())
    except NotFound:
        if is_get:
            raise LookupFailed(f"there is no streaming pipeline {id_!r}") from None
        if not pipeline.is_gone():
            raise
        if GIVEN_RUNNING not in recorded:
            operation.warn(operation.with_name(recorded, _GONE_AS_FOUND))
        return Gone()
    outputs, inputs = state.refresh_bags(recorded, pipeline.project_id, live, pipeline.service.api_url)
    if not run_state.is_known(live.status):
        agent = pipeline.agent_state(live.definition.get(AGENT_ID))
        sentence = _LAST_KNOWN if RUNNING in outputs else _NEVER_KNOWN
        operation.warn(operation.with_name(outputs, sentence.format(live.status, agent)))
    return state.done(id_, outputs, None if is_get else inputs)


def update(operation: Operation, id_: str, recorded_outputs: Bag, inputs: Bag) -> Done | Partial:
    """Bring the live pipeline to what the program says; the outputs are always complete.

    Raises:
        DpcError: Nothing was changed, everything is as it was again, or the pipeline is gone.
    """
    outputs = operation.process.attempts.unfinished(id_) or recorded_outputs
    operation.process.ownership.record_owner(operation.urn, id_)
    operation.process.agent_uses.begin(operation.urn)
    moved = state.with_secrets_moved(outputs, inputs, operation.ignored)
    if moved is not None:
        return state.done(id_, moved)
    pipeline = RemotePipeline.of(operation, id_, outputs)
    other = other_import(operation, id_, outputs, inputs, "pipeline")
    if other is not None:
        raise Refused(other)
    stored, status = _read_live(pipeline)
    recorded = state.recorded_of(outputs)
    desired = state.desired_with_ignored_kept(
        state.desired_of(inputs), recorded.in_our_words(stored), operation.ignored
    )
    live, name = discount_recorded(stored, status, desired, recorded), (desired.definition or {})[NAME]
    if name == live.definition.get(NAME):
        return _edit(operation, pipeline, inputs, desired, live, recorded)
    with operation.process.name_locks.hold((pipeline.project_id, name)):
        require_free_name(operation, pipeline, name)
        return _edit(operation, pipeline, inputs, desired, live, recorded)


def _read_live(pipeline: RemotePipeline) -> tuple[Mapping[str, Any], str]:
    try:
        return pipeline.definition(), pipeline.status()
    except NotFound:
        if not pipeline.is_gone():
            raise
        raise Refused(_DELETED_OUTSIDE) from None


def _edit(
    operation: Operation,
    pipeline: RemotePipeline,
    inputs: Bag,
    desired: Desired,
    live: Live,
    recorded: Recorded,
) -> Done | Partial:
    steps = plan(live, desired, recorded)
    if steps.refusal:
        raise Refused(steps.refusal)
    context = run_context(operation, pipeline, inputs)
    await_free_agent(pipeline, steps, live, context)
    outcome = carry_out(pipeline, steps, live, recorded, context)
    outputs = state.make_outputs(inputs, outcome, pipeline.service.api_url, desired)
    known = {one.path for one in recorded.alterations}
    new = [one for one in outcome.alterations if one.path not in known]
    if new:
        operation.warn_once(operation.with_name(inputs, describe(new)))
    attempts = operation.process.attempts
    if outcome.end is End.DONE:
        attempts.record_unfinished(pipeline.id, None)
        return state.done(pipeline.id, outputs)
    if outcome.end is End.GONE:
        raise Refused(_DELETED_OUTSIDE)
    if outcome.end is End.REFUSED:
        raise Refused(outcome.message())
    attempts.record_unfinished(pipeline.id, outputs)
    return state.partial(pipeline.id, outputs, operation.with_name(inputs, outcome.message()))


def delete(operation: Operation, id_: str, recorded_outputs: Bag) -> None:
    """Stop and delete the pipeline, unless another resource of the program has taken it over.

    Raises:
        DpcError: It was not deleted.
    """
    process = operation.process
    outputs = process.attempts.unfinished(id_) or recorded_outputs
    if process.ownership.owned_elsewhere(operation.urn, id_):
        operation.inform(operation.with_name(outputs, _LEFT_ALONE))
        return
    pipeline = RemotePipeline.of(operation, id_, outputs)
    name = (pipeline.project_id, outputs.get(NAME, ""))
    if process.attempts.create_failed_for(id_, name):
        raise Refused(_DISPUTED)
    was_running: bool | None = None
    try:
        live = Live(state.definition_of(outputs), pipeline.status())
    except NotFound:
        if not pipeline.is_gone():
            raise
    else:
        was_running = _remove(operation, pipeline, live, outputs)
    process.ownership.record_deletion(operation.urn, id_, name, was_running=was_running)
    process.attempts.forget(id_)
    # What takes the place of this one goes on with its slot, or the diff has warned.
    left_behind = None if process.ownership.is_replaced(operation.urn, id_) else slots.when_deleted(outputs)
    if left_behind is not None:
        operation.warn(operation.with_name(outputs, left_behind))


def _remove(operation: Operation, pipeline: RemotePipeline, live: Live, outputs: Bag) -> bool | None:
    """Delete a pipeline that is there, and return whether it ran; None where it ran when last seen, and not now."""
    recorded = state.recorded_of(outputs)
    steps = plan(live, Desired(None), recorded)
    outcome = carry_out(pipeline, steps, live, recorded, run_context(operation, pipeline, outputs))
    if outcome.end not in (End.DONE, End.GONE):
        operation.process.attempts.record_unfinished(pipeline.id, _with_owed_start(outputs, outcome))
        raise Refused(outcome.message("was not deleted: "))
    return steps.was_running or (None if recorded.running else False)


def _with_owed_start(outputs: Bag, outcome: Outcome) -> Bag:
    """Return the outputs with what a delete that failed has left: the engine stores nothing of it."""
    owed = {RESUME: True} if outcome.resume else {}
    return {**outputs, RUNNING: outcome.running, STATUS: outcome.status, **owed}


_LEFT_ALONE = (
    "the pipeline was left as it is, because another resource of this program manages it now; only this resource is"
    " removed from the state"
)
_GONE_AS_FOUND = (
    "was deleted outside Pulumi. `running` is not given, so whether it is to run is not known: the next `pulumi up`"
    " creates it again, stopped"
)
_LAST_KNOWN = (
    "its status is {}, and {}, so nobody can see whether it runs. The state keeps what was last seen, by an earlier"
    " command"
)
_NEVER_KNOWN = (
    "its status is {}, and {}, so nobody can see whether it runs. That was not seen since it was imported, so the state"
    " says nothing of it"
)
_DELETED_OUTSIDE = "was deleted outside Pulumi; run `pulumi up --refresh` to create it again"
_DISPUTED = (
    "was not deleted, because a create in this command failed that may be about this very pipeline (a renamed"
    " resource?). Fix that one first: aliases=[pulumi.Alias(name=...)] keeps this pipeline under the new name"
)
