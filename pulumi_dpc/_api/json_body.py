"""How a JSON body is read, so that nothing in it can break what handles it later."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

DEEPEST = 100
"""Objects and arrays within each other that are read: ten times what a definition has, a tenth of Python's stack."""


def decode(body: bytes) -> Any:
    """Return the JSON value of a body, None for an empty one.

    Raises:
        ValueError: The body is not JSON, or holds what no other part of the system could carry.
    """
    if not body.strip():
        return None
    try:
        value = json.loads(body, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if _is_deep(value):
        raise ValueError("nested too deep")
    if b"\\ud" in body.lower():
        # Python reads half a surrogate pair into a str, which nothing after it can encode.
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _is_deep(value: Any) -> bool:
    """Tell whether a value is nested too deep for the functions that compare, copy and write one level by level."""
    level = [value] if isinstance(value, list | dict) else []
    for _ in range(DEEPEST):
        members = (item for one in level for item in (one.values() if isinstance(one, dict) else one))
        level = [item for item in members if isinstance(item, list | dict)]
    return bool(level)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    """Read a number; 1e999 is JSON, but infinity could not be written to a state file again."""
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits[:20])


def _whole(digits: str) -> int:
    """Read a whole number, if it is also one of the floats, because the engine has no other numbers."""
    _finite(digits)
    return int(digits)
