"""Let the reference speak of public names only: ``pulumi_dpc.Table``, wherever that class is written.

Private modules may move and the pages stay as they are. A name that is public nowhere, and is in no table here, is
a warning, and so an error of ``make docs``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

import pulumi_dpc
import pulumi_dpc.emulator
import pulumi_dpc.errors
import pulumi_dpc.testing

PAGES = {"Source": ("reference/models", "sources"), "Target": ("reference/models", "targets")}
"""Types of arguments that stand for several models: where those are described."""

_PYTHON = "https://docs.python.org/3/library"
_PULUMI = "https://www.pulumi.com/docs/reference/pkg/python/pulumi"
ELSEWHERE = {
    "Callable": f"{_PYTHON}/collections.abc.html#collections.abc.Callable",
    "ConnectionError": f"{_PYTHON}/exceptions.html#ConnectionError",
    "Input": f"{_PULUMI}/#pulumi.Input",
    "InvokeOptions": f"{_PULUMI}/#pulumi.InvokeOptions",
    "InvokeOutputOptions": f"{_PULUMI}/#pulumi.InvokeOutputOptions",
    "Iterable": f"{_PYTHON}/collections.abc.html#collections.abc.Iterable",
    "Iterator": f"{_PYTHON}/collections.abc.html#collections.abc.Iterator",
    "Mapping": f"{_PYTHON}/collections.abc.html#collections.abc.Mapping",
    "Output": f"{_PULUMI}/#pulumi.Output",
    "Path": f"{_PYTHON}/pathlib.html#pathlib.Path",
    "ProviderResource": f"{_PULUMI}/#pulumi.ProviderResource",
    "ResourceOptions": f"{_PULUMI}/#pulumi.ResourceOptions",
    "Sequence": f"{_PYTHON}/collections.abc.html#collections.abc.Sequence",
}
"""Where the names of other packages are documented. A table, so that no inventory has to be fetched."""
PLAIN = {"Clock", "Json", "Kind", "Mock", "Mocks", "Program", "Resource", "Say", "Store"}
"""Names in public signatures that have no page: shown as they are."""


def public_names() -> dict[str, str]:
    """Return the module in which each public name is documented."""
    errors = [
        name
        for name, thing in vars(pulumi_dpc.errors).items()
        if inspect.isclass(thing) and issubclass(thing, pulumi_dpc.DpcError)
    ]
    return {
        **dict.fromkeys(pulumi_dpc.testing.__all__, "pulumi_dpc.testing"),
        **dict.fromkeys(pulumi_dpc.emulator.__all__, "pulumi_dpc.emulator"),
        **dict.fromkeys(errors, "pulumi_dpc.errors"),
        **dict.fromkeys(pulumi_dpc.__all__, "pulumi_dpc"),
    }


PUBLIC = public_names()
_EMULATOR = "pulumi_dpc.emulator"


def is_model(thing: Any) -> bool:
    """Tell whether a public class is one of the definition's models."""
    return is_dataclass(thing) and hasattr(thing, "__pydantic_config__")


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Node) -> nodes.Node | None:
    """Find what a signature or a docstring names, by the last part of its name."""
    if node.get("refdomain") != "py":
        return None
    module, _, name = node["reftarget"].rpartition(".")
    if name in PUBLIC:
        node["refexplicit"] = True
        # The emulator's settings have the name of the client's.
        target = f"{_EMULATOR if module.startswith(_EMULATOR) else PUBLIC[name]}.{name}"
        return env.domains["py"].resolve_xref(
            env, node["refdoc"], app.builder, "obj", target, node, nodes.literal("", text.astext())
        )
    if name in PAGES:
        page, anchor = PAGES[name]
        address = f"{app.builder.get_relative_uri(node['refdoc'], page)}#{anchor}"
        return nodes.reference("", "", text, refuri=address, internal=True)
    if name in ELSEWHERE:
        return nodes.reference("", "", text, refuri=ELSEWHERE[name], internal=False)
    return text if name in PLAIN else None


# ---- docstrings ----

_COLON = "\ue000"
_NAME = re.compile(r"(?<![`:])`([^`\n]+)`(?!`)")


