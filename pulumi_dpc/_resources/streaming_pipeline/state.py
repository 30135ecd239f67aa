"""Property bags to the runner's values, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pulumi_dpc._api.redaction import FREE_PROPERTIES
from pulumi_dpc._definition.alteration import describe, from_state, to_state
from pulumi_dpc._definition.comparison import as_recorded, difference_paths, differences
from pulumi_dpc._definition.definition import is_unknown
from pulumi_dpc._definition.fields import is_uuid
from pulumi_dpc._definition.ignored import covers, keep_ignored
from pulumi_dpc._names import (
    API_URL,
    DEFINITION,
    DRIFT,
    GIVEN_RUNNING,
    IMPORT_ID,
    INTERRUPT_SNAPSHOT,
    NOT_STORED,
    OPTIONS,
    PROJECT_ID,
    RESUME,
    RUNNING,
    SECRET_PATHS,
    SECRETS,
    STATUS,
    UNFINISHED,
    WAIT,
)
from pulumi_dpc._resources.operation import Done, Partial
from pulumi_dpc.errors import ConfigurationError

from . import run_state
from .outcome import End, Outcome
from .plan import Desired, Live, Recorded

Bag = Mapping[str, Any]


def done(id_: str, outputs: dict[str, Any], inputs: dict[str, Any] | None = None) -> Done:
    """Return a success with these outputs."""
    return Done(id_, outputs, inputs, _secrets_in(outputs))


def partial(id_: str, outputs: dict[str, Any], reason: str) -> Partial:
    """Return a failure that leaves these outputs."""
    return Partial(id_, outputs, reason, _secrets_in(outputs))


def _secrets_in(outputs: Bag) -> tuple[str, ...]:
    """Return the properties that may hold secrets which the engine does not know of."""
    return (*outputs.get(SECRETS, ()), NOT_STORED)


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


def secret_paths_of(inputs: Bag) -> list[str]:
    """Return where the program's values are secrets."""
    paths = inputs.get(SECRET_PATHS)
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def desired_of(inputs: Bag) -> Desired:
    """Return what the program wants."""
    return Desired(
        definition=definition_of(inputs),
        running=inputs.get(RUNNING),
        wait=inputs.get(WAIT, True),
        interrupt_snapshot=inputs.get(INTERRUPT_SNAPSHOT, False),
    )


def desired_with_ignored_kept(desired: Desired, live: Mapping[str, Any], ignored: Iterable[str]) -> Desired:
    """Return the desired state with the live value at every ignored path."""
    paths = tuple(ignored)
    if not paths or desired.definition is None:
        return desired
    definition = keep_ignored(desired.definition, live, paths)
    running = None if covers(paths, RUNNING) else desired.running
    return replace(desired, definition=definition, running=running)


def recorded_of(outputs: Bag) -> Recorded:
    """Return what the outputs recorded."""
    return Recorded(
        definition=definition_of(outputs) or None,
        running=bool(outputs.get(RUNNING)),
        saw_run_state=RUNNING in outputs,
        unfinished=bool(outputs.get(UNFINISHED)),
        resume=bool(outputs.get(RESUME)),
        alterations=from_state(outputs.get(NOT_STORED, ())),
        drift=frozenset(outputs.get(DRIFT, ())),
    )


def not_stored(outputs: Bag, inputs: Bag) -> str | None:
    """Return the sentence about what the service was seen not to store, as far as the program still says it."""
    if not outputs.get(NOT_STORED):
        return None
    recorded, desired = definition_of(outputs), definition_of(inputs)
    still = [one for one in from_state(outputs[NOT_STORED]) if one.is_of(recorded) and one.is_of(desired)]
    return describe(still) if still else None


