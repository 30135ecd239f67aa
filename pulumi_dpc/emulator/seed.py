"""What an emulator begins with, as a file says it: projects, environments, agents and pipelines."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from . import contract
from .directory import Json
from .store import Store

Seed: TypeAlias = "str | PathLike[str] | Mapping[str, Any]"

_KINDS: Final = ("projects", "agents", "environments", "pipelines")
_NAMED: Final[Json] = contract.document()["components"]["schemas"]
_TEXT: Final = _NAMED["NotBlank"]
_ID: Final = {"type": "string", "format": "uuid"}
_IN_A_PROJECT: Final[Json] = {"project": _TEXT, "projectId": _ID}
_PROJECT: Final = {
    "required": ["name"],
    "properties": {"name": _TEXT, "id": _ID, "description": {"type": "string"}},
}
_AGENT: Final = {
    "allOf": [{"$ref": "urn:dpc:openapi#/components/schemas/AgentRequest"}],
    "properties": {
        **{key: {} for key in _NAMED["AgentRequest"]["properties"]},
        "agentId": _ID,
        "connected": {"type": "boolean"},
    },
}
_ENVIRONMENT: Final[Json] = {
    "required": ["name"],
    "properties": {"name": _TEXT, "defaultAgentName": _TEXT, "defaultAgentId": _ID, **_IN_A_PROJECT},
}
_PIPELINE: Final[Json] = {
    "properties": {
        "streamingPipelineId": _ID,
        "agentName": _TEXT,
        "status": _NAMED["Status"]["properties"]["status"],
        **_IN_A_PROJECT,
    }
}
_AGENT_REQUEST: Final = {"$ref": "#/components/schemas/AgentRequest"}
_DEFINITION: Final = {"$ref": "#/components/schemas/DefinitionRequest"}
_DEPLOYMENTS: Final = {"azure": "aks", "gcp": "gke", "google_cloud": "gke"}
_ANSWERED: Final = ("agentStatus", "pausedUntil", "versionDetails")
"""What an agent's answer says beyond what is asked for one; it may stand in a seed, and says nothing there."""


_REFERRED: Final = {"project": "a project", "agent": "an agent"}
"""What other entries may name."""
_UNKNOWN_ID: Final = str(uuid.UUID(int=0))


class SeedError(ValueError):
    """What is wrong with a seed, one line for each mistake."""


def plant(seed: Seed, store: Store) -> None:
    """Put into a store what a file or a mapping says.

    Ids that are left out follow from the names, so that they are the same at every start.

    Raises:
        SeedError: The file cannot be read, or says what the API would refuse.
    """
    name = "seed" if isinstance(seed, Mapping) else str(seed)
    content = seed if isinstance(seed, Mapping) else _read(Path(seed))
    mistakes = list(_shape(content))
    if not mistakes:
        planting = _Planting(store)
        planting.plant(content)
        mistakes = planting.mistakes
    if mistakes:
        raise SeedError("\n".join(f"{name}: {mistake}." for mistake in mistakes))


def add_agents(number: int, store: Store) -> None:
    """Add streaming agents ``agent-1`` and so on, each with an environment of its name in the first project."""
    for name in (f"agent-{position}" for position in range(1, number + 1)):
        made = store.directory.add_agent(
            _agent_request({"name": name}), _id_for("agent", name), connects_after=0
        )
        for project in list(store.directory.projects)[:1]:
            store.directory.add_environment(project, name, made["agentId"])


