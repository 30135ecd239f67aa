"""A resource as the state holds it: its outputs as attributes, resolved, with its secrets marked."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ._engine.values import SECRET, SIGNATURE, UNKNOWN
from .errors import Unresolved


@dataclass(frozen=True)
class Secret:
    """A secret: an output that Pulumi hides, or a value of the configuration that it shall hide.

    It is equal to another with the same value, and never shows the value in a report.

    Attributes:
        value: What it hides.
    """

    value: Any = field(repr=False)


@dataclass(frozen=True)
class _Ours:
    """What a program knows of a resource of this package, and the state has under no name of its own.

    Attributes:
        of_id: The property that is the last part of the resource's id.
        left_out: The optional properties, which are None where nobody gave them.
    """

    of_id: str
    left_out: frozenset[str]


_OURS = {
    "pulumi-python:dynamic/dpc:StreamingPipeline": _Ours(
        "streaming_pipeline_id", frozenset({"advanced_properties", "running"})
    ),
    "pulumi-python:dynamic/dpc:StreamingAgent": _Ours(
        "agent_id", frozenset({"description", "restricted_access", "track_name", "version_details"})
    ),
}


class Resource:
    """One resource of a stack, after the last command that wrote its state.

    Its outputs are attributes, by the names that programs know them by; ``outputs`` has them by Pulumi's own names.
    An optional argument of a pipeline or an agent that was left out is None.
    A secret is a ``Secret``. An output that is missing is an ``AttributeError`` that says which there are.

    Attributes:
        urn: Its URN.
        id: Its id at the service; empty for a component.
        pulumi_resource_name: Its name in the program.
        pulumi_resource_type: Its type token.
        parent: The URN of its parent; empty for the stack itself.
        provider: The URN of the explicit or default provider that serves it; empty for a component.
        protect: Whether it is protected.
        dependencies: The URNs of what it depends on.
        inputs: What the program gave, by Pulumi's names.
        outputs: What it holds, by Pulumi's names.
    """

    urn: str
    id: str
    pulumi_resource_name: str
    pulumi_resource_type: str
    parent: str
    provider: str
    protect: bool
    dependencies: tuple[str, ...]
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]

    def __init__(self, stored: Mapping[str, Any]) -> None:
        """Read one entry of a state with its secrets in plain text."""
        self.urn = stored["urn"]
        self.id = stored.get("id", "")
        self.pulumi_resource_name = self.urn.split("::", 3)[3]
        self.pulumi_resource_type = self.urn.split("::")[2].rpartition("$")[2]
        self.parent = stored.get("parent", "")
        self.provider = stored.get("provider", "").rpartition("::")[0]
        self.protect = stored.get("protect", False)
        self.dependencies = tuple(stored.get("dependencies") or ())
        self.inputs = _properties(stored.get("inputs") or {})
        self.outputs = _properties(stored.get("outputs") or {})

    def __getattr__(self, name: str) -> Any:
        """Return an output by the name that a program knows it by."""
        if name.startswith("__") or "outputs" not in vars(self):
            raise AttributeError(name)
        found = next((key for key in (name, _camel(name)) if key in self.outputs), None)
        ours = _OURS.get(self.pulumi_resource_type)
        if found is None and ours is not None:
            if name == ours.of_id:
                return self.id.rpartition("/")[2]
            if name in ours.left_out:
                return None
        if found is None:
            raise AttributeError(_no_such_output(self, name))
        return known(self.outputs[found], f"{self.pulumi_resource_name}.{name}")

    def __getitem__(self, name: str) -> Any:
        """Return an output by either of its names."""
        return getattr(self, name)

    def __repr__(self) -> str:
        """Show which resource it is, without its values."""
        return f"<{self.pulumi_resource_type} {self.pulumi_resource_name!r}>"


def _no_such_output(resource: Resource, name: str) -> str:
    there = sorted(map(_snake, resource.outputs))
    near = difflib.get_close_matches(name, there, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"`{resource.pulumi_resource_name}` has no output `{name}`{hint or '.'} It has: {', '.join(there) or 'none'}"


def known(value: Any, name: str) -> Any:
    """Return a value.

    Raises:
        Unresolved: It, or a part of it, is not known.
    """
    if any(part == UNKNOWN for part in _leaves(value)):
        raise Unresolved(f"the output `{name}` was never resolved: its value is not known")
    return value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Secret):
        yield from _leaves(value.value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _properties(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties without those that are the provider's own."""
    return {key: opened(value) for key, value in stored.items() if not key.startswith("__")}


def opened(value: Any) -> Any:
    """Return a stored value with each secret as a `Secret`, which hides all that is in it."""
    if isinstance(value, list):
        return [opened(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) == SECRET:
        return Secret(_plain(json.loads(value["plaintext"])))
    return {key: opened(item) for key, item in value.items()}


def _plain(value: Any) -> Any:
    """Return what is in a secret, without the marks of further secrets in it."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) == SECRET:
        return _plain(json.loads(value["plaintext"]))
    return {key: _plain(item) for key, item in value.items()}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
