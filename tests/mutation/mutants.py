"""What is changed: every mutant of a module, made of its syntax tree, so that the rest of its text stays as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One place of a rule, and what stands there instead."""

    file: str
    line: int
    function: str
    change: str
    new: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}: {self.change}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it while the lines above it change."""
        return self.file.rpartition("/")[2], self.function, self.change

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.end :]


def mutants_of(file: str, source: bytes) -> Iterator[Mutant]:
    """Return every mutant of one module."""
    starts = [0]
    for text in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(text))

    def visit(node: ast.AST, function: str) -> Iterator[Mutant]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            function = f"{function}.{node.name}".removeprefix("module.")
        for place, new in _changes(node):
            assert place.end_lineno is not None
            assert place.end_col_offset is not None
            start = starts[place.lineno - 1] + place.col_offset
            end = starts[place.end_lineno - 1] + place.end_col_offset
            old = b" ".join(source[start:end].split()).decode()
            text = new if isinstance(place, ast.stmt) else f"({new})"
            yield Mutant(file, place.lineno, function, _shown(old, new), text, start, end)
        for child in _children(node):
            yield from visit(child, function)

    return visit(ast.parse(source), "module")


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Return the parts of a node that act: no docstring, annotation, decorator, import or declaration of a type."""
    match node:
        case ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.Assert():
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.ClassDef(bases=[*_, ast.Name(id="Protocol")]):
            return
        case ast.Assign(targets=[ast.Name(id=name)]) if name in _TYPES:
            return
    skipped = {"annotation", "returns", "decorator_list", "bases"}
    for name, value in ast.iter_fields(node):
        if name not in skipped:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_docstring(child):
                    yield child


_TYPES = ("Bag", "Command", "Definition", "Name", "Notify", "Path", "__all__")


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


Change = tuple[ast.expr | ast.stmt, str]


def _shown(old: str, new: str) -> str:
    """Return a change in one line; of long texts only what differs."""
    most = 100
    same = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    if len(old) > most and same > most // 2:
        old, new = "..." + old[same - 30 :], "..." + new[same - 30 :]
    return "  ->  ".join(text if len(text) <= most else f"{text[:most]}..." for text in (old, new))


def _changes(node: ast.AST) -> Iterator[Change]:
    """Return what may be changed at a node: the place, and what stands there then."""
    yield from _other_expressions(node)
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield from _opposite(node.test)
    if isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield from _opposite(condition)
    if isinstance(node, ast.stmt) and _may_go(node):
        yield node, "pass"


def _other_expressions(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in SWAPS:
            yield node, _with(node, ops=[SWAPS[type(operator)]()])
        case ast.BoolOp(values=values):
            yield node, _with(node, op=SWAPS[type(node.op)]())
            for number in range(len(values)):
                left = [*values[:number], *values[number + 1 :]]
                yield node, ast.unparse(left[0]) if len(left) == 1 else _with(node, values=left)
        case ast.BinOp(left=left_side, right=right) if type(node.op) in SWAPS:
            if not _is_textual(left_side) and not _is_textual(right):
                yield node, _with(node, op=SWAPS[type(node.op)]())
        case ast.UnaryOp(op=ast.Not()):
            yield node, ast.unparse(node.operand)
        case ast.Constant(value=bool(truth)):
            yield node, repr(not truth)
        case ast.Constant(value=int(number) | float(number)):
            yield node, repr(number + 1)
        case ast.Constant(value=str(text)) if text:
            yield node, repr("mutated")
        case ast.Call(keywords=keywords):
            for left_out in keywords:
                yield node, _with(node, keywords=[one for one in keywords if one is not left_out])
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield value, "None"


def _opposite(condition: ast.expr) -> Iterator[Change]:
    """Return the opposite of a condition, unless a change of its own parts says the same."""
    is_reached = isinstance(condition, ast.UnaryOp | ast.Constant) or (
        isinstance(condition, ast.Compare) and len(condition.ops) == 1
    )
    if not is_reached:
        yield condition, f"not ({ast.unparse(condition)})"


def _may_go(node: ast.stmt) -> bool:
    """Tell whether a statement acts by itself: without one that gives a name a value, every test would fail."""
    match node:
        case ast.Raise() | ast.AugAssign() | ast.Delete() | ast.Continue():
            return True
        case ast.Expr(value=ast.Call()) | ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            return True
    return False


def _is_textual(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_text or isinstance(node, ast.JoinedStr | ast.Tuple)


def _with(node: ast.expr, **changes: object) -> str:
    fields = {name: getattr(node, name) for name in node._fields}
    return ast.unparse(ast.fix_missing_locations(type(node)(**{**fields, **changes})))
