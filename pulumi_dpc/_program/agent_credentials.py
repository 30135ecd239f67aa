"""What an agent is installed with: its credentials, as secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pulumi

from .account import answers
from .arguments import require_text
from .asking import Question
from .mocked import GET_AGENT_CREDENTIALS
from .reporting import in_program

if TYPE_CHECKING:
    from pulumi_dpc._api.settings import Settings


@dataclass(frozen=True)
class AgentCredentials:
    """What an agent is installed with; both are secrets, which the engine encrypts wherever they go."""

    client_id: pulumi.Output[str]
    """The client id of the agent."""
    client_secret: pulumi.Output[str]
    """Its client secret."""


if TYPE_CHECKING:

    class AgentCredentialsOutput(pulumi.Output[AgentCredentials]):
        """The credentials of an agent that are found later; each field of it is an Output."""

        @property
        def client_id(self) -> pulumi.Output[str]: ...
        @property
        def client_secret(self) -> pulumi.Output[str]: ...

else:
    # An Output has every attribute of its value, but a type checker knows them as `Output[Any]` only.
    AgentCredentialsOutput = pulumi.Output[AgentCredentials]


def get_agent_credentials(agent_id: str, *, settings: Settings | None = None) -> AgentCredentials:
    """Return what an agent is installed with.

    Args:
        agent_id: The agent's id. That of a `StreamingAgent` is an Output, which `get_agent_credentials_output` takes.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        NotFound: There is no such agent.
        DpcError: Credentials are missing or wrong, or the API cannot be reached.
    """
    return in_program(lambda: _sealed(_CREDENTIALS.answer({"agentId": agent_id}, settings)))


def get_agent_credentials_output(
    agent_id: pulumi.Input[str],
    *,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> AgentCredentialsOutput:
    """Return what an agent is installed with, for an id that is an output, or through another `Provider`.

    Args:
        agent_id: The agent's id, such as ``agent.agent_id`` of a `StreamingAgent`.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    answer: pulumi.Output[Any] = _CREDENTIALS.answer_later({"agentId": agent_id}, opts)
    hidden: pulumi.Output[Any] = pulumi.Output.secret(answer)
    return cast("AgentCredentialsOutput", hidden.apply(_sealed))


def _check(arguments: Mapping[str, Any]) -> None:
    require_text("get_agent_credentials", "agent_id", arguments["agentId"])


def _find(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    agent_id = arguments["agentId"]
    key = ("agent credentials", agent_id)
    return answers().get(settings, key, lambda client: client.get_agent_credentials(agent_id))


def _sealed(found: Mapping[str, Any]) -> AgentCredentials:
    """Return the answer as secrets; to be called where the event loop runs."""
    client_id = found.get("clientId", "")  # mocks may leave it out
    return AgentCredentials(pulumi.Output.secret(client_id), pulumi.Output.secret(found["clientSecret"]))


_CREDENTIALS = Question[Mapping[str, Any]](GET_AGENT_CREDENTIALS, _check, _find, dict)
