"""What pydantic finds wrong with a definition, in our sentences."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from .models import PipelineDefinition
from .rules import TAG
from .shape import path_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

_MISTAKES = {
    "missing": "is required",
    "dataclass_type": "must be an object",
    "dict_type": "must be an object",
    "sequence_str": "must be a list",
    "is_instance_of": "must be a list",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "predicate_failed": "must be a UUID",
    "too_short": "must have at least one item",
}
"""Our sentence for each of pydantic's: its own may quote the value, and a value may be secret."""


@functools.cache
def _validator() -> TypeAdapter[PipelineDefinition]:
    return TypeAdapter(PipelineDefinition)


def violations(spelled: Mapping[str, Any]) -> list[str]:
    """Return every mistake in a canonical definition as ``path: message``; unknown parts pass."""
    try:
        _validator().validate_python(spelled)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return [f"{_location(detail)}: {_mistake(detail)}" for detail in details]
    return []


def _location(detail: ErrorDetails) -> str:
    return path_text(part for part in detail["loc"] if not str(part).startswith(TAG))


def _mistake(detail: ErrorDetails) -> str:
    return _MISTAKES.get(detail["type"], "is not valid").format(**detail.get("ctx", {}))
