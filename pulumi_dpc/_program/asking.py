"""One question of a program: asked now, or once its arguments are known; of the API, or of a unit test's mocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pulumi

from pulumi_dpc._names import STREAMING_PIPELINE_TYPE

from .account import settings_of_program
from .mocked import ask_mocks, ask_mocks_later, completed, has_mocks
from .reporting import in_program

if TYPE_CHECKING:
    from pulumi_dpc._api.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """One kind of lookup.

    Attributes:
        token: Its name for the mocks of a unit test.
        check: Raises a `ConfigurationError` if the arguments cannot be asked for.
        ask: Returns the API's answer to the arguments.
        read: Returns what the program gets of an answer.
    """

    token: str
    check: Callable[[Mapping[str, Any]], None]
    ask: Callable[[Settings, Mapping[str, Any]], Mapping[str, Any]]
    read: Callable[[Mapping[str, Any]], T]

    def answer(self, arguments: Mapping[str, Any], settings: Settings | None) -> T:
        """Return the answer to plain arguments.

        Args:
            arguments: By their names in the API's spelling.
            settings: Whom to ask; by default the account of the program.
        """
        self.check(arguments)
        if has_mocks():
            return self.read(completed(self.token, arguments, ask_mocks(self.token, arguments)))
        return self.read(self.ask(settings or settings_of_program(), arguments))

    def answer_later(
        self,
        arguments: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None,
    ) -> pulumi.Output[T]:
        """Return the answer to arguments that may be outputs, of the account that the options name."""
        if has_mocks():
            return self._mocked(arguments, opts)
        # Which account is asked must not make the answer a secret, though its token is one.
        given = pulumi.Output.unsecret(
            pulumi.Output.from_input(getattr(_provider(opts), "dpc_arguments", None))
        )

        def with_values(values: Mapping[str, Any]) -> Any:
            return given.apply(lambda account: self._ask_in_thread(account, values))

        awaited = _created(getattr(opts, "depends_on", None))
        known = pulumi.Output.all(pulumi.Output.from_input(arguments), awaited)
        return known.apply(lambda both: with_values(both[0]))

    async def _ask_in_thread(self, account: Mapping[str, str] | None, arguments: Mapping[str, Any]) -> T:
        """Ask beside the event loop, which registers resources meanwhile; the settings are found in its thread."""
        in_program(lambda: self.check(arguments))
        settings = in_program(lambda: settings_of_program(account))
        return await asyncio.to_thread(in_program, lambda: self.read(self.ask(settings, arguments)))

    def _mocked(
        self, arguments: Mapping[str, pulumi.Input[Any]], opts: pulumi.InvokeOptions | None
    ) -> pulumi.Output[T]:
        # The SDK would look for a parent's provider by the package of the token, which is not that of our resources.
        asked = pulumi.InvokeOutputOptions.merge(opts, pulumi.InvokeOptions(provider=_provider(opts)))
        answer = ask_mocks_later(self.token, arguments, asked)

        def read(found: list[Any]) -> T:
            self.check(found[0])
            return self.read(completed(self.token, found[0], found[1]))

        both = pulumi.Output.all(pulumi.Output.from_input(arguments), answer)
        return both.apply(lambda found: in_program(lambda: read(found)))


def _provider(opts: pulumi.InvokeOptions | None) -> pulumi.ProviderResource | None:
    if opts is None or opts.provider is not None or opts.parent is None:
        return opts.provider if opts is not None else None
    return opts.parent.get_provider(STREAMING_PIPELINE_TYPE)


def _created(depends_on: Any) -> pulumi.Output[Any]:
    """Return an Output that is known once everything that `depends_on` names has been made."""

    def made(named: Any) -> pulumi.Output[Any]:
        resources = named if isinstance(named, list | tuple) else [named]
        awaited = [mark for resource in resources for mark in _marks(resource)]
        return pulumi.Output.all(*awaited)

    return pulumi.Output.from_input(depends_on).apply(made)


def _marks(resource: Any) -> Iterator[pulumi.Output[str]]:
    """Yield the ids of a resource, or of those in a component."""
    if isinstance(resource, pulumi.CustomResource):
        yield resource.id
    elif isinstance(resource, pulumi.Resource):
        for child in getattr(resource, "_childResources", ()):
            yield from _marks(child)
