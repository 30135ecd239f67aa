"""What ``ignore_changes`` asks of an update: to leave parts of a pipeline as they are found.

The engine puts the old inputs in the place of ignored ones, which says what the program wanted then. What somebody has
changed there since is at the service, so an edit of another field must write that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_dpc._names import DEFINITION

from .comparison import Path, is_same, unmasked, value_at, with_value
from .paths import steps_of


def keys_of(path: str) -> Path | None:
    """Return the keys of one of Pulumi's property paths; None for one that means a part of a list, or nothing.

    A ``*`` at the end means all that is above it. The engine has put the old item in the place of an ignored one, by
    its number; which item somebody has made that since cannot be known, so nothing more is ignored.
    """
    steps = steps_of(path) or []
    if not steps:
        return None
    above = steps[:-1] if steps[-1].is_all else steps
    keys = tuple(step.key for step in above if step.key is not None and not step.is_all)
    return keys if len(keys) == len(above) else None


def covers(paths: Iterable[str], name: str) -> bool:
    """Tell whether a whole property is ignored."""
    return any(keys_of(path) in ((), (name,)) for path in paths)


def keep_ignored(desired: Mapping[str, Any], live: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return the desired definition with what is live at the ignored paths.

    Args:
        desired: The definition in the API's spelling.
        live: What the service has.
        paths: Pulumi's property paths in the API's spelling; those of other properties are passed over.
    """
    kept = dict(desired)
    for path in paths:
        keys = keys_of(path)
        if keys is None:
            continue
        for whole in [(name,) for name in DEFINITION] if not keys else [keys]:
            if whole[0] in DEFINITION and not is_same(kept, live, whole):
                kept = with_value(kept, whole, unmasked(value_at(live, whole), value_at(kept, whole)))
    return kept
