"""What a preview says of a name that somebody has: the create refuses it, and an edit does not take it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._definition.paths import in_both_spellings
from pulumi_dpc._names import NAME

from .account_view import Listed
from .operation import Operation
from .ownership import Name
from .service import Service
from .taking import Names

Bag = Mapping[str, Any]


@dataclass(frozen=True)
class Wish:
    """A name that a resource is to have, and has not.

    Attributes:
        name: The name.
        noun: What has such names.
        names: Returns the objects of the kind at their service.
        inputs: What the program says.
        is_new: The engine does not know the resource.
    """

    name: Name
    noun: str
    names: Callable[[Service], Names]
    inputs: Bag
    is_new: bool


def name_mistakes(operation: Operation, wish: Wish, listed: Listed) -> list[str]:
    """Return the mistake of a create whose name is taken, and warn of an edit that would take it.

    Args:
        operation: The engine's request.
        wish: The name, and who is to have it.
        listed: What the account has of the kind, each with its id.
    """
    account = operation.process.account
    twins = account.others_to_have(operation.urn, wish.name)
    if twins:
        ours = operation.urn and operation.urn.rpartition("::")[2]
        text = (
            f"name: the resources {ours!r} and {twins[0]!r} are to have the same name, which only one {wish.noun} may"
            " have: give one of them another name"
        )
        return _told(operation, wish, text, must_fail=wish.is_new)
    ids = [id_ for id_, live in listed if live.get(NAME) == wish.name[1]]
    if not ids or account.is_given_up(wish.name):
        return []
    if wish.is_new:
        if not operation.is_only_provider:
            text = f"name: another {wish.noun} has this name ({ids[0]}): {_OTHER_PROVIDER}"
            return _told(operation, wish, text, must_fail=False)
        taken = wish.names(account.service)
        owner = operation.process.ownership.other_owner(operation.urn, taken.resource_id(wish.name, ids[0]))
        return [f"name: {taken.taken(wish.name, ids, owner)}"]
    if account.may_have_ours(wish.name[0], [live for _, live in listed]):
        return []
    text = f"name: another {wish.noun} has this name ({ids[0]}): an edit does not take it away"
    return _told(operation, wish, text, must_fail=False)


def _told(operation: Operation, wish: Wish, text: str, *, must_fail: bool) -> list[str]:
    if must_fail:
        return [text]
    warn(operation, wish.inputs, text)
    return []


def warn(operation: Operation, inputs: Bag, text: str) -> None:
    """Warn of what may fail, once for each resource."""
    operation.warn_once(operation.with_name(inputs, in_both_spellings(text)))


_OTHER_PROVIDER = "the create fails, unless a resource of another provider of this program gives it up first"
