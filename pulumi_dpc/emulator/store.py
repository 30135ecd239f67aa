"""The service's memory of pipelines, and its rules about them."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import storage_rules
from .directory import NOT_FOUND, Directory, Json, Refused, step
from .lifecycle import UP, StartFailure, Timeline, snapshotting, started, stopped
from .pipeline import Pipeline, StoredPipeline
from .settings import Settings

CONFLICT: Final = 409


@dataclass
class _ArmedFailure:
    failure: StartFailure
    times: int | None


class Store:
    """What the service knows.

    Args:
        settings: The switches, read at each step.
        now: Returns nominal seconds; only differences count.
        new_id: Returns a new unique id.

    Attributes:
        directory: Projects, environments and agents.
        lock: Held during every step; take it to combine several.
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
        self.directory = Directory(new_id, self.lock, now)
        self._pipelines: dict[str, StoredPipeline] = {}
        self._start_failures: list[_ArmedFailure] = []

    # Pipelines, as the API sees them

    @step
    def definitions(self, project_id: str) -> list[Json]:
        """Return the definitions of a project in the order they were made."""
        self.directory.project(project_id)
        return [self._answer(record) for record in self._in_project(project_id)]

    @step
    def get(self, project_id: str, pipeline_id: str) -> Json:
        """Return one definition."""
        return self._answer(self._record(project_id, pipeline_id))

    @step
    def create(self, project_id: str, definition: Json) -> Json:
        """Make a pipeline, stopped."""
        self.directory.project(project_id)
        kept = storage_rules.stored(definition, self.settings)
        self._admit(project_id, kept, itself=None)
        return self._answer(self._pipelines[self.place(project_id, kept)])

    @step
    def update(self, project_id: str, pipeline_id: str, definition: Json) -> Json:
        """Replace a definition."""
        record = self._record(project_id, pipeline_id)
        running = record.timeline.is_up(self.now())
        if running and self.settings.put_when_running == CONFLICT:
            raise Refused(CONFLICT, "The streaming pipeline is running.")
        kept = storage_rules.stored(definition, self.settings)
        self._admit(project_id, kept, itself=record)
        record.definition = kept
        if running and self.settings.put_when_running == "at-once":
            record.applied = copy.deepcopy(kept)
        return self._answer(record)

    @step
    def delete(self, project_id: str, pipeline_id: str) -> None:
        """Delete a pipeline, for good."""
        record = self._record(project_id, pipeline_id)
        refuses = self.settings.delete_when_running == CONFLICT
        if refuses and record.timeline.is_up(self.now()):
            raise Refused(CONFLICT, "The streaming pipeline is running.")
        del self._pipelines[record.id]

    @step
    def command(self, project_id: str, pipeline_id: str, command: str) -> None:
        """Ask the pipeline's agent to START or STOP it."""
        record = self._record(project_id, pipeline_id)
        if command == "START":
            self._start(record)
        else:
            self._stop(record)
        record.forced = None

    @step
    def delete_project(self, project_id: str) -> None:
        """Delete a project with everything in it."""
        self.directory.remove_project(project_id)
        for record in self._in_project(project_id):
            del self._pipelines[record.id]

    @step
    def status(self, project_id: str, pipeline_id: str) -> str:
        """Return the status word of a pipeline."""
        return self._seen(self._record(project_id, pipeline_id))

    # Agents, as the API sees them

    @step
    def create_agent(self, request: Json, *, connects_after: float) -> Json:
        """Make an agent."""
        self._admit_agent(request["name"])
        return self.directory.add_agent(request, connects_after=connects_after)

    @step
    def change_agent(self, agent_id: str, change: Json) -> None:
        """Change what may be changed of an agent."""
        if "name" in change:
            self._admit_agent(change["name"], agent_id)
        self.directory.change_agent(agent_id, change)

    @step
    def delete_agent(self, agent_id: str) -> None:
        """Begin to delete an agent."""
        used = any(record.agent == agent_id for record in self._pipelines.values())
        if used and self.settings.delete_used_agent == CONFLICT:
            raise Refused(CONFLICT, f"Agent {agent_id} is used by a streaming pipeline.")
        self.directory.remove_agent(agent_id, self.settings.agent_delete_seconds)

    # Behind the API's back

    @step
    def place(
        self,
        project_id: str,
        definition: Mapping[str, Any],
        pipeline_id: str | None = None,
        status: str = "NOT_RUNNING",
    ) -> str:
        """Put a pipeline there as it is, checking nothing, and return its id."""
        record = StoredPipeline(pipeline_id or self.new_id(), project_id, copy.deepcopy(dict(definition)))
        self._pipelines[record.id] = record
        self.settle(record.id, status)
        return record.id

    @step
    def settle(self, pipeline: str, status: str) -> None:
        """Put a pipeline into an end state at once."""
        record = self.find(pipeline)
        record.timeline, record.forced = Timeline(status), None
        if status in UP:
            record.applied = copy.deepcopy(record.definition)

    @step
    def force_status(self, pipeline: str, status: str | None) -> None:
        """Answer this status word, whatever is true, until the next command."""
        self.find(pipeline).forced = status

    @step
    def snapshot(self, pipeline: str, seconds: float) -> None:
        """Take a snapshot of a running pipeline; it streams again afterwards."""
        self.find(pipeline).timeline = snapshotting(self.now(), seconds)

    @step
    def edit(self, pipeline: str, change: Mapping[str, Any]) -> None:
        """Merge a change into a definition (RFC 7396: mappings merge, None removes)."""
        record = self.find(pipeline)
        record.definition = storage_rules.merged(record.definition, change)

    @step
    def forget(self, pipeline: str) -> None:
        """Delete a pipeline."""
        del self._pipelines[self.find(pipeline).id]

    @step
    def fail_starts(self, failure: StartFailure, times: int | None) -> None:
        """Let the next starts fail; None for every start from now on."""
        self._start_failures.append(_ArmedFailure(failure, times))

    @step
    def find(self, pipeline: str) -> StoredPipeline:
        """Return the pipeline of that id, or the only one of that name."""
        if pipeline in self._pipelines:
            return self._pipelines[pipeline]
        named = [record for record in self._pipelines.values() if record.definition.get("name") == pipeline]
        if len(named) != 1:
            raise KeyError(f"{len(named)} pipelines are called {pipeline!r}")
        return named[0]

    @step
    def show(self, pipeline: str) -> Pipeline:
        """Return a copy of what is known of one pipeline."""
        record = self.find(pipeline)
        return record.shown(self._seen(record), self.now())

    @step
    def show_all(self) -> list[Pipeline]:
        """Return a copy of every pipeline, in the order they were made."""
        return [self.show(pipeline_id) for pipeline_id in self._pipelines]

    # Rules

    def _in_project(self, project_id: str) -> list[StoredPipeline]:
        return [record for record in self._pipelines.values() if record.project_id == project_id]

    def _record(self, project_id: str, pipeline_id: str) -> StoredPipeline:
        self.directory.project(project_id)
        record = self._pipelines.get(pipeline_id)
        if record is None or record.project_id != project_id:
            detail = f"There is no streaming pipeline {pipeline_id} in project {project_id}."
            raise Refused(NOT_FOUND, detail)
        return record

    def _answer(self, record: StoredPipeline) -> Json:
        """Return the definition with its ids, as answers show it."""
        return storage_rules.shown(record.definition, self.settings) | record.ids

    def _seen(self, record: StoredPipeline) -> str:
        """Return the word the API answers: an agent that is away or gone reports nothing."""
        reporting = self.directory.is_connected(record.agent)
        return record.forced or (record.timeline.at(self.now()) if reporting else "UNKNOWN")

    def _admit(self, project_id: str, definition: Json, itself: StoredPipeline | None) -> None:
        """Refuse a definition that clashes with what is already there."""
        others = [record for record in self._pipelines.values() if record is not itself]
        names = [record.definition.get("name") for record in others if record.project_id == project_id]
        name, agent = definition.get("name"), definition.get("agentId")
        rules = self.settings
        if name in names and rules.duplicate_name != "allowed":
            violations = ["name: must be unique in the project"]
            raise Refused(rules.duplicate_name, "A streaming pipeline of this name exists.", violations)
        if agent not in self.directory.agents and rules.unknown_agent != "accepted":
            violations = ["agentId: must be a known agent"]
            raise Refused(rules.unknown_agent, f"There is no agent {agent}.", violations)
        is_taken = any(record.agent == agent for record in others)
        if is_taken and rules.second_pipeline_on_agent == "create-refused":
            raise Refused(CONFLICT, f"Agent {agent} has a streaming pipeline already.")

    def _admit_agent(self, name: str, itself: str | None = None) -> None:
        """Refuse the name of another agent, where the service does."""
        names = [agent["name"] for agent in self.directory.every_agent() if agent["agentId"] != itself]
        if name in names and self.settings.duplicate_agent_name != "allowed":
            violations = ["name: must be unique in the account"]
            raise Refused(self.settings.duplicate_agent_name, "An agent of this name exists.", violations)

    def _start(self, record: StoredPipeline) -> None:
        if record.timeline.is_up(self.now()):
            if self.settings.start_when_running == CONFLICT:
                raise Refused(CONFLICT, "The streaming pipeline is already running.")
            return
        self._check_agent(record)
        failure = self._next_failure(record.id)
        record.timeline = started(record.timeline, self.now(), self.settings, failure)
        record.applied = copy.deepcopy(record.definition)

    def _stop(self, record: StoredPipeline) -> None:
        if record.timeline.is_up(self.now()):
            record.timeline = stopped(self.now(), self.settings)
        elif self.settings.stop_when_stopped == CONFLICT:
            raise Refused(CONFLICT, "The streaming pipeline is not running.")

    def _check_agent(self, record: StoredPipeline) -> None:
        """Refuse a start on an agent of the wrong kind, or on one that runs another pipeline."""
        if self.directory.agents.get(record.agent, {}).get("agentType", "streaming") != "streaming":
            raise Refused(CONFLICT, f"Agent {record.agent} is not a streaming agent.")
        if self.settings.second_pipeline_on_agent == "allowed":
            return
        now = self.now()
        for other in self._pipelines.values():
            if other is not record and other.agent == record.agent and other.timeline.is_up(now):
                detail = f"Agent {record.agent} already runs streaming pipeline {other.id}."
                raise Refused(CONFLICT, detail)

    def _next_failure(self, pipeline_id: str) -> StartFailure | None:
        for armed in self._start_failures:
            if armed.times != 0 and armed.failure.pipeline in (None, pipeline_id):
                armed.times = armed.times and armed.times - 1
                return armed.failure
        return None
