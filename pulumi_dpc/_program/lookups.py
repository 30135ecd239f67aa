"""Names to ids: the lookups that a program calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from pulumi_dpc.errors import ConfigurationError, DpcError

from .account import Answers, settings_of_program
from .matching import the_one
from .reporting import in_program

if TYPE_CHECKING:
    from pulumi_dpc._api.settings import Settings

T = TypeVar("T")

_answers = Answers()


@dataclass(frozen=True)
class Project:
    """A project of the account."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True)
class Environment:
    """An environment of a project, with the agent that is its default; both texts are empty where it has none."""

    name: str
    default_agent_id: str
    default_agent_name: str


def get_project(name: str, *, settings: Settings | None = None) -> Project:
    """Return the project of that name.

    Args:
        name: The project's name, exactly.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        LookupFailed: No project has that name, or more than one has.
        DpcError: Credentials are missing or wrong, or the API cannot be reached.
    """
    return in_program(
        lambda: _find_project(settings or settings_of_program(), _plain(name, "get_project", "name"))
    )


def get_environment(
    project_id: str, name: str | None = None, *, settings: Settings | None = None
) -> Environment:
    """Return an environment of a project, by name, or the only one.

    Warns once when the environment's default agent is known not to be a streaming one: it is the default for batch
    pipelines (``docs/api.md`` section 2).

    Args:
        project_id: The project's id.
        name: The environment's name; may be left out where the project has one environment only.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        LookupFailed: No environment has that name, or the name is not given and there are several.
        DpcError: Credentials are missing or wrong, the project is unknown, or the API cannot be reached.
    """

    def find() -> Environment:
        _plain(project_id, "get_environment", "project_id")
        if name is not None:
            _plain(name, "get_environment", "name")
        return _find_environment(settings or settings_of_program(), project_id, name)

    return in_program(find)


def get_project_output(
    name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[Project]:
    """Return the project of that name, for a name that is an output, or through another `Provider`.

    Args:
        name: The project's name.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on`` delays the lookup.
    """
    return _looked_up([name], opts, lambda settings, values: _find_project(settings, values[0]))


def get_environment_output(
    project_id: pulumi.Input[str],
    name: pulumi.Input[str] | None = None,
    *,
    opts: pulumi.InvokeOptions | None = None,
) -> pulumi.Output[Environment]:
    """Return an environment of a project, for arguments that are outputs, or through another `Provider`.

    Args:
        project_id: The project's id.
        name: The environment's name; may be left out where the project has one environment only.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on`` delays the lookup.
    """
    return _looked_up([project_id, name], opts, lambda settings, values: _find_environment(settings, *values))


def _plain(value: object, function: str, argument: str) -> str:
    """Return the text that a plain lookup was given, or say what to write instead."""
    if isinstance(value, str):
        return value
    if isinstance(value, pulumi.Output):
        raise ConfigurationError(f"{function}: {argument} is an Output, which {function}_output takes")
    if isinstance(value, Project):
        raise ConfigurationError(f"{function}: {argument} is a Project: write project.id")
    raise ConfigurationError(f"{function}: {argument} must be a text, but is {value!r}")


def _find_project(settings: Settings, name: str) -> Project:
    projects = _answers.get(settings, ("projects",), lambda client: client.list_projects())
    match = the_one(projects, name, "project", f"at {settings.api_url}")
    return Project(id=match["id"], name=match["name"], description=match.get("description") or "")


def _find_environment(settings: Settings, project_id: str, name: str | None) -> Environment:
    key = ("environments", project_id)
    environments = _answers.get(settings, key, lambda client: client.list_environments(project_id))
    match = the_one(environments, name, "environment", f"in the project {project_id}")
    environment = Environment(
        match["name"], match.get("defaultAgentId") or "", match.get("defaultAgentName") or ""
    )
    _warn_of_batch_agent(settings, environment)
    return environment


def _warn_of_batch_agent(settings: Settings, environment: Environment) -> None:
    agent_id = environment.default_agent_id
    if not agent_id:
        return
    try:
        agent = _answers.get(settings, ("agent", agent_id), lambda client: client.get_agent(agent_id))
    except DpcError:
        return  # a role that may not read agents is no reason to fail, nor to warn
    kind = agent.get("agentType")
    if kind in (None, "streaming") or not _answers.is_first(settings, ("warned", agent_id)):
        return
    pulumi.log.warn(
        f"the default agent of the environment {environment.name!r}, {agent.get('name', '')!r} ({agent_id}), is of"
        f" type {kind!r}, not 'streaming': it cannot run a streaming pipeline. Give agent_id the id of a streaming"
        " agent"
    )


def _looked_up(
    inputs: Sequence[Any], opts: pulumi.InvokeOptions | None, find: Callable[[Settings, list[Any]], T]
) -> pulumi.Output[T]:
    arguments = getattr(_provider(opts), "dpc_arguments", None)
    awaited = [resource.id for resource in _resources(getattr(opts, "depends_on", None))]

    def with_values(values: list[Any]) -> Any:
        # Which account is asked must not make the answer a secret, though its token is one.
        settings = pulumi.Output.unsecret(pulumi.Output.from_input(arguments))
        return settings.apply(
            lambda given: asyncio.to_thread(
                in_program, lambda: find(settings_of_program(given), values[: len(inputs)])
            )
        )

    return pulumi.Output.all(*inputs, *awaited).apply(with_values)


def _provider(opts: pulumi.InvokeOptions | None) -> pulumi.ProviderResource | None:
    if opts is None or opts.provider is not None or opts.parent is None:
        return opts.provider if opts is not None else None
    return opts.parent.get_provider("pulumi-python:dynamic/dpc:StreamingPipeline")


def _resources(depends_on: Any) -> list[pulumi.CustomResource]:
    if depends_on is None:
        return []
    some = depends_on if isinstance(depends_on, list) else [depends_on]
    return [resource for resource in some if isinstance(resource, pulumi.CustomResource)]
