"""What pipelines live in and run on: projects, their environments, and agents."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeAlias, TypeVar

Json: TypeAlias = "dict[str, Any]"
NOT_FOUND: Final = 404

_VERSION: Final = {
    "agentUpdateAvailable": False,
    "agentVersion": "2.111.0",
    "support": "SUPPORTED",
    "trackReleaseDate": "2026-01-01T00:00:00.000Z",
    "trackVersion": "2.111.0",
}
_FIXED: Final = (
    "agentId",
    "agentType",
    "cloudProvider",
    "deployment",
    "connected",
    "agentStatus",
    "versionDetails",
)
"""What no change of an agent may name (``docs/api.md`` section 2.2), also where unknown fields are kept."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Refused(Exception):
    """Why the service will not do something, in its own numbers and words."""

    def __init__(self, status: int, detail: str, violations: Iterable[str] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.violations = list(violations)


class _Lockable(Protocol):
    lock: threading.RLock


_S = TypeVar("_S", bound=_Lockable)


def step(method: Callable[Concatenate[_S, _P], _R]) -> Callable[Concatenate[_S, _P], _R]:
    """Let nothing else happen under the object's lock meanwhile."""

    @functools.wraps(method)
    def alone(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self.lock:
            return method(self, *args, **kwargs)

    return alone


@dataclass
class Project:
    """One project and its environments."""

    id: str
    name: str
    description: str = ""
    environments: list[Json] = field(default_factory=list)


class Directory:
    """The projects, environments and agents.

    Args:
        new_id: Returns a new unique id.
        lock: Held during every step.
        now: Returns nominal seconds.

    Attributes:
        agents: What is known of each agent, by id, except whether it is connected.
    """

    def __init__(self, new_id: Callable[[], str], lock: threading.RLock, now: Callable[[], float]) -> None:
        self.lock = lock
        self.projects: dict[str, Project] = {}
        self.agents: dict[str, Json] = {}
        self.credentials: dict[str, Json] = {}
        self._connected_from: dict[str, float] = {}
        self._gone_from: dict[str, float] = {}
        self._new_id = new_id
        self._now = now

    def project(self, project_id: str) -> Project:
        """Return the project, or refuse with 404."""
        if project_id not in self.projects:
            raise Refused(NOT_FOUND, f"There is no project {project_id}.")
        return self.projects[project_id]

    @step
    def add_project(self, name: str, project_id: str | None = None, description: str = "") -> str:
        """Make a project and return its id."""
        project = Project(project_id or self._new_id(), name, description)
        self.projects[project.id] = project
        return project.id

    @step
    def remove_project(self, project_id: str) -> None:
        """Forget a project and its environments."""
        self.project(project_id)
        del self.projects[project_id]

    @step
    def add_environment(
        self, project_id: str, name: str, agent_id: str | None, agent_name: str | None = None
    ) -> Json:
        """Make an environment whose default agent is the given one."""
        known = self.agents.get(agent_id or "", {}).get("name")
        environment = {"name": name, "defaultAgentId": agent_id, "defaultAgentName": agent_name or known}
        self.project(project_id).environments.append(environment)
        return environment

    @step
    def every_agent(self) -> list[Json]:
        """Return the agents as they are now, in the order they were made."""
        self._sweep()
        return [self.agent(agent_id) for agent_id in self.agents]

    @step
    def agent(self, agent_id: str) -> Json:
        """Return the agent as it is now, or refuse with 404."""
        self._sweep()
        if agent_id not in self.agents:
            raise Refused(NOT_FOUND, f"There is no agent {agent_id}.")
        connected = self.is_connected(agent_id)
        status = "running" if connected else "stopped"
        return self.agents[agent_id] | {"connected": connected, "agentStatus": status}

    def is_connected(self, agent_id: str) -> bool:
        """Tell whether the agent is there and connected now."""
        return self._now() >= self._connected_from.get(agent_id, math.inf)

    @step
    def add_agent(
        self, request: Json, agent_id: str | None = None, *, connects_after: float = math.inf
    ) -> Json:
        """Make an agent; it connects after that many nominal seconds, as its installation begins to run."""
        agent_id = agent_id or self._new_id()
        defaults = {"description": "", "enableAutoUpdates": False, "restrictedAccess": False}
        sent = {key: value for key, value in request.items() if key != "trackName"}
        details = _VERSION | {"trackName": request.get("trackName", "current")}
        self.agents[agent_id] = defaults | sent | {"agentId": agent_id, "versionDetails": details}
        self.credentials[agent_id] = {"clientId": self._new_id(), "clientSecret": self._new_id()}
        self.connect(agent_id, after=connects_after)
        return self.agent(agent_id)

    @step
    def change_agent(self, agent_id: str, change: Json) -> None:
        """Change what may be changed of an agent, or refuse what its kind may not have."""
        is_streaming = self.agent(agent_id)["agentType"] == "streaming"
        if is_streaming and change.get("enableAutoUpdates"):
            raise Refused(400, "Invalid request content.", ["enableAutoUpdates: must be False"])
        agent = self.agents[agent_id]
        agent |= {key: value for key, value in change.items() if key not in {*_FIXED, "trackName"}}
        agent["versionDetails"] |= {key: value for key, value in change.items() if key == "trackName"}

    @step
    def edit_agent(self, agent_id: str, fields: Json) -> None:
        """Set fields of an agent, whatever they are."""
        self.agent(agent_id)
        self.agents[agent_id] |= fields

    @step
    def remove_agent(self, agent_id: str, after: float = 0) -> None:
        """Disconnect an agent, and forget it after that many nominal seconds."""
        self.agent(agent_id)
        self._connected_from.pop(agent_id, None)
        self._gone_from.setdefault(agent_id, self._now() + after)
        self._sweep()

    @step
    def refresh_credentials(self, agent_id: str) -> Json:
        """Give an agent a new secret and return its credentials."""
        self.agent(agent_id)
        self.credentials[agent_id] |= {"clientSecret": self._new_id()}
        return self.credentials[agent_id]

    @step
    def connect(self, agent_id: str, after: float = 0) -> None:
        """Let the agent be away for that many nominal seconds (``math.inf``: until the next call), then connect."""
        self.agent(agent_id)
        self._connected_from[agent_id] = self._now() + after

    def _sweep(self) -> None:
        """Forget the agents whose time has come."""
        now = self._now()
        for agent_id in [one for one, gone in self._gone_from.items() if gone <= now]:
            del self._gone_from[agent_id], self.agents[agent_id], self.credentials[agent_id]
