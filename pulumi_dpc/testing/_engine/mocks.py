"""Resources and functions of other packages: what a test gives takes the place of their providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .host import Diff, Read
from .unsupported import Unsupported, missing
from .values import Props, annotate_secrets, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import State


class Mocks(Protocol):
    """What a test gives; values are plain, secrets opened."""

    def knows(self, kind: str) -> bool:
        """Tell whether resources of a type, or a provider of it, are given."""

    def create(self, kind: str, name: str, inputs: Props, id_: str) -> tuple[str, Props]:
        """Return id and outputs of a resource; `id_` is that of one that exists already."""

    def call(self, token: str, arguments: Props) -> Mapping[str, Any]:
        """Return what a function answers.

        Raises:
            Unsupported: Nothing is given for it.
        """


class NoMocks:
    """Nothing is given."""

    def knows(self, kind: str) -> bool:
        return False

    def create(self, kind: str, name: str, inputs: Props, id_: str) -> tuple[str, Props]:
        raise Unsupported(missing(kind, f"resource `{name}`"))

    def call(self, token: str, arguments: Props) -> Mapping[str, Any]:
        raise Unsupported(missing(token, "a function"))


class MockHost:
    """Stands for the providers of other packages; it has the methods of `Host` that steps call."""

    known = True

    def __init__(self, mocks: Mocks) -> None:
        self._mocks = mocks

    def check(self, state: State, olds: Props, news: Props) -> tuple[Props, list[tuple[str, str]]]:
        return news, []

    def diff(self, state: State, old: State, news: Props) -> Diff:
        return Diff(changes=None)  # the engine compares the inputs

    def create(self, state: State) -> tuple[str, Props]:
        return self._made(state, "")

    def update(self, state: State, old: State) -> Props:
        return self._made(state, old.id)[1]

    def delete(self, state: State) -> None:
        """Nothing is there that could be deleted."""

    def read(self, state: State, props: Props) -> Read:
        identity, outputs = self._made(state, state.id)
        return Read(state.id or identity, outputs, None)

    def _made(self, state: State, id_: str) -> tuple[str, Props]:
        identity, outputs = self._mocks.create(state.type, state.name, plain(state.inputs), id_)
        return identity, annotate_secrets(outputs, state.inputs)
