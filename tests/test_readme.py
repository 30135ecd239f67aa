"""The README is run: its programs, its commands, and what its tables say."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc._api.settings import Settings
from pulumi_dpc._resources.streaming_pipeline.plan import Desired, Live, Plan, Recorded, Step, plan
from pulumi_dpc.emulator import Emulator
from tests.engine import open_stack
from tests.engine.cli import NO_CLI, find_cli
from tests.engine.stack import PROJECT, REPOSITORY, base_environment
from tests.worlds import warmed

README = (REPOSITORY / "README.md").read_text()
DEFINITION = REPOSITORY / "examples" / "definition_file" / "streaming-pipeline.json"
PACKAGE = REPOSITORY / "pulumi_dpc"
UNLISTED = ("./", "_version")
PREAMBLE = """
import pulumi
import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")
"""
"""What the README's shorter blocks leave out, as it says of them by coming after the first."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def titled(texts: list[str]) -> list[Any]:
    """Name each block after a word that only it has, for the test's report."""
    return [pytest.param(text, id=f"{number}-{_title(text)}") for number, text in enumerate(texts)]


def _title(text: str) -> str:
    known = ("Emulator", "import_=", "aliases", ".get(", "custom_timeouts", "Provider(", "from_definition")
    return next((word.strip(".(=_") for word in known if word in text), "program")


PROGRAMS = [text for text in blocks("python") if "Emulator(" not in text]
SCRIPTS = [text for text in blocks("python") if "Emulator(" in text]


# ---- programs ----


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=0.01) as emulator:
        yield emulator


@pytest.mark.parametrize("program", titled(PROGRAMS))
def test_every_program_of_the_readme_deploys(api: Emulator, tmp_path: Path, program: str) -> None:
    """A reader copies these blocks; one that fails is worse than none."""
    definition = json.loads(DEFINITION.read_text())
    for project_id, pipeline_id in re.findall(r'"([0-9a-f-]{36})/([0-9a-f-]{36})"', program):
        api.add_pipeline(definition, project_id, pipeline_id)
    shutil.copy(DEFINITION, tmp_path)
    stack = open_stack("engine", tmp_path, api.env, **warmed("engine"))
    if "Provider(" in program:
        stack.set_config(f"{PROJECT}:us", api.env["DPC_CLIENT_SECRET"], secret=True)
        program = _at_the_emulator(program, api)
    stack.write(program if "import pulumi_dpc" in program else PREAMBLE + program)

    first = stack.up()
    assert first.ok, first.text
    again = stack.preview(expect_no_changes=True)
    assert again.ok, again.text


def _at_the_emulator(program: str, api: Emulator) -> str:
    """Send a `Provider` of a real region to the emulator, which knows one credential only."""
    given = {"client_id": api.env["DPC_CLIENT_ID"], "token_url": api.env["DPC_TOKEN_URL"], "api_url": api.url}
    arguments = ", ".join(f"{key}={value!r}" for key, value in given.items())
    placeholder = 'client_id="..."'
    assert placeholder in program
    return program.replace(placeholder, arguments)


@pytest.mark.parametrize("script", titled(SCRIPTS))
def test_every_script_of_the_readme_runs(script: str, tmp_path: Path) -> None:
    """These need no engine, so they are run as they stand."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=base_environment({}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_first_program_has_about_twenty_lines() -> None:
    """The README shows first that it takes no more."""
    assert len([line for line in PROGRAMS[0].splitlines() if line.strip()]) <= 24


# ---- commands ----


def commands() -> list[list[str]]:
    lines = [line for text in blocks("sh") for line in text.splitlines() if line.strip()]
    return [shlex.split(line, comments=True) for line in lines]


def test_every_make_target_of_the_readme_exists() -> None:
    made = set(re.findall(r"^([\w./-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    wanted = {words[1] for words in commands() if words[0] == "make"}
    assert wanted >= {"demo", "test", "install"}
    assert wanted <= made


def test_every_module_of_the_readme_can_be_run() -> None:
    modules = {words[2] for words in commands() if words[:2] == ["python", "-m"]}
    for module in modules:
        importlib.import_module(f"{module}.__main__")
    assert modules == {"pulumi_dpc.emulator"}


def test_the_readme_uses_no_other_programs() -> None:
    """So a reader has everything after make, Python and the Pulumi CLI."""
    assert {words[0] for words in commands()} <= {
        "make",
        "pulumi",
        "python",
        "python3",
        ".venv/bin/pip",
        "export",
    }


def test_every_setting_of_the_readme_is_read() -> None:
    """A variable that nothing reads would fail only as missing credentials."""
    names = {field.name for field in fields(Settings)}
    camel = {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in names}
    variables = set(re.findall(r"\bDPC_([A-Z_]+)\b", README)) - {"DEBUG", "HOST_HOOKS"}
    assert {name.lower() for name in variables} <= names
    keys = set(re.findall(r"\bdpc:(\w+)", README))
    assert len(keys) == 7
    assert keys <= camel


@pytest.mark.cli
@pytest.mark.skipif(find_cli() is None, reason=NO_CLI)
def test_every_pulumi_command_of_the_readme_exists(tmp_path: Path) -> None:
    """The CLI answers --help to a known command and option, and nothing else is needed to ask it."""
    in_text = [shlex.split(text) for text in re.findall(r"`(pulumi [a-z-]+(?: [a-z-]+)*[^`]*)`", README)]
    asked = {_question(words) for words in [*commands(), *in_text] if words[0] == "pulumi" and len(words) > 1}
    assert len(asked) > 5
    for command, options in sorted(asked):
        shown = _help(command, tmp_path)
        assert shown != _help(command[:-1], tmp_path), command
        for option in options:
            assert option in shown, (command, option)


def _help(command: tuple[str, ...], home: Path) -> str:
    """Return a command's help; to an unknown one the CLI shows the help of the command above it."""
    env = base_environment({"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"})
    words = [str(find_cli()), *command, "--help"]
    return subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout


