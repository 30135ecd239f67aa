"""Changing an agent: one PATCH with what differs, and a wait until it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_dpc._definition.agent import FIXED, NOT_OURS, differences, settings_of
from pulumi_dpc._definition.paths import python_name
from pulumi_dpc._names import CLOUD_PROVIDER, DEPLOYMENT, TRACK_NAME, VERSION_DETAILS
from pulumi_dpc._resources.operation import Done, Operation, Partial, Refused
from pulumi_dpc._resources.polling import poll_until
from pulumi_dpc.errors import DpcError, NotFound, WaitTimedOut

from . import state
from .remote import RemoteAgent
from .waiting import CHANGE, CHANGE_LIMIT

Bag = Mapping[str, Any]


def change(
    operation: Operation, agent: RemoteAgent, recorded: Bag, inputs: dict[str, Any], live: Bag
) -> Done | Partial:
    """Bring a live agent to what the program says; nothing is sent where it is so already.

    Raises:
        DpcError: Nothing was changed, or the agent is gone.
    """
    desired = state.not_ignored(inputs, operation.ignored)
    patch = _patch(desired, live, state.not_ignored(settings_of(live), operation.ignored), recorded)
    drifted = [key for key in patch if key in recorded and not differences(inputs, {key: recorded[key]})]
    if drifted:
        operation.warn(operation.with_name(inputs, _DRIFT.format(", ".join(map(python_name, drifted)))))
    if not patch:
        return _finish(operation, agent, inputs, live)
    try:
        agent.change(patch)
    except DpcError as error:
        if not error.maybe_applied:
            raise
        return _after_lost_answer(operation, agent, inputs, live, patch, error)
    return _await_change(operation, agent, inputs, live, patch)


def _patch(desired: Bag, live: Bag, found: Bag, recorded: Bag) -> dict[str, Any]:
    """Return what is to be sent; an agent cannot be moved to another cloud.

    Args:
        desired: What the program says and does not ignore.
        live: The agent.
        found: What the service shows of it, and the program does not ignore.
        recorded: The outputs, which tell what the service does not show.

    Raises:
        Refused: The live agent is on another cloud, or deployed otherwise, than the program says.
    """
    differing = differences(desired, found)
    if any(key in FIXED for key in differing):
        raise Refused(
            f"the live agent runs on {live.get(CLOUD_PROVIDER)} by {live.get(DEPLOYMENT)}, which cannot be changed; run"
            " `pulumi up --refresh`, which replaces it"
        )
    unseen = [
        key for key in NOT_OURS if desired.get(key) not in (None, recorded.get(key)) and key not in found
    ]
    return {key: desired.get(key, "") for key in (*differing, *unseen)}


def _merged(live: Bag, patch: Bag) -> dict[str, Any]:
    """Return an agent as it is once a change is done."""
    merged = {**live, **{key: value for key, value in patch.items() if key != TRACK_NAME}}
    if TRACK_NAME in patch:
        details = live.get(VERSION_DETAILS)
        shown = details if isinstance(details, Mapping) else {}
        merged[VERSION_DETAILS] = {**shown, TRACK_NAME: patch[TRACK_NAME]}
    return merged


def _missing(patch: Bag, live: Bag) -> str:
    """Return the properties of a change that do not show yet."""
    found = settings_of(live)
    return ", ".join(key for key in patch if key in found and found[key] != patch[key])


def _await_change(
    operation: Operation, agent: RemoteAgent, inputs: dict[str, Any], before: Bag, patch: Bag
) -> Done | Partial:
    """Wait until an accepted change shows."""
    seen: list[Bag] = [_merged(before, patch)]

    def missing() -> str:
        live = agent.read()
        still = _missing(patch, live)
        if not still:
            seen[0] = live
        return still

    limit = operation.timeout or CHANGE_LIMIT
    clock = operation.service.client.clock
    try:
        poll_until(CHANGE, missing, clock=clock, progress=operation.progress, limit=limit)
    except WaitTimedOut as error:
        operation.warn(operation.with_name(inputs, f"the change was accepted, but does not show {error}"))
    except NotFound as error:
        if agent.is_gone():
            raise Refused(_GONE_MEANWHILE) from error
        return _partial(operation, agent, inputs, seen[0], error)
    except DpcError as error:
        return _partial(operation, agent, inputs, seen[0], error)
    return _finish(operation, agent, inputs, seen[0])


def _after_lost_answer(
    operation: Operation, agent: RemoteAgent, inputs: dict[str, Any], before: Bag, patch: Bag, error: DpcError
) -> Done | Partial:
    """Look what a change has done whose answer is lost."""
    try:
        live = agent.read()
    except DpcError:
        return _partial(operation, agent, inputs, before, error)
    if _missing(patch, live):
        return _partial(operation, agent, inputs, live, error)
    return _finish(operation, agent, inputs, live)


def _finish(operation: Operation, agent: RemoteAgent, inputs: dict[str, Any], live: Bag) -> Done:
    operation.process.attempts.record_unfinished(agent.agent_id, None)
    outputs = state.make_outputs(inputs, live, agent.service.api_url, agent.recorded_witnesses)
    return state.done(agent.agent_id, outputs)


def _partial(
    operation: Operation, agent: RemoteAgent, inputs: dict[str, Any], live: Bag, error: DpcError
) -> Partial:
    witnesses = agent.recorded_witnesses
    outputs = state.make_outputs(inputs, live, agent.service.api_url, witnesses, unfinished=True)
    operation.process.attempts.record_unfinished(agent.agent_id, outputs)
    reason = f"{error}. Whether the agent was changed is not known: the next `pulumi up` looks."
    return state.partial(agent.agent_id, outputs, operation.with_name(inputs, reason))


_DRIFT = "was changed outside Pulumi in: {}. What the program says is written again"
_GONE_MEANWHILE = (
    "was deleted outside Pulumi while it was changed; run `pulumi up --refresh` to create it again"
)
