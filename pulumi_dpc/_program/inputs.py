"""What a program gives, as values that the engine can carry; or the sentence that says what to write instead."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from os import PathLike
from typing import Any

import pulumi

from pulumi_dpc._names import AGENT_ID, DEFINITION, PROJECT_ID
from pulumi_dpc.errors import ConfigurationError, DpcError

from .found import Agent, Environment, Project
from .reporting import in_program

Properties = Mapping[str, Any]
Path = tuple[str | int, ...]

_CURES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((pulumi.Asset, pulumi.Archive), "write the text itself, because no file can be sent"),
    ((date, time), "write it as text, such as value.isoformat()"),
    (timedelta, "write a number or a text, such as value.total_seconds()"),
    (PathLike, "write it as text, str(value)"),
    ((bytes, bytearray), "write it as text, such as value.decode()"),
)
"""What to write instead of a value that has no place in JSON."""


def usable(resource_name: str, properties: Properties) -> dict[str, Any]:
    """Return properties in which nothing stands that the engine cannot carry, at any depth.

    The SDK says it with a traceback and the value, and carries files to a provider that cannot send them. What is in an
    output is looked at when it is there.

    Raises:
        ConfigurationError: One cannot be carried; each is named by its path in Python's spelling, never by its value.
    """
    looked_at = _Look(resource_name)
    usable_ones = {key: looked_at.value(value, (key,)) for key, value in properties.items()}
    if looked_at.mistakes:
        in_program(looked_at.refuse)
    return usable_ones


@dataclass
class _Look:
    """One look at values, and the mistakes that it has found."""

    resource_name: str
    mistakes: list[str] = field(default_factory=list)

    def value(self, value: Any, path: Path) -> Any:
        """Return the value, with what is in it looked at."""
        if inspect.isawaitable(value):
            value = pulumi.Output.from_input(value)
        if isinstance(value, pulumi.Output):
            return value.apply(lambda found: self._later(found, path))
        if isinstance(value, Mapping):
            return {key: self._member(key, member, path) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        if not _is_carried(value):
            self.mistakes.append(f"{_text(path)} is of type {type(value).__name__}: {_cure(value, path)}")
        return value

    def _member(self, key: Any, value: Any, path: Path) -> Any:
        if isinstance(key, str):
            return self.value(value, (*path, key))
        self.mistakes.append(f"{_text(path)} has a key of type {type(key).__name__}: write keys as text")
        return value

    def _later(self, value: Any, path: Path) -> Any:
        look = _Look(self.resource_name)
        found = look.value(value, path)
        if look.mistakes:
            raise pulumi.RunError(str(look))  # the SDK makes a traceback of every ValueError
        return found

    def refuse(self) -> None:
        """Raise what was found."""
        raise ConfigurationError(str(self))

    def __str__(self) -> str:
        return "\n".join(f"{self.resource_name}: {mistake}" for mistake in self.mistakes)


def _is_carried(value: object) -> bool:
    from pulumi_dpc._definition.rules import is_unknown

    is_args = hasattr(
        type(value), "_pulumi_input_type"
    )  # an object of another package, which the SDK takes apart
    return (
        value is None
        or isinstance(value, str | int | float | pulumi.Resource)
        or is_args
        or is_unknown(value)
    )


def _cure(value: object, path: Path) -> str:
    if isinstance(value, Project):
        return "write project_id=project.id" if path == (PROJECT_ID,) else "write the text that is meant"
    if isinstance(value, Environment):
        is_agent = path == (AGENT_ID,)
        return "write agent_id=environment.default_agent_id" if is_agent else "write the text that is meant"
    if isinstance(value, Agent):
        return "write agent_id=agent.id" if path == (AGENT_ID,) else "write the text that is meant"
    from decimal import Decimal  # not needed to begin a program

    for kind, cure in (*_CURES, (Decimal, "write a number or a text, float(value) or str(value)")):
        if isinstance(value, kind):
            return cure
    if isinstance(value, Iterable):
        return "write a list, such as list(value)"
    return "write a text, a number, True or False, a list or a mapping"


def _text(path: Path) -> str:
    from pulumi_dpc._definition.paths import python_path
    from pulumi_dpc._definition.shape import path_text

    return python_path(path_text(path))


def definition_properties(resource_name: str, definition: Any) -> dict[str, Any]:
    """Return the properties of a definition; of one that is an output each is one, and as secret as the whole.

    Raises:
        ConfigurationError: It is no definition, or its file cannot be read.
    """
    from pulumi_dpc._definition.definition import load_definition
    from pulumi_dpc._definition.rules import is_unknown

    if not (isinstance(definition, pulumi.Output) or inspect.isawaitable(definition)):
        return in_program(lambda: load_definition(definition))

    def load(found: Any) -> Any:
        if is_unknown(found):
            return found
        if isinstance(found, str):
            found = found.lstrip("\ufeff")
            if not found.lstrip().startswith("{"):
                # It may be a secret, so it is not quoted, as a path would be.
                raise pulumi.RunError(f"{resource_name}: {_NO_OBJECT}")
        try:
            return load_definition(found)
        except DpcError as error:
            raise pulumi.RunError(f"{resource_name}: {error}") from None

    loaded: pulumi.Output[Any] = pulumi.Output.from_input(definition).apply(load, run_with_unknowns=True)
    return {key: _part(loaded, key) for key in DEFINITION}


_NO_OBJECT = (
    "the definition is an output whose text is not a JSON object: give the definition itself, or its JSON text; the"
    " path of a file cannot be an output"
)


def _part(loaded: pulumi.Output[Any], key: str) -> pulumi.Output[Any]:
    def part(found: Any) -> Any:
        return found.get(key) if isinstance(found, Mapping) else found

    return loaded.apply(part, run_with_unknowns=True)


def in_lower_case(id_: pulumi.Input[str]) -> pulumi.Input[str]:
    """Return an id that is read as the service spells it: a UUID in another case is the same one."""
    if isinstance(id_, str):
        return id_.lower()
    given: Any = id_
    return pulumi.Output.from_input(given).apply(lambda known: str(known).lower())