def hide_colons(_app: Sphinx, what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Keep napoleon from reading "Whether it runs: ..." as a type and its description."""
    if what in ("property", "attribute"):
        lines[:] = [line.replace(":", _COLON) for line in lines]


def finish(_app: Sphinx, _what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Put the colons back, and make `Name` a link where that is a public name, else code."""
    lines[:] = [_NAME.sub(_linked, line.replace(_COLON, ":")) for line in lines]


def _linked(match: re.Match[str]) -> str:
    name = match[1]
    return f":py:obj:`{name} <{PUBLIC[name]}.{name}>`" if name in PUBLIC else f"``{name}``"


# ---- signatures ----


_INPUT = re.compile(r"~?typing\.Annotated\[(\w+), <[^>]*>\]")
_FUNCTION = re.compile(r"<function [^>]*>")
_TYPED_OUTPUT = re.compile(
    r"(?:pulumi_dpc[\w.]*\.)?\b(Project|Environment|Agent|AgentCredentials|LiveStreamingPipeline)Output$"
)
_SETTINGS = re.compile(r"(?<![\w.])Settings\b")


def sign(
    _app: Sphinx,
    _what: str,
    _name: str,
    thing: Any,
    _options: Any,
    signature: str | None,
    returned: str | None,
) -> tuple[str, str | None] | None:
    """Show signatures as users need them.

    A model's is left out, for its table repeats it, and so is that of an exception, which users catch and do not make.
    """
    if is_model(thing):
        return "", None
    if not signature:
        return None
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return "", None
    signature = _FUNCTION.sub("...", _INPUT.sub(r"pulumi.Input[\1]", signature))
    returned = _TYPED_OUTPUT.sub(r"pulumi.Output[\1]", returned or "") or None
    # The emulator has settings too; a plain name is the client's.
    return _SETTINGS.sub("pulumi_dpc.Settings", signature), returned


# ---- models ----


class ModelDirective(SphinxDirective):
    """``.. model:: PostgresSource``: its docstring, and a table of its fields."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return what autodoc makes of the class, with the table as its last part."""
        name = self.arguments[0]
        lines = [f".. autoclass:: pulumi_dpc.{name}", "   :members:", "   :exclude-members: " + _names(name)]
        lines += ["", *(f"   {line}" for line in _table(getattr(pulumi_dpc, name)))]
        node = nodes.Element()
        self.state.nested_parse(
            StringList(lines, source=self.get_source_info()[0]), self.content_offset, node
        )
        return node.children


def _names(name: str) -> str:
    return ", ".join(field.name for field in fields(getattr(pulumi_dpc, name)))


def _table(model: type) -> Iterator[str]:
    kind = next((field.default for field in fields(model) if field.name == "type"), None)
    if kind is not None:
        yield from (f"Its ``type`` in the API is ``{kind}``.", "")
    yield from (".. list-table::", "   :header-rows: 1", "   :class: fields", "")
    yield from _row("Field", "In the API", "Value", "Meaning")
    hints, alias = get_type_hints(model), model.__pydantic_config__["alias_generator"]  # type: ignore[attr-defined]
    for field in fields(model):
        if field.name != "type":
            value, meaning = _in_words(hints[field.name]), described(model, field.name)
            yield from _row(f"``{field.name}``", f"``{alias(field.name)}``", value, meaning)


def _row(*cells: str) -> Iterator[str]:
    for mark, cell in zip("*   ", cells, strict=True):
        yield f"   {mark} - {cell}"


def described(model: type, field: str) -> str:
    """Return the docstring of a field, in one line; that of a class above it, where the field is declared there."""
    for declared in model.__mro__:
        docs = ModuleAnalyzer.for_module(declared.__module__).find_attr_docs()
        lines = docs.get((declared.__name__, field))
        if lines:
            return _NAME.sub(_linked, " ".join(filter(None, map(str.strip, lines))))
    raise LookupError(f"{model.__name__}.{field} has no docstring")


def _in_words(hint: Any) -> str:
    """Return a type as a reader says it; that a mapping may stand for a model is said once, above the tables."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        shown = [part for part in arguments if part is not NoneType and get_origin(part) is not _MAPPING]
        return _alternatives([_in_words(part) for part in shown or [Mapping]])
    if origin is Literal:
        return _alternatives([f"``{value}``" for value in arguments])
    if origin is _SEQUENCE:
        return f"a list of {_in_words(arguments[0])}"
    if is_model(hint):
        return f":py:obj:`~pulumi_dpc.{hint.__name__}`"
    return {str: "text", int: "whole number", bool: "``True`` or ``False``"}.get(hint, "a mapping")


_MAPPING, _SEQUENCE = get_origin(Mapping[str, Any]), get_origin(Sequence[Any])


def _alternatives(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-signature", sign)
    app.connect("autodoc-process-docstring", hide_colons, priority=100)
    app.connect("autodoc-process-docstring", finish, priority=900)
    app.add_directive("model", ModelDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
