"""What a request brings as text, read as strictly as JSON and its schemas are written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from .directory import Refused

MOST_LEVELS: Final = 100
"""How deeply a body may be nested; the deepest published definition has five levels."""

_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text (RFC 8259), or refuse what is none."""
    try:
        value = json.loads(body, parse_float=_finite, parse_constant=_finite)
    except ValueError:
        raise Refused(400, "The request body is not JSON.") from None
    except RecursionError:
        raise _too_deep() from None
    if _levels(value) > MOST_LEVELS:
        raise _too_deep()
    return value


def read_parameter(text: str | None, schema: Mapping[str, Any]) -> Any:
    """Return what the text of a parameter says, as a whole number where the schema asks for one."""
    given = schema.get("default") if text is None else text
    if schema.get("type") == "integer" and isinstance(given, str) and _WHOLE_NUMBER.fullmatch(given):
        return int(given)
    return given


def _finite(text: str) -> float:
    """Refuse NaN and what is too large for a number, which no JSON text could answer."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _levels(value: Any) -> int:
    levels, items = 0, [value]
    while items := [inner for item in items for inner in _inside(item)]:
        levels += 1
    return levels


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _too_deep() -> Refused:
    return Refused(400, f"The request body is nested more than {MOST_LEVELS} levels deep.")