def make_outputs(
    inputs: Bag, outcome: Outcome, api_url: str, desired: Desired | None = None
) -> dict[str, Any]:
    """Return the complete outputs after an operation that was to reach `desired`, or what the inputs say.

    The definition is in the program's spelling where the service has what the program says, else as it is there. What
    is there then may hold a secret of an earlier program under a key that this one does not have, and the engine
    knows secrets by their keys in the inputs only, so such a property is named in ``__secrets``.
    """
    given = definition_of(inputs)
    wanted = given if desired is None or desired.definition is None else desired.definition
    is_reached = not differences(outcome.definition, wanted)
    definition = definition_of(wanted if is_reached else outcome.definition)
    hidden = {
        SECRETS: _may_hold_secrets(definition, given, is_done=outcome.end is End.DONE) or None,
        SECRET_PATHS: inputs.get(SECRET_PATHS, []),
        NOT_STORED: to_state(outcome.alterations) or None,
        GIVEN_RUNNING: inputs.get(RUNNING),
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


def _may_hold_secrets(definition: Bag, given: Bag, *, is_done: bool) -> list[str]:
    """Return the properties that differ from the inputs, after a success only those that differ in a free part."""
    paths = difference_paths(definition, given) if is_done else ()
    free = {path[0] for path in paths if not set(FREE_PROPERTIES).isdisjoint(path)}
    return [
        key for key, value in definition.items() if value != given.get(key) and (not is_done or key in free)
    ]


def refresh_bags(
    recorded: Bag, project_id: str, live: Live, api_url: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (outputs, inputs) as a refresh finds them.

    The inputs are the whole live definition in the recorded spelling, so that an added property shows as drift; and
    the live run state, if the user gave one, so that the next preview shows what it will repair.
    """
    found = recorded_of(recorded)
    definition = as_recorded(found.in_our_words(live.definition), definition_of(recorded))
    running = run_state.is_running(live.status, otherwise=bool(recorded.get(RUNNING)))
    kept = {key: recorded[key] for key in (*OPTIONS, IMPORT_ID) if key in recorded}
    inputs = {PROJECT_ID: project_id, **definition, **kept}
    hidden = {key: recorded[key] for key in _KEPT_BY_A_REFRESH if key in recorded}
    drift = {*recorded.get(DRIFT, ()), *differences(definition, definition_of(recorded))}
    if drift and API_URL in recorded:
        hidden[DRIFT] = sorted(drift)
    if found.alterations:
        hidden[NOT_STORED] = to_state(found.alterations)
    if run_state.is_known(live.status):
        hidden.pop(UNFINISHED, None)
    if run_state.is_up(live.status):
        hidden.pop(RESUME, None)
    outputs = {**inputs, **hidden, RUNNING: running, STATUS: live.status, API_URL: api_url}
    if API_URL in recorded and not (found.saw_run_state or run_state.is_known(live.status)):
        del outputs[RUNNING]  # it was imported without, and has not been seen yet
    if GIVEN_RUNNING in recorded:
        inputs[RUNNING] = running
    if recorded.get(SECRET_PATHS):
        inputs[SECRET_PATHS] = recorded[SECRET_PATHS]
    return outputs, inputs


_KEPT_BY_A_REFRESH = (GIVEN_RUNNING, UNFINISHED, RESUME, SECRETS, SECRET_PATHS)


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


def diff_changes(outputs: Bag, inputs: Bag, ignored: Iterable[str] = ()) -> bool | None:
    """Return what diff answers, read top down (``docs/design.md`` section 4).

    None lets the engine compare the inputs itself, which gives exact paths and makes replaceOnChanges work; True
    forces an update where the inputs may be equal.
    """
    if outputs.get(UNFINISHED) or outputs.get(RESUME):
        return True
    recorded, ignored = definition_of(outputs), tuple(ignored)
    if differences(recorded, keep_ignored(definition_of(inputs), recorded, ignored)):
        return None
    if not covers(ignored, RUNNING):
        running = inputs.get(RUNNING)
        if running != outputs.get(GIVEN_RUNNING):
            return None
        if running is not None and running != outputs.get(RUNNING):
            return True
    return _are_secrets_moved(outputs, inputs)


def is_seen_by_engine(old_inputs: Bag, inputs: Bag, ignored: Iterable[str] = ()) -> bool:
    """Tell whether the engine, which compares inputs only, finds a change too, and so can show its exact paths.

    A refresh returns what it finds as inputs, so it does unless the last operation has failed.
    """
    old, ignored = definition_of(old_inputs), tuple(ignored)
    if differences(old, keep_ignored(definition_of(inputs), old, ignored)):
        return True
    return not covers(ignored, RUNNING) and old_inputs.get(RUNNING) != inputs.get(RUNNING)


def _are_secrets_moved(outputs: Bag, inputs: Bag) -> bool:
    """Tell whether other values are secret now; a state older than this record says nothing."""
    return SECRET_PATHS in outputs and outputs[SECRET_PATHS] != inputs.get(SECRET_PATHS, [])


def with_secrets_moved(outputs: Bag, inputs: Bag, ignored: Iterable[str]) -> dict[str, Any] | None:
    """Return the outputs of an update that has no other reason than that other values are secret now, else None.

    Nothing is to be asked or sent then, but the engine encrypts outputs, or stops doing so, only when an update
    returns them.
    """
    moved = {**outputs, SECRET_PATHS: inputs.get(SECRET_PATHS, [])}
    if not _are_secrets_moved(outputs, inputs) or diff_changes(moved, inputs, ignored) is not False:
        return None
    return moved
