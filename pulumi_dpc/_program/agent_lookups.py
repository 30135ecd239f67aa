"""Agents: the lookups of them that a program calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pulumi

from pulumi_dpc._definition.agent import is_streaming
from pulumi_dpc.errors import NotFound

from .account import answers
from .arguments import require_flag, require_name_or_id
from .asking import Question
from .found import Agent, AgentOutput, read_agent
from .matching import required_with_id, the_one, with_id
from .mocked import GET_AGENT, GET_AGENTS
from .reporting import in_program

if TYPE_CHECKING:
    from pulumi_dpc._api.settings import Settings


def get_agent(
    *,
    name: str | None = None,
    id: str | None = None,  # noqa: A002 - Pulumi's name for it
    settings: Settings | None = None,
) -> Agent:
    """Return an agent of the account, of any type, by its name or by its id.

    Args:
        name: The agent's name, exactly.
        id: The agent's id.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        LookupFailed: No agent has that name or id, or more than one has the name.
        ConfigurationError: Neither a name nor an id is given, or both are.
        DpcError: Credentials are missing or wrong, or the API cannot be reached.
    """
    return in_program(lambda: _AGENT.answer({"name": name, "id": id}, settings))


def get_agents(
    *, streaming: bool | None = None, connected: bool | None = None, settings: Settings | None = None
) -> list[Agent]:
    """Return the agents of the account, in the service's order.

    Args:
        streaming: True: only those that run streaming pipelines. False: only the others. Default: both.
        connected: True: only those that are connected. False: only those that are not. Default: both.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        DpcError: Credentials are missing or wrong, or the API cannot be reached.
    """
    arguments = {"streaming": streaming, "connected": connected}
    return in_program(lambda: _AGENTS.answer(arguments, settings))


def get_agent_output(
    *,
    name: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,  # noqa: A002 - Pulumi's name for it
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> AgentOutput:
    """Return an agent of the account, for a name or an id that is an output, or through another `Provider`.

    Args:
        name: The agent's name, exactly.
        id: The agent's id.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    return cast("AgentOutput", _AGENT.answer_later({"name": name, "id": id}, opts))


def get_agents_output(
    *,
    streaming: pulumi.Input[bool] | None = None,
    connected: pulumi.Input[bool] | None = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[list[Agent]]:
    """Return the agents of the account, for arguments that are outputs, or through another `Provider`.

    Args:
        streaming: True: only those that run streaming pipelines. False: only the others. Default: both.
        connected: True: only those that are connected. False: only those that are not. Default: both.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    return _AGENTS.answer_later({"streaming": streaming, "connected": connected}, opts)


def find_agent(settings: Settings, agent_id: str) -> Mapping[str, Any]:
    """Return an agent from the listing, if that was read, or by a request of its own.

    Raises:
        NotFound: There is no such agent.
    """
    listed = with_id(answers().known(settings, _LISTING) or [], agent_id, "agentId")
    if listed is not None:
        return listed
    key = ("agent", agent_id.lower())
    return answers().get(settings, key, lambda client: client.get_agent(agent_id))


_LISTING = ("agents",)


def _list(settings: Settings) -> list[dict[str, Any]]:
    return answers().get(settings, _LISTING, lambda client: client.list_agents())


def _check_agent(arguments: Mapping[str, Any]) -> None:
    require_name_or_id("get_agent", "agent", arguments["name"], arguments["id"])


def _find_agent(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    id_, where = arguments["id"], f"at {settings.api_url}"
    if id_ is None:
        return the_one(_list(settings), arguments["name"], "agent", where, id_key="agentId")
    try:
        return {"agentId": id_, **find_agent(settings, id_)}
    except NotFound:
        return required_with_id(_list(settings), id_, "agent", where, id_key="agentId")


def _check_agents(arguments: Mapping[str, Any]) -> None:
    for argument in ("streaming", "connected"):
        require_flag("get_agents", argument, arguments[argument])


def _find_agents(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    streaming, connected = arguments["streaming"], arguments["connected"]
    return {
        "agents": [
            agent
            for agent in _list(settings)
            if streaming in (None, is_streaming(agent))
            and (connected is None or connected is agent.get("connected"))
        ]
    }


_AGENT = Question(GET_AGENT, _check_agent, _find_agent, read_agent)
_AGENTS = Question(
    GET_AGENTS, _check_agents, _find_agents, lambda found: [read_agent(one) for one in found["agents"]]
)
