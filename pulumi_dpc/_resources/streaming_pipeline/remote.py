"""One live pipeline at its service, as the runner sees it, and when a 404 about it is to be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._names import API_URL
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc._resources.service import Service
from pulumi_dpc.errors import ApiError, ConfigurationError, DpcError, NotFound

from . import run_state
from .commands import AgentUser, Command
from .state import make_id, split_id
from .waiting import AgentState


@dataclass(frozen=True)
class RemotePipeline:
    """One pipeline at the service.

    Attributes:
        service: Where it is.
        project_id: Its project.
        pipeline_id: Its id.
        recorded_api_url: The API at which it was made; None where no outputs record it (a new resource, or ``get``).
        urn: The resource's URN, for the command that drops it from the state.
    """

    service: Service
    project_id: str
    pipeline_id: str
    recorded_api_url: str | None = None
    urn: str | None = None

    @classmethod
    def of(cls, operation: Operation, id_: str, bag: Mapping[str, Any]) -> RemotePipeline:
        """Return the pipeline of a resource id, as an operation reaches it; the bag may say where it was made.

        Raises:
            ConfigurationError: The id is malformed, or the service cannot be reached with these settings.
        """
        project_id, pipeline_id = split_id(id_)
        return cls(operation.service, project_id, pipeline_id, bag.get(API_URL), operation.urn)

    @property
    def id(self) -> str:
        """The resource id."""
        return make_id(self.project_id, self.pipeline_id)

    def definition(self) -> Mapping[str, Any]:
        """Return the live definition."""
        return self.service.client.get_pipeline(self.project_id, self.pipeline_id)

    def listed_definition(self) -> Mapping[str, Any]:
        """Return the live definition from the project's listing, which serves many resources at once."""
        return self.service.listing.find(self.project_id, self.pipeline_id)

    def status(self) -> str:
        """Return the live status, at once."""
        return self.service.client.get_status(self.project_id, self.pipeline_id)

    def poll(self) -> str:
        """Return the live status, when it is this pipeline's turn among all that wait."""
        return self.service.client.poll_status(self.project_id, self.pipeline_id)

    def put(self, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Replace the definition, and return what is stored then, None where the answer does not tell."""
        # It may be written although no answer comes.
        self.service.listing.invalidate(self.project_id, self.pipeline_id, body)
        answer = self.service.client.update_pipeline(self.project_id, self.pipeline_id, body)
        return self.service.record_stored(self.project_id, self.pipeline_id, answer)

    def command(self, word: Command) -> None:
        """Send START or STOP once."""
        self.service.client.send_command(self.project_id, self.pipeline_id, word)

    def delete(self) -> None:
        """Delete it."""
        self.service.client.delete_pipeline(self.project_id, self.pipeline_id)
        self.service.listing.store(self.project_id, self.pipeline_id, None)

    def agent_state(self, agent_id: str | None) -> AgentState:
        """Return what is known of an agent."""
        title = f"agent {agent_id}"
        if agent_id is None:
            return AgentState("agent", "agent", "is not known")
        try:
            agent = self.service.client.get_agent(agent_id, once=True)
        except NotFound:
            return AgentState(title, title, "does not exist", is_away=True)
        except ApiError as error:
            return AgentState(title, title, f"could not be looked up ({error.status})")
        except DpcError:
            return AgentState(title, title, "could not be looked up")
        is_away = agent.get("connected") is False
        title = f"agent {agent.get('name', '')!r}"
        state = "is not connected" if is_away else "is connected"
        return AgentState(title, f"{title} ({agent_id})", state, is_away=is_away)

    def agent_user(self, agent_id: str) -> AgentUser | None:
        """Return another pipeline of the project that has this agent; those of other projects are not seen."""
        since = self.service.client.clock.now()
        users = self.service.listing.on_agent(self.project_id, agent_id, since=since)
        for id_, definition in users:
            if id_.lower() != self.pipeline_id.lower():
                status = self.service.client.get_status(self.project_id, id_)
                if status != run_state.NOT_RUNNING:
                    return AgentUser(id_, str(definition.get("name", "")), status)
        return None

    def is_gone(self) -> bool:
        """Tell whether, after a 404, the pipeline is really gone.

        One stray 404, another account's credentials or another region must never empty a state: it is gone only
        where it was made, in a project that is visible, and when the project's listing does not have it either.

        Raises:
            ConfigurationError: This is not the service where it was made, or the project is not visible.
        """
        here = self.service.api_url
        if self.recorded_api_url not in (None, here):
            raise ConfigurationError(
                f"the pipeline {self.pipeline_id} was made at {self.recorded_api_url}, but this command uses {here}:"
                f" set the region or API URL, or the provider, back to that account; {self._way_out()}"
            )
        if not self.service.listing.is_visible(self.project_id):
            raise ConfigurationError(
                f"the project {self.project_id} of the pipeline {self.pipeline_id} is not visible at {here} with"
                f" these credentials: use those of the account that it was made with; {self._way_out()}"
            )
        return not self.service.listing.has(self.project_id, self.pipeline_id)

    def _way_out(self) -> str:
        return f"if it is really gone, drop it with: pulumi state delete '{self.urn or '<urn>'}'"
