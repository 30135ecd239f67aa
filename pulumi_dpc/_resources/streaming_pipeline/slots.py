"""The replication slot that a PostgreSQL pipeline reads, and the warning when nobody reads it any more.

PostgreSQL keeps its write-ahead log for a slot until somebody reads it or drops the slot, so one that is left behind
fills the disk of the database. Nothing that is documented of the service drops it (``docs/api.md`` section 5.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_dpc._definition.definition import has_unknowns
from pulumi_dpc._definition.ignored import covers, keep_ignored
from pulumi_dpc._names import RUNNING, SECRET_PATHS, SECRETS

from .state import definition_of

Bag = Mapping[str, Any]

_SOURCE, _FREE, _KEY = "streamingSource", "advancedProperties", "slot.name"
_PATH = f"/{_FREE}/{_KEY}"
DEFAULT_SLOT = "matillion_cdc"
"""The slot without a `slot.name`, as the vendor documents it for its earlier product (``docs/api.md`` 7)."""
_NAME = re.compile(r"[a-z0-9_]{1,63}")
"""What PostgreSQL allows as a name; anything else is not repeated."""


def when_deleted(outputs: Bag) -> str | None:
    """Return the warning for a pipeline that is deleted; None if it has no slot."""
    if _slot(definition_of(outputs)) is None:
        return None
    return _left_behind(outputs, "the delete")


def when_changed(outputs: Bag, inputs: Bag, ignored: Iterable[str]) -> str | None:
    """Return the warning for one that is to be stopped, or to read another slot; None if it goes on with its own.

    Whether one that is stopped now has ever made its slot is not recorded, so its slot is left behind "if it ever ran".

    Args:
        outputs: What was last seen.
        inputs: What the program says now; parts may be unknown.
        ignored: The property paths of ``ignore_changes``.
    """
    recorded, ignored = definition_of(outputs), tuple(ignored)
    before = _slot(recorded)
    if before is None:
        return None
    desired = keep_ignored(definition_of(inputs), recorded, ignored)
    is_known = not has_unknowns([desired.get(_SOURCE), desired.get(_FREE)])
    if is_known and _slot(desired) != before:
        return _left_behind(outputs, "this change")
    if outputs.get(RUNNING) and inputs.get(RUNNING) is False and not covers(ignored, RUNNING):
        return _STOPPED.format(slot=_described(outputs))
    return None


def _slot(definition: Bag) -> dict[str, Any] | None:
    """Return what tells the slot of a definition from others; None for another source than PostgreSQL."""
    source, free = _object(definition.get(_SOURCE)), _object(definition.get(_FREE))
    if str(source.get("type")).lower() != "postgres":
        return None
    connection = _object(source.get("connection"))
    host = connection.get("host")
    return {
        "host": host.lower() if isinstance(host, str) else host,
        "port": connection.get("port"),
        "database": connection.get("database"),
        _KEY: free.get(_KEY) or DEFAULT_SLOT,
    }


def _object(value: Any) -> Bag:
    return value if isinstance(value, Mapping) else {}


def _name(outputs: Bag) -> str | None:
    """Return the name that the definition gives the slot, unless it may be a secret or is no name."""
    name = _object(outputs.get(_FREE)).get(_KEY)
    is_usable = isinstance(name, str) and _NAME.fullmatch(name) and not _may_be_secret(outputs)
    return name if is_usable else None


def _is_given(outputs: Bag) -> bool:
    """Tell whether the definition gives the slot a name; null and an empty one are none."""
    return bool(_object(outputs.get(_FREE)).get(_KEY))


def _may_be_secret(outputs: Bag) -> bool:
    """Tell whether what the definition says of the slot's name may be a secret."""
    hidden = [*(outputs.get(SECRET_PATHS) or ()), *(f"/{key}" for key in outputs.get(SECRETS) or ())]
    return any(path == _PATH or _PATH.startswith(f"{path}/") for path in hidden)


def _described(outputs: Bag) -> str:
    name = _name(outputs)
    if name is not None:
        return f"its replication slot {name!r}"
    is_given = _is_given(outputs)
    return f"its replication slot ({_GIVEN if is_given else _DEFAULT})"


def _left_behind(outputs: Bag, what: str) -> str:
    is_default = not _is_given(outputs) and not _may_be_secret(outputs)
    name = _name(outputs) or (DEFAULT_SLOT if is_default else "<its name>")
    if_any = (
        "no other pipeline reads it" if outputs.get(RUNNING) else "it ever ran and no other pipeline reads it"
    )
    return _LEFT_BEHIND.format(slot=_described(outputs), what=what, name=name, if_any=if_any)


_GIVEN = "slot.name in advanced_properties"
_DEFAULT = f"{DEFAULT_SLOT}, as no slot.name is given"
_STOPPED = (
    "{slot} stays while the pipeline is stopped, and PostgreSQL keeps the write-ahead log (WAL) for it, which can fill"
    " the disk of the database: start the pipeline again in time, or drop the slot and take new snapshots later"
)
_LEFT_BEHIND = (
    "{slot} is not dropped by {what}, and PostgreSQL keeps the write-ahead log (WAL) for it, which can fill the disk"
    " of the database: if {if_any}, run SELECT pg_drop_replication_slot('{name}') there"
)
