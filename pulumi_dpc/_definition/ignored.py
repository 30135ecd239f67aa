"""What ``ignore_changes`` asks of an update: to leave parts of a pipeline as they are found.

The engine puts the old inputs in the place of ignored ones, which says what the program wanted then. What somebody has
changed there since is at the service, so an edit of another field must write that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi_dpc._names import DEFINITION

from .comparison import Path, is_same, value_at, with_value

_STEP = re.compile(r"""\.?(?P<name>[^.\[\]"]+)|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|\[(?:\d+|\*)\]""")


def keys_of(path: str) -> Path:
    """Return the keys of one of Pulumi's property paths, up to an index or a ``*``: what is above is meant whole."""
    return tuple(_keys(path))


def _keys(path: str) -> Iterator[str]:
    for step in _STEP.finditer(path):
        if step["quoted"] is not None:
            yield json.loads(step["quoted"])
        elif step["name"] not in (None, "*"):
            yield step["name"]
        else:
            return


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
        for whole in [(name,) for name in DEFINITION] if not keys else [keys]:
            if whole[0] in DEFINITION and not is_same(kept, live, whole):
                kept = with_value(kept, whole, value_at(live, whole))
    return kept
