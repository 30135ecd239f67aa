"""Names to ids: the lookups that a program calls."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from pulumi_dpc._api.single_flight import SingleFlight
from pulumi_dpc.errors import ConfigurationError, DpcError, LookupFailed

from .reporting import in_program

if TYPE_CHECKING:
    from pulumi_dpc._api.client import DpcClient
    from pulumi_dpc._api.settings import Settings

T = TypeVar("T")

_MOST_NAMES = 20


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
    return in_program(lambda: _find_project(settings or _settings(), _plain(name, "get_project", "name")))


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
        return _find_environment(settings or _settings(), project_id, name)

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
    match = _the_one(projects, name, "project", f"at {settings.api_url}")
    return Project(id=match["id"], name=match["name"], description=match.get("description") or "")


def _find_environment(settings: Settings, project_id: str, name: str | None) -> Environment:
    key = ("environments", project_id)
    environments = _answers.get(settings, key, lambda client: client.list_environments(project_id))
    match = _the_one(environments, name, "environment", f"in the project {project_id}")
    environment = Environment(
        match["name"], match.get("defaultAgentId") or "", match.get("defaultAgentName") or ""
    )
    _warn_of_batch_agent(settings, environment)
    return environment


def _the_one(
    things: Sequence[Mapping[str, Any]], name: str | None, kind: str, where: str
) -> Mapping[str, Any]:
    """Return the only thing of that name; without a name, the only thing."""
    matches = [thing for thing in things if name is None or thing.get("name") == name]
    if len(matches) == 1:
        return matches[0]
    names = _in_words(sorted(str(thing.get("name")) for thing in things))
    if not matches:
        wanted = f"no {kind}" if name is None else f"no {kind} {name!r}"
        raise LookupFailed(f"{wanted} {where}; there is: {names}")
    if name is None:
        raise LookupFailed(f"several {kind}s {where}: say which one by its name: {names}")
    ids = ", ".join(str(thing.get("id", "?")) for thing in matches)
    raise LookupFailed(
        f"{len(matches)} {kind}s are named {name!r} {where} ({ids}): use the id of the one you mean"
    )


def _in_words(names: Sequence[str]) -> str:
    if not names:
        return "none that these credentials may see"
    more = len(names) - _MOST_NAMES
    shown = ", ".join(repr(name) for name in names[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


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


def _show(text: str) -> None:
    pulumi.log.info(text, ephemeral=True)


class _Answers:
    """Keep what the API answered for the life of the program, whose preview and update are separate processes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: dict[Settings, DpcClient] = {}
        self._flights: dict[tuple[Settings, tuple[str, ...]], SingleFlight] = defaultdict(SingleFlight)
        self._values: dict[tuple[Settings, tuple[str, ...]], Any] = {}
        self._met: set[tuple[Settings, tuple[str, ...]]] = set()

    def get(self, settings: Settings, key: tuple[str, ...], ask: Callable[[DpcClient], T]) -> T:
        """Return the answer to a question, asked once."""
        with self._lock:
            client, flight = self._client(settings), self._flights[settings, key]
        with flight.turn():
            if (settings, key) not in self._values:
                self._values[settings, key] = ask(client)
            value: T = self._values[settings, key]
            return value

    def is_first(self, settings: Settings, key: tuple[str, ...]) -> bool:
        """Tell whether this is the first time that the key is met."""
        with self._lock:
            first = (settings, key) not in self._met
            self._met.add((settings, key))
            return first

    def _client(self, settings: Settings) -> DpcClient:
        from pulumi_dpc._api.client import DpcClient

        if settings not in self._clients:
            self._clients[settings] = DpcClient(settings, notify=_show)
        return self._clients[settings]


_answers = _Answers()


def _settings(arguments: Mapping[str, str] | None = None) -> Settings:
    from pulumi_dpc._api.settings import (  # a program without lookups loads neither HTTP nor settings
        CONFIG_KEYS,
        Settings,
    )

    if arguments is not None:
        return Settings.resolve(arguments=arguments)
    config = pulumi.Config("dpc")
    values = {key: config.get(key.removeprefix("dpc:")) for key in CONFIG_KEYS}
    return Settings.resolve(stack_config={key: value for key, value in values.items() if value is not None})


def _looked_up(
    inputs: Sequence[Any], opts: pulumi.InvokeOptions | None, find: Callable[[Settings, list[Any]], T]
) -> pulumi.Output[T]:
    arguments = getattr(_provider(opts), "dpc_arguments", None)
    awaited = [resource.id for resource in _resources(getattr(opts, "depends_on", None))]

    def with_values(values: list[Any]) -> Any:
        # Which account is asked must not make the answer a secret, though its token is one.
        settings = pulumi.Output.unsecret(pulumi.Output.from_input(arguments))
        return settings.apply(
            lambda given: asyncio.to_thread(in_program, lambda: find(_settings(given), values[: len(inputs)]))
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
