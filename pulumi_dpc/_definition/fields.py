"""What may stand in a field of a model: its type, and the rules that pydantic validates it by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from annotated_types import Interval, MinLen, Predicate

from .rules import Pending, Strict

if TYPE_CHECKING:
    import pulumi

    from . import mappings as mappings  # noqa: PLC0414 - for the other models too

T = TypeVar("T")
D = TypeVar("D")

if TYPE_CHECKING:
    Input = pulumi.Input[T]
    ModelInput = pulumi.Input[T | D | Mapping[str, Any]]
else:
    Input = Annotated[T, Pending()]

    class ModelInput:
        """A model, or a mapping of the second type, of which only a type checker takes notice."""

        def __class_getitem__(cls, types: tuple[type, str]) -> object:
            return Input[types[0]]

    class _Names:
        """Takes the place of a module that is for type checkers: annotations are read to check a definition."""

        def __getattr__(self, name: str) -> str:
            return name

    mappings = _Names()


def wire_name(name: str) -> str:
    """Return the API's spelling of a field: ``agent_id`` is ``agentId``."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Tell whether a text is a well-formed UUID, which is all the service asks of an agent's id."""
    return _UUID.fullmatch(text) is not None


IS_UUID = Predicate(is_uuid)

Text = Annotated[str, MinLen(1)]
Uuid = Annotated[str, IS_UUID]
Port = Annotated[int, Strict(), Interval(ge=1, le=65535)]
SecretType = Literal["AWS_SECRETS_MANAGER", "AZURE_KEY_VAULT", "GOOGLE_SECRET_MANAGER"]
TablePrefixType = Literal["PREFIX", "SOURCE_DATABASE_AND_SCHEMA", "NONE"]
TransformationType = Literal["COPY_TABLE", "COPY_TABLE_SOFT_DELETE", "CHANGE_LOG"]
TemporalMapping = Literal["NATIVE", "EPOCH"]
DecimalMapping = Literal["LEGACY", "LOGICAL"]


class Model:
    """One object of the API; its fields are the API's in Python case (docs/api.md section 3)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"alias_generator": wire_name}
