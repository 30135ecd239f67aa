"""Adopting the agent that ``import_`` names, if it is what the program says; nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_dpc._definition.agent import AGENT_TYPE, differences, may_be_streaming, settings_of
from pulumi_dpc._definition.paths import python_name
from pulumi_dpc._names import NAME, SECRET_PATHS
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc._resources.sole_owner import require_sole_owner
from pulumi_dpc.errors import ConfigurationError, DpcError, LookupFailed, NotFound

from .remote import RemoteAgent

Bag = Mapping[str, Any]


class NotAsProgrammed(ConfigurationError):
    """An agent that ``import_`` names and that is not what the program says."""


def agent_if_importable(operation: Operation, agent: RemoteAgent, inputs: Bag) -> Bag:
    """Return the agent that ``import_`` names, if this resource may adopt it as it is.

    Raises:
        NotAsProgrammed: It differs from the program.
        ConfigurationError: Another resource of the program has it, or it is a batch agent.
        LookupFailed: There is none of that id.
    """
    require_sole_owner(operation, agent.agent_id, "agent")
    try:
        live = agent.read()
    except NotFound:
        raise _missing(agent, inputs) from None
    require_streaming(live)
    found = settings_of(live)
    lines = [_line(key, inputs, found) for key in differences(inputs, found)]
    if lines:
        listed = "\n".join(f"  {line}" for line in lines)
        raise NotAsProgrammed(
            f"the agent {agent.agent_id} named by import_ differs from the program, so it was not adopted and nothing"
            f" was changed; make the program equal to it first:\n{listed}"
        )
    return live


def adopt(operation: Operation, agent: RemoteAgent, inputs: Bag) -> Bag:
    """Take over the agent that ``import_`` names; see `agent_if_importable`."""
    try:
        live = agent_if_importable(operation, agent, inputs)
    except DpcError:
        operation.process.attempts.record_failed_create(agent.agent_id)
        raise
    operation.process.ownership.record_adoption(operation.urn, agent.agent_id)
    return live


def require_streaming(live: Bag) -> None:
    """Raise if an agent is one for batch pipelines.

    Raises:
        ConfigurationError: It is.
    """
    if not may_be_streaming(live):
        raise ConfigurationError(
            f"the agent {live.get(NAME, '')!r} is of type {live.get(AGENT_TYPE)!r}, not 'streaming': it runs batch"
            " pipelines, and this resource is for streaming agents only"
        )


def _line(key: str, inputs: Bag, found: Bag) -> str:
    """Return what the program and the live agent have, but for what is secret in the program."""
    paths = inputs.get(SECRET_PATHS) or ()
    if f"/{key}" in paths:
        return f"{python_name(key)}: the program and the live agent differ"
    ours = repr(inputs[key]) if key in inputs else "nothing"
    return f"{python_name(key)}: {ours} in the program, {found[key]!r} in the live agent"


def _missing(agent: RemoteAgent, inputs: Bag) -> LookupFailed:
    others = [id_ for id_, _ in agent.service.agents.find_named(inputs[NAME])]
    hint = f"; the agent of that name is {others[0]}" if others else ""
    return LookupFailed(f"the agent {agent.agent_id} named by import_ does not exist: remove `import_`{hint}")
