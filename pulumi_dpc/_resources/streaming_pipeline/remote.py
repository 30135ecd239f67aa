"""One live pipeline in its place, as the runner sees it, and when a 404 about it is to be believed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_dpc._api.clock import Clock
from pulumi_dpc._definition.definition import without_ids
from pulumi_dpc._names import EXPLICIT
from pulumi_dpc.errors import ApiError, ConfigurationError, DpcError, NotFound

from . import run_state
from .run import AgentUser, Command
from .waiting import AgentState

if TYPE_CHECKING:
    from pulumi_dpc._api.client import DpcClient
    from pulumi_dpc._api.listing import Listing


@dataclass(frozen=True)
class Place:
    """One API as this process reaches it: shared by all resources, safe for all threads.

    Attributes:
        client: The requests.
        listing: The pipelines of each project, read once.
    """

    client: DpcClient
    listing: Listing

    @classmethod
    def connect(
        cls, configured: Callable[[str], str | None], interrupt: threading.Event, say: Callable[[str], None]
    ) -> Place:
        """Reach the API that the provider's configuration and the environment name; nothing is sent yet.

        Args:
            configured: Returns a value of the provider's configuration: the arguments of an explicit ``Provider``,
                which says so itself, or the stack configuration.
            interrupt: Set when the user cancels.
            say: Shows a passing line while a request is being repeated.

        Raises:
            ConfigurationError: Credentials or endpoint are missing or malformed.
        """
        from pulumi_dpc._api.client import DpcClient  # a preview without a change never needs HTTP
        from pulumi_dpc._api.listing import Listing
        from pulumi_dpc._api.settings import CONFIG_KEYS, Settings

        values = {key: value for key in CONFIG_KEYS if (value := configured(key)) is not None}
        if configured(EXPLICIT) is not None:
            settings = Settings.resolve(arguments=values)
        else:
            settings = Settings.resolve(stack_config=values)
        client = DpcClient(settings, clock=Clock(settings.time_scale, interrupt), say=say)
        return cls(client, Listing(client))

    def stored(
        self, project_id: str, pipeline_id: str, answer: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return what the answer of a write says is stored, None where it does not tell; the listing knows it then."""
        from pulumi_dpc._api.client import is_definition

        if not is_definition(answer, pipeline_id):
            return None
        self.listing.wrote(project_id, pipeline_id, answer)
        return without_ids(answer)

    @property
    def api_url(self) -> str:
        """The API's base URL, which outputs record."""
        return self.client.settings.api_url


@dataclass(frozen=True)
class RemotePipeline:
    """One pipeline at the service.

    Attributes:
        place: Where it is.
        project_id: Its project.
        pipeline_id: Its id.
        recorded_api_url: The API it was made at, None when that is this one.
        urn: The resource's URN, for the command that drops it from the state.
    """

    place: Place
    project_id: str
    pipeline_id: str
    recorded_api_url: str | None = None
    urn: str | None = None

    def definition(self) -> Mapping[str, Any]:
        """Return the live definition."""
        return self.place.client.get_pipeline(self.project_id, self.pipeline_id)

    def listed_definition(self) -> Mapping[str, Any]:
        """Return the live definition from the project's listing, which serves many resources at once."""
        return self.place.listing.find(self.project_id, self.pipeline_id)

    def status(self) -> str:
        """Return the live status, at once."""
        return self.place.client.get_status(self.project_id, self.pipeline_id)

    def look(self) -> str:
        """Return the live status, when it is this pipeline's turn among all that wait."""
        return self.place.client.look_status(self.project_id, self.pipeline_id)

    def put(self, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Replace the definition, and return what is stored then, None where the answer does not tell."""
        # It may be written although no answer comes.
        self.place.listing.stale(self.project_id, self.pipeline_id, body)
        answer = self.place.client.update_pipeline(self.project_id, self.pipeline_id, body)
        return self.place.stored(self.project_id, self.pipeline_id, answer)

    def command(self, word: Command) -> None:
        """Send START or STOP once."""
        self.place.client.send_command(self.project_id, self.pipeline_id, word)

    def delete(self) -> None:
        """Delete it."""
        self.place.client.delete_pipeline(self.project_id, self.pipeline_id)
        self.place.listing.wrote(self.project_id, self.pipeline_id, None)

    def agent_state(self, agent_id: str | None) -> AgentState:
        """Return what is known of an agent."""
        title = f"agent {agent_id}"
        if agent_id is None:
            return AgentState("agent", "agent", "is not known")
        try:
            agent = self.place.client.get_agent(agent_id)
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
        """Return another pipeline of the project that runs on this agent; those of other projects are not seen."""
        since = self.place.client.clock.now()
        users = self.place.listing.on_agent(self.project_id, agent_id, since=since)
        for id_, definition in users:
            if id_.lower() != self.pipeline_id.lower():
                status = self.place.client.get_status(self.project_id, id_)
                if run_state.is_running(status):
                    return AgentUser(id_, str(definition.get("name", "")))
        return None

    def is_gone(self) -> bool:
        """Tell whether, after a 404, the pipeline is really gone.

        One stray 404, another account's credentials or another region must never empty a state: it is gone only
        where it was made, in a project that is visible, and when the project's listing does not have it either.

        Raises:
            ConfigurationError: This is not the place where it was made, or the project is not visible.
        """
        here = self.place.api_url
        if self.recorded_api_url not in (None, here):
            raise ConfigurationError(
                f"the pipeline {self.pipeline_id} was made at {self.recorded_api_url}, but this command uses {here}:"
                f" set the region or API URL, or the provider, back to that account; {self._way_out()}"
            )
        if not self.place.listing.is_visible(self.project_id):
            raise ConfigurationError(
                f"the project {self.project_id} of the pipeline {self.pipeline_id} is not visible at {here} with"
                f" these credentials: use those of the account that it was made with; {self._way_out()}"
            )
        return not self.place.listing.has(self.project_id, self.pipeline_id)

    def _way_out(self) -> str:
        return f"if it is really gone, drop it with: pulumi state delete '{self.urn or '<urn>'}'"
