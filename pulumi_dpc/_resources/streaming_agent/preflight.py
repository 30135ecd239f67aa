"""What a preview says of a new or renamed agent because of what the account has; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_dpc._names import AGENT_ID, IMPORT_ID, NAME
from pulumi_dpc._resources.name_preview import Wish, name_mistakes
from pulumi_dpc._resources.operation import Operation

from . import state
from .naming import AgentNames

Bag = Mapping[str, Any]


def preflight(operation: Operation, recorded: Bag, inputs: Bag, *, is_new: bool) -> list[str]:
    """Return the mistake of a name that another agent has, for a create refuses it; warn where it is an edit.

    Args:
        operation: The engine's request.
        recorded: The inputs of the last ``up``; empty for a new resource.
        inputs: What the program says now, in its one spelling; parts may be unknown, and are then not looked at.
        is_new: The engine does not know the resource.
    """
    name = inputs.get(NAME)
    if not isinstance(name, str) or name == recorded.get(NAME) or inputs.get(IMPORT_ID) is not None:
        return []
    agents = operation.process.account.agents(operation.inform) or {}
    listed = [(str(agent[AGENT_ID]), agent) for agent in agents.values()]
    return name_mistakes(
        operation, Wish(state.name_of(inputs), AgentNames.noun, AgentNames, inputs, is_new), listed
    )
