"""The pipelines of each project as one listing that all threads of a process share."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._names import AGENT_ID
from pulumi_dpc.errors import ApiError, NotFound, OutcomeUnknown

from .client import PIPELINE_ID, DpcClient, is_definition, pipelines_path
from .exchanges import is_failure
from .paging import Reading
from .single_flight import SingleFlight

Definition = Mapping[str, Any]


@dataclass(frozen=True)
class _Entry:
    """What is known of one pipeline.

    Attributes:
        id: As the service, or the program that wrote it, spells it.
        name: As it was listed; not a string where that is not known.
        definition: None where the listed one is out of date or incomplete.
        next_name: The name that an edit of this process may have given it since.
    """

    id: str
    name: Any = None
    definition: Definition | None = None
    next_name: Any = None

    def may_be_named(self, name: str) -> bool:
        return name in (self.name, self.next_name) or not isinstance(self.name, str)


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
        self._projects: dict[str, _Project] = {}
        self._visible: set[str] | None = None
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

    def on_agent(
        self, project_id: str, agent_id: str, *, since: float | None = None
    ) -> list[tuple[str, Definition]]:
        """Return the pipelines of the whole listing that use an agent, each with its id."""
        entries = self._project(project_id).all(since=since).values()
        known = [(one.id, one.definition) for one in entries if one.definition is not None]
        return [(id_, live) for id_, live in known if str(live.get(AGENT_ID)).lower() == agent_id.lower()]

    def is_visible(self, project_id: str) -> bool:
        """Tell whether the credentials see the project; the list of projects is read once."""
        with self._flight.turn():
            if self._visible is None:
                self._visible = {project["id"].lower() for project in self._client.list_projects()}
        return project_id.lower() in self._visible

    def store(self, project_id: str, pipeline_id: str, definition: Definition | None) -> None:
        """Record a pipeline that this process has created, edited or, with None, deleted."""
        self._project(project_id).store(pipeline_id, definition)

    def invalidate(self, project_id: str, pipeline_id: str, definition: Definition) -> None:
        """Record that this may have been written to a pipeline: the listed definition is out of date."""
        self._project(project_id).invalidate(pipeline_id, definition)

    def _project(self, project_id: str) -> _Project:
        with self._lock:
            return self._projects.setdefault(project_id.lower(), _Project(self._client, project_id))

    def _fresh(self, project_id: str, entry: _Entry, name: str) -> Definition | None:
        if entry.definition is not None:
            return entry.definition
        try:
            return self._client.get_pipeline(project_id, entry.id)
        except NotFound:
            return None
        except (OutcomeUnknown, ApiError) as error:
            refused = isinstance(error, ApiError) and not is_failure(error.status)
            if refused or entry.name != name:
                raise
            return {"name": name}


class _Project:
    """The listing of one project, read as far as it is needed and corrected by the writes of this process."""

    def __init__(self, client: DpcClient, project_id: str) -> None:
        self._client = client
        self._id = project_id
        self._flight = SingleFlight()
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._writes: defaultdict[str, int] = defaultdict(int)
        self._begin()

    def find(self, pipeline_id: str) -> Definition | None:
        """Return what the listing says; None if it says nothing, or if one GET costs less than reading on."""
        key = pipeline_id.lower()
        with self._lock:
            self._wanted.add(key)
        with self._flight.turn():
            while self._should_read_on(key):
                self._read_page()
            with self._lock:
                entry = self._entries.get(key)
                return entry.definition if entry else None

    def all(self, *, since: float | None) -> dict[str, _Entry]:
        """Return the whole listing: an entry for each id, in lower case."""
        with self._flight.turn():
            if since is not None and self._began < since:
                with self._lock:
                    self._begin()
            while not self._reading.done:
                self._read_page()
            with self._lock:
                return dict(self._entries)

    def store(self, pipeline_id: str, definition: Definition | None) -> None:
        key = pipeline_id.lower()
        with self._lock:
            self._writes[key] += 1
            if definition is None:
                self._entries.pop(key, None)
            else:
                live = {**definition, PIPELINE_ID: pipeline_id}
                self._entries[key] = _Entry(pipeline_id, live.get("name"), live)

    def invalidate(self, pipeline_id: str, definition: Definition) -> None:
        key = pipeline_id.lower()
        with self._lock:
            self._writes[key] += 1
            before, next_name = self._entries.get(key), definition.get("name")
            is_first = before is not None and before.next_name in (None, next_name)
            name = before.name if before is not None and is_first else None
            self._entries[key] = _Entry(pipeline_id, name, next_name=next_name)

    def _begin(self) -> None:
        self._reading = Reading(pipelines_path(self._id), PIPELINE_ID)
        self._entries: dict[str, _Entry] = {}
        self._began = self._client.clock.now()

    def _should_read_on(self, key: str) -> bool:
        """Tell whether to read the next page: it is the first, or no more pages are left than were asked for.

        Pipelines whose threads still wait for their turn count too, so a refresh of many does not begin with GETs.
        """
        if self._reading.done:
            return False
        with self._lock:
            first = self._reading.page == 0
            return key not in self._entries and (first or len(self._wanted) >= self._reading.pages_left())

    def _read_page(self) -> None:
        """Read the next page; where this process wrote something while the page was on its way, the write wins."""
        with self._lock:
            before = dict(self._writes)
        body = self._client.pipelines_page(self._id, self._reading.page)
        with self._lock:
            for item in self._reading.add(body):
                id_ = item[PIPELINE_ID]
                key = id_.lower()
                if self._writes.get(key, 0) == before.get(key, 0):
                    whole = item if is_definition(item, id_) else None
                    self._entries[key] = _Entry(id_, item.get("name"), whole)
