"""Taking a name: a POST is sent only while nobody has the name, and again only when a lost one can no longer arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pulumi_dpc.errors import ConfigurationError, DpcError, OutcomeUnknown

from .operation import Operation
from .ownership import Name
from .polling import poll_delay

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Created:
    """An object that one POST has made.

    Attributes:
        id: The service's id of it.
        stored: What the service stores of it; None where its answer does not tell.
    """

    id: str
    stored: Body | None


class Names(Protocol):
    """The objects of one kind at their service, by the names that only one of them may have."""

    @property
    def noun(self) -> str:
        """What one of them is called in errors, such as ``pipeline``."""

    @property
    def described(self) -> str:
        """What is posted of one, in errors, such as ``definition``."""

    def find_named(self, name: Name, since: float | None = None) -> list[Created]:
        """Return those that have a name in the listing, which is read again if it was begun before that time."""

    def post(self, name: Name, body: Body) -> Created:
        """Send one POST, which is not repeated."""

    def may_be(self, live: Body, body: Body) -> bool:
        """Tell whether this may be what was posted with that body."""

    def resource_id(self, name: Name, id_: str) -> str:
        """Return the id of the resource that has one."""

    def taken(self, name: Name, ids: Sequence[str], owner: str | None) -> ConfigurationError:
        """Return the error of a name that is taken, perhaps by that resource of the program."""


def find_named(operation: Operation, names: Names, name: Name) -> list[str]:
    """Return the ids of those that have a name.

    A name that nobody has in the listing counts as free, though that may be as old as this process; one that somebody
    has is looked up in a new listing.
    """
    if not names.find_named(name):
        return []
    return [one.id for one in names.find_named(name, operation.service.client.clock.now())]


def create_or_find(operation: Operation, names: Names, name: Name, body: Body) -> Created:
    """Create an object whose name is free, or find the one whose answer this process has lost.

    Raises:
        ConfigurationError: There is one of that name.
        OutcomeUnknown: The answer was lost, and what is there now does not tell.
    """
    attempts = operation.process.attempts
    has_posted = attempts.has_posted(operation.urn, name)
    try:
        look = _find_named_after_post if has_posted else find_named
        taken = look(operation, names, name)
        if taken and has_posted:
            ours, _ = _find_posted(operation, names, name, body)
            if len(ours) == 1:
                return ours[0]
        if not taken:
            attempts.record_post(operation.urn, name)
            return _post(operation, names, name, body)
    except DpcError as error:
        attempts.record_failed_create(name=name)
        if has_posted and not error.maybe_applied:
            raise _lookup_failure(names, error) from error
        raise
    ids = [names.resource_id(name, id_) for id_ in taken]
    attempts.record_failed_create(*ids)
    predecessor = operation.process.ownership.predecessor(operation.urn, name)
    if predecessor is not None and predecessor.id.lower() in (one.lower() for one in ids):
        raise ConfigurationError(_OWN_PREDECESSOR.format(names.noun))
    raise names.taken(name, taken, operation.process.ownership.other_owner(operation.urn, ids[0]))


def _find_named_after_post(operation: Operation, names: Names, name: Name) -> list[str]:
    """Return who has a name for which this resource has sent a POST whose answer was lost.

    The service may carry it out late, so nobody having it proves nothing before a request's time has passed once more.
    """
    client = operation.service.client
    until = client.clock.now() + client.longest_request
    polls = 0
    while True:
        now = client.clock.now()
        found = names.find_named(name, now)
        if found or now >= until:
            return [one.id for one in found]
        polls += 1
        client.clock.sleep(min(poll_delay(polls), until - now))


def _post(operation: Operation, names: Names, name: Name, body: Body) -> Created:
    """Send one POST and do not repeat it.

    If the answer is lost, the one object of that name and content is ours: none was there before.
    """
    try:
        return names.post(name, body)
    except DpcError as error:
        if not error.maybe_applied:
            raise
        return _find_after_lost_answer(operation, names, name, body, error)


def _find_posted(
    operation: Operation, names: Names, name: Name, body: Body
) -> tuple[list[Created], list[Created]]:
    """Return those of that name that may be what was posted, and all of that name."""
    now = names.find_named(name, operation.service.client.clock.now())
    return [one for one in now if names.may_be(one.stored or {}, body)], now


def _lookup_failure(names: Names, error: DpcError) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{error}. It could not be looked up whether the {names.noun} was created; run `pulumi up` again: it does"
        f" not make a second one, and if the {names.noun} is there it says how to adopt it",
        maybe_applied=True,
    )


def _find_after_lost_answer(
    operation: Operation, names: Names, name: Name, body: Body, error: DpcError
) -> Created:
    try:
        ours, now = _find_posted(operation, names, name, body)
    except DpcError:
        raise _lookup_failure(names, error) from error
    if len(ours) == 1:
        return ours[0]
    found = "none of this name is there now"
    if ours:
        found = f"{len(ours)} of this name and {names.described} are there now"
    elif now:
        found = f"the {names.noun}s of this name differ from this {names.described}, or do not show enough to tell"
    doubt = f"{error}. Whether the {names.noun} was created is not known: {found}; run `pulumi up` again"
    raise OutcomeUnknown(doubt, maybe_applied=True) from error


_OWN_PREDECESSOR = (
    "was not replaced, because it is to be made before the {0} that it replaces is deleted"
    " (delete_before_replace=False), and two of one name cannot be told apart: remove that"
    " option, or give the new one another name"
)
