"""The pipelines of each project as one listing that all threads of a process share."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from pulumi_dpc._names import AGENT_ID
from pulumi_dpc.errors import ApiError, NotFound, OutcomeUnknown

from .client import PIPELINE_ID, DpcClient, is_definition, pipelines_path
from .exchanges import is_failure
from .shared_listing import Entry, Listed, SharedListing
from .single_flight import SingleFlight

Definition = Mapping[str, Any]


class Listing:
    """The pipelines of each project, read once for what would otherwise be one request for each pipeline.

    A listing is read once in the life of a process, and again only where an earlier one proves nothing (`has`, and
    `since` of the other methods). The first page is always read. More are read while the pipeline asked for has not
    been found and the pages left are no more than the pipelines asked for so far; otherwise it costs one GET. So one
    pipeline in a project of 500 costs the first page and one GET; a hundred cost the five pages. Ids of projects and
    pipelines are compared in lower case.

    Args:
        client: The requests; shared by all threads, as this is.
    """

    def __init__(self, client: DpcClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._projects: dict[str, SharedListing] = {}
        self._visible: frozenset[str] | None = None
        self._flight = SingleFlight()

    def find(self, project_id: str, pipeline_id: str) -> Definition:
        """Return a definition: from the listing, or by a GET where the listing has none that is up to date.

        Raises:
            NotFound: There is no such pipeline, or no such project. A single 404 proves nothing: see `has`.
        """
        definition = self._project(project_id).find(pipeline_id)
        return self._client.get_pipeline(project_id, pipeline_id) if definition is None else definition

    def has(self, project_id: str, pipeline_id: str) -> bool:
        """Tell whether the whole listing has a pipeline for which a GET has just answered 404.

        If a listing that was read earlier has it, the listing is read again: it may have been deleted since.
        """
        project = self._project(project_id)
        key = pipeline_id.lower()
        return key in project.all(since=None) and key in project.all(since=self._client.clock.now())

    def find_named(
        self, project_id: str, name: str, *, since: float | None = None
    ) -> list[tuple[str, Definition]]:
        """Return the pipelines of that name in the whole listing, each with its id.

        Where a pipeline of that name is listed but its GET has no usable answer, the definition is its name alone.
        Pipelines of other names are not asked for, so somebody's unfinished draft is no obstacle.

        Args:
            project_id: The project.
            name: The name, exactly.
            since: Read the listing again if it was begun before that time of the client's clock.
        """
        entries = self._project(project_id).all(since=since).values()
        found = [(one.id, self._fresh(project_id, one, name)) for one in entries if one.may_be_named(name)]
        return [(id_, live) for id_, live in found if live is not None and live.get("name") == name]

    def listed(self, project_id: str, *, since: float | None = None) -> list[tuple[str, Definition]]:
        """Return the pipelines of the whole listing, each with its id and what is listed of it, whole or not."""
        entries = self._project(project_id).all(since=since).values()
        return [(one.id, one.shown) for one in entries if one.shown is not None]

    def on_agent(
        self, project_id: str, agent_id: str, *, since: float | None = None
    ) -> list[tuple[str, Definition]]:
        """Return the pipelines of the whole listing that use an agent, each with its id and what is listed of it."""
        listed = self.listed(project_id, since=since)
        return [(id_, live) for id_, live in listed if str(live.get(AGENT_ID)).lower() == agent_id.lower()]

    def of_unknown_agent(self, project_id: str) -> list[str]:
        """Return the pipelines of the whole listing whose agent it does not tell, as it was last read.

        An entry may lack it, and one that this process may have written to is out of date.
        """
        entries = self._project(project_id).all(since=None).values()
        return [one.id for one in entries if one.shown is None or AGENT_ID not in one.shown]

    def is_visible(self, project_id: str) -> bool:
        """Tell whether the credentials see the project; the list of projects is read once."""
        return project_id.lower() in self.visible_projects()

    def visible_projects(self) -> frozenset[str]:
        """Return the ids of the projects that the credentials see, in lower case, read once."""
        with self._flight.turn():
            if self._visible is None:
                self._visible = frozenset(project["id"].lower() for project in self._client.list_projects())
            return self._visible

    def store(self, project_id: str, pipeline_id: str, definition: Definition | None) -> None:
        """Record a pipeline that this process has created, edited or, with None, deleted."""
        self._project(project_id).store(pipeline_id, definition)

    def invalidate(self, project_id: str, pipeline_id: str, definition: Definition) -> None:
        """Record that this may have been written to a pipeline: the listed definition is out of date."""
        self._project(project_id).invalidate(pipeline_id, definition)

    def _project(self, project_id: str) -> SharedListing:
        with self._lock:
            if project_id.lower() not in self._projects:
                listed = Listed(pipelines_path(project_id), PIPELINE_ID, is_definition)
                read_page = partial(self._client.pipelines_page, project_id)
                self._projects[project_id.lower()] = SharedListing(listed, read_page, self._client.clock)
            return self._projects[project_id.lower()]

    def _fresh(self, project_id: str, entry: Entry, name: str) -> Definition | None:
        if entry.body is not None:
            return entry.body
        try:
            return self._client.get_pipeline(project_id, entry.id)
        except NotFound:
            return None
        except (OutcomeUnknown, ApiError) as error:
            refused = isinstance(error, ApiError) and not is_failure(error.status)
            if refused or entry.name != name:
                raise
            return {"name": name}
