"""One live agent at its service, and when a 404 about it is to be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_dpc._definition.agent import is_streaming
from pulumi_dpc._names import AGENT_ID, API_URL, WITNESSES
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc._resources.service import Service
from pulumi_dpc.errors import ApiError, ConfigurationError

MOST_WITNESSES = 5


@dataclass(frozen=True)
class RemoteAgent:
    """One agent at the service.

    Attributes:
        service: Where it is.
        agent_id: Its id.
        recorded_api_url: The API at which it was made; None where no outputs record it (a new resource, or ``get``).
        recorded_witnesses: What else its account had when it was recorded.
        urn: The resource's URN, for the command that drops it from the state.
    """

    service: Service
    agent_id: str
    recorded_api_url: str | None = None
    recorded_witnesses: Sequence[str] = field(default=())
    urn: str | None = None

    @classmethod
    def of(cls, operation: Operation, id_: str, bag: Mapping[str, Any]) -> RemoteAgent:
        """Return the agent of a resource id, as an operation reaches it; the bag may say where it was made.

        Raises:
            ConfigurationError: The service cannot be reached with these settings.
        """
        return cls(operation.service, id_, bag.get(API_URL), bag.get(WITNESSES, ()), operation.urn)

    def read(self) -> Mapping[str, Any]:
        """Return the live agent, by a request of its own."""
        return self.service.agents.read(self.agent_id)

    def listed(self) -> Mapping[str, Any]:
        """Return the live agent from the listing, which serves many resources at once."""
        return self.service.agents.find(self.agent_id)

    def change(self, change: Mapping[str, Any]) -> None:
        """Ask the service to change some properties."""
        # It may be changed although no answer comes.
        self.service.agents.invalidate(self.agent_id, change)
        self.service.client.update_agent(self.agent_id, change)

    def is_gone(self) -> bool:
        """Tell whether, after a 404, the agent is really gone.

        One stray 404, another account's credentials or another region must never empty a state: it is gone only where
        it was made, to credentials that see something else of its account, and when the listing does not have it.

        Raises:
            ConfigurationError: This is not the service where it was made, or nothing shows that it is its account.
        """
        here = self.service.api_url
        if self.recorded_api_url not in (None, here):
            raise ConfigurationError(
                f"the agent {self.agent_id} was made at {self.recorded_api_url}, but this command uses {here}: set the"
                f" region or API URL, or the provider, back to that account; {self._way_out()}"
            )
        if self.service.agents.has(self.agent_id):
            return False
        if not (self.service.agents.was_seen(self.agent_id) or self._visible(self.recorded_witnesses)):
            raise ConfigurationError(
                f"the agent {self.agent_id} is not there, and nor is anything else that its account had, at {here} with"
                f" these credentials: use those of the account that it was made with; {self._way_out()}"
            )
        return True

    def witnesses(self) -> list[str]:
        """Return what else its account has: that which is recorded and still there, or other agents, or projects."""
        still = self._visible(self.recorded_witnesses)
        if still:
            return still
        return choose_witnesses(self.agent_id, self.service.agents.all(), self._projects)

    def _projects(self) -> list[str]:
        try:
            return sorted(self.service.listing.visible_projects())
        except ApiError:
            return []  # a role that may not read projects is no reason to fail

    def _visible(self, witnesses: Sequence[str]) -> list[str]:
        agents = {_AGENT + one[AGENT_ID].lower() for one in self.service.agents.all()}
        found = [one for one in witnesses if one in agents]
        if not found and any(one.startswith(_PROJECT) for one in witnesses):
            projects = {_PROJECT + one for one in self._projects()}
            found = [one for one in witnesses if one in projects]
        return found

    def _way_out(self) -> str:
        return f"if it is really gone, drop it with: pulumi state delete '{self.urn or '<urn>'}'"


_AGENT, _PROJECT = "agent/", "project/"


def choose_witnesses(
    agent_id: str, agents: Iterable[Mapping[str, Any]], projects: Callable[[], Iterable[str]]
) -> list[str]:
    """Return what shows that credentials are of the account of an agent: other agents, else projects.

    Args:
        agent_id: The agent, which is no witness of its own.
        agents: Those of the account.
        projects: Returns the ids of those that can be seen.
    """
    others = [str(one[AGENT_ID]).lower() for one in sorted(agents, key=is_streaming)]
    # Those that no program of ours makes and deletes stay longest, and stand first.
    found = [_AGENT + one for one in others if one != agent_id.lower()]
    return (found or [_PROJECT + one for one in projects()])[:MOST_WITNESSES]
