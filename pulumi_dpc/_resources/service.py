"""One API as this process reaches it, the provider's for its resources or a program's for its lookups."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pulumi_dpc._api.retries import Notify
from pulumi_dpc._definition.definition import without_ids

if TYPE_CHECKING:
    from pulumi_dpc._api.agents import Agents
    from pulumi_dpc._api.client import DpcClient
    from pulumi_dpc._api.listing import Listing
    from pulumi_dpc._api.settings import Settings


@dataclass(frozen=True)
class Service:
    """One API: one token, one pace, one listing of each project and one of agents; safe for all threads.

    Attributes:
        client: The requests.
        listing: The pipelines of each project, read once.
        agents: The agents of the account, read once.
    """

    client: DpcClient
    listing: Listing
    agents: Agents

    @classmethod
    def of(cls, client: DpcClient) -> Service:
        """Return the service that a client reaches; nothing is sent yet."""
        from pulumi_dpc._api.agents import Agents  # a preview without a change never needs HTTP
        from pulumi_dpc._api.listing import Listing

        return cls(client, Listing(client), Agents(client))

    @property
    def api_url(self) -> str:
        """The API's base URL, which outputs record."""
        return self.client.settings.api_url

    @cached_property
    def hasty(self) -> Service:
        """The same API for a preview, which can do without it; one for all kinds of resources."""
        from pulumi_dpc._api.client import HastyClient

        return self.of(HastyClient(self.client))

    def record_stored(
        self, project_id: str, pipeline_id: str, answer: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return the definition that a write's answer shows as stored, None without one; the listing has it then."""
        from pulumi_dpc._api.client import is_definition

        if not is_definition(answer, pipeline_id):
            return None
        self.listing.store(project_id, pipeline_id, answer)
        return without_ids(answer)


class Services:
    """The APIs that a process reaches, each connected once.

    Args:
        interrupt: Set when the user cancels: it ends every wait.
    """

    def __init__(self, interrupt: threading.Event | None = None) -> None:
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._services: dict[Settings, Service] = {}

    def at(self, settings: Settings, notify: Notify) -> Service:
        """Return the service that these settings describe; nothing is sent yet.

        Args:
            settings: Where, and as whom.
            notify: Shows a passing line while a request is being repeated.
        """
        from pulumi_dpc._api.client import DpcClient  # a preview without a change never needs HTTP
        from pulumi_dpc._api.clock import Clock

        with self._lock:
            if settings not in self._services:
                clock = Clock(settings.time_scale, self._interrupt)
                client = DpcClient(settings, clock=clock, notify=notify)
                self._services[settings] = Service.of(client)
            return self._services[settings]
