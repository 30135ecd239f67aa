"""How a resource comes to its pipeline and its name: by adopting what ``import_`` names, or by one POST, never two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._definition.alteration import may_be_stored_of
from pulumi_dpc._definition.comparison import differences
from pulumi_dpc._definition.definition import without_ids
from pulumi_dpc._resources.ownership import Claims
from pulumi_dpc.errors import ConfigurationError, DpcError, LookupFailed, NotFound, OutcomeUnknown

from . import run_state
from .plan import Live, Wish
from .remote import Place, RemotePipeline
from .state import make_id


def check(pipeline: RemotePipeline, wish: Wish) -> tuple[Live, str | None]:
    """Return the pipeline that ``import_`` names, and why it cannot be adopted as it is, if it cannot.

    Raises:
        LookupFailed: There is none of that id.
    """
    try:
        live = Live(pipeline.definition(), pipeline.status())
    except NotFound:
        raise _missing(pipeline, (wish.definition or {})["name"]) from None
    lines = _differences(live, wish)
    return live, _differs(pipeline.pipeline_id, lines) if lines else None


def hold_alone(claims: Claims, urn: str | None, id_: str) -> None:
    """Hold that no other resource of the program has this pipeline, or is about to adopt it.

    Raises:
        ConfigurationError: One has.
    """
    holder = claims.other_holder(urn, id_)
    if holder:
        raise _held_by_another(id_.rpartition("/")[2], holder)


def adopt(pipeline: RemotePipeline, wish: Wish, claims: Claims) -> Live:
    """Take over the pipeline that ``import_`` names, if it is what the program says; nothing is sent.

    Raises:
        ConfigurationError: It differs from the program, or another resource of the program has it.
        LookupFailed: There is none of that id.
    """
    id_ = make_id(pipeline.project_id, pipeline.pipeline_id)
    try:
        hold_alone(claims, pipeline.urn, id_)
        live, refusal = check(pipeline, wish)
        if refusal:
            raise ConfigurationError(refusal)
    except DpcError:
        claims.fail(id_)
        raise
    claims.adopt(pipeline.urn, id_)
    return live


@dataclass(frozen=True)
class Created:
    """A pipeline that one POST has made.

    Attributes:
        id: The streaming pipeline's id.
        stored: What the service stores of the definition; None where its answer does not tell.
    """

    id: str
    stored: Mapping[str, Any] | None


def create(
    place: Place, project_id: str, definition: Mapping[str, Any], claims: Claims, urn: str | None
) -> Created:
    """Create a pipeline whose name is free in the project, or find the one whose answer this process has lost.

    Raises:
        ConfigurationError: The project has a pipeline of that name.
        OutcomeUnknown: The answer was lost, and what is there now does not tell.
    """
    name = (project_id, definition["name"])
    try:
        taken = _holders(place, *name)
        if taken and claims.has_posted(urn, name):
            ours, _ = _found(place, project_id, definition)
            if len(ours) == 1:
                return ours[0]
        if not taken:
            claims.post(urn, name)
            return _post(place, project_id, definition)
    except DpcError:
        claims.fail(name=name)
        raise
    ids = [make_id(project_id, id_) for id_ in taken]
    claims.fail(*ids)
    holder = claims.other_holder(urn, ids[0])
    raise _held_by_another(taken[0], holder) if holder else _name_taken(*name, taken)


def check_name(pipeline: RemotePipeline, name: str) -> None:
    """Hold that an edit may take a name: two pipelines of one name could not be told apart any more.

    Raises:
        ConfigurationError: Another pipeline of the project has it.
    """
    others = set(_holders(pipeline.place, pipeline.project_id, name)) - {pipeline.pipeline_id}
    if others:
        raise ConfigurationError(
            f"the project {pipeline.project_id} has another pipeline of this name ({min(others)}), so nothing was"
            " changed: choose another name, or run `pulumi up` again if that one is being renamed too (two that swap"
            " their names need a third one in between)"
        )


def _holders(place: Place, project_id: str, name: str) -> list[str]:
    """Return who has a name; the listing may be as old as this process, and who had it then may be gone."""
    if not place.listing.named(project_id, name):
        return []
    return [id_ for id_, _ in place.listing.named(project_id, name, since=place.client.clock.now())]


def _post(place: Place, project_id: str, definition: Mapping[str, Any]) -> Created:
    """Send one POST, never a second one.

    If the answer is lost, the one pipeline of that name and definition is ours: none was there before.
    """
    try:
        created = place.client.create_pipeline(project_id, definition)
    except DpcError as error:
        if not error.maybe_applied:
            raise
        return _found_again(place, project_id, definition, error)
    pipeline_id = str(created["streamingPipelineId"])
    stored = place.stored(project_id, pipeline_id, created)
    if stored is None:
        place.listing.stale(project_id, pipeline_id, definition)
    return Created(pipeline_id, stored)


def _found(
    place: Place, project_id: str, definition: Mapping[str, Any]
) -> tuple[list[Created], list[Created]]:
    """Return the pipelines of that name that may be what was posted, and all of that name."""
    since = place.client.clock.now()
    found = place.listing.named(project_id, definition["name"], since=since)
    now = [Created(id_, without_ids(live)) for id_, live in found]
    return [one for one in now if may_be_stored_of(one.stored or {}, definition)], now


def _found_again(place: Place, project_id: str, definition: Mapping[str, Any], error: DpcError) -> Created:
    try:
        ours, now = _found(place, project_id, definition)
    except DpcError:
        raise OutcomeUnknown(
            f"{error}. It could not be looked up whether the pipeline was created; run `pulumi up` again: it finds"
            " the pipeline if it is there, and does not make a second one",
            maybe_applied=True,
        ) from error
    if len(ours) == 1:
        return ours[0]
    found = (
        f"{len(ours)} of this name and definition are there now" if ours else "none of this name is there now"
    )
    if now and not ours:
        found = "what has this name now is not, or cannot be told to be, of this definition"
    doubt = f"{error}. Whether the pipeline was created is not known: {found}; run `pulumi up` again"
    raise OutcomeUnknown(doubt, maybe_applied=True) from error


def _differences(live: Live, wish: Wish) -> list[str]:
    """Return what keeps the live pipeline from being adopted as it is, a line each.

    ``running=True`` on a stopped pipeline is none: it is adopted, and the next ``up`` starts it.
    """
    paths = differences(live.definition, wish.definition or {})
    lines = [f"{path}: the program and the live pipeline differ" for path in paths]
    if wish.running is False and run_state.is_running(live.status):
        lines.append(f"running: False in the program, but the live pipeline is {live.status}")
    if wish.running is None and not run_state.is_known(live.status):
        lines.append(
            f"running: not given, and whether the live pipeline runs is not known ({live.status}); give it"
        )
    return lines


def _differs(pipeline_id: str, lines: Sequence[str]) -> str:
    listed = "\n".join(f"  {line}" for line in lines)
    return (
        f"the pipeline {pipeline_id} named by import_ differs from the program, so it was not adopted and nothing was"
        f" changed; make the program equal to it first:\n{listed}"
    )


def _missing(pipeline: RemotePipeline, name: str) -> LookupFailed:
    others = [id_ for id_, _ in pipeline.place.listing.named(pipeline.project_id, name)]
    hint = (
        f"; the pipeline of that name in the project is {make_id(pipeline.project_id, others[0])}"
        if others
        else ""
    )
    return LookupFailed(
        f"the pipeline {pipeline.pipeline_id} named by import_ does not exist: remove `import_`{hint}"
    )


def _held_by_another(pipeline_id: str, holder: str) -> ConfigurationError:
    return ConfigurationError(
        f"the pipeline {pipeline_id} is managed already, by the resource {holder} of this program: two resources"
        " cannot manage one pipeline; remove one of them, or run `pulumi up` again if that one is being renamed"
    )


def _name_taken(project_id: str, name: str, ids: Sequence[str]) -> ConfigurationError:
    found = ", ".join(ids)
    return ConfigurationError(
        f"the project {project_id} has a pipeline of this name already ({found}), so nothing was created. If this"
        " resource was renamed or moved in the program, add"
        ' opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="<its old name>")]). If it is a pipeline that Pulumi'
        f' does not manage yet, adopt it with opts=pulumi.ResourceOptions(import_="{project_id}/{ids[0]}").'
        f" If both may exist, give this one another name than {name!r}"
    )
