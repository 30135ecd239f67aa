"""What the service keeps of a definition, and what its answers show of it: pure functions of the switches."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from .directory import Json
from .settings import EVERY_ITEM, Path, Settings

MASK: Final = "********"
_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")


def stored(sent: Json, settings: Settings) -> Json:
    """Return what is kept of a definition that was sent."""
    kept: Json = sent
    for path in settings.dropped:
        kept = _with_change(kept, path[:-1], partial(_without, path[-1]))
    for path in settings.retyped:
        kept = _with_change(kept, path, _retyped)
    for path in settings.recased:
        kept = _with_change(kept, path, _recased)
    for path, item in settings.added.items():
        kept = _with_change(kept, path[:-1], partial(_with, path[-1], item))
    return copy.deepcopy(kept)


def shown(definition: Json, settings: Settings) -> Json:
    """Return what an answer shows of a definition."""
    seen: Json = definition
    for path in settings.masked:
        seen = _with_change(seen, path, _masked)
    return copy.deepcopy(seen)


def write_answer(sent: Json, kept: Json, settings: Settings) -> Json:
    """Return what a POST or PUT answers, of the body that was sent and of what a GET would answer."""
    ids = {name: kept[name] for name in ("projectId", "streamingPipelineId")}
    answers = {"stored": kept, "echo": shown(sent, settings) | ids, "ids": ids}
    return answers[settings.write_answer]


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> Json:
    """Return a definition with a change merged into it (RFC 7396: mappings merge, None removes)."""
    result = dict(base)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _with_change(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """Return the value with whatever the path leads to changed; the value itself where it leads nowhere."""
    if not path:
        return change(value)
    key, rest = path[0], path[1:]
    if isinstance(value, list) and key == EVERY_ITEM:
        return [_with_change(item, rest, change) for item in value]
    if isinstance(value, dict) and key in value:
        return value | {key: _with_change(value[key], rest, change)}
    return value


def _without(key: str, parent: Any) -> Any:
    if isinstance(parent, list) and key == EVERY_ITEM:
        return []
    if isinstance(parent, dict):
        return {name: item for name, item in parent.items() if name != key}
    return parent


def _with(key: str, item: Any, parent: Any) -> Any:
    if not isinstance(parent, dict) or key in parent:
        return parent
    return parent | {key: item}


def _retyped(item: Any) -> Any:
    if isinstance(item, (int, float)) and not isinstance(item, bool):
        return json.dumps(item)
    if isinstance(item, str) and _WHOLE_NUMBER.fullmatch(item):
        return int(item)
    return item


def _recased(item: Any) -> Any:
    if not isinstance(item, str):
        return item
    return item.lower() if item == item.upper() else item.upper()


def _masked(item: Any) -> Any:
    return MASK if isinstance(item, str) else item
