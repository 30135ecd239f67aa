"""What a create does about a pipeline that is already there: adopt the one named by ``import_``, else refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import run_state
from .definition import differences
from .errors import ConfigurationError, DpcError, LookupFailed, OutcomeUnknown
from .plan import Live, Wish
from .remote import Place, RemotePipeline


def read_live(pipeline: RemotePipeline) -> Live:
    """Return definition and status of the pipeline that ``import_`` names.

    Raises:
        NotFound: There is none of that id.
    """
    return Live(pipeline.definition(), pipeline.status())


def differences_from(live: Live, wish: Wish) -> list[str]:
    """Return what keeps the live pipeline from being adopted as it is, a line each.

    ``running=True`` on a stopped pipeline is none: it is adopted, and the next ``up`` starts it.
    """
    paths = differences(live.definition, wish.definition or {})
    lines = [f"{path}: the program and the live pipeline differ" for path in paths]
    if wish.running is False and run_state.is_running(live.status):
        lines.append(f"running: False in the program, but the live pipeline is {live.status}")
    return lines


def refusal_to_adopt(lines: Sequence[str], pipeline_id: str) -> str:
    """Return the sentence for a live pipeline that is not what the program says."""
    listed = "\n".join(f"  {line}" for line in lines)
    return (
        f"the pipeline {pipeline_id} named by import_ differs from the program, so it was not adopted and nothing was"
        f" changed; make the program equal to it first:\n{listed}"
    )


def missing(place: Place, project_id: str, pipeline_id: str, name: str) -> LookupFailed:
    """Return the error for an ``import_`` id that does not exist, naming a pipeline of that name, if there is one."""
    others = [id_ for id_, _ in place.listing.named(project_id, name)]
    hint = f"; the pipeline of that name in the project is {project_id}/{others[0]}" if others else ""
    return LookupFailed(f"the pipeline {pipeline_id} named by import_ does not exist: remove `import_`{hint}")


def held_by_another(pipeline_id: str, holder: str) -> ConfigurationError:
    """Return the error for a pipeline that another resource of the program manages already."""
    return ConfigurationError(
        f"the pipeline {pipeline_id} is managed already, by the resource {holder} of this program: two resources"
        " cannot manage one pipeline; remove one of them"
    )


def name_taken(project_id: str, name: str, ids: Sequence[str]) -> DpcError:
    """Return the error for a name that the project has already."""
    found = ", ".join(ids)
    return ConfigurationError(
        f"the project {project_id} has a pipeline of this name already ({found}), so nothing was created. If this"
        " resource was renamed or moved in the program, add"
        ' opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="<its old name>")]). If it is a pipeline that Pulumi'
        f' does not manage yet, adopt it with opts=pulumi.ResourceOptions(import_="{project_id}/{ids[0]}").'
        f" If both may exist, give this one another name than {name!r}"
    )


def create(place: Place, project_id: str, definition: Mapping[str, Any]) -> str:
    """Create a pipeline and return its id; never send a second POST.

    If the answer is lost, the one pipeline of that name and definition that was not there before is ours.

    Raises:
        OutcomeUnknown: The answer was lost, and what is there now does not tell.
    """
    name = definition["name"]
    before = {id_ for id_, _ in place.listing.named(project_id, name)}
    try:
        created = place.client.create_pipeline(project_id, definition)
    except DpcError as error:
        if not error.maybe_applied:
            raise
        pipeline_id = _found_again(place, project_id, definition, before, error)
    else:
        pipeline_id = str(created["streamingPipelineId"])
    place.listing.wrote(project_id, pipeline_id, definition)
    return pipeline_id


def _found_again(
    place: Place, project_id: str, definition: Mapping[str, Any], before: set[str], error: DpcError
) -> str:
    since = place.client.clock.now()
    try:
        now = place.listing.named(project_id, definition["name"], since=since)
    except DpcError:
        raise OutcomeUnknown(
            f"{error}. It could not be looked up whether the pipeline was created; run `pulumi up` again: it finds"
            " the pipeline if it is there, and does not make a second one"
        ) from error
    ours = [id_ for id_, live in now if id_ not in before and not differences(live, definition)]
    if len(ours) == 1:
        return ours[0]
    found = (
        f"{len(ours)} of this name and definition are there now" if ours else "none of this name is there now"
    )
    doubt = f"{error}. Whether the pipeline was created is not known: {found}; run `pulumi up` again"
    raise OutcomeUnknown(doubt) from error
