"""What lookups return: each thing as a program sees it, read from the API's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from pulumi_dpc import outputs


@dataclass(frozen=True)
class Project:
    """A project of the account."""

    id: str
    """The project's id, a UUID."""
    name: str
    """Its name, as it was asked for."""
    description: str = ""
    """What the account says of it; empty where it says nothing."""


@dataclass(frozen=True)
class Environment:
    """An environment of a project, with the agent that is its default."""

    name: str
    """The environment's name."""
    default_agent_id: str
    """The id of its default agent, a UUID; empty where it has none."""
    default_agent_name: str
    """The name of its default agent; empty where it has none."""


@dataclass(frozen=True)
class Agent:
    """An agent of the account; only one of type ``streaming`` runs a streaming pipeline."""

    id: str
    """The agent's id, a UUID: what ``agent_id`` takes."""
    name: str
    """Its name."""
    agent_type: str = ""
    """``streaming``, or ``data_productivity_cloud`` for batch pipelines."""
    cloud_provider: str = ""
    """The cloud in which it runs, such as ``aws``."""
    deployment: str = ""
    """How it runs there, such as ``fargate``."""
    description: str = ""
    """What the account says of it; empty where it says nothing."""
    agent_status: str = ""
    """The service's word for its state, such as ``running``."""
    connected: bool | None = None
    """Whether it is connected to the service; None where the service does not say."""
    restricted_access: bool | None = None
    """Whether access to it is restricted; None where the service does not say."""
    version_details: Mapping[str, Any] | None = field(default=None, hash=False)
    """Its version and update track, in the API's spelling; None where the service does not say."""


@dataclass(frozen=True)
class ListedStreamingPipeline:
    """A streaming pipeline as its project lists it: the definition, without the run state."""

    id: str
    """``<project id>/<streaming pipeline id>``: what ``import_`` and `StreamingPipeline.get` take."""
    project_id: str
    """The project it belongs to, a UUID."""
    streaming_pipeline_id: str
    """The service's id of the pipeline, a UUID."""
    name: str
    """The pipeline's name."""
    agent_id: str
    """The agent that runs it, a UUID."""
    definition: Mapping[str, Any] = field(hash=False)
    """The whole definition in the API's spelling, as `StreamingPipeline.from_definition` takes it."""

    @property
    def streaming_source(self) -> outputs.Source:
        """The source, in the API's spelling."""
        source: outputs.Source = self.definition.get("streamingSource", {})
        return source

    @property
    def streaming_target(self) -> outputs.Target:
        """The target, in the API's spelling."""
        target: outputs.Target = self.definition.get("streamingTarget", {})
        return target

    @property
    def advanced_properties(self) -> Mapping[str, Any] | None:
        """The free properties; None where there are none."""
        return self.definition.get("advancedProperties")


@dataclass(frozen=True)
class LiveStreamingPipeline(ListedStreamingPipeline):
    """A streaming pipeline as it is now: its definition, and its run state."""

    status: str = ""
    """STARTING, SNAPSHOTTING, STREAMING, STOPPING, NOT_RUNNING or UNKNOWN."""


