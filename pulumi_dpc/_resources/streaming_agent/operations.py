"""Creating, reading, updating and deleting a streaming agent; checking and importing stand beside it."""

from __future__ import annotations

from typing import Any

from pulumi_dpc._definition.agent import differences, settings_of
from pulumi_dpc._names import AGENT_ID, API_URL, IMPORT_ID, NAME
from pulumi_dpc._resources.declaring import other_import
from pulumi_dpc._resources.operation import Done, Gone, Operation, Partial, Refused
from pulumi_dpc._resources.polling import poll_until
from pulumi_dpc._resources.reading_back import read_back
from pulumi_dpc._resources.taking import create_or_find
from pulumi_dpc.errors import DpcError, LookupFailed, NotFound

from . import importing, state
from .changing import change
from .checking import check, diff
from .naming import AgentNames, body_of, require_free_name
from .remote import RemoteAgent
from .users import Users
from .waiting import DELETE_LIMIT, DELETION

__all__ = ["check", "create", "delete", "diff", "read", "update"]

Bag = dict[str, Any]


def create(operation: Operation, inputs: Bag) -> Done | Partial:
    """Create the agent, or adopt the one that ``import_`` names.

    Raises:
        DpcError: Nothing was created, or nothing is known of it.
    """
    process = operation.process
    made = process.attempts.created(operation.urn)
    again = None if made is None else _go_on(operation, made, inputs)
    if again is not None:
        return again
    name, import_id = state.name_of(inputs), inputs.get(IMPORT_ID)
    with process.name_locks.hold(name):
        if import_id is not None and not process.ownership.import_already_done(operation.urn, import_id):
            agent = RemoteAgent.of(operation, import_id, inputs)
            live = importing.adopt(operation, agent, inputs)
            operation.progress(f"adopts {import_id}")
            return _done(agent, state.id_of(live, import_id), inputs, live)
        created = create_or_find(operation, AgentNames(operation.service), name, body_of(inputs))
        agent = RemoteAgent.of(operation, created.id, inputs)
        process.ownership.record_owner(operation.urn, created.id)
        process.attempts.record_creation(operation.urn, created.id)
    stored = created.stored or read_back(agent.read) or {**body_of(inputs), AGENT_ID: agent.agent_id}
    altered = differences(inputs, settings_of(stored))
    if altered:
        operation.warn_once(operation.with_name(inputs, _STORED_OTHERWISE.format(", ".join(altered))))
    return _done(agent, created.id, inputs, stored)


def _done(agent: RemoteAgent, id_: str, inputs: Bag, live: Any) -> Done:
    try:
        witnesses = agent.witnesses()
    except DpcError:
        witnesses = []  # it is made, and only a later 404 would have needed them
    return state.done(id_, state.make_outputs(inputs, live, agent.service.api_url, witnesses))


def _go_on(operation: Operation, id_: str, inputs: Bag) -> Done | None:
    """Go on with the agent that an earlier call of this create has made; None if it is gone."""
    agent = RemoteAgent.of(operation, id_, inputs)
    try:
        return _done(agent, id_, inputs, agent.read())
    except NotFound:
        if not agent.is_gone():
            raise
        _forget(operation, id_)
        return None


def _forget(operation: Operation, id_: str, name: tuple[str, str] | None = None) -> None:
    operation.process.ownership.record_deletion(operation.urn, id_, name)
    operation.process.attempts.forget(id_)


def read(operation: Operation, id_: str, recorded: Bag) -> Done | Gone:
    """Return the live agent for refresh and get.

    Raises:
        DpcError: It could not be read, it is a batch agent, or nothing proves that it is gone.
    """
    agent = RemoteAgent.of(operation, id_, recorded)
    is_get = API_URL not in recorded
    try:
        live = agent.read() if is_get else agent.listed()
    except NotFound:
        if is_get:
            raise LookupFailed(f"there is no agent {id_!r}") from None
        if not agent.is_gone():
            raise
        return Gone()
    importing.require_streaming(live)
    witnesses = [] if is_get else agent.witnesses()
    outputs, inputs = state.refresh_bags(recorded, live, agent.service.api_url, witnesses)
    return state.done(id_, outputs, None if is_get else inputs)


