"""What is kept of one pipeline, and the copy of it that tests look at."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from .directory import Json
from .lifecycle import Timeline


@dataclass(frozen=True)
class Pipeline:
    """A copy of one pipeline as it is in the service.

    Attributes:
        definition: As stored, without the two ids.
        status: What the API would answer now.
        running: Whether it runs or is on its way up, also where the status is UNKNOWN.
        running_definition: The definition that the last start took; None if it never started.
    """

    id: str
    project_id: str
    definition: Json
    status: str
    running: bool
    running_definition: Json | None

    @property
    def name(self) -> str:
        """Return the name in the definition."""
        return str(self.definition.get("name", ""))


@dataclass
class StoredPipeline:
    """One pipeline in the service's memory.

    Attributes:
        definition: As stored, without the two ids.
        applied: The definition that the last start took; None if it never started.
        forced: The status word to answer, whatever is true.
    """

    id: str
    project_id: str
    definition: Json
    applied: Json | None = None
    timeline: Timeline = field(default_factory=Timeline)
    forced: str | None = None

    @property
    def agent(self) -> str:
        """Return the id of its agent."""
        return str(self.definition.get("agentId", ""))

    @property
    def ids(self) -> Json:
        """Return its two ids as answers name them."""
        return {"projectId": self.project_id, "streamingPipelineId": self.id}

    def shown(self, status: str, now: float) -> Pipeline:
        """Return a copy of it for tests, with the status that the API would answer."""
        return Pipeline(
            id=self.id,
            project_id=self.project_id,
            definition=copy.deepcopy(self.definition),
            status=status,
            running=self.timeline.is_up(now),
            running_definition=copy.deepcopy(self.applied),
        )
