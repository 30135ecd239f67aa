"""The agents of an account as one listing that all threads of a process share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_dpc.errors import NotFound

from .client import AGENTS, DpcClient, is_agent
from .shared_listing import Entry, Listed, SharedListing

Agent = Mapping[str, Any]


class Agents:
    """The agents of an account: all pages are read, once for as many agents as are asked for.

    Ids are compared in lower case.

    Args:
        client: The requests; shared by all threads, as this is.
    """

    def __init__(self, client: DpcClient) -> None:
        self._client = client
        listed = Listed(AGENTS, "agentId", is_agent)
        self._listing = SharedListing(listed, client.agents_page, client.clock)
        self._seen: set[str] = set()

    def all(self, *, since: float | None = None) -> list[Agent]:
        """Return every agent, as far as its listed entry is whole and up to date.

        Args:
            since: Read the listing again if it was begun before that time of the client's clock.
        """
        entries = self._entries(since).values()
        return [one.body for one in entries if one.body is not None]

    def find(self, agent_id: str) -> Agent:
        """Return an agent: from the listing, or by a GET where the listing has none that is up to date.

        Raises:
            NotFound: There is no such agent. A single 404 proves nothing: see `has`.
        """
        entry = self._entries().get(agent_id.lower())
        return self.read(agent_id) if entry is None or entry.body is None else entry.body

    def read(self, agent_id: str) -> Agent:
        """Return an agent by a GET; the listing has it then.

        Raises:
            NotFound: There is no such agent.
        """
        agent = self._client.get_agent(agent_id)
        self.store(agent_id, agent)
        return agent

    def has(self, agent_id: str) -> bool:
        """Tell whether the whole listing has an agent for which a GET has just answered 404.

        If a listing that was read earlier has it, the listing is read again: it may have been deleted since.
        """
        key = agent_id.lower()
        return key in self._entries() and self.is_listed_now(agent_id)

    def was_seen(self, agent_id: str) -> bool:
        """Tell whether the service has shown an agent to this process, so that its account is the right one."""
        return agent_id.lower() in self._seen

    def is_listed_now(self, agent_id: str) -> bool:
        """Tell whether a listing that is read now has an agent."""
        return agent_id.lower() in self._entries(self._client.clock.now())

    def find_named(self, name: str, *, since: float | None = None) -> list[tuple[str, Agent]]:
        """Return the agents of that name in the whole listing, each with its id, of either type.

        Args:
            name: The name, exactly.
            since: Read the listing again if it was begun before that time of the client's clock.
        """
        found: list[tuple[str, Agent]] = []
        for entry in self._entries(since).values():
            if entry.may_be_named(name):
                live = self._fresh(entry.id) if entry.body is None else entry.body
                if live is not None and live.get("name") == name:
                    found.append((entry.id, live))
        return found

    def store(self, agent_id: str, agent: Agent | None) -> None:
        """Record an agent that this process has created, edited or, with None, deleted."""
        if agent is not None:
            self._seen.add(agent_id.lower())
        self._listing.store(agent_id, agent)

    def invalidate(self, agent_id: str, change: Agent) -> None:
        """Record that this may have been written to an agent: the listed one is out of date."""
        self._listing.invalidate(agent_id, change)

    def _entries(self, since: float | None = None) -> dict[str, Entry]:
        entries = self._listing.all(since=since)
        self._seen.update(entries)
        return entries

    def _fresh(self, agent_id: str) -> Agent | None:
        try:
            return self.read(agent_id)
        except NotFound:
            return None
