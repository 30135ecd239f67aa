"""The structure that the design promises: imports go one way, and what must stay light stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests import PACKAGE, REPOSITORY

MOST_ROOMS = 7


def test_imports_go_as_the_contracts_say() -> None:
    """The contracts stand in pyproject.toml, and `make lint` runs them too.

    As a command of its own, because import-linter disables the loggers of the process that it is called in.
    """
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def imports_of_the_rooms() -> dict[str, set[str]]:
    """Return which rooms each room imports; a module of the root is a room of its own."""
    graph = grimp.build_graph("pulumi_dpc", exclude_type_checking_imports=True, cache_dir=None)
    imports: dict[str, set[str]] = {}
    for module in graph.modules - {"pulumi_dpc"}:
        found = map(_room_of, graph.find_modules_directly_imported_by(module))
        imports.setdefault(_room_of(module), set()).update(found)
    return {room: others - {room} for room, others in imports.items()}


def _room_of(module: str) -> str:
    path = REPOSITORY.joinpath(*module.split("."))
    return module if path.is_dir() or path.parent == PACKAGE else module.rpartition(".")[0]


def test_no_chain_of_rooms_is_long() -> None:
    """Whoever changes a room has to know those below it."""
    imports = imports_of_the_rooms()
    longest: dict[str, tuple[str, ...]] = {}
    for room in TopologicalSorter(imports).static_order():  # where rooms import each other, it says which
        below = max((longest[other] for other in imports.get(room, ())), key=len, default=())
        longest[room] = (room, *below)
    assert {"pulumi_dpc._program", "pulumi_dpc._resources.streaming_pipeline"} <= longest.keys()
    assert [chain for chain in longest.values() if len(chain) > MOST_ROOMS] == []


def test_a_room_loads_nothing_by_itself() -> None:
    """So that a light module of a room stays light."""
    for path in PACKAGE.rglob("__init__.py"):
        if path.parent not in (PACKAGE, PACKAGE / "emulator", PACKAGE / "testing"):
            assert len(ast.parse(path.read_text()).body) == 1, f"{path} is more than a docstring"


def test_every_module_has_one_sentence() -> None:
    for path in PACKAGE.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text()))
        assert docstring, path
        assert docstring.splitlines()[0].rstrip().endswith("."), f"{path}: the first line is not one sentence"


@pytest.mark.parametrize("heavy", ["requests", "urllib3", "pydantic", "werkzeug", "click", "rich"])
def test_importing_the_package_loads_nothing_heavy(heavy: str) -> None:
    """A program without lookups needs neither HTTP nor validation, and every preview pays for an import."""
    code = f"import pulumi_dpc, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_users_copy_stands_on_what_is_public() -> None:
    """The demo and the benchmarks imported the tests, which no user has."""
    for folder in ("examples", "benchmarks"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            found = re.findall(
                r"^\s*(?:from|import) (tests\b|pulumi_dpc\.(?:\w+\.)*_\w+)", path.read_text(), re.M
            )
            assert not found, path


def test_every_page_that_is_cited_is_there() -> None:
    """A fact's source is worth nothing if its reader cannot open it."""
    for folder in ("pulumi_dpc", "tests", "benchmarks", "examples"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for page in re.findall(r"docs/[\w-]+\.md", path.read_text()):
                assert (REPOSITORY / page).exists(), f"{path} cites {page}"