def _question(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the command (`config set`) and its options."""
    groups = {"config": 2, "stack": 2, "state": 2}
    depth = groups.get(words[1], 1)
    return tuple(words[1 : 1 + depth]), tuple(word for word in words if word.startswith("--"))


# ---- tables ----

OLD: dict[str, Any] = {"name": "orders", "agentId": "a"}
NEW: dict[str, Any] = {"name": "orders", "agentId": "b"}
STATUSES = ("NOT_RUNNING", "STARTING", "STREAMING", "SNAPSHOTTING", "STOPPING")
WISHES = (("`True`", True), ("`False`", False), ("not given", None))
WORDS = {
    Step.STOP: "STOP",
    Step.PUT: "edit",
    Step.START: "START",
    Step.AWAIT_STOPPED: "wait",
    Step.AWAIT_RUNNING: "wait",
    Step.CONFIRM_STOPPED: "look",
}
BEGIN = (
    "<!-- running: written by tests/test_readme.py from pulumi_dpc._resources.streaming_pipeline.plan -->\n"
)
END = "<!-- /running -->"


def running_table() -> str:
    """Return what an update sends, as a table: one row for each status, one column for each wish."""
    head = [f"{wish}" for wish, _ in WISHES] + [f"edit, {wish}" for wish, _ in WISHES]
    lines = [_row(["Live status", *head]), _row(["---"] * (1 + len(head)))]
    for status in STATUSES:
        cells = [
            _cell(plan(_live(status), Desired(wished, running), _said(status)))
            for wished, running in _wishes()
        ]
        lines.append(_row([f"`{status}`", *cells]))
    return "".join(lines)


def _wishes() -> list[tuple[dict[str, Any], bool | None]]:
    return [(definition, running) for definition in (OLD, NEW) for _, running in WISHES]


def _live(status: str) -> Live:
    return Live(OLD, status)


def _said(status: str) -> Recorded:
    return Recorded(OLD, running=status not in ("NOT_RUNNING", "STOPPING"))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(planned: Plan) -> str:
    if planned.refusal:
        return "refused"
    return ", ".join(WORDS[step] for step in planned.steps) or "nothing"


def test_the_running_table_is_what_the_plan_says() -> None:
    """The table is copied from this assertion's left side: one description of the rules, in `plan`."""
    assert running_table() == README.partition(BEGIN)[2].partition(END)[0]


# ---- the table of modules ----

MODULES_BEGIN = (
    "<!-- modules: written by tests/test_readme.py from their docstrings, from the program down -->\n"
)
MODULES_END = "<!-- /modules -->"


def modules_table(order: list[str]) -> str:
    """Return a row for each room and module in that order, with the first sentence of its docstring."""
    rows = [_row([f"`{name}`", _sentence_of(_file_of(name))]) for name in order]
    return "".join([_row(["Room, module", "What it is"]), _row(["---", "---"]), *rows])


def _modules() -> list[Path]:
    """Return the package's files without the emulator's."""
    return [path for path in PACKAGE.rglob("*.py") if PACKAGE / "emulator" not in path.parents]


def _name_of(path: Path) -> str:
    """Return how the table names a file: a module by its path, a room by its folder and a slash."""
    name = path.relative_to(PACKAGE)
    return f"{name.parent.as_posix()}/" if path.stem == "__init__" else name.with_suffix("").as_posix()


def _file_of(name: str) -> Path:
    return PACKAGE / name / "__init__.py" if name.endswith("/") else PACKAGE / f"{name}.py"


def _sentence_of(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0].replace("\n", " ")


def test_the_table_of_modules_is_what_they_say_of_themselves() -> None:
    text = README.partition(MODULES_BEGIN)[2].partition(MODULES_END)[0]
    listed = re.findall(r"^\| `([\w/]+)`", text, re.MULTILINE)
    assert text == modules_table(listed)
    assert sorted(listed) == sorted(name for name in map(_name_of, _modules()) if name not in UNLISTED)


def test_every_error_text_of_the_readme_is_one_of_ours() -> None:
    """A reader searches the README for what the screen says."""
    section = README.partition("## Errors and what to do")[2].partition("\n## ")[0]
    quoted = [
        text for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for text in _quotations(row)
    ]
    assert len(quoted) > 8
    said = list(_texts_of_the_package())
    for text in quoted:
        assert any(text in ours for ours in said), text


def _quotations(cell: str) -> list[str]:
    return [text.replace("``", "`") for text in re.split(r"(?<!`)`(?!`)", cell)[1::2]]


def _texts_of_the_package() -> Iterator[str]:
    for path in sorted(_modules()):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    for link in links:
        assert (REPOSITORY / link).exists(), link
