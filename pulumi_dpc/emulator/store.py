"""The service's memory: projects, environments, agents and pipelines, and what time does to them."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .settings import Settings

Json: TypeAlias = "dict[str, Any]"

UP = ("STARTING", "SNAPSHOTTING", "STREAMING")


class Refused(Exception):
    """Say why the service will not do something, in its own numbers and words."""

    def __init__(self, status: int, detail: str, violations: Iterable[str] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.violations = list(violations)


@dataclass(frozen=True)
class Timeline:
    """Say which status a pipeline has at any moment: the legs of its way, each until a time, then the end."""

    end: str = "NOT_RUNNING"
    legs: tuple[tuple[str, float], ...] = ()

    def at(self, now: float) -> str:
        """Return the status at that moment."""
        return next((status for status, until in self.legs if now < until), self.end)


@dataclass(frozen=True)
class StartFailure:
    """Say which start fails, and after which status.

    Attributes:
        pipeline: Id of the pipeline; None for whichever starts next.
        after: The last status seen before NOT_RUNNING; ``NOT_RUNNING`` itself for a start that never shows.
        seconds: How long that status is seen, where it has no length of its own (STREAMING).
    """

    pipeline: str | None = None
    after: str = "STARTING"
    seconds: float = 0.5


@dataclass(frozen=True)
class Pipeline:
    """Show one pipeline as it is in the service.

    Attributes:
        definition: As stored, without the two ids.
        status: What the API would answer now.
        running_definition: The definition that the last start took; None if it never started.
    """

    id: str
    project_id: str
    definition: Json
    status: str
    running_definition: Json | None

    @property
    def name(self) -> str:
        """Return the name in the definition."""
        return str(self.definition.get("name", ""))


@dataclass
class _Record:
    id: str
    project_id: str
    definition: Json
    applied: Json | None = None
    timeline: Timeline = Timeline()
    forced: str | None = None


@dataclass
class _ArmedFailure:
    failure: StartFailure
    times: int | None


@dataclass
class Project:
    """Hold one project and its environments."""

    id: str
    name: str
    description: str = ""
    environments: list[Json] = field(default_factory=list)


class Store:
    """Keep what the service knows; every method is one indivisible step.

    Args:
        settings: The switches, read at each step.
        now: Returns nominal seconds; only differences count.
        new_id: Returns a new unique id.
    """

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], float],
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.settings = settings
        self.now = now
        self.new_id = new_id
        self.lock = threading.RLock()
        self.projects: dict[str, Project] = {}
        self.agents: dict[str, Json] = {}
        self.credentials: dict[str, Json] = {}
        self._pipelines: dict[str, _Record] = {}
        self._start_failures: list[_ArmedFailure] = []

    # Projects, environments, agents

    def project(self, project_id: str) -> Project:
        """Return the project, or refuse with 404."""
        if project_id not in self.projects:
            raise Refused(404, f"There is no project {project_id}.")
        return self.projects[project_id]

    def add_project(self, name: str, project_id: str | None = None, description: str = "") -> str:
        """Make a project and return its id."""
        project = Project(project_id or self.new_id(), name, description)
        self.projects[project.id] = project
        return project.id

    def delete_project(self, project_id: str) -> None:
        """Delete the project with everything in it."""
        self.project(project_id)
        with self.lock:
            del self.projects[project_id]
            for pipeline in self._in_project(project_id):
                del self._pipelines[pipeline.id]

    def add_environment(
        self, project_id: str, name: str, agent_id: str | None, agent_name: str | None
    ) -> Json:
        """Make an environment whose default agent is the given one."""
        known = self.agents.get(agent_id or "", {})
        environment = {
            "name": name,
            "defaultAgentId": agent_id,
            "defaultAgentName": agent_name or known.get("name"),
        }
        self.project(project_id).environments.append(environment)
        return environment

    def agent(self, agent_id: str) -> Json:
        """Return the agent, or refuse with 404."""
        if agent_id not in self.agents:
            raise Refused(404, f"There is no agent {agent_id}.")
        return self.agents[agent_id]

    def add_agent(
        self, request: Mapping[str, Any], agent_id: str | None = None, *, connected: bool = False
    ) -> Json:
        """Make an agent; it connects when its installation runs."""
        agent_id = agent_id or self.new_id()
        agent = {
            "agentId": agent_id,
            "description": "",
            "enableAutoUpdates": False,
            "restrictedAccess": False,
        }
        track = request.get("trackName", "current")
        agent["versionDetails"] = {"agentUpdateAvailable": False, "support": "SUPPORTED", "trackName": track}
        agent |= {key: value for key, value in request.items() if key != "trackName"}
        self.agents[agent_id] = agent
        self.credentials[agent_id] = {"clientId": self.new_id(), "clientSecret": self.new_id()}
        self.connect(agent_id, connected=connected)
        return agent

    def remove_agent(self, agent_id: str) -> None:
        """Forget an agent."""
        self.agent(agent_id)
        del self.agents[agent_id], self.credentials[agent_id]

    def refresh_credentials(self, agent_id: str) -> Json:
        """Give an agent a new secret and return its credentials."""
        self.agent(agent_id)
        self.credentials[agent_id] = self.credentials[agent_id] | {"clientSecret": self.new_id()}
        return self.credentials[agent_id]

    def connect(self, agent_id: str, *, connected: bool) -> None:
        """Let the agent come or go."""
        self.agent(agent_id).update(connected=connected, agentStatus="running" if connected else "stopped")

    # Pipelines, as the API sees them

    def list(self, project_id: str) -> list[Json]:
        """Return the definitions of a project in the order they were made."""
        self.project(project_id)
        with self.lock:
            return [_shown(record) for record in self._in_project(project_id)]

    def get(self, project_id: str, pipeline_id: str) -> Json:
        """Return one definition."""
        with self.lock:
            return _shown(self._record(project_id, pipeline_id))

    def create(self, project_id: str, definition: Json) -> Json:
        """Make a pipeline, stopped."""
        with self.lock:
            self.project(project_id)
            self._admit(project_id, definition, itself=None)
            return _shown(self.place(project_id, definition))

    def update(self, project_id: str, pipeline_id: str, definition: Json) -> Json:
        """Replace a definition."""
        with self.lock:
            record = self._record(project_id, pipeline_id)
            running = self._is_up(record)
            if running and self.settings.put_when_running == 409:  # noqa: PLR2004
                raise Refused(409, "The streaming pipeline is running.")
            self._admit(project_id, definition, itself=record)
            record.definition = copy.deepcopy(definition)
            if running and self.settings.put_when_running == "at-once":
                record.applied = copy.deepcopy(definition)
            return _shown(record)

    def delete(self, project_id: str, pipeline_id: str) -> None:
        """Delete a pipeline, for good."""
        with self.lock:
            record = self._record(project_id, pipeline_id)
            if self._is_up(record) and self.settings.delete_when_running == 409:  # noqa: PLR2004
                raise Refused(409, "The streaming pipeline is running.")
            del self._pipelines[record.id]

    def command(self, project_id: str, pipeline_id: str, command: str) -> None:
        """Ask the pipeline's agent to START or STOP it."""
        with self.lock:
            record = self._record(project_id, pipeline_id)
            (self._start if command == "START" else self._stop)(record)
            record.forced = None

    def status(self, project_id: str, pipeline_id: str) -> str:
        """Return the status word of a pipeline."""
        with self.lock:
            return self._seen(self._record(project_id, pipeline_id))

    # Behind the API's back

    def place(
        self,
        project_id: str,
        definition: Mapping[str, Any],
        pipeline_id: str | None = None,
        status: str = "NOT_RUNNING",
    ) -> _Record:
        """Put a pipeline there as it is, checking nothing."""
        record = _Record(pipeline_id or self.new_id(), project_id, copy.deepcopy(dict(definition)))
        with self.lock:
            self._pipelines[record.id] = record
            self.settle(record.id, status)
        return record

    def settle(self, pipeline: str, status: str) -> None:
        """Put a pipeline into an end state at once."""
        with self.lock:
            record = self.find(pipeline)
            record.timeline, record.forced = Timeline(status), None
            if status in UP:
                record.applied = copy.deepcopy(record.definition)

    def force_status(self, pipeline: str, status: str | None) -> None:
        """Answer this status word, whatever is true, until the next command."""
        self.find(pipeline).forced = status

    def snapshot(self, pipeline: str, seconds: float) -> None:
        """Take a snapshot of a running pipeline; it streams again afterwards."""
        record = self.find(pipeline)
        record.timeline = Timeline("STREAMING", (("SNAPSHOTTING", self.now() + seconds),))

    def edit(self, pipeline: str, change: Mapping[str, Any]) -> None:
        """Merge a change into a definition (RFC 7396: mappings merge, None removes)."""
        with self.lock:
            record = self.find(pipeline)
            record.definition = _merged(record.definition, change)

    def forget(self, pipeline: str) -> None:
        """Delete a pipeline."""
        with self.lock:
            del self._pipelines[self.find(pipeline).id]

    def fail_starts(self, failure: StartFailure, times: int | None) -> None:
        """Let the next starts fail; None for every start from now on."""
        self._start_failures.append(_ArmedFailure(failure, times))

    def find(self, pipeline: str) -> _Record:
        """Return the pipeline of that id, or the only one of that name."""
        if pipeline in self._pipelines:
            return self._pipelines[pipeline]
        named = [record for record in self._pipelines.values() if record.definition.get("name") == pipeline]
        if len(named) != 1:
            raise KeyError(f"{len(named)} pipelines are called {pipeline!r}")
        return named[0]

    def show(self, record: _Record) -> Pipeline:
        """Return a copy of what is known of one pipeline."""
        with self.lock:
            return Pipeline(
                record.id,
                record.project_id,
                copy.deepcopy(record.definition),
                self._seen(record),
                copy.deepcopy(record.applied),
            )

    def show_all(self) -> list[Pipeline]:
        """Return a copy of every pipeline, in the order they were made."""
        with self.lock:
            return [self.show(record) for record in self._pipelines.values()]

    # Rules

    def _in_project(self, project_id: str) -> list[_Record]:
        return [record for record in self._pipelines.values() if record.project_id == project_id]

    def _record(self, project_id: str, pipeline_id: str) -> _Record:
        self.project(project_id)
        record = self._pipelines.get(pipeline_id)
        if record is None or record.project_id != project_id:
            raise Refused(404, f"There is no streaming pipeline {pipeline_id} in project {project_id}.")
        return record

    def _is_up(self, record: _Record) -> bool:
        return record.timeline.at(self.now()) in UP

    def _seen(self, record: _Record) -> str:
        """Return the word the API answers: an agent that is away or gone reports nothing."""
        reporting = self.agents.get(record.definition.get("agentId", ""), {}).get("connected", False)
        return record.forced or (record.timeline.at(self.now()) if reporting else "UNKNOWN")

    def _admit(self, project_id: str, definition: Json, itself: _Record | None) -> None:
        """Refuse a definition that clashes with what is already there."""
        others = [record for record in self._pipelines.values() if record is not itself]
        twins = [
            r for r in others if r.project_id == project_id and r.definition["name"] == definition["name"]
        ]
        if twins and self.settings.duplicate_name != "allowed":
            violations = (
                ["name: must be unique in the project"] if self.settings.duplicate_name == 400 else []
            )  # noqa: PLR2004
            raise Refused(
                self.settings.duplicate_name, "A streaming pipeline of this name exists.", violations
            )
        agent = definition["agentId"]
        if agent not in self.agents and self.settings.unknown_agent != "accepted":
            raise Refused(
                self.settings.unknown_agent, f"There is no agent {agent}.", ["agentId: must be a known agent"]
            )
        taken = any(record.definition.get("agentId") == agent for record in others)
        if taken and self.settings.second_pipeline_on_agent == "create-refused":
            raise Refused(409, f"Agent {agent} has a streaming pipeline already.")

    def _start(self, record: _Record) -> None:
        now = self.now()
        if self._is_up(record):
            if self.settings.start_when_running == 409:  # noqa: PLR2004
                raise Refused(409, "The streaming pipeline is already running.")
            return
        self._check_agent(record)
        # A start that is asked for while the pipeline stops follows the stop.
        ending = tuple(leg for leg in record.timeline.legs if now < leg[1])
        begin = ending[-1][1] if ending else now
        way = self._way_up(begin, self._next_failure(record.id))
        record.timeline = Timeline(way.end, ending + way.legs)
        record.applied = copy.deepcopy(record.definition)

    def _stop(self, record: _Record) -> None:
        if self._is_up(record):
            record.timeline = Timeline(
                "NOT_RUNNING", (("STOPPING", self.now() + self.settings.stop_seconds),)
            )
        elif self.settings.stop_when_stopped == 409:  # noqa: PLR2004
            raise Refused(409, "The streaming pipeline is not running.")

    def _check_agent(self, record: _Record) -> None:
        agent = record.definition.get("agentId", "")
        if self.agents.get(agent, {}).get("agentType", "streaming") != "streaming":
            raise Refused(409, f"Agent {agent} is not a streaming agent.")
        busy = [
            other
            for other in self._pipelines.values()
            if other is not record and other.definition.get("agentId") == agent and self._is_up(other)
        ]
        if busy and self.settings.second_pipeline_on_agent != "allowed":
            raise Refused(409, f"Agent {agent} already runs streaming pipeline {busy[0].id}.")

    def _next_failure(self, pipeline_id: str) -> StartFailure | None:
        for armed in self._start_failures:
            if armed.times != 0 and armed.failure.pipeline in (None, pipeline_id):
                armed.times = armed.times and armed.times - 1
                return armed.failure
        return None

    def _way_up(self, begin: float, failure: StartFailure | None) -> Timeline:
        """Return the legs of a start, cut after the status in which it fails."""
        started = begin + self.settings.start_seconds
        legs = [("STARTING", started)]
        if self.settings.start_snapshot_seconds:
            legs.append(("SNAPSHOTTING", started + self.settings.start_snapshot_seconds))
        if failure is None:
            return Timeline("STREAMING", tuple(legs))
        words = [status for status, _ in legs]
        if failure.after in words:
            return Timeline("NOT_RUNNING", tuple(legs[: words.index(failure.after) + 1]))
        if failure.after == "NOT_RUNNING":
            return Timeline("NOT_RUNNING")
        return Timeline("NOT_RUNNING", (*legs, (failure.after, legs[-1][1] + failure.seconds)))


def _shown(record: _Record) -> Json:
    ids = {"projectId": record.project_id, "streamingPipelineId": record.id}
    return copy.deepcopy(record.definition) | ids


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> Json:
    result = dict(base)
    for key, value in change.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = _merged(result[key], value)
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = copy.deepcopy(value)
    return result
