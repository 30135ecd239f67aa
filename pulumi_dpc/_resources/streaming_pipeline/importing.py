"""Importing: adopting the pipeline that ``import_`` names, if it is what the program says; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_dpc._definition.comparison import difference_paths, is_mask, value_at
from pulumi_dpc._definition.shape import path_text
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc.errors import ConfigurationError, DpcError, LookupFailed, NotFound

from . import run_state
from .plan import Desired, Live
from .remote import RemotePipeline
from .state import make_id


class NotAsProgrammed(ConfigurationError):
    """A pipeline that ``import_`` names and that is not what the program says."""


def live_if_importable(operation: Operation, pipeline: RemotePipeline, desired: Desired) -> Live:
    """Return the pipeline that ``import_`` names, if this resource may adopt it as it is.

    The one comparison before an import, in the preview and in the create.

    Raises:
        NotAsProgrammed: It differs from the program.
        ConfigurationError: Another resource of the program has it.
        LookupFailed: There is none of that id.
    """
    require_sole_owner(operation, pipeline.id)
    try:
        live = Live(pipeline.definition(), pipeline.status())
    except NotFound:
        raise _missing(pipeline, (desired.definition or {})["name"]) from None
    lines = _differences(live, desired)
    if lines:
        raise _differs(pipeline.pipeline_id, lines)
    return live


def adopt(operation: Operation, pipeline: RemotePipeline, desired: Desired) -> Live:
    """Take over the pipeline that ``import_`` names.

    Raises:
        ConfigurationError: It differs from the program, or another resource of the program has it.
        LookupFailed: There is none of that id.
    """
    try:
        live = live_if_importable(operation, pipeline, desired)
    except DpcError:
        operation.process.attempts.record_failed_create(pipeline.id)
        raise
    operation.process.ownership.record_adoption(operation.urn, pipeline.id)
    return live


def require_sole_owner(operation: Operation, id_: str) -> None:
    """Raise if another resource of the program has this pipeline, or is about to adopt it.

    Raises:
        ConfigurationError: One has.
    """
    owner = operation.process.ownership.other_owner(operation.urn, id_)
    if owner:
        raise owned_by_another(id_.rpartition("/")[2], owner)


def owned_by_another(pipeline_id: str, owner: str) -> ConfigurationError:
    """Return the error of a resource whose pipeline is another's."""
    return ConfigurationError(
        f"the pipeline {pipeline_id} is managed already, by the resource {owner} of this program: two resources"
        " cannot manage one pipeline; remove one of them, or run `pulumi up` again if that one is being renamed"
    )


def _differences(live: Live, desired: Desired) -> list[str]:
    """Return what keeps the live pipeline from being adopted as it is, a line each.

    ``running=True`` on a stopped pipeline is none: it is adopted, and the next ``up`` starts it.
    """
    paths = difference_paths(live.definition, desired.definition or {})
    # What the service masks nobody can compare; what the program says there is taken for what is stored.
    seen = [path_text(path) for path in paths if not is_mask(value_at(live.definition, path))]
    lines = [f"{path}: the program and the live pipeline differ" for path in sorted(seen)]
    if desired.running is False and run_state.is_running(live.status):
        lines.append(f"running: False in the program, but the live pipeline is {live.status}")
    if desired.running is None and not run_state.is_known(live.status):
        lines.append(
            f"running: the program does not give it, and the live pipeline's status ({live.status}) does not tell"
            " whether it runs; set running=True or running=False"
        )
    return lines


def _differs(pipeline_id: str, lines: Sequence[str]) -> NotAsProgrammed:
    listed = "\n".join(f"  {line}" for line in lines)
    return NotAsProgrammed(
        f"the pipeline {pipeline_id} named by import_ differs from the program, so it was not adopted and nothing was"
        f" changed; make the program equal to it first:\n{listed}"
    )


def _missing(pipeline: RemotePipeline, name: str) -> LookupFailed:
    others = [id_ for id_, _ in pipeline.service.listing.find_named(pipeline.project_id, name)]
    hint = (
        f"; the pipeline of that name in the project is {make_id(pipeline.project_id, others[0])}"
        if others
        else ""
    )
    return LookupFailed(
        f"the pipeline {pipeline.pipeline_id} named by import_ does not exist: remove `import_`{hint}"
    )
