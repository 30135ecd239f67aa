"""What a test says of resources and functions of other packages, and of other stacks, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import pulumi

from ._engine.unsupported import Unsupported, missing
from ._engine.values import has_secret, plain
from .answers import of_function, of_resource, of_stack, told

Mock: TypeAlias = Any
"""A mapping of outputs, or a function that returns one; a ``Secret`` in it is one of the program."""

_REFERENCE = "pulumi:pulumi:StackReference"
_SECRETS = "secretOutputNames"


class MockTable:
    """The argument ``mocks``: an entry for each type token, function token or full name of another stack."""

    def __init__(self, mocks: Mapping[str, Mock]) -> None:
        self._mocks = mocks

    def knows(self, kind: str) -> bool:
        """Tell whether resources of a type are given."""
        return kind in self._mocks or kind == _REFERENCE

    def create(self, kind: str, name: str, inputs: dict[str, Any], id_: str) -> tuple[str, dict[str, Any]]:
        """Return id and outputs of a resource."""
        if kind == _REFERENCE:
            return id_, self._stack(inputs.get("name") or id_)
        mock = self._mocks[kind]
        with told(kind, "(name, inputs)"):
            made = mock(name, inputs) if callable(mock) else mock
        outputs = {**inputs, **of_resource(kind, made)}
        return str(outputs.pop("id", None) or id_ or f"{name}-id"), outputs

    def _stack(self, name: str) -> dict[str, Any]:
        if name not in self._mocks:
            raise Unsupported(missing(name, "a stack reference"))
        outputs = of_stack(name, self._mocks[name])
        secret = [key for key, value in outputs.items() if has_secret(value)]
        return {"name": name, "outputs": plain(outputs), _SECRETS: secret}

    def call(self, token: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Return what a function answers."""
        if token not in self._mocks:
            raise Unsupported(missing(token, "a function"))
        mock = self._mocks[token]
        with told(token, "(arguments)"):
            answer = mock(arguments) if callable(mock) else mock
        return of_function(token, answer)


class PulumiMocks:
    """The argument ``mocks``, if it is an object of the kind that ``pulumi.runtime.set_mocks`` takes."""

    def __init__(self, mocks: pulumi.runtime.Mocks) -> None:
        self._mocks = mocks

    def knows(self, kind: str) -> bool:  # noqa: ARG002 - it answers for everything
        """Tell whether resources of a type are given: all are."""
        return True

    def create(self, kind: str, name: str, inputs: dict[str, Any], id_: str) -> tuple[str, dict[str, Any]]:
        """Return id and outputs of a resource."""
        asked = pulumi.runtime.MockResourceArgs(
            typ=kind, name=name, inputs=inputs, provider=None, resource_id=id_ or None, custom=True
        )
        with told(kind, "(args)"):
            made, outputs = self._mocks.new_resource(asked)
        return str(made or id_), of_resource(kind, outputs)

    def call(self, token: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Return what a function answers."""
        with told(token, "(args)"):
            answer = self._mocks.call(pulumi.runtime.MockCallArgs(token=token, args=arguments, provider=""))
        return of_function(token, answer[0] if isinstance(answer, tuple) else answer)


def table_of(mocks: Mapping[str, Mock] | pulumi.runtime.Mocks | None) -> MockTable | PulumiMocks:
    """Return what a test gave, in the form that the engine asks."""
    if isinstance(mocks, Mapping) or mocks is None:
        return MockTable(mocks or {})
    return PulumiMocks(mocks)
