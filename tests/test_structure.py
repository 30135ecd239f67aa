"""The structure that the design promises: imports go one way, and what must stay light stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pulumi_dpc"
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py"))

ENGINE_FREE = (
    *("errors", "clock", "settings", "transport", "client", "listing"),
    *("run_state", "plan", "waiting", "record", "converge", "remote", "adoption"),
)


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports at run time, ours with a leading dot."""
    found: set[str] = set()
    for node in _run_time_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            found.update([f".{node.module}"] if node.module else [f".{alias.name}" for alias in node.names])
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


def _run_time_nodes(tree: ast.AST) -> list[ast.AST]:
    nodes: list[ast.AST] = []
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        nodes += [child, *_run_time_nodes(child)]
    return nodes


def reachable(module: str) -> set[str]:
    """Return every module of ours that this one imports, however far."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for name in imports(PACKAGE / f"{waiting.pop()}.py"):
            if name.startswith(".") and name[1:] not in seen and (PACKAGE / f"{name[1:]}.py").exists():
                seen.add(name[1:])
                waiting.append(name[1:])
    return seen


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__init__"])
def test_imports_go_one_way(module: str) -> None:
    """A cycle would mean that neither of two modules can be understood alone."""
    assert module not in reachable(module)


@pytest.mark.parametrize("module", ENGINE_FREE)
def test_the_core_knows_no_engine(module: str) -> None:
    """So that a native plugin for all languages can be a second front."""
    for name in {module, *reachable(module)}:
        assert not [i for i in imports(PACKAGE / f"{name}.py") if i.partition(".")[0] == "pulumi"], name


def test_host_imports_nothing_of_ours() -> None:
    assert not [name for name in imports(PACKAGE / "host.py") if name.startswith(".")]


def test_the_emulator_and_the_package_share_nothing() -> None:
    """A wrong wire name cannot pass both."""
    for path in (PACKAGE / "emulator").glob("*.py"):
        tree = ast.parse(path.read_text())
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level > 1], path.name
        assert not [
            name for name in imports(path) if name.startswith("pulumi_dpc") and "emulator" not in name
        ]
    for module in MODULES:
        assert ".emulator" not in imports(PACKAGE / f"{module}.py")


def test_every_module_has_one_sentence() -> None:
    for path in PACKAGE.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text()))
        assert docstring, path
        assert docstring.splitlines()[0].rstrip().endswith("."), f"{path}: the first line is not one sentence"


@pytest.mark.parametrize("heavy", ["requests", "urllib3", "pydantic", "werkzeug"])
def test_importing_the_package_loads_nothing_heavy(heavy: str) -> None:
    """A program without lookups needs neither HTTP nor validation, and every preview pays for an import."""
    code = f"import pulumi_dpc, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_page_that_is_cited_is_there() -> None:
    """A fact's source is worth nothing if its reader cannot open it."""
    root = PACKAGE.parent
    for folder in ("pulumi_dpc", "tests", "benchmarks", "examples"):
        for path in (root / folder).rglob("*.py"):
            for page in re.findall(r"docs/[\w-]+\.md", path.read_text()):
                assert (root / page).exists(), f"{path} cites {page}"
