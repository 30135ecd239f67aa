"""The passage between the engine's property bags and the runner's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import run_state
from .definition import as_recorded, differences, is_unknown
from .errors import ConfigurationError
from .models import is_uuid
from .names import (
    API_URL,
    DEFINITION,
    IMPORT_ID,
    INTERRUPT_SNAPSHOT,
    OPTIONS,
    PROJECT_ID,
    RESUME,
    RUNNING,
    SECRETS,
    STATUS,
    UNFINISHED,
    WAIT,
    WISHED_RUNNING,
)
from .plan import Live, Said, Wish
from .record import Outcome

Bag = Mapping[str, Any]


def definition_of(bag: Bag) -> dict[str, Any]:
    """Return the part of a property bag that is the API's pipeline definition."""
    return {key: bag[key] for key in DEFINITION if bag.get(key) is not None}


def with_plain_ids(inputs: Bag) -> dict[str, Any]:
    """Return the inputs with their ids in lower case: a UUID in another case is the same one."""
    ids = {key: value.lower() for key in (PROJECT_ID, IMPORT_ID) if isinstance(value := inputs.get(key), str)}
    return {**inputs, **ids}


def is_moved(outputs: Bag, inputs: Bag) -> bool:
    """Tell whether the project has changed, which replaces the pipeline; one that is not known yet may have."""
    before, now = with_plain_ids(outputs), with_plain_ids(inputs)
    return bool(before.get(PROJECT_ID) != now.get(PROJECT_ID))


def imports_another(id_: str, outputs: Bag, inputs: Bag) -> bool:
    """Tell whether ``import_`` names another pipeline than the resource has, or once adopted."""
    import_id = inputs.get(IMPORT_ID)
    return isinstance(import_id, str) and import_id not in (id_.lower(), outputs.get(IMPORT_ID))


def make_id(project_id: str, pipeline_id: str) -> str:
    """Return the resource id: ``<project id>/<streaming pipeline id>``."""
    return f"{project_id}/{pipeline_id}"


def split_id(id_: str) -> tuple[str, str]:
    """Return (project id, streaming pipeline id); raise ConfigurationError for anything else."""
    project_id, slash, pipeline_id = id_.partition("/")
    if not (project_id and slash and pipeline_id) or "/" in pipeline_id:
        raise ConfigurationError(
            f"{id_!r} is not an id of a streaming pipeline: write '<project id>/<streaming pipeline id>'"
        )
    return project_id, pipeline_id


def wish_of(inputs: Bag) -> Wish:
    """Return what the program wants."""
    return Wish(
        definition=definition_of(inputs),
        running=inputs.get(RUNNING),
        wait=inputs.get(WAIT, True),
        interrupt_snapshot=inputs.get(INTERRUPT_SNAPSHOT, False),
    )


def said_of(outputs: Bag) -> Said:
    """Return what the outputs recorded."""
    return Said(
        definition=definition_of(outputs) or None,
        running=bool(outputs.get(RUNNING)),
        unfinished=bool(outputs.get(UNFINISHED)),
        resume=bool(outputs.get(RESUME)),
    )


def outputs_of(inputs: Bag, outcome: Outcome, api_url: str) -> dict[str, Any]:
    """Return the complete outputs after an operation.

    The definition is in the program's spelling where the service has what the program says, else as it is there. What
    is there then may hold a secret of an earlier program under a key that this one does not have, and the engine
    knows secrets by their keys in the inputs only, so such a property is named in ``__secrets``.
    """
    wished = definition_of(inputs)
    definition = wished if not differences(outcome.definition, wished) else definition_of(outcome.definition)
    hidden = {
        SECRETS: [key for key, value in definition.items() if value != wished.get(key)] or None,
        WISHED_RUNNING: inputs.get(RUNNING),
        UNFINISHED: outcome.unfinished or None,
        RESUME: outcome.resume or None,
        IMPORT_ID: inputs.get(IMPORT_ID),
    }
    return {
        PROJECT_ID: inputs[PROJECT_ID],
        **definition,
        **{key: inputs[key] for key in OPTIONS if key in inputs},
        RUNNING: outcome.running,
        STATUS: outcome.status,
        API_URL: api_url,
        **{key: value for key, value in hidden.items() if value is not None},
    }


def refreshed(
    recorded: Bag, project_id: str, live: Live, api_url: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (outputs, inputs) as a refresh finds them.

    The inputs are the whole live definition in the recorded spelling, so that an added property shows as drift; and
    the live run state, if the user gave one, so that the next preview shows what it will repair.
    """
    definition = as_recorded(live.definition, definition_of(recorded))
    running = run_state.is_running(live.status, otherwise=bool(recorded.get(RUNNING)))
    kept = {key: recorded[key] for key in (*OPTIONS, IMPORT_ID) if key in recorded}
    inputs = {PROJECT_ID: project_id, **definition, **kept}
    hidden = {key: recorded[key] for key in (WISHED_RUNNING, UNFINISHED, RESUME, SECRETS) if key in recorded}
    if run_state.is_known(live.status):
        hidden.pop(UNFINISHED, None)
    if run_state.is_up(live.status):
        hidden.pop(RESUME, None)
    outputs = {**inputs, **hidden, RUNNING: running, STATUS: live.status, API_URL: api_url}
    if WISHED_RUNNING in recorded:
        inputs[RUNNING] = running
    return outputs, inputs


def mistakes(inputs: Bag) -> list[str]:
    """Return what is wrong with the inputs that are not part of the definition, path first."""
    found = []
    project_id = inputs.get(PROJECT_ID)
    if project_id is None:
        found.append(f"{PROJECT_ID}: is required")
    elif not is_unknown(project_id) and not (isinstance(project_id, str) and is_uuid(project_id)):
        found.append(f"{PROJECT_ID}: must be a UUID")
    for key in (RUNNING, *OPTIONS):
        value = inputs.get(key)
        if value is not None and not isinstance(value, bool) and not is_unknown(value):
            found.append(f"{key}: must be true or false")
    import_id = inputs.get(IMPORT_ID)
    if import_id is not None and not is_unknown(import_id):
        found.extend(_import_mistakes(import_id, project_id))
    return found


def _import_mistakes(import_id: Any, project_id: Any) -> list[str]:
    try:
        project, _ = split_id(str(import_id))
    except ConfigurationError as error:
        return [f"import_: {error}"]
    if not isinstance(project_id, str) or project.lower() == project_id.lower():
        return []
    return ["import_: names a pipeline of another project than projectId"]


def diff_changes(outputs: Bag, inputs: Bag) -> bool | None:
    """Return what diff answers, read top down (``docs/design.md`` section 4).

    None lets the engine compare the inputs itself, which gives exact paths and makes replaceOnChanges work; True
    forces an update where the inputs may be equal.
    """
    if outputs.get(UNFINISHED) or outputs.get(RESUME):
        return True
    if differences(definition_of(outputs), definition_of(inputs)):
        return None
    wish = inputs.get(RUNNING)
    if wish != outputs.get(WISHED_RUNNING):
        return None
    return wish is not None and wish != outputs.get(RUNNING)
