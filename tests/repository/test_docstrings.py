"""What an editor and `help()` show of the public names: complete, our own, and true where only the package is."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from types import ModuleType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import pytest

import pulumi_dpc
import pulumi_dpc.emulator
import pulumi_dpc.errors
import pulumi_dpc.outputs
import pulumi_dpc.testing
from pulumi_dpc._definition.fields import Model

MODELS = [
    thing
    for name in pulumi_dpc.__all__
    if isinstance(thing := getattr(pulumi_dpc, name), type) and issubclass(thing, Model)
]
CALLED: dict[str, Any] = {
    "StreamingPipeline": pulumi_dpc.StreamingPipeline.__init__,
    "StreamingPipeline.from_definition": pulumi_dpc.StreamingPipeline.from_definition,
    "StreamingPipeline.get": pulumi_dpc.StreamingPipeline.get,
    "StreamingAgent": pulumi_dpc.StreamingAgent.__init__,
    "StreamingAgent.get": pulumi_dpc.StreamingAgent.get,
    "get_agent_credentials": pulumi_dpc.get_agent_credentials,
    "get_agent_credentials_output": pulumi_dpc.get_agent_credentials_output,
    "Provider": pulumi_dpc.Provider.__init__,
    "SecretReference.aws": pulumi_dpc.SecretReference.aws,
    "SecretReference.azure": pulumi_dpc.SecretReference.azure,
    "SecretReference.google": pulumi_dpc.SecretReference.google,
    "open_stack": pulumi_dpc.testing.open_stack,
    "Stack.up": pulumi_dpc.testing.Stack.up,
    **{name: getattr(pulumi_dpc, name) for name in pulumi_dpc.__all__ if name.startswith("get_")},
}
"""What programs call."""
PUBLIC_MODULES = (pulumi_dpc, pulumi_dpc.errors, pulumi_dpc.outputs, pulumi_dpc.emulator, pulumi_dpc.testing)


def attribute_docs(kind: type) -> dict[str, str]:
    """Return the docstring below each attribute of a class, as editors find it; those of classes above it too."""
    found: dict[str, str] = {}
    for declared in reversed([kind for kind in kind.__mro__ if kind.__module__.startswith("pulumi_dpc")]):
        (tree,) = ast.parse(inspect.getsource(declared)).body
        assert isinstance(tree, ast.ClassDef)
        for statement, after in zip(tree.body, tree.body[1:], strict=False):
            text = after.value if isinstance(after, ast.Expr) else None
            if isinstance(statement, ast.AnnAssign) and isinstance(text, ast.Constant):
                found[ast.unparse(statement.target)] = inspect.cleandoc(str(text.value))
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_of_a_model_says_what_it_is(model: type[Model]) -> None:
    """Its meaning, what it may be, what it is if it is not given, and who says so."""
    docs = attribute_docs(model)
    for field in fields(model):  # type: ignore[arg-type]
        text = docs[field.name]
        assert re.match(r"[A-Z]", text), (field.name, text)
        is_required = field.default is MISSING
        assert ("Required." in text, "Default: " in text) == (is_required, not is_required), field.name
        assert re.search(r"\bSource: \S", text), field.name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_word_that_a_field_takes_is_in_its_docstring(model: type[Model]) -> None:
    docs = attribute_docs(model)
    for name, hint in get_type_hints(model, include_extras=True).items():
        for word in _words(hint):
            assert f"``{word}``" in docs[name], (name, word)


def _words(hint: Any) -> Iterator[str]:
    """Yield the words of which a value has to be one."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    elif get_origin(hint) is Annotated or None in get_args(hint) or type(None) in get_args(hint):
        for part in get_args(hint):
            yield from _words(part)


@pytest.mark.parametrize("name", CALLED)
def test_every_argument_is_described_where_it_is_typed(name: str) -> None:
    """An editor shows the docstring of `__init__`; without one of its own it is Pulumi's, of other arguments."""
    text = CALLED[name].__doc__ or ""
    for argument in inspect.signature(CALLED[name]).parameters:
        if argument not in ("self", "cls"):
            assert re.search(rf"^ +{argument}: [A-Z`]", text, re.MULTILINE), argument


def public_docstrings() -> Iterator[tuple[str, str]]:
    """Yield (name, text) of all that `help()` and editors show of the public names."""
    for module in PUBLIC_MODULES:
        yield module.__name__, module.__doc__ or ""
        for name in _names(module):
            thing = getattr(module, name)
            if isinstance(thing, type) and thing.__module__.startswith("pulumi_dpc"):
                yield from _of_class(f"{module.__name__}.{name}", thing)
            elif callable(thing):
                yield f"{module.__name__}.{name}", thing.__doc__ or ""


def _names(module: ModuleType) -> list[str]:
    return getattr(module, "__all__", None) or [name for name in vars(module) if name[0].isupper()]


def _of_class(name: str, kind: type) -> Iterator[tuple[str, str]]:
    yield name, kind.__doc__ or ""
    yield from ((f"{name}.{field}", text) for field, text in attribute_docs(kind).items())
    for member, value in vars(kind).items():
        if not member.startswith("_") or member == "__init__":
            function = getattr(value, "__func__", getattr(value, "fget", value))
            yield f"{name}.{member}", (callable(function) and function.__doc__) or ""


def test_public_docstrings_cite_nothing_that_is_not_installed() -> None:
    """A user has the package; the repository's pages and examples are not in it."""
    docstrings = list(public_docstrings())
    assert len(docstrings) > 300
    for name, text in docstrings:
        assert not re.search(r"docs/|examples/|tests/|\w\.md\b|README", text), name
