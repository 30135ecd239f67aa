"""What a front gives an operation on a resource, and what it gets back: plain values on both sides.

A front is what the engine talks to: the dynamic provider's hooks now, a plugin for all languages later. How a failure
is *shown*, and whether the engine can keep what a failed operation has left, is the front's business.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pulumi_dpc._api.retries import Notify, no_output
from pulumi_dpc.errors import DpcError

from .account_view import AccountView
from .agent_uses import AgentUses
from .looks import Looks
from .ownership import Attempts, NameLocks, Ownership
from .polling import LearnedTimes
from .service import Service

Bag = Mapping[str, Any]
"""Inputs or outputs as state files hold them: the API's names, plain values."""


class Process:
    """What all operations on one kind of resource share in a process.

    Args:
        connect: Returns the service; called when an operation first needs it.
        not_asked: What previews could not ask, where several kinds share that.

    Attributes:
        ownership: Which resource owns which live object.
        attempts: What earlier calls of this process have made, begun or failed to do.
        name_locks: One create or rename of a name at a time.
        agent_uses: Which resource uses which agent.
        start_times: How long starts took.
        account: What previews know of the account.
        looks: How old the listings may be that say that nobody uses what is deleted.
    """

    def __init__(self, connect: Callable[[], Service], not_asked: set[str] | None = None) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._service: Service | None = None
        self._warned: set[tuple[str | None, str]] = set()
        self.ownership = Ownership()
        self.attempts = Attempts()
        self.name_locks = NameLocks()
        self.agent_uses = AgentUses()
        self.start_times = LearnedTimes()
        self.looks = Looks()
        self.account = AccountView(lambda: self.service, not_asked)

    @property
    def service(self) -> Service:
        """The API that the provider's configuration and the environment name.

        Raises:
            ConfigurationError: Credentials or endpoint are missing or malformed.
        """
        with self._lock:
            if self._service is None:
                self._service = self._connect()
            return self._service

    def is_first_warning(self, urn: str | None, text: str) -> bool:
        """Tell whether this process warns so for the first time: a refresh and a preview are one command."""
        with self._lock:
            is_first = (urn, text) not in self._warned
            self._warned.add((urn, text))
            return is_first


@dataclass(frozen=True)
class Operation:
    """One request of the engine, as an operation sees it.

    Attributes:
        process: What it shares with the others.
        urn: The resource's URN; None where the front does not know it.
        timeout: What ``custom_timeouts`` gives it, in seconds; 0.0 where it gives nothing.
        ignored: The property paths of ``ignore_changes``, in a diff or an update.
        warn: Shows a warning that stays.
        progress: Shows a passing line.
        inform: Shows a sentence that stays.
        is_preview: Whether a check may look what the account has, for the preview that it belongs to.
        is_only_provider: Whether no other provider of the program is known, whose resources another process would have.
        old_inputs: Returns, in a diff, the inputs as the state has them; None where the front does not know them.
    """

    process: Process
    urn: str | None = None
    timeout: float = 0.0
    ignored: tuple[str, ...] = ()
    warn: Notify = no_output
    progress: Notify = no_output
    inform: Notify = no_output
    is_preview: bool = False
    is_only_provider: bool = True
    old_inputs: Callable[[], Bag | None] = lambda: None

    @property
    def service(self) -> Service:
        """The API that it talks to."""
        return self.process.service

    def with_name(self, bag: Bag, text: str) -> str:
        """Return a text that begins with the object's name, and the resource's where that is another."""
        return with_name(bag, text, self.urn and self.urn.rpartition("::")[2])

    def warn_once(self, text: str) -> None:
        """Show a warning, unless this process has shown it for this resource."""
        if self.process.is_first_warning(self.urn, text):
            self.warn(text)


@dataclass(frozen=True)
class Checked:
    """The inputs in their one spelling, and every mistake in them."""

    inputs: dict[str, Any]
    mistakes: list[str]


@dataclass(frozen=True)
class Difference:
    """What a diff answers.

    Attributes:
        changes: Whether there is something to do; None lets the engine compare the inputs itself.
        replaces: The properties whose change replaces the resource.
        deletes_first: The replacement cannot stand beside the old object, so that is deleted first.
    """

    changes: bool | None
    replaces: list[str] = field(default_factory=list)
    deletes_first: bool = False


@dataclass(frozen=True)
class Done:
    """An operation that succeeded.

    Attributes:
        id: The resource's id.
        outputs: All of them.
        inputs: As a read finds them; None for the other operations, and for a read that manages nothing.
        secrets: The properties that may hold secrets which the engine does not know of.
    """

    id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any] | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Partial:
    """An operation that failed, and left something that the state must know of.

    Attributes:
        id: The resource's id.
        outputs: All of them, as far as they are known.
        reason: What happened, whether it runs, and what to do.
        secrets: The properties that may hold secrets which the engine does not know of.
    """

    id: str
    outputs: dict[str, Any]
    reason: str
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gone:
    """A read that found nothing: the resource was deleted outside Pulumi."""


class Operations(Protocol):
    """What can be done with the resources of one kind: a module of functions, the same for every front.

    Each raises a `DpcError` for a failure after which the state stays as it is; a delete has then perhaps stopped the
    object.
    """

    def check(self, operation: Operation, old_inputs: Bag, inputs: Bag, /) -> Checked:
        """Return the inputs in their one spelling, and every mistake in them."""

    def diff(self, operation: Operation, id_: str, outputs: Bag, inputs: Bag, /) -> Difference:
        """Return whether there is something to do, without a request."""

    def create(self, operation: Operation, inputs: dict[str, Any], /) -> Done | Partial:
        """Create or adopt an object."""

    def read(self, operation: Operation, id_: str, recorded: dict[str, Any], /) -> Done | Gone:
        """Return the live object."""

    def update(
        self, operation: Operation, id_: str, outputs: dict[str, Any], inputs: dict[str, Any], /
    ) -> Done | Partial:
        """Bring the live object to what the program says."""

    def delete(self, operation: Operation, id_: str, outputs: dict[str, Any], /) -> None:
        """Delete the object, unless another resource of the program has it."""


class Refused(DpcError):
    """An operation that failed and leaves nothing to record: what the state says stays, or the object is gone."""


def with_name(bag: Bag, text: str, resource_name: str | None) -> str:
    """Return a text that begins with the name that the object has at the service, if that is known.

    Args:
        bag: Inputs or outputs.
        text: What there is to say.
        resource_name: The name in the program, which is told too where it is another; None if it is not known.
    """
    name = bag.get("name")
    if not isinstance(name, str):
        return text
    return (
        f"{name}: {text}" if resource_name in (None, name) else f"{name} (resource {resource_name}): {text}"
    )


def without(bag: Bag, keys: Iterable[str]) -> dict[str, Any]:
    """Return a bag without some of its properties."""
    left_out = set(keys)
    return {key: value for key, value in bag.items() if key not in left_out}
