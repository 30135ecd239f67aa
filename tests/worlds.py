"""A user's world for a test: the emulated service, a stack, and a program with streaming pipelines in it."""

from __future__ import annotations

import pprint
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from pulumi_dpc.testing._engine.engines import EngineName, open_stack

if TYPE_CHECKING:
    from pulumi_dpc.emulator import Pipeline
    from pulumi_dpc.testing._engine.stack import Result, Stack

ENGINES: list[Any] = ["engine", pytest.param("cli", marks=pytest.mark.cli)]
"""What a test is parametrized with that runs on the double, and on the real CLI where there is one."""

TYPE = "pulumi-python:dynamic/dpc:StreamingPipeline"
TIME_SCALE = 0.01
START_SECONDS, STOP_SECONDS = 3.0, 2.0
SECRETS: dict[str, Any] = {"client_secret": "canary-client-secret", "token": "canary-token"}
SECRET_INPUT = "hunter2-canary"
_NEVER_SHOWN = (*SECRETS.values(), SECRET_INPUT, "issued-")  # the last begins every token that is issued

DEFINITION: dict[str, Any] = {
    "name": "orders-pipeline",
    "agentId": GUIDE_AGENT,
    "streamingSource": {
        "type": "postgres",
        "connection": {
            "host": "db.example.com",
            "port": 5432,
            "username": "streamer",
            "database": "orders",
            "password": {"secretType": "AWS_SECRETS_MANAGER", "secretName": "pg", "secretKey": "password"},
        },
        "tables": [{"schema": "public", "table": "orders"}, {"schema": "public", "table": "customers"}],
    },
    "streamingTarget": {"type": "s3", "bucket": "landing", "prefix": "orders"},
    "advancedProperties": {"max.batch.size": 10000, "slot.name": "orders"},
}


def fixed_id(what: str, number: int) -> str:
    """Return an id that is the same in every run, so that a failure can be run again."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{what}/{number}"))


def edited(**changes: Any) -> dict[str, Any]:
    """Return the definition with some top-level fields changed; None removes one."""
    return {key: value for key, value in {**DEFINITION, **changes}.items() if value is not None}


def resource(name: str = "orders", definition: Mapping[str, Any] = DEFINITION, **arguments: Any) -> str:
    """Return the program text of one pipeline; a value that is source text, at any depth, is given as ``text:...``."""
    given = {"project_id": GUIDE_PROJECT, **arguments}
    texts = "".join(f"    {key}={_written(value)!r},\n" for key, value in given.items())
    body = pprint.pformat(_written(dict(definition)), sort_dicts=False)
    return f"{name} = dpc.StreamingPipeline.from_definition(\n    {name!r},\n    {body},\n{texts})\n"


class _Source(str):
    """Source text, which stands in a program as it is."""

    __slots__ = ()
    __repr__ = str.__str__


def _written(value: Any) -> Any:
    """Return a value whose `repr` is what stands in the program."""
    if isinstance(value, dict):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_written(item) for item in value]
    is_source = isinstance(value, str) and value.startswith("text:")
    return _Source(value.removeprefix("text:")) if is_source else value


def program(*resources: str) -> str:
    """Return a program with these resources; it exports what users export."""
    lines = ["import pulumi", "import pulumi_dpc as dpc", "", *resources]
    return "\n".join(lines)


def leaked(result: Result, *texts: str) -> list[str]:
    """Return which secrets are in what a command showed, or in the texts."""
    shown = "\n".join([result.text, repr(result.diagnostics), repr(result.progress), *texts])
    return [secret for secret in _NEVER_SHOWN if secret in shown]


def warmed(kind: EngineName) -> dict[str, Any]:
    """Return how a stack of pipelines is opened: what its processes need is imported before they are forked."""
    return {"preload": ("tests.warm",)} if kind == "engine" else {}


class World:
    """One service and one stack; every command leaves its requests in `requests`."""

    def __init__(
        self,
        kind: EngineName,
        directory: Path,
        *,
        env: Mapping[str, str] | None = None,
        parallel: int = 8,
        agents: int = 0,
        **emulator: Any,
    ) -> None:
        given = {
            "time_scale": TIME_SCALE,
            "start_seconds": START_SECONDS,
            "stop_seconds": STOP_SECONDS,
            "token_seconds": 1e6,  # a busy machine may take longer for a command than a token lives
            **SECRETS,
            **emulator,
        }
        self.api = Emulator(**given)
        for number in range(agents):
            self.api.add_agent(f"agent-{number}", fixed_id("agent", number))
        self.kind = kind
        self.directory = directory
        self._env = dict(env or {})
        self._parallel = parallel
        self.stack: Stack
        self.trace: list[tuple[str, int, list[tuple[str, str]], list[str]]] = []
        """Of every command: its name, exit code, steps, and what it asked of the API."""

    def __enter__(self) -> World:
        self.api.__enter__()
        env = {**self.api.env, **self._env}
        self.stack = open_stack(
            self.kind, self.directory / "stack", env, parallel=self._parallel, **warmed(self.kind)
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()
        self.api.close()

    def write(self, *resources: str) -> None:
        """Replace the program."""
        self.stack.write(program(*resources))

    def run(self, command: str, **options: Any) -> Result:
        """Run preview, up, refresh or destroy, without the requests before it; hold that no secret is shown."""
        self.api.clear_requests()
        result: Result = getattr(self.stack, command)(**options)
        assert not leaked(result, self.stack.state_text)
        # Only a refresh by itself shows what it found; as part of another command the CLI reports that it ran.
        ops = [(name, op if command == "refresh" else op.partition(":")[0]) for name, op in result.ops()]
        self.trace.append((command, result.exit_code, sorted(ops), sorted(set(self.requests()))))
        return result

    def up(self, *resources: str, **options: Any) -> Result:
        """Write the program, if one is given, and run `up`."""
        if resources:
            self.write(*resources)
        return self.run("up", **options)

    def requests(self) -> list[str]:
        """Return what the last command asked of the API, tokens aside, as `METHOD path` with ids shortened."""
        return [
            f"{request.method} {_short(request.path)}"
            for request in self.api.requests
            if not request.path.startswith("/oauth")
        ]

    @property
    def pipeline(self) -> Pipeline:
        """The only pipeline at the service."""
        (only,) = self.api.pipelines
        return only

    @property
    def managed(self) -> dict[str, Any]:
        """The only streaming pipeline in the state."""
        (only,) = self.states()
        return only

    def states(self) -> list[dict[str, Any]]:
        """Return the streaming pipelines in the state."""
        return [entry for entry in self.stack.state if entry["type"] == TYPE]

    def outputs(self) -> dict[str, Any]:
        """Return the outputs of the only streaming pipeline, without the provider's pickle."""
        return {key: value for key, value in self.managed["outputs"].items() if key != "__provider"}


class MakeWorld(Protocol):
    """The fixture `make_world`."""

    def __call__(self, kind: EngineName = ..., directory: Path = ..., **settings: Any) -> World:
        """Open a world; the directory is the test's own, if none is given."""


def _short(path: str) -> str:
    """Return a path with the guide's project and any pipeline id as words."""
    parts = path.split("/")
    names = {"projects": "{project}", "streaming-pipelines": "{pipeline}", "agents": "{agent}"}
    return "/".join(
        names.get(before, part) if before in names else part
        for before, part in zip(["", *parts], parts, strict=False)
    )
