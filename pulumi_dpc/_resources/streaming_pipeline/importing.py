"""Importing: adopting the pipeline that ``import_`` names, if it is what the program says; nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pulumi_dpc._api.redaction import FREE_PROPERTIES
from pulumi_dpc._definition.comparison import Path, difference_paths, is_mask, is_modelled, value_at
from pulumi_dpc._definition.shape import path_text
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc._resources.sole_owner import require_sole_owner
from pulumi_dpc.errors import ConfigurationError, DpcError, LookupFailed, NotFound

from . import run_state
from .plan import Definition, Desired, Live
from .remote import RemotePipeline
from .state import make_id


class NotAsProgrammed(ConfigurationError):
    """A pipeline that ``import_`` names and that is not what the program says."""


def live_if_importable(
    operation: Operation, pipeline: RemotePipeline, desired: Desired, secrets: Sequence[str]
) -> Live:
    """Return the pipeline that ``import_`` names, if this resource may adopt it as it is.

    The one comparison before an import, in the preview and in the create.

    Args:
        operation: The engine's request.
        pipeline: The pipeline.
        desired: What the program says.
        secrets: Where the program's values are secrets, such as ``/streamingTarget/prefix``; they are not shown.

    Raises:
        NotAsProgrammed: It differs from the program.
        ConfigurationError: Another resource of the program has it.
        LookupFailed: There is none of that id.
    """
    require_sole_owner(operation, pipeline.id, "pipeline")
    try:
        live = Live(pipeline.definition(), pipeline.status())
    except NotFound:
        raise _missing(pipeline, (desired.definition or {})["name"]) from None
    lines = _differences(live, desired, secrets)
    if lines:
        raise _differs(pipeline.pipeline_id, lines)
    return live


def adopt(operation: Operation, pipeline: RemotePipeline, desired: Desired, secrets: Sequence[str]) -> Live:
    """Take over the pipeline that ``import_`` names; see `live_if_importable`.

    Raises:
        ConfigurationError: It differs from the program, or another resource of the program has it.
        LookupFailed: There is none of that id.
    """
    try:
        live = live_if_importable(operation, pipeline, desired, secrets)
    except DpcError:
        operation.process.attempts.record_failed_create(pipeline.id)
        raise
    operation.process.ownership.record_adoption(operation.urn, pipeline.id)
    return live


def progress_text(pipeline: RemotePipeline, live: Live) -> str:
    """Return what the resource's row shows beside `create`, the engine's word for every new resource."""
    return f"adopts {pipeline.pipeline_id}, {run_state.in_words(live.status)}"


def _differences(live: Live, desired: Desired, secrets: Sequence[str]) -> list[str]:
    """Return what keeps the live pipeline from being adopted as it is, a line each.

    ``running=True`` on a stopped pipeline is none: it is adopted, and the next ``up`` starts it.
    """
    definition = desired.definition or {}
    paths = difference_paths(live.definition, definition)
    # What the service masks nobody can compare; what the program says there is taken for what is stored.
    seen = [path for path in paths if not is_mask(value_at(live.definition, path))]
    lines = sorted(f"{path_text(path)}: {_side_by_side(live, definition, path, secrets)}" for path in seen)
    if desired.running is False and run_state.is_running(live.status):
        lines.append(f"running: False in the program, but the live pipeline is {live.status}")
    if desired.running is None and not run_state.is_known(live.status):
        lines.append(
            f"running: the program does not give it, and the live pipeline's status ({live.status}) does not tell"
            " whether it runs; set running=True or running=False"
        )
    return lines


def _side_by_side(live: Live, definition: Definition, path: Path, secrets: Sequence[str]) -> str:
    """Return what the program and the live pipeline have at a path, but for what is or may be a secret."""
    place = "/".join(("", *path))
    is_secret = any(f"{place}/".startswith(f"{one}/") or one.startswith(f"{place}/") for one in secrets)
    if (
        is_secret
        or not set(FREE_PROPERTIES).isdisjoint(path)
        or not all(is_modelled(one, path) for one in (definition, live.definition))
    ):
        return "the program and the live pipeline differ"
    ours, theirs = value_at(definition, path), value_at(live.definition, path)
    if isinstance(ours, list) and isinstance(theirs, list):
        sides = (("the program", ours, theirs), ("the live pipeline", theirs, ours))
        alone = [(side, [one for one in mine if one not in other]) for side, mine, other in sides]
        return ", ".join(f"only {side} has {_text(items)}" for side, items in alone if items)
    return f"{_text(ours)} in the program, {_text(theirs)} in the live pipeline"


def _text(value: Any) -> str:
    """Return a value for a line of an error."""
    if value is None:
        return "nothing"
    text = "".join(
        char if char.isprintable() else repr(char)[1:-1] for char in json.dumps(value, ensure_ascii=False)
    )
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 200
"""A longer value, such as a list of a hundred tables, would bury the other lines."""


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
