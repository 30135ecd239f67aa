"""One live object has one resource of the program: the error of a second."""

from __future__ import annotations

from pulumi_dpc.errors import ConfigurationError

from .operation import Operation


def require_sole_owner(operation: Operation, id_: str, noun: str) -> None:
    """Raise if another resource of the program has this object, or is about to adopt it.

    Args:
        operation: The engine's request.
        id_: The resource id.
        noun: What the object is called, such as ``pipeline``.

    Raises:
        ConfigurationError: One has.
    """
    owner = operation.process.ownership.other_owner(operation.urn, id_)
    if owner:
        raise owned_by_another(id_.rpartition("/")[2], owner, noun)


def owned_by_another(id_: str, owner: str, noun: str) -> ConfigurationError:
    """Return the error of a resource whose object is another's."""
    return ConfigurationError(
        f"the {noun} {id_} is managed already, by the resource {owner} of this program: two resources"
        f" cannot manage one {noun}; remove one of them, or run `pulumi up` again if that one is being renamed"
    )
