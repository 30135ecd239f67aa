"""Which pipeline uses an agent that is about to be deleted, as far as the credentials see."""

from __future__ import annotations

from http import HTTPStatus

from pulumi_dpc._names import AGENT_ID
from pulumi_dpc._resources.service import Service
from pulumi_dpc.errors import ApiError

_UNREADABLE = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


class Users:
    """The pipelines on an agent, in the projects that the credentials see.

    Args:
        service: Where they are.
        agent_id: The agent.
        since: Listings that were begun before that time of the clock are read again.

    Attributes:
        unread: How many listings and pipelines could not be read.
    """

    def __init__(self, service: Service, agent_id: str, since: float) -> None:
        self.unread = 0
        self._service = service
        self._agent_id = agent_id
        self._since = since

    def first(self) -> str | None:
        """Return a pipeline that uses the agent, as an error names it; None if none is seen.

        Raises:
            DpcError: The service failed, so nothing is known.
        """
        try:
            projects = sorted(self._service.listing.visible_projects())
        except ApiError as error:
            self._count(error)
            return None
        return next((found for one in projects if (found := self._in_project(one)) is not None), None)

    def _in_project(self, project_id: str) -> str | None:
        listing, clock = self._service.listing, self._service.client.clock
        try:
            # A listing that serves several deletes is read again before its pipeline is named.
            for since in (self._since, clock.now()):
                found = listing.on_agent(project_id, self._agent_id, since=since)
                if not found:
                    break
            else:
                id_, live = found[0]
                return f"{live.get('name', '')!r} ({project_id}/{id_})"
            unknown = listing.of_unknown_agent(project_id)
        except ApiError as error:
            self._count(error)
            return None
        named = (self._named_if_user(project_id, id_) for id_ in unknown)
        return next((one for one in named if one is not None), None)

    def _named_if_user(self, project_id: str, pipeline_id: str) -> str | None:
        """Ask for a pipeline whose listed entry does not tell its agent."""
        try:
            live = self._service.client.get_pipeline_as_it_is(project_id, pipeline_id)
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                self._count(error)
            return None
        if AGENT_ID not in live:
            self.unread += 1
        is_user = str(live.get(AGENT_ID)).lower() == self._agent_id.lower()
        return f"{live.get('name', '')!r} ({project_id}/{pipeline_id})" if is_user else None

    def _count(self, error: ApiError) -> None:
        """Count what these credentials may not read; anything else is no answer."""
        if error.status not in _UNREADABLE:
            raise error
        self.unread += 1
