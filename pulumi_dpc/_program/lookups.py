"""Projects and environments: the lookups of them that a program calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pulumi

from pulumi_dpc._definition.agent import may_be_streaming
from pulumi_dpc.errors import DpcError

from .account import answers
from .agent_lookups import find_agent
from .arguments import require_text
from .asking import Question
from .found import (
    Environment,
    EnvironmentOutput,
    Project,
    ProjectOutput,
    read_environment,
    read_project,
)
from .matching import the_one
from .mocked import GET_ENVIRONMENT, GET_ENVIRONMENTS, GET_PROJECT, GET_PROJECTS
from .reporting import in_program

if TYPE_CHECKING:
    from pulumi_dpc._api.settings import Settings


def get_project(name: str, *, settings: Settings | None = None) -> Project:
    """Return the project of that name.

    Args:
        name: The project's name, exactly.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        LookupFailed: No project has that name, or more than one has.
        DpcError: Credentials are missing or wrong, or the API cannot be reached.
    """
    return in_program(lambda: _PROJECT.answer({"name": name}, settings))


def get_projects(*, settings: Settings | None = None) -> list[Project]:
    """Return all projects that the credentials see, in the service's order.

    Args:
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        DpcError: Credentials are missing or wrong, or the API cannot be reached.
    """
    return in_program(lambda: _PROJECTS.answer({}, settings))


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
    return in_program(lambda: _ENVIRONMENT.answer({"projectId": project_id, "name": name}, settings))


def get_environments(project_id: str, *, settings: Settings | None = None) -> list[Environment]:
    """Return all environments of a project, in the service's order.

    Args:
        project_id: The project's id.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        DpcError: Credentials are missing or wrong, the project is unknown, or the API cannot be reached.
    """
    return in_program(lambda: _ENVIRONMENTS.answer({"projectId": project_id}, settings))


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


def get_projects_output(
    *, opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None
) -> pulumi.Output[list[Project]]:
    """Return all projects that the credentials see, through another `Provider` or after other resources.

    Args:
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    return _PROJECTS.answer_later({}, opts)


def get_environments_output(
    project_id: pulumi.Input[str],
    *,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[list[Environment]]:
    """Return all environments of a project, for an id that is an output, or through another `Provider`.

    Args:
        project_id: The project's id.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    return _ENVIRONMENTS.answer_later({"projectId": project_id}, opts)


def _check_project(arguments: Mapping[str, Any]) -> None:
    require_text("get_project", "name", arguments["name"])


def _list_projects(settings: Settings, _arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"projects": answers().get(settings, ("projects",), lambda client: client.list_projects())}


def _find_project(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    projects = _list_projects(settings, arguments)["projects"]
    return the_one(projects, arguments["name"], "project", f"at {settings.api_url}")


def _check_environment(arguments: Mapping[str, Any]) -> None:
    require_text("get_environment", "project_id", arguments["projectId"])
    if arguments["name"] is not None:
        require_text("get_environment", "name", arguments["name"])


def _check_environments(arguments: Mapping[str, Any]) -> None:
    require_text("get_environments", "project_id", arguments["projectId"])


def _list_environments(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    project_id = arguments["projectId"]
    key = ("environments", project_id.lower())
    return {"environments": answers().get(settings, key, lambda client: client.list_environments(project_id))}


def _find_environment(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    environments = _list_environments(settings, arguments)["environments"]
    where = f"in the project {arguments['projectId']}"
    match = the_one(environments, arguments["name"], "environment", where)
    _warn_of_batch_agent(settings, read_environment(match))
    return match


_PROJECT = Question(GET_PROJECT, _check_project, _find_project, read_project)
_PROJECTS = Question(
    GET_PROJECTS,
    lambda _arguments: None,
    _list_projects,
    lambda found: [read_project(one) for one in found["projects"]],
)
_ENVIRONMENT = Question(GET_ENVIRONMENT, _check_environment, _find_environment, read_environment)
_ENVIRONMENTS = Question(
    GET_ENVIRONMENTS,
    _check_environments,
    _list_environments,
    lambda found: [read_environment(one) for one in found["environments"]],
)


def _warn_of_batch_agent(settings: Settings, environment: Environment) -> None:
    agent_id = environment.default_agent_id
    if not agent_id:
        return
    try:
        agent = find_agent(settings, agent_id)
    except DpcError:
        return  # a role that may not read agents is no reason to fail, nor to warn
    kind = agent.get("agentType")
    if may_be_streaming(agent) or not answers().is_first(settings, ("warned", agent_id)):
        return
    pulumi.log.warn(
        f"the default agent of the environment {environment.name!r}, {agent.get('name', '')!r} ({agent_id}), is of"
        f" type {kind!r}, not 'streaming': it cannot run a streaming pipeline. Give agent_id the id of a streaming"
        " agent"
    )