def _read(path: Path) -> Any:
    try:
        text = path.read_text("utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise SeedError(f"The seed {path} cannot be read: {error.strerror}.") from None
    except (ValueError, yaml.YAMLError) as error:
        told = " ".join(str(error).split())
        raise SeedError(f"The seed {path} is neither YAML nor JSON: {told}.") from None


def _shape(content: Any) -> Iterator[str]:
    """Yield what is no list of mappings under a known word."""
    known = ", ".join(_KINDS)
    if not isinstance(content, Mapping):
        yield f"must have lists under {known}"
        return
    for kind, entries in content.items():
        if kind not in _KINDS:
            yield f"{kind}: is not one of {known}"
        elif entries is not None and not _is_list_of_mappings(entries):
            yield f"{kind}: must be a list of mappings"


def _is_list_of_mappings(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(entry, Mapping) for entry in value)


class _Planting:
    """One seed on its way into a store; its parts are planted in the order in which they need each other.

    Attributes:
        mistakes: What is wrong so far, each with its place.
    """

    def __init__(self, store: Store) -> None:
        self.mistakes: list[str] = []
        self._store = store
        self._may_be_newer = store.settings.unknown_field == "kept"
        self._taken: set[str] = set()
        self._where = ""
        self._names: dict[str, list[object]] = {}

    def plant(self, seed: Mapping[str, Any]) -> None:
        """Put every entry there that is right."""
        kinds = {
            "projects": self._project,
            "agents": self._agent,
            "environments": self._environment,
            "pipelines": self._pipeline,
        }
        self._names = {
            kind: [entry.get("name") for entry in seed.get(f"{kind}s") or []] for kind in _REFERRED
        }
        for kind, plant_one in kinds.items():
            for position, entry in enumerate(seed.get(kind) or []):
                self._where = f"{kind}[{position}]"
                plant_one(dict(entry))

    def _project(self, entry: Json) -> None:
        if self._fits(_PROJECT, entry) and (found := self._id("project", entry.get("id"), entry["name"])):
            self._store.directory.add_project(entry["name"], found, entry.get("description", ""))

    def _agent(self, entry: Json) -> None:
        entry = _agent_request(entry)
        newer, given = self._may_be_newer, entry.get("agentId")
        if self._fits(_AGENT, entry, newer=newer) and (found := self._id("agent", given, entry["name"])):
            connects = 0 if entry.pop("connected", True) else math.inf
            kept = contract.conform(_AGENT_REQUEST, entry, drop_unknown=not newer)
            self._store.directory.add_agent(kept, found, connects_after=connects)

    def _environment(self, entry: Json) -> None:
        fits = self._fits(_ENVIRONMENT, entry)
        project = self._project_of(entry)
        agent = self._agent_of(entry, "defaultAgentName", "defaultAgentId")
        if fits and project:
            self._store.directory.add_environment(project, entry["name"], agent)

    def _pipeline(self, entry: Json) -> None:
        own = {key: entry.pop(key) for key in _PIPELINE["properties"] if key in entry}
        fits = self._fits(_PIPELINE, own)
        project = self._project_of(own)
        if "agentName" in own:
            entry["agentId"] = self._agent_of(own, "agentName", "agentId") or _UNKNOWN_ID
        if self._fits(_DEFINITION, entry, newer=self._may_be_newer) and fits and project:
            name = f"{project}/{entry['name']}"
            if found := self._id("pipeline", own.get("streamingPipelineId"), name):
                kept = contract.conform(_DEFINITION, entry, drop_unknown=not self._may_be_newer)
                self._store.place(
                    project, kept, found, contract.conform(_PIPELINE, own).get("status", "NOT_RUNNING")
                )

    def _fits(self, schema: Mapping[str, Any], entry: Json, *, newer: bool = False) -> bool:
        """Tell whether an entry is what the API takes, or a newer one may take; note what is wrong with it."""
        wrong = contract.violations(schema, entry, allow_unknown_types=newer)
        if not newer:
            wrong += [f"{path}: is not a known field" for path in contract.unknown_fields(schema, entry)]
        self.mistakes += [f"{self._where}.{line}" for line in wrong]
        return not wrong

    def _id(self, kind: str, given: str | None, name: str) -> str | None:
        """Return the id of an entry, which follows from its name if it has none."""
        found = given or _id_for(kind, name)
        if found in self._taken:
            self.mistakes.append(f"{self._where}: another {kind} has this id, or this name and no id")
            return None
        self._taken.add(found)
        return found

    def _project_of(self, entry: Json) -> str | None:
        """Return the id of the project that an entry names; it may be left out where there is only one."""
        known = {project.id: project.name for project in self._store.directory.projects.values()}
        if "project" not in entry and "projectId" not in entry and len(known) == 1:
            return next(iter(known))
        if "project" not in entry and entry.get("projectId") not in known:
            self.mistakes.append(f"{self._where}.projectId: {_none_of(known.values(), 'project')}")
            return None
        return (
            str(entry["projectId"])
            if "projectId" in entry
            else self._by_name("project", entry["project"], known)
        )

    def _agent_of(self, entry: Json, name: str, key: str) -> str | None:
        """Return the id of the agent that an entry names; an id may be that of an agent that is not there."""
        if name not in entry:
            return entry.get(key)
        known = {agent["agentId"]: agent["name"] for agent in self._store.directory.agents.values()}
        return self._by_name(name, entry[name], known)

    def _by_name(self, key: str, name: object, known: Mapping[str, str]) -> str | None:
        found = [one for one, its_name in known.items() if its_name == name]
        if len(found) == 1:
            return found[0]
        kind = "project" if key == "project" else "agent"
        if found or name not in self._names[kind]:  # else it has a mistake of its own
            what = f"{len(found)} have this name, so give the id" if found else _none_of(known.values(), kind)
            self.mistakes.append(f"{self._where}.{key}: {what}")
        return None


def _agent_request(entry: Json) -> Json:
    """Return what is asked for an agent; by default it is a streaming one, on AWS."""
    cloud = entry.get("cloudProvider", "aws")
    deployment = _DEPLOYMENTS.get(str(cloud).lower(), "fargate")
    defaults = {"agentType": "streaming", "cloudProvider": cloud, "deployment": deployment}
    return defaults | {key: item for key, item in entry.items() if key not in _ANSWERED}


def _id_for(kind: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))


def _none_of(names: Iterable[str], kind: str) -> str:
    return f"must be {_REFERRED[kind]} of this seed: {', '.join(names) or 'there is none'}"
