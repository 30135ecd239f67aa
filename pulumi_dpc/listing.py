"""The pipelines of each project as one listing that all threads of a process share."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from .client import PIPELINE_ID, DpcClient, is_definition
from .errors import NotFound
from .paging import Reading
from .single_flight import SingleFlight

Definition = Mapping[str, Any]


class Listing:
    """Answer from a project's listing what would otherwise be one request for each pipeline.

    A listing is read once in the life of a process, page by page and no further than it pays: its first page,
    and the next ones while at least as many pipelines are asked for and not found as there are pages left.
    One pipeline in a project of 500 costs the first page and one GET; a hundred cost the pages.

    Args:
        client: The requests; shared by all threads, as this is.
    """

    def __init__(self, client: DpcClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._projects: dict[str, _Project] = {}
        self._visible: set[str] | None = None
        self._looking = SingleFlight()

    def find(self, project_id: str, pipeline_id: str) -> Definition:
        """Return a definition: from the listing, or by its id where that has no fresh one.

        Raises:
            NotFound: There is no such pipeline, or no such project. One stray 404 proves nothing: see `has`.
        """
        definition = self._project(project_id).find(pipeline_id)
        return self._client.get_pipeline(project_id, pipeline_id) if definition is None else definition

    def has(self, project_id: str, pipeline_id: str) -> bool:
        """Tell whether the whole listing has a pipeline, for which a GET has just answered 404.

        A listing that was read before and has it is read again: it may have been deleted since.
        """
        project = self._project(project_id)
        if pipeline_id not in project.all(since=None):
            return False
        return pipeline_id in project.all(since=self._client.clock.now())

    def named(
        self, project_id: str, name: str, *, since: float | None = None
    ) -> list[tuple[str, Definition]]:
        """Return the pipelines of that name in the whole listing, each with its id.

        Args:
            project_id: The project.
            name: The name, exactly.
            since: Refuse a listing whose reading began before that time of the client's clock.
        """
        definitions = self._project(project_id).all(since=since)
        found = ((id_, self._fresh(project_id, id_, known)) for id_, known in definitions.items())
        return [(id_, live) for id_, live in found if live is not None and live.get("name") == name]

    def is_visible(self, project_id: str) -> bool:
        """Tell whether the credentials see the project; all projects are read once."""
        with self._looking.turn():
            if self._visible is None:
                self._visible = {project["id"].lower() for project in self._client.list_projects()}
        return project_id.lower() in self._visible

    def wrote(self, project_id: str, pipeline_id: str, definition: Definition | None) -> None:
        """Take note of a pipeline that this process has created, edited or, with None, deleted."""
        self._project(project_id).wrote(pipeline_id, definition)

    def stale(self, project_id: str, pipeline_id: str) -> None:
        """Take note that a pipeline is being, or may have been, written: what the listing says is old."""
        self._project(project_id).stale(pipeline_id)

    def _project(self, project_id: str) -> _Project:
        with self._lock:
            return self._projects.setdefault(project_id, _Project(self._client, project_id))

    def _fresh(self, project_id: str, pipeline_id: str, known: Definition | None) -> Definition | None:
        if known is not None:
            return known
        try:
            return self._client.get_pipeline(project_id, pipeline_id)
        except NotFound:
            return None


class _Project:
    """Read one project's listing as far as it is needed, and keep it in step with our own writes."""

    def __init__(self, client: DpcClient, project_id: str) -> None:
        self._client = client
        self._id = project_id
        self._flight = SingleFlight()
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._asked_by_id: set[str] = set()
        self._writes: defaultdict[str, int] = defaultdict(int)
        self._begin()

    def find(self, pipeline_id: str) -> Definition | None:
        """Return what the listing says, None if it pays to ask by id, or is not known."""
        with self._lock:
            self._wanted.add(pipeline_id)
        with self._flight.turn():
            while self._pays(pipeline_id):
                self._read_page()
            with self._lock:
                if pipeline_id not in self._definitions:
                    self._asked_by_id.add(pipeline_id)
                return self._definitions.get(pipeline_id)

    def all(self, *, since: float | None) -> dict[str, Definition | None]:
        """Return the whole listing: a definition for each id, None where ours is old."""
        with self._flight.turn():
            if since is not None and self._began < since:
                with self._lock:
                    self._begin()
            while not self._reading.done:
                self._read_page()
            with self._lock:
                return dict(self._definitions)

    def wrote(self, pipeline_id: str, definition: Definition | None) -> None:
        with self._lock:
            self._writes[pipeline_id] += 1
            if definition is None:
                self._definitions.pop(pipeline_id, None)
            else:
                self._definitions[pipeline_id] = {**definition, PIPELINE_ID: pipeline_id}

    def stale(self, pipeline_id: str) -> None:
        with self._lock:
            self._writes[pipeline_id] += 1
            self._definitions[pipeline_id] = None

    def _begin(self) -> None:
        self._reading = Reading(f"/v1/projects/{self._id}/streaming-pipelines", PIPELINE_ID)
        self._definitions: dict[str, Definition | None] = {}
        self._began = self._client.clock.now()

    def _pays(self, pipeline_id: str) -> bool:
        """Tell whether to read on: the pages left cost no more than what is, or was, asked for by id instead.

        Those who wait for their turn are counted too, so a refresh of many does not begin with GETs.
        """
        if self._reading.done:
            return False
        with self._lock:
            missing = self._wanted - self._definitions.keys()
            instead = len(missing | self._asked_by_id)
        return pipeline_id in missing and (self._reading.page == 0 or instead >= self._reading.pages_left())

    def _read_page(self) -> None:
        """Read the next page; what this process wrote while the page was on its way counts for more."""
        with self._lock:
            before = dict(self._writes)
        body = self._client.pipelines_page(self._id, self._reading.page)
        with self._lock:
            for item in self._reading.take(body):
                id_ = item[PIPELINE_ID]
                if self._writes.get(id_, 0) == before.get(id_, 0):
                    self._definitions[id_] = item if is_definition(item, id_) else None
