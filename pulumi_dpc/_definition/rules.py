"""What the annotations of the models ask of pydantic, which is loaded only when it asks back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, get_args, get_type_hints

if TYPE_CHECKING:
    from types import ModuleType

    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

TAG = "type="
"""Begins the part of an error's location that names the chosen class of a union, and no field."""


def engine() -> ModuleType | None:
    """Return Pulumi's module of outputs, if it is loaded; where it is not, no Output can exist."""
    return sys.modules.get("pulumi.output")


def is_unknown(value: object) -> bool:
    """Tell whether a value is not there yet: the Unknown of a preview, or an Output of the program."""
    pulumi = engine()
    return pulumi is not None and isinstance(value, (pulumi.Output, pulumi.Unknown))


def by_type(union: object) -> dict[str, type]:
    """Return the models of a union by their ``type``."""
    models = [member for member in get_args(union) if is_dataclass(member) and isinstance(member, type)]
    return {get_args(get_type_hints(model)["type"])[0]: model for model in models}


class Pending:
    """The rule that lets what is not there yet pass, before its type is looked at.

    A union with Output would report every mistake twice, once for each member.
    """

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        def validate(value: object, look_at: Callable[[object], object]) -> object:
            return value if is_unknown(value) else look_at(value)

        return core_schema.no_info_wrap_validator_function(validate, handler(source))


class Strict:
    """The rule that refuses what pydantic would convert: for a number, its text and a bool."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return {**handler(source), "strict": True}


class ByType:
    """The rule that chooses a model of a union by ``type``; an object of another type passes, if it names one.

    The service may be newer than we are, so a type that we do not know is not a mistake.
    """

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        choices = {TAG + kind: handler.generate_schema(model) for kind, model in by_type(source).items()}
        choices[TAG] = self._named_type(handler)

        def tag(value: object) -> str:
            kind = value.get("type") if isinstance(value, Mapping) else None
            return TAG + kind if isinstance(kind, str) and TAG + kind in choices else TAG

        return core_schema.tagged_union_schema(choices, discriminator=tag)

    @staticmethod
    def _named_type(handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        name = Pending().__get_pydantic_core_schema__(str, handler)
        return core_schema.typed_dict_schema({"type": core_schema.typed_dict_field(name)})
