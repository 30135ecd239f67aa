"""Taking a name: a POST is sent only while nobody has the name, and again only when a lost one can no longer arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._definition.alteration import may_be_stored_of
from pulumi_dpc._definition.definition import without_ids
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc._resources.polling import poll_delay
from pulumi_dpc._resources.service import Service
from pulumi_dpc.errors import ConfigurationError, DpcError, OutcomeUnknown

from . import importing, state
from .remote import RemotePipeline


def require_free_name(pipeline: RemotePipeline, name: str) -> None:
    """Raise if an edit may not take a name: two pipelines of one name could not be told apart any more.

    Raises:
        ConfigurationError: Another pipeline of the project has it.
    """
    others = set(_find_named(pipeline.service, pipeline.project_id, name)) - {pipeline.pipeline_id}
    if others:
        raise ConfigurationError(
            f"the project {pipeline.project_id} has another pipeline of this name ({min(others)}), so nothing was"
            " changed: choose another name, or run `pulumi up` again if that one is being renamed too (two that swap"
            " their names need a third one in between)"
        )


@dataclass(frozen=True)
class Created:
    """A pipeline that one POST has made.

    Attributes:
        id: The streaming pipeline's id.
        stored: What the service stores of the definition; None where its answer does not tell.
    """

    id: str
    stored: Mapping[str, Any] | None


def create_or_find(operation: Operation, name: tuple[str, str], definition: Mapping[str, Any]) -> Created:
    """Create a pipeline whose name is free in the project, or find the one whose answer this process has lost.

    Raises:
        ConfigurationError: The project has a pipeline of that name.
        OutcomeUnknown: The answer was lost, and what is there now does not tell.
    """
    service, attempts = operation.service, operation.process.attempts
    has_posted = attempts.has_posted(operation.urn, name)
    try:
        taken = _find_named_after_post(operation, name) if has_posted else _find_named(service, *name)
        if taken and has_posted:
            ours, _ = _find_posted(service, name[0], definition)
            if len(ours) == 1:
                return ours[0]
        if not taken:
            attempts.record_post(operation.urn, name)
            return _post(service, name[0], definition)
    except DpcError as error:
        attempts.record_failed_create(name=name)
        if has_posted and not error.maybe_applied:
            raise _lookup_failure(error) from error
        raise
    ids = [state.make_id(name[0], id_) for id_ in taken]
    attempts.record_failed_create(*ids)
    owner = operation.process.ownership.other_owner(operation.urn, ids[0])
    raise importing.owned_by_another(taken[0], owner) if owner else _name_taken(*name, taken)


def _find_named(service: Service, project_id: str, name: str) -> list[str]:
    """Return the ids of the pipelines that have a name.

    A name that nobody has in the listing counts as free, though that may be as old as this process; one that somebody
    has is looked up in a new listing.
    """
    if not service.listing.find_named(project_id, name):
        return []
    return [id_ for id_, _ in service.listing.find_named(project_id, name, since=service.client.clock.now())]


def _find_named_after_post(operation: Operation, name: tuple[str, str]) -> list[str]:
    """Return who has a name for which this resource has sent a POST whose answer was lost.

    The service may carry it out late, so nobody having it proves nothing before a request's time has passed once more.
    """
    service, client = operation.service, operation.service.client
    until = client.clock.now() + client.longest_request
    polls = 0
    while True:
        now = client.clock.now()
        found = service.listing.find_named(*name, since=now)
        if found or now >= until:
            return [id_ for id_, _ in found]
        polls += 1
        client.clock.sleep(min(poll_delay(polls), until - now))


def _post(service: Service, project_id: str, definition: Mapping[str, Any]) -> Created:
    """Send one POST and do not repeat it.

    If the answer is lost, the one pipeline of that name and definition is ours: none was there before.
    """
    try:
        created = service.client.create_pipeline(project_id, definition)
    except DpcError as error:
        if not error.maybe_applied:
            raise
        return _find_after_lost_answer(service, project_id, definition, error)
    pipeline_id = str(created["streamingPipelineId"])
    stored = service.record_stored(project_id, pipeline_id, created)
    if stored is None:
        service.listing.store(
            project_id, pipeline_id, definition
        )  # later creates find the name in the listing
    return Created(pipeline_id, stored)


def _find_posted(
    service: Service, project_id: str, definition: Mapping[str, Any]
) -> tuple[list[Created], list[Created]]:
    """Return the pipelines of that name that may be what was posted, and all of that name."""
    since = service.client.clock.now()
    found = service.listing.find_named(project_id, definition["name"], since=since)
    now = [Created(id_, without_ids(live)) for id_, live in found]
    return [one for one in now if may_be_stored_of(one.stored or {}, definition)], now


def _lookup_failure(error: DpcError) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{error}. It could not be looked up whether the pipeline was created; run `pulumi up` again: it does"
        " not make a second one, and if the pipeline is there it says how to adopt it",
        maybe_applied=True,
    )


def _find_after_lost_answer(
    service: Service, project_id: str, definition: Mapping[str, Any], error: DpcError
) -> Created:
    try:
        ours, now = _find_posted(service, project_id, definition)
    except DpcError:
        raise _lookup_failure(error) from error
    if len(ours) == 1:
        return ours[0]
    found = (
        f"{len(ours)} of this name and definition are there now" if ours else "none of this name is there now"
    )
    if now and not ours:
        found = "the pipelines of this name differ from this definition, or do not show enough to tell"
    doubt = f"{error}. Whether the pipeline was created is not known: {found}; run `pulumi up` again"
    raise OutcomeUnknown(doubt, maybe_applied=True) from error


def _name_taken(project_id: str, name: str, ids: Sequence[str]) -> ConfigurationError:
    found = ", ".join(ids)
    return ConfigurationError(
        f"the project {project_id} has a pipeline of this name already ({found}), so nothing was created. If this"
        " resource was renamed or moved in the program, add on this resource itself, not on its component,"
        ' opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="<its old name>")]), or'
        ' aliases=["<its old URN>"] as `pulumi stack --show-urns` lists it. If it is a pipeline that Pulumi'
        f' does not manage yet, adopt it with opts=pulumi.ResourceOptions(import_="{project_id}/{ids[0]}").'
        f" If both may exist, give this one another name than {name!r}"
    )