def update(operation: Operation, id_: str, recorded_outputs: Bag, inputs: Bag) -> Done | Partial:
    """Bring the live agent to what the program says; the outputs are always complete.

    Raises:
        DpcError: Nothing was changed, or the agent is gone.
    """
    process = operation.process
    outputs = process.attempts.unfinished(id_) or recorded_outputs
    process.ownership.record_owner(operation.urn, id_)
    moved = state.with_secrets_moved(outputs, inputs, operation.ignored)
    if moved is not None:
        return state.done(id_, moved)
    agent = RemoteAgent.of(operation, id_, outputs)
    other = other_import(operation, id_, outputs, inputs, "agent")
    if other is not None:
        raise Refused(other)
    try:
        live = agent.read()
    except NotFound:
        if not agent.is_gone():
            raise
        raise Refused(_DELETED_OUTSIDE) from None
    desired = state.not_ignored(inputs, operation.ignored)
    if desired.get(NAME, live.get(NAME)) == live.get(NAME):
        return change(operation, agent, outputs, inputs, live)
    name = state.name_of(desired)
    with process.name_locks.hold(name):
        require_free_name(operation, id_, name)
        return change(operation, agent, outputs, inputs, live)


def delete(operation: Operation, id_: str, recorded_outputs: Bag) -> None:
    """Delete the agent and wait until it is gone, unless another resource of the program has taken it over.

    Raises:
        DpcError: It was not deleted, or is not gone yet.
    """
    process = operation.process
    outputs = process.attempts.unfinished(id_) or recorded_outputs
    if process.ownership.owned_elsewhere(operation.urn, id_):
        operation.inform(operation.with_name(outputs, _LEFT_ALONE))
        return
    name = state.name_of(outputs)
    if process.attempts.create_failed_for(id_, name):
        raise Refused(_DISPUTED)
    agent = RemoteAgent.of(operation, id_, outputs)
    since = process.looks.since(operation.service.client.clock)
    try:
        agent.listed()  # then it is seen, so that a 404 after a lost answer is believed
        _remove(operation, agent, outputs, since)
    except NotFound:
        if not agent.is_gone():
            raise
    agent.service.agents.store(id_, None)
    _forget(operation, id_, name)


def _remove(operation: Operation, agent: RemoteAgent, outputs: Bag, since: float) -> None:
    """Delete an agent that is there and that no pipeline uses, and wait until it is gone."""
    users = Users(agent.service, agent.agent_id, since)
    user = users.first()
    if user is not None:
        raise Refused(_USED.format(user))
    agent.service.client.delete_agent(agent.agent_id)
    _await_gone(operation, agent)
    if users.unread:
        operation.warn(operation.with_name(outputs, _MAY_BE_USED))


def _await_gone(operation: Operation, agent: RemoteAgent) -> None:
    """Wait until an agent whose DELETE was accepted is not there any more: for that a 404 is believed."""

    def is_there() -> str:
        try:
            agent.read()
        except NotFound:
            return ""
        return "there" if agent.service.agents.is_listed_now(agent.agent_id) else ""

    clock = operation.service.client.clock
    limit = operation.timeout or DELETE_LIMIT
    poll_until(DELETION, is_there, clock=clock, progress=operation.progress, limit=limit)


_STORED_OTHERWISE = (
    "was created, but the service has something else than the program says in: {}; the next `pulumi up` after a refresh"
    " writes it again"
)
_DELETED_OUTSIDE = "was deleted outside Pulumi; run `pulumi up --refresh` to create it again"
_LEFT_ALONE = (
    "the agent was left as it is, because another resource of this program manages it now; only this resource is"
    " removed from the state"
)
_DISPUTED = (
    "was not deleted, because a create in this command failed that may be about this very agent (a renamed resource?)."
    " Fix that one first: aliases=[pulumi.Alias(name=...)] keeps this agent under the new name"
)
_USED = (
    "was not deleted, because the streaming pipeline {} uses this agent: delete that pipeline, or give it another agent"
    " first. A replacement of another name is made before the old agent is deleted, so that the pipeline can move to"
    " it"
)
_MAY_BE_USED = (
    "these credentials may not read every project's streaming pipelines, or one of them does not show its agent, so it"
    " was deleted without knowing whether one uses it"
)
