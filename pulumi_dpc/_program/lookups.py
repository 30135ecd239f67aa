"""Names to ids: the lookups that a program calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pulumi

from pulumi_dpc.errors import ConfigurationError, DpcError

from .account import answers
from .asking import Question
from .matching import the_one
from .mocked import GET_ENVIRONMENT, GET_PROJECT
from .reporting import in_program

if TYPE_CHECKING:
    from pulumi_dpc._api.settings import Settings


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

else:
    # An Output has every attribute of its value, but a type checker knows them as `Output[Any]` only.
    ProjectOutput, EnvironmentOutput = pulumi.Output[Project], pulumi.Output[Environment]


def get_project(name: str, *, settings: Settings | None = None) -> Project:
    """Return the project of that name.

    Args:
        name: The project's name, exactly.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        LookupFailed: No project has that name, or more than one has.
        DpcError: Credentials are missing or wrong, or the API cannot be reached.
    """
    return in_program(lambda: _PROJECT.answer({"name": _plain(name, "get_project", "name")}, settings))


def get_environment(
    project_id: str, name: str | None = None, *, settings: Settings | None = None
) -> Environment:
    """Return an environment of a project, by name, or the only one.

    Warns once when the environment's default agent is known not to be a streaming one: it is the default for batch
    pipelines.

    Args:
        project_id: The project's id.
        name: The environment's name; may be left out where the project has one environment only.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        LookupFailed: No environment has that name, or the name is not given and there are several.
        DpcError: Credentials are missing or wrong, the project is unknown, or the API cannot be reached.
    """

    def find() -> Environment:
        arguments = {"projectId": _plain(project_id, "get_environment", "project_id"), "name": name}
        if name is not None:
            _plain(name, "get_environment", "name")
        return _ENVIRONMENT.answer(arguments, settings)

    return in_program(find)


def get_project_output(
    name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None
) -> ProjectOutput:
    """Return the project of that name, for a name that is an output, or through another `Provider`.

    Args:
        name: The project's name.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    return cast("ProjectOutput", _PROJECT.answer_later({"name": name}, opts))


def get_environment_output(
    project_id: pulumi.Input[str],
    name: pulumi.Input[str] | None = None,
    *,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> EnvironmentOutput:
    """Return an environment of a project, for arguments that are outputs, or through another `Provider`.

    Args:
        project_id: The project's id.
        name: The environment's name; may be left out where the project has one environment only.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    arguments = {"projectId": project_id, "name": name}
    return cast("EnvironmentOutput", _ENVIRONMENT.answer_later(arguments, opts))


def _plain(value: object, function: str, argument: str) -> str:
    """Return the text that a plain lookup was given, or say what to write instead."""
    if isinstance(value, str):
        return value
    if isinstance(value, pulumi.Output):
        raise ConfigurationError(f"{function}: {argument} is an Output, which {function}_output takes")
    if isinstance(value, Project):
        raise ConfigurationError(f"{function}: {argument} is a Project: write project.id")
    raise ConfigurationError(f"{function}: {argument} must be a text, but is {value!r}")


def _find_project(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    projects = answers().get(settings, ("projects",), lambda client: client.list_projects())
    return the_one(projects, arguments["name"], "project", f"at {settings.api_url}")


def _read_project(found: Mapping[str, Any]) -> Project:
    return Project(id=found["id"], name=found["name"], description=found.get("description") or "")


def _find_environment(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    project_id = arguments["projectId"]
    key = ("environments", project_id)
    environments = answers().get(settings, key, lambda client: client.list_environments(project_id))
    match = the_one(environments, arguments["name"], "environment", f"in the project {project_id}")
    _warn_of_batch_agent(settings, _read_environment(match))
    return match


def _read_environment(found: Mapping[str, Any]) -> Environment:
    return Environment(found["name"], found.get("defaultAgentId") or "", found.get("defaultAgentName") or "")


_PROJECT = Question(GET_PROJECT, _find_project, _read_project)
_ENVIRONMENT = Question(GET_ENVIRONMENT, _find_environment, _read_environment)


def _warn_of_batch_agent(settings: Settings, environment: Environment) -> None:
    agent_id = environment.default_agent_id
    if not agent_id:
        return
    try:
        agent = answers().get(settings, ("agent", agent_id), lambda client: client.get_agent(agent_id))
    except DpcError:
        return  # a role that may not read agents is no reason to fail, nor to warn
    kind = agent.get("agentType")
    if kind in (None, "streaming") or not answers().is_first(settings, ("warned", agent_id)):
        return
    pulumi.log.warn(
        f"the default agent of the environment {environment.name!r}, {agent.get('name', '')!r} ({agent_id}), is of"
        f" type {kind!r}, not 'streaming': it cannot run a streaming pipeline. Give agent_id the id of a streaming"
        " agent"
    )
