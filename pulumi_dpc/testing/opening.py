"""How a stack comes to be: its program, its configuration, its service and the engine that runs it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pulumi

from pulumi_dpc.emulator import Emulator

from ._engine.cli import NO_CLI, CliStack, find_cli
from ._engine.engine import DoubleStack
from ._engine.stack import Source
from ._engine.stack import Stack as EngineStack
from .errors import NotSupported
from .mocks import Mock, table_of
from .program import Program, config_of, config_text, find_program
from .stack import Stack

__all__ = ["StackFactory", "find_cli", "open_stack"]

_NEEDED = (
    "requests.sessions",
    "pulumi_dpc._api.listing",
    "pulumi_dpc._definition.validation:_validator",
    "pulumi_dpc._dynamic.hooks",
    "pulumi_dpc._program.streaming_pipeline",
)
"""What nearly every program and provider process imports, or builds: done once, before they are forked."""

_SERVICE: Mapping[str, Any] = {
    "time_scale": 0.005,
    "token_seconds": 1e6,  # a busy machine may take longer for a test than a token lives
    "rate_limit_per_minute": None,
}


class StackFactory(Protocol):
    """The fixture ``dpc_stack``: ``open_stack`` at the emulator of the test, until its end."""

    def __call__(
        self,
        program: Program,
        *,
        config: Mapping[str, Any] | None = None,
        mocks: Mapping[str, Mock] | pulumi.runtime.Mocks | None = None,
        stack: str = "test",
        project: str | None = None,
        env: Mapping[str, str] | None = None,
        parallel: int = 8,
        seconds: float = 60.0,
    ) -> Stack:
        """Open a stack; the arguments are those of ``open_stack``."""


def open_api(**settings: Any) -> Emulator:
    """Return an emulator for tests: fast, and without a limit of requests that a test could meet by chance."""
    return Emulator(**{**_SERVICE, **settings})


@contextmanager
def open_stack(
    program: Program,
    *,
    api: Emulator | None = None,
    config: Mapping[str, Any] | None = None,
    mocks: Mapping[str, Mock] | pulumi.runtime.Mocks | None = None,
    stack: str = "test",
    project: str | None = None,
    env: Mapping[str, str] | None = None,
    parallel: int = 8,
    seconds: float = 60.0,
    cli: bool = False,
    places: Iterable[Path] = (),
) -> Iterator[Stack]:
    """Open a new stack, and forget it at the end.

    Args:
        program: A folder with a ``Pulumi.yaml``, of which nothing is changed; or a function, which runs in this
            process as an inline program of the Automation API does.
        api: The service; by default a new emulator.
        config: Stack configuration, each key with or without its namespace: texts, numbers, truth values, lists and
            mappings, and a ``Secret`` of any of them. It goes over what ``Pulumi.yaml`` and the stack's file say.
        mocks: What resources and functions of other packages answer, by their tokens, and what other stacks export,
            by their full names: a mapping of outputs, or a function that returns one, given (name, inputs) of a
            resource or the arguments of a function. Also what ``pulumi.runtime.set_mocks`` takes.
        stack: The stack's name; the plain values of ``Pulumi.<stack>.yaml`` in the folder are read.
        project: The project's name; by default that of ``Pulumi.yaml``.
        env: Environment variables of the program and the provider. A function sees those of this process.
        parallel: How many operations run at a time.
        seconds: How long a program may wait for nothing, or block, before the command fails.
        cli: Whether Pulumi's own CLI runs the commands, on a backend of files in a temporary folder.
        places: Where a relative folder is looked for; by default the current one.

    Raises:
        TestingError: The program cannot be found, or its configuration is not complete.
        NotSupported: There is no CLI, or mocks were given for it.
    """
    found = find_program(program, stack, project, places or [Path.cwd()])
    values = config_of(found, config or {})
    source = Source(found.project, stack, found.folder, found.function, seconds)
    if cli and find_cli() is None:
        raise NotSupported(f"there is {NO_CLI}")
    if cli and mocks:
        raise NotSupported("the Pulumi CLI asks the real packages, and knows nothing of mocks")
    with tempfile.TemporaryDirectory(prefix="pulumi-dpc-") as scratch, _serving(api) as service:
        given = {**service.env, **(env or {})}
        double: EngineStack
        if cli:
            double = CliStack(Path(scratch), given, parallel=parallel, source=source)
        else:
            double = DoubleStack(
                Path(scratch), given, parallel=parallel, source=source, mocks=table_of(mocks), preload=_NEEDED
            )
        for key, value in values.items():
            text, is_secret = config_text(value)
            double.set_config(key, text, secret=is_secret)
        opened = Stack(double, service, found.project, stack)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def _serving(api: Emulator | None) -> Iterator[Emulator]:
    if api is not None:
        yield api
        return
    with open_api() as service:
        yield service