if TYPE_CHECKING:

    class ProjectOutput(pulumi.Output[Project]):
        """A project that is found later; each field of it is an Output."""

        @property
        def id(self) -> pulumi.Output[str]: ...
        @property
        def name(self) -> pulumi.Output[str]: ...
        @property
        def description(self) -> pulumi.Output[str]: ...

    class EnvironmentOutput(pulumi.Output[Environment]):
        """An environment that is found later; each field of it is an Output."""

        @property
        def name(self) -> pulumi.Output[str]: ...
        @property
        def default_agent_id(self) -> pulumi.Output[str]: ...
        @property
        def default_agent_name(self) -> pulumi.Output[str]: ...

    class AgentOutput(pulumi.Output[Agent]):
        """An agent that is found later; each field of it is an Output."""

        @property
        def id(self) -> pulumi.Output[str]: ...
        @property
        def name(self) -> pulumi.Output[str]: ...
        @property
        def agent_type(self) -> pulumi.Output[str]: ...
        @property
        def cloud_provider(self) -> pulumi.Output[str]: ...
        @property
        def deployment(self) -> pulumi.Output[str]: ...
        @property
        def description(self) -> pulumi.Output[str]: ...
        @property
        def agent_status(self) -> pulumi.Output[str]: ...
        @property
        def connected(self) -> pulumi.Output[bool | None]: ...
        @property
        def restricted_access(self) -> pulumi.Output[bool | None]: ...
        @property
        def version_details(self) -> pulumi.Output[Mapping[str, Any] | None]: ...

    class LiveStreamingPipelineOutput(pulumi.Output[LiveStreamingPipeline]):
        """A streaming pipeline that is found later; each field of it is an Output."""

        @property
        def id(self) -> pulumi.Output[str]: ...
        @property
        def project_id(self) -> pulumi.Output[str]: ...
        @property
        def streaming_pipeline_id(self) -> pulumi.Output[str]: ...
        @property
        def name(self) -> pulumi.Output[str]: ...
        @property
        def agent_id(self) -> pulumi.Output[str]: ...
        @property
        def definition(self) -> pulumi.Output[Mapping[str, Any]]: ...
        @property
        def streaming_source(self) -> pulumi.Output[outputs.Source]: ...
        @property
        def streaming_target(self) -> pulumi.Output[outputs.Target]: ...
        @property
        def advanced_properties(self) -> pulumi.Output[Mapping[str, Any] | None]: ...
        @property
        def status(self) -> pulumi.Output[str]: ...

else:
    # An Output has every attribute of its value, but a type checker knows them as `Output[Any]` only.
    ProjectOutput, EnvironmentOutput = pulumi.Output[Project], pulumi.Output[Environment]
    AgentOutput, LiveStreamingPipelineOutput = pulumi.Output[Agent], pulumi.Output[LiveStreamingPipeline]


def read_project(found: Mapping[str, Any]) -> Project:
    """Return a project of the API's answer."""
    return Project(id=found["id"], name=_text(found, "name"), description=_text(found, "description"))


def read_environment(found: Mapping[str, Any]) -> Environment:
    """Return an environment of the API's answer."""
    return Environment(_text(found, "name"), _text(found, "defaultAgentId"), _text(found, "defaultAgentName"))


def read_agent(found: Mapping[str, Any]) -> Agent:
    """Return an agent of the API's answer."""
    details = found.get("versionDetails")
    return Agent(
        id=found["agentId"],
        name=_text(found, "name"),
        agent_type=_text(found, "agentType"),
        cloud_provider=_text(found, "cloudProvider"),
        deployment=_text(found, "deployment"),
        description=_text(found, "description"),
        agent_status=_text(found, "agentStatus"),
        connected=_flag(found, "connected"),
        restricted_access=_flag(found, "restrictedAccess"),
        version_details=dict(details) if isinstance(details, Mapping) else None,
    )


def read_listed_pipeline(found: Mapping[str, Any]) -> ListedStreamingPipeline:
    """Return a streaming pipeline of the API's answer."""
    return ListedStreamingPipeline(**_pipeline(found))


def read_live_pipeline(found: Mapping[str, Any]) -> LiveStreamingPipeline:
    """Return a streaming pipeline of the API's answer, to which its ``status`` is added."""
    return LiveStreamingPipeline(**_pipeline(found), status=_text(found, "status"))


def _pipeline(found: Mapping[str, Any]) -> dict[str, Any]:
    from pulumi_dpc._definition.definition import canonical  # a program without this lookup needs no models

    project_id, pipeline_id = found["projectId"], found["streamingPipelineId"]
    return {
        "id": f"{project_id}/{pipeline_id}",
        "project_id": project_id,
        "streaming_pipeline_id": pipeline_id,
        "name": _text(found, "name"),
        "agent_id": _text(found, "agentId"),
        "definition": canonical({key: value for key, value in found.items() if key != "status"}),
    }


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _flag(found: Mapping[str, Any], key: str) -> bool | None:
    value = found.get(key)
    return value if isinstance(value, bool) else None
