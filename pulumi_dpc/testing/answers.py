"""What a mock has answered, as the engine takes it; or what is wrong with the mock, in one sentence."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ._engine import values
from ._engine.unsupported import BrokenMock, Unsupported
from .resource import Secret

_FRAMES = 2
"""How many frames of a traceback are ours: that of `told`, and that which calls the mock."""


@contextmanager
def told(token: str, arguments: str) -> Iterator[None]:
    """Tell of a mock what it raises, whatever that is: a test must not take it for a failure of the program.

    Raises:
        BrokenMock: It has raised.
    """
    try:
        yield
    except Unsupported:
        raise
    except BaseException as error:  # also how a test says that it fails
        own = traceback.extract_tb(error.__traceback__)[_FRAMES:]
        where = f" ({own[0].filename}, line {own[0].lineno})" if own else ""
        text = f"{type(error).__name__}: {error}{where}"
        raise BrokenMock(f"the mock of {token!r}, called with {arguments}, raised {text}") from error


def of_resource(token: str, answer: Any) -> dict[str, Any]:
    """Return the outputs of a resource."""
    return _mapping(token, "outputs", answer)


def of_function(token: str, answer: Any) -> dict[str, Any]:
    """Return what a function answers."""
    return _mapping(token, "results", answer)


def of_stack(name: str, answer: Any) -> dict[str, Any]:
    """Return what another stack exports."""
    return _mapping(name, "outputs of the stack", answer)


def _mapping(token: str, what: str, answer: Any) -> dict[str, Any]:
    if not isinstance(answer, Mapping):
        raise BrokenMock(f"the mock of {token!r} gives {_named(answer)}: it must be a mapping of {what}")
    found: dict[str, Any] = _value(token, "", answer)
    return found


def _value(token: str, path: str, value: Any) -> Any:
    if isinstance(value, Secret):
        return values.Secret(_value(token, path, value.value))
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                where = f" in `{path}`" if path else ""
                raise BrokenMock(f"the mock of {token!r} has the key {key!r}{where}: keys must be texts")
        return {key: _value(token, f"{path}.{key}".lstrip("."), item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_value(token, f"{path}[{index}]", item) for index, item in enumerate(value)]
    raise BrokenMock(
        f"the mock of {token!r} gives {_named(value)} as `{path}`: it must be a text, a number, a truth value, None,"
        " a list or a mapping, or a Secret of one"
    )


def _named(value: Any) -> str:
    return "None" if value is None else f"a value of the type `{type(value).__name__}`"
