"""What one command of Pulumi did and said, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_dpc.emulator import Request

_NO_CHANGE = ("same", "read")


def is_of(token: str, type_: str) -> bool:
    """Tell whether a type token is the one that is meant, by its whole or by its last word."""
    return type_ in (token, token.rpartition(":")[2])


@dataclass(frozen=True)
class Step:
    """One thing that the engine did, or would do.

    Attributes:
        op: The engine's word: ``same``, ``create``, ``update``, ``replace``, ``create-replacement``,
            ``delete-replaced``, ``delete``, ``read`` or ``refresh``.
        name: The resource's name in the program.
        type: Its type token.
        urn: Its URN.
        found: What the command ``refresh`` found: ``same``, ``update`` or ``delete``; empty for other commands.
        keys: The properties that differ, where the engine itself knows them.
    """

    op: str
    name: str
    type: str
    urn: str
    found: str = ""
    keys: frozenset[str] = frozenset()

    @property
    def is_change(self) -> bool:
        """Tell whether this step changes something, at the service or in the state."""
        return self.op not in _NO_CHANGE and (self.op != "refresh" or self.found not in ("", "same"))


@dataclass(frozen=True)
class Diagnostic:
    """A message to the user.

    Attributes:
        severity: ``error``, ``warning`` or ``info``.
        text: The message.
        urn: The resource that it is about; empty for the whole stack.
    """

    severity: str
    text: str
    urn: str = ""


@dataclass(frozen=True)
class Result:
    """What one command did and said.

    Attributes:
        exit_code: As that of the CLI; 0 for success.
        steps: What it did, or in a preview would do, in order.
        outputs: The stack's outputs afterwards, resolved; a secret is a ``Secret``. A preview leaves them as they were.
        diagnostics: Its messages.
        requests: What it asked of the service, in order, requests for tokens aside.
        text: The report, as the CLI would show it.
        seconds: How long it took.
    """

    exit_code: int
    steps: tuple[Step, ...]
    outputs: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]
    requests: tuple[Request, ...] = field(repr=False)  # a failed assertion prints the result, with its bodies
    text: str
    seconds: float

    @property
    def changes(self) -> tuple[Step, ...]:
        """Return the steps that change something; none for a preview that finds nothing to do."""
        return tuple(step for step in self.steps if step.is_change)

    @property
    def errors(self) -> tuple[str, ...]:
        """Return the texts of the errors."""
        return tuple(said.text for said in self.diagnostics if said.severity == "error")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the texts of the warnings."""
        return tuple(said.text for said in self.diagnostics if said.severity == "warning")

    def op(self, name: str, type: str | None = None) -> str:  # noqa: A002
        """Return what was done with the resources of a name: the engine's words, joined with commas; or nothing.

        Args:
            name: Their name in the program.
            type: Their type, where resources of several types share the name: the token, or its last word.
        """
        named = [step for step in self.steps if step.name == name]
        return ", ".join(step.op for step in named if type is None or is_of(step.type, type))
