"""Property bags of an agent to what is live, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_dpc._definition.agent import FIXED, NOT_OURS, differences, is_same, settings_of
from pulumi_dpc._definition.ignored import covers
from pulumi_dpc._names import (
    AGENT_ID,
    AGENT_INPUTS,
    AGENT_OUTPUTS,
    API_URL,
    DESCRIPTION,
    GIVEN,
    IMPORT_ID,
    NAME,
    SECRET_PATHS,
    SECRETS,
    TRACK_NAME,
    UNFINISHED,
    VERSION_DETAILS,
    WITNESSES,
)
from pulumi_dpc._resources.operation import Done, Partial, without

Bag = Mapping[str, Any]


def done(id_: str, outputs: dict[str, Any], inputs: dict[str, Any] | None = None) -> Done:
    """Return a success with these outputs."""
    return Done(id_, outputs, inputs, tuple(outputs.get(SECRETS, ())))


def partial(id_: str, outputs: dict[str, Any], reason: str) -> Partial:
    """Return a failure that leaves these outputs."""
    return Partial(id_, outputs, reason, tuple(outputs.get(SECRETS, ())))


def given_of(inputs: Bag) -> list[str]:
    """Return which of the properties that are left alone otherwise a program gives."""
    return [key for key in NOT_OURS if inputs.get(key) is not None]


def not_ignored(inputs: Bag, ignored: Iterable[str]) -> dict[str, Any]:
    """Return inputs without those that ``ignore_changes`` names."""
    paths = tuple(ignored)
    return without(inputs, [key for key in AGENT_INPUTS if covers(paths, key)]) if paths else dict(inputs)


def make_outputs(
    inputs: Bag, agent: Bag, api_url: str, witnesses: Sequence[str], *, unfinished: bool = False
) -> dict[str, Any]:
    """Return the complete outputs: what the agent has, in the program's spelling where that means the same."""
    found = settings_of(agent)
    shown = {**{key: inputs[key] for key in given_of(inputs)}, **found}
    spelled = {key: _in_words_of(inputs, key, value) for key, value in shown.items()}
    foreign = [key for key, value in spelled.items() if value != inputs.get(key)] if unfinished else []
    hidden = {
        SECRETS: [*foreign, *_secret_details(inputs)]
        or None,  # foreign: an earlier program may have said it in secret
        SECRET_PATHS: inputs.get(SECRET_PATHS, []),
        GIVEN: given_of(inputs),
        WITNESSES: list(witnesses),
        UNFINISHED: unfinished or None,
        IMPORT_ID: inputs.get(IMPORT_ID),
    }
    return {
        **{key: agent[key] for key in AGENT_OUTPUTS if agent.get(key) is not None},
        **spelled,
        API_URL: api_url,
        **{key: value for key, value in hidden.items() if value is not None},
    }


def refresh_bags(
    recorded: Bag, agent: Bag, api_url: str, witnesses: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (outputs, inputs) as a refresh finds them: of what the program does not give, no inputs."""
    found = {key: _in_words_of(recorded, key, value) for key, value in settings_of(agent).items()}
    given = recorded.get(GIVEN, [])
    inputs = {
        key: value
        for key, value in found.items()
        if (key not in NOT_OURS or key in given) and not (key == DESCRIPTION and value == "")
    }
    # What the service does not show may be as it was.
    kept = {key: recorded[key] for key in given if key not in found and key in recorded}
    options = {key: recorded[key] for key in (IMPORT_ID, SECRET_PATHS) if recorded.get(key)}
    hidden = {key: recorded[key] for key in (SECRETS, SECRET_PATHS, GIVEN, IMPORT_ID) if key in recorded}
    outputs = {
        **{key: agent[key] for key in AGENT_OUTPUTS if agent.get(key) is not None},
        **found,
        **kept,
        **hidden,
        **_with_details(recorded, recorded),
        WITNESSES: list(witnesses),
        API_URL: api_url,
    }
    return outputs, {**inputs, **kept, **options}


def _in_words_of(bag: Bag, key: str, value: Any) -> Any:
    return bag[key] if bag.get(key) is not None and is_same(key, bag[key], value) else value


def diff_changes(outputs: Bag, inputs: Bag, ignored: Iterable[str] = ()) -> bool | None:
    """Return what diff answers: True where there is something to do, None where the engine may find it in the inputs.

    A state that was imported records nothing of what was given, which is no difference.
    """
    if outputs.get(UNFINISHED) or differences(not_ignored(inputs, ignored), not_ignored(outputs, ignored)):
        return True
    if outputs.get(GIVEN, given_of(inputs)) != given_of(inputs):
        return None
    return _are_secrets_moved(outputs, inputs)


def is_seen_by_engine(old_inputs: Bag | None, inputs: Bag) -> bool:
    """Tell whether the engine, which compares inputs only, finds a change too; False where those are not known."""
    if old_inputs is None:
        return False
    return any(old_inputs.get(key) != inputs.get(key) for key in AGENT_INPUTS)


def replaced_by(outputs: Bag, inputs: Bag, ignored: Iterable[str]) -> list[str]:
    """Return the properties whose change makes another agent."""
    found = differences(not_ignored(inputs, ignored), not_ignored(outputs, ignored))
    return [key for key in found if key in FIXED]


def _are_secrets_moved(outputs: Bag, inputs: Bag) -> bool:
    """Tell whether other values are secret now; a state that does not record it says nothing."""
    return SECRET_PATHS in outputs and outputs[SECRET_PATHS] != inputs.get(SECRET_PATHS, [])


def with_secrets_moved(outputs: Bag, inputs: Bag, ignored: Iterable[str]) -> dict[str, Any] | None:
    """Return the outputs of an update that has no other reason than that other values are secret now, else None."""
    moved = {**outputs, SECRET_PATHS: inputs.get(SECRET_PATHS, []), **_with_details(outputs, inputs)}
    if not _are_secrets_moved(outputs, inputs) or diff_changes(moved, inputs, ignored) is not False:
        return None
    return moved


def _secret_details(bag: Bag) -> list[str]:
    """Return the details of the version, which repeat its track, where the track is a secret."""
    return [VERSION_DETAILS] if f"/{TRACK_NAME}" in (bag.get(SECRET_PATHS) or ()) else []


def _with_details(outputs: Bag, inputs: Bag) -> dict[str, Any]:
    """Return which outputs are kept as secrets, the details of the version as these inputs have it."""
    others = [key for key in outputs.get(SECRETS) or () if key != VERSION_DETAILS]
    secrets = [*others, *_secret_details(inputs)]
    return {SECRETS: secrets} if secrets or SECRETS in outputs else {}


def name_of(bag: Bag) -> tuple[str, str]:
    """Return the name that only one agent may have: in the account, of which a process has one."""
    return "", str(bag.get(NAME, ""))


def id_of(agent: Bag, otherwise: str) -> str:
    """Return an agent's id as the service spells it."""
    return str(agent.get(AGENT_ID) or otherwise)
