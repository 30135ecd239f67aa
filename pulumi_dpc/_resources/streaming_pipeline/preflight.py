"""What a preview says of a new or changed resource because of what the account has; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_dpc._definition.agent import is_streaming, may_be_streaming
from pulumi_dpc._names import AGENT_ID, IMPORT_ID, NAME, PROJECT_ID, RUNNING
from pulumi_dpc._resources.account_view import Listed
from pulumi_dpc._resources.name_preview import Wish, name_mistakes, warn
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc.errors import NotFound

from .posting import PipelineNames
from .state import make_id

Bag = Mapping[str, Any]
_MOST_NAMES = 10


def preflight(operation: Operation, recorded: Bag, inputs: Bag, *, is_new: bool) -> list[str]:
    """Warn of what may fail, and return a mistake for what must.

    Args:
        operation: The engine's request.
        recorded: The inputs of the last ``up``; empty for a new resource.
        inputs: What the program says now, in its one spelling; parts may be unknown, and are then not looked at.
        is_new: The engine does not know the resource.
    """
    for text in _agent_warnings(operation, inputs):
        warn(operation, inputs, text)
    keys = (PROJECT_ID, NAME, AGENT_ID)
    project_id = inputs.get(PROJECT_ID)
    if not isinstance(project_id, str) or all(inputs.get(key) == recorded.get(key) for key in keys):
        return []
    try:
        listed = operation.process.account.pipelines(operation.inform, project_id) or ()
        _warn_of_other_user(operation, recorded, inputs, project_id, listed)
        return _name_mistakes(operation, recorded, inputs, listed, is_new=is_new)
    except NotFound:
        if operation.process.account.is_visible(operation.inform, project_id) is not False:
            return []
        text = (
            f"projectId: the project {project_id} is not visible at {operation.service.api_url} with these"
            " credentials: give another one, or the credentials of its account"
        )
        return [text]


def _agent_warnings(operation: Operation, inputs: Bag) -> Iterator[str]:
    """Yield what is wrong with the agent; its id may be a secret, its name is not."""
    agent_id = inputs.get(AGENT_ID)
    agents = operation.process.account.agents(operation.inform) if isinstance(agent_id, str) else None
    if agents is None:
        return
    agent = agents.get(str(agent_id).lower())
    if agent is None:
        names = sorted(repr(one.get(NAME)) for one in agents.values() if is_streaming(one))
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        there = ", ".join(names[:_MOST_NAMES]) + more if names else "none"
        yield f"agentId: the account has no agent of this id; its streaming agents are: {there}"
        return
    title, kind = f"agentId: the agent {agent.get('name', '')!r}", agent.get("agentType")
    if not may_be_streaming(agent):
        yield f"{title} is of type {kind!r}, not 'streaming': it cannot run a streaming pipeline"
    elif agent.get("connected") is False and inputs.get(RUNNING) is True:
        yield f"{title} is not connected: the pipeline cannot run before it is"


def _warn_of_other_user(
    operation: Operation, recorded: Bag, inputs: Bag, project_id: str, listed: Listed
) -> None:
    """Warn of a pipeline outside the program that runs on the agent; `find_clashes` finds those of the program."""
    account, agent_id = operation.process.account, inputs.get(AGENT_ID)
    if not isinstance(agent_id, str) or account.may_have_ours(project_id, [live for _, live in listed]):
        return
    own = {recorded.get(NAME), inputs.get(NAME)}
    import_id = str(inputs.get(IMPORT_ID)).lower()
    for id_, live in listed:
        name = live.get(NAME)
        is_on_agent = str(live.get(AGENT_ID)).lower() == agent_id.lower()
        is_own = name in own or make_id(project_id, id_).lower() == import_id
        if not is_on_agent or is_own or account.is_declared(project_id, name):
            continue
        if not account.is_stopped(operation.inform, project_id, id_):
            text = (
                f"agentId: the pipeline {name!r} ({id_}) of the project uses this agent and is not seen to be stopped:"
                " one agent runs one pipeline, so this one cannot run before that one is stopped"
            )
            warn(operation, inputs, text)


def _name_mistakes(
    operation: Operation, recorded: Bag, inputs: Bag, listed: Listed, *, is_new: bool
) -> list[str]:
    """Return the mistake of a create whose name is taken: the create refuses it, however it was taken."""
    name = inputs.get(NAME)
    same = all(inputs.get(key) == recorded.get(key) for key in (PROJECT_ID, NAME))
    if not isinstance(name, str) or same or inputs.get(IMPORT_ID) is not None:
        return []
    wish = Wish((inputs[PROJECT_ID], name), PipelineNames.noun, PipelineNames, inputs, is_new)
    return name_mistakes(operation, wish, listed)
