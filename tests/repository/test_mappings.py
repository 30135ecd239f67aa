"""The types of mappings are made from the models: for mappings as inputs, and for what outputs hold.

``python -m tests.repository.test_mappings`` writes them (``make tables``).
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

import pulumi_dpc
from pulumi_dpc._definition import models, references, sources, targets
from pulumi_dpc._definition.fields import Model, wire_name
from pulumi_dpc._definition.rules import Pending, by_type
from tests import PACKAGE

MODELS: list[type[Model]] = [
    thing
    for module in (references, sources, targets, models)
    for thing in vars(module).values()
    if isinstance(thing, type)
    and thing.__module__ == module.__name__
    and thing.__name__ in pulumi_dpc.__all__
]

INPUTS_HEAD = '''\
"""Mappings that stand for models, as types: written by `make tables` from the models.

A type checker knows their keys, in the API's spelling. Every value may be an Output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from pulumi import Input
    from typing_extensions import NotRequired

    from . import models
'''
OUTPUTS_HEAD = '''\
"""What the outputs of a pipeline hold, as types: written by `make tables` from the models.

Each is a mapping in the API's spelling, in which fields that are not set are absent. A source or a target of a newer
kind than this package knows is a mapping too, with whatever keys the service gives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired
'''


@dataclass(frozen=True)
class Side:
    """How one of the two modules writes a type."""

    path: Path
    head: str
    is_input: bool

    def text(self) -> str:
        """Return the whole module."""
        shown = [model for model in MODELS if self.is_input or model is not models.PipelineDefinition]
        parts = [self.head, *map(self._mapping, shown), "\n".join(self._unions())]
        return "\n\n".join(parts) + "\n"

    def name(self, model: type) -> str:
        return f"{model.__name__}Dict" if self.is_input else model.__name__

    def _mapping(self, model: type[Model]) -> str:
        hints = get_type_hints(model, include_extras=True)
        what = f"`{model.__name__}` as a mapping in the API's spelling."
        text = what if self.is_input else str(model.__doc__).partition("\n")[0]
        lines = [f"class {self.name(model)}(TypedDict):", f'    """{text}"""', ""]
        for field in fields(model):  # type: ignore[arg-type]
            written = self._written(hints[field.name])
            lines.append(f"    {wire_name(field.name)}: {_needed(field, written)}")
        return "\n".join(lines)

    def _unions(self) -> Iterator[str]:
        """Yield a name for all sources, and for all targets."""
        for name, union in (("Source", models.Source), ("Target", models.Target)):
            kinds = " | ".join(map(self.name, by_type(get_args(union)[0]).values()))
            yield f"{name}{'Dict' * self.is_input}: TypeAlias = {kinds}"

    def _written(self, hint: Any) -> str:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            inner = self._written(arguments[0])
            is_pending = any(isinstance(rule, Pending) for rule in arguments[1:])
            return f"Input[{inner}]" if is_pending and self.is_input else inner
        if origin in (Union, UnionType):
            shown = [part for part in arguments if part is not NoneType]
            kinds = [part for part in shown if is_dataclass(part)] or shown
            return " | ".join(self._written(part) for part in kinds)
        if origin is Literal:
            return f"Literal[{', '.join(repr(word) for word in arguments)}]"
        if origin in _COLLECTIONS:
            return f"{_COLLECTIONS[origin]}[{', '.join(self._written(part) for part in arguments)}]"
        if is_dataclass(hint) and isinstance(hint, type):
            return f"models.{hint.__name__} | {self.name(hint)}" if self.is_input else self.name(hint)
        return "Any" if hint is Any else str(hint.__name__)


_COLLECTIONS = {get_origin(Sequence[Any]): "Sequence", get_origin(Mapping[str, Any]): "Mapping"}


def _needed(field: Field[Any], written: str) -> str:
    """Return the type of a key; the kind, which a model knows by itself, has to stand in a mapping."""
    return f"NotRequired[{written}]" if field.default is None else written


SIDES = [
    Side(PACKAGE / "_definition" / "mappings.py", INPUTS_HEAD, is_input=True),
    Side(PACKAGE / "outputs.py", OUTPUTS_HEAD, is_input=False),
]


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.path.stem)
def test_the_types_of_mappings_are_those_of_the_models(side: Side) -> None:
    """``make tables`` writes them: a field is described once, in its model."""
    present = ast.parse(side.path.read_text())
    assert ast.dump(present) == ast.dump(ast.parse(side.text()))


def test_every_model_has_a_mapping() -> None:
    assert {f"{model.__name__}Dict" for model in MODELS} <= set(pulumi_dpc.__all__)


def write() -> None:
    """Write both modules, in the form that `make lint` asks for."""
    for side in SIDES:
        side.path.write_text(side.text())
        subprocess.run([str(Path(sys.executable).with_name("ruff")), "format", "-q", side.path], check=True)


if __name__ == "__main__":
    write()
