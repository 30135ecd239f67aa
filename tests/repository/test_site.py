"""The site is built and run: every block of its pages, its generated tables, its links and its reference.

``python -m tests.repository.test_site`` writes the generated tables into their pages (``make tables``).
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import pulumi_dpc
import pulumi_dpc.emulator
import pulumi_dpc.testing
from pulumi_dpc._api import trust
from pulumi_dpc._definition.alteration import find_alterations
from pulumi_dpc._resources.streaming_pipeline.plan import (
    Desired,
    Live,
    Plan,
    Recorded,
    Step,
    discount_recorded,
    plan,
)
from pulumi_dpc._resources.streaming_pipeline.run_state import Watch
from pulumi_dpc._resources.streaming_pipeline.waiting import (
    AgentState,
    AgentWatch,
    Limits,
    RunStateJudge,
)
from pulumi_dpc.errors import WaitTimedOut
from pulumi_dpc.testing._engine.cli import find_cli
from pulumi_dpc.testing._engine.stack import base_environment
from tests import PACKAGE, REPOSITORY
from tests.repository.test_readme import (
    README,
    Page,
    anchor,
    deploy,
    hold_commands,
    hold_links,
    hold_pulumi_commands,
    run_script,
    settings,
    titled,
)

DOCS = REPOSITORY / "docs"
FACTS = ("api", "design", "pulumi-host", "style")
"""What contributors look up: facts and rules, whose blocks quote instead of showing what to write."""
PAGES = [
    Page(str(path.relative_to(REPOSITORY))) for path in sorted(DOCS.rglob("*.md")) if path.stem not in FACTS
]
ROOT = [Page(str(path.relative_to(REPOSITORY))) for path in sorted(REPOSITORY.glob("*.md"))]
EXECUTED = {"python", "sh", "yaml"}
DIRECTIVES = {"{eval-rst}", "{toctree}", "{literalinclude}"}
"""What Sphinx carries out; a program that is included from `examples/` is run by `test_examples`."""
PICTURES = {"text"}
"""A drawing of folders, which nobody can run."""


# ---- blocks ----


@pytest.mark.parametrize("program", titled((page, page.programs()) for page in PAGES))
def test_every_program_of_the_site_deploys(program: str, tmp_path: Path) -> None:
    """A reader copies these blocks; one that fails is worse than none."""
    deploy(program, tmp_path)


@pytest.mark.parametrize("script", titled((page, page.scripts()) for page in PAGES))
def test_every_script_of_the_site_runs(script: str, tmp_path: Path) -> None:
    run_script(script, tmp_path)


def of_cli(text: str) -> bool:
    """Tell whether a test needs the Pulumi CLI."""
    return "automation" in text


TESTS = [
    pytest.param(page, needs_cli, id=f"{page.path}-{needs_cli}", marks=[pytest.mark.cli] * needs_cli)
    for page in [*PAGES, README]
    for needs_cli in sorted({of_cli(text) for text in page.tests()})
]


@pytest.mark.parametrize(("page", "needs_cli"), TESTS)
def test_every_test_of_the_site_passes(page: Page, needs_cli: bool, tmp_path: Path) -> None:
    """A reader's first test of a stack is a copy of ours. Those of a page run in one process, each in its file."""
    texts = [text for text in page.tests() if of_cli(text) == needs_cli]
    files = {f"test_{number}.py": text for number, text in enumerate(texts)}
    project = {
        "infra/Pulumi.yaml": "name: shop\nruntime: python\n",
        "infra/__main__.py": README.programs()[0],
    }
    for name, text in {**files, **page.files(), **project}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    path = os.pathsep.join([str(Path(str(find_cli())).parent), os.environ.get("PATH", "")])
    env = base_environment(
        {"PATH": path, "PULUMI_HOME": str(tmp_path / "home"), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_every_block_is_of_a_language_that_is_run(page: Page) -> None:
    """A block in another language would be a promise that no test keeps."""
    languages = set(re.findall(r"^ *[`:]{3,}(\{?[\w-]+\}?)", page.text, re.MULTILINE))
    assert languages - {"{important}", "{note}"} <= EXECUTED | DIRECTIVES | PICTURES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_every_yaml_block_is_valid(page: Page) -> None:
    for text in page.blocks("yaml"):
        assert isinstance(yaml.safe_load(text), dict)


@pytest.mark.parametrize("page", [*PAGES, *ROOT], ids=lambda page: page.path)
def test_every_command_exists(page: Page) -> None:
    hold_commands(page)


@pytest.mark.cli
def test_every_pulumi_command_of_the_site_exists(tmp_path: Path) -> None:
    hold_pulumi_commands([*PAGES, *ROOT], tmp_path)


# ---- settings, links ----


@pytest.mark.parametrize("page", [*PAGES, *ROOT], ids=lambda page: page.path)
def test_every_setting_of_the_site_is_read(page: Page) -> None:
    assert page.variables() <= settings()


def test_the_reference_has_every_setting() -> None:
    assert Page("docs/reference/settings.md").variables() == settings()


def test_the_reference_has_every_other_variable_that_the_code_reads() -> None:
    """Those of the network, and whatever a module asks the environment for by its name."""
    page = Page("docs/reference/settings.md").text
    proxies = {"HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    read = {*trust.BUNDLES, trust.ADDED_FILE, trust.ADDED_DIRECTORIES, *proxies}
    for path in _modules():
        read |= set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", path.read_text()))
    assert {"DPC_DEBUG", "DPC_HOST_HOOKS", "CI"} <= read
    assert [name for name in sorted(read) if not re.search(rf"`{name}[`=]", page)] == []


@pytest.mark.parametrize("page", [*PAGES, *ROOT], ids=lambda page: page.path)
def test_every_link_leads_somewhere_where_the_repository_is_shown(page: Page) -> None:
    """Sphinx checks the links of the site, with other anchors; pages are read in the repository too."""
    hold_links(page)


# ---- error texts ----


def test_every_text_of_the_troubleshooting_page_is_one_of_ours() -> None:
    """A reader searches the page for what the screen says."""
    page = Page("docs/troubleshooting.md").text
    quoted = [
        text
        for row in re.findall(r"^(?:### |\| )(`.*?)(?:$| \|)", page, re.MULTILINE)
        for text in _quoted(row)
    ]
    assert len(quoted) > 30
    said = list(_texts_of_the_package())
    for text in quoted:
        assert any(text in ours for ours in said), text


def test_the_table_of_the_troubleshooting_page_has_only_headings_of_it() -> None:
    page = Page("docs/troubleshooting.md").text
    headings = {text for line in re.findall(r"^### (.*)$", page, re.MULTILINE) for text in _quoted(line)}
    rows = {text for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for text in _quoted(row)}
    assert rows <= headings


def test_the_page_for_the_night_has_every_status_and_every_error_of_a_running_system() -> None:
    """Whoever is woken up has no time to find out that the page leaves the case out."""
    page = Page("docs/recovery.md")
    (statuses, *_) = re.findall(r"^\| Status .*?\n\n", page.text, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`([A-Z_]+)`", statuses)) == {*STATUSES, "UNKNOWN"}
    headings = re.split(r"^## ", Page("docs/troubleshooting.md").text, flags=re.MULTILINE)
    parts = ("The run state", "What is gone", "After a failure", "From the service", "The network")
    linked = {anchor for file, anchor in page.links() if file.endswith("troubleshooting.md")}
    for part in (part for part in headings if part.startswith(parts)):
        own = {anchor(heading) for heading in re.findall(r"^### (.*)$", part, re.MULTILINE)}
        whole = anchor(part.splitlines()[0])
        assert whole in linked or own - linked <= SEEN_BY_DAY, (whole, own - linked)


@pytest.mark.parametrize(
    "words",
    [
        ("pulumi-dpc status", "whether that is connected"),
        ("## The preview says deleted, and the Matillion UI shows it", "pulumi stack --show-ids"),
        ("## Two people at once", "names the user, the host and the process"),
        ("under way while a credential is rotated", "valid for 30 minutes"),
        ("## The disk of the database is full", "is active for PID", "running=False"),
    ],
)
def test_a_question_of_the_night_is_found_by_its_words(words: tuple[str, ...]) -> None:
    """A reader who searched the page for them found nothing."""
    text = Page("docs/recovery.md").text
    assert [word for word in words if word not in text] == []


SEEN_BY_DAY = {
    "does-not-store-the-definition-as-the-program-says-it",
    "nobody-can-tell-whether-that-should-run",
    "postgresql-keeps-the-write-ahead-log-wal-for-it",
    "says-more",
    "what-was-last-seen-by-an-earlier-command",
}
"""Warnings, and an error that only points to another one."""


def _quoted(cell: str) -> list[str]:
    return re.findall(r"(?<!`)`([^`]+)`(?!`)|``(.+?)``", cell) and [
        single or double for single, double in re.findall(r"(?<!`)`([^`]+)`(?!`)|``(.+?)``(?!`)", cell)
    ]


def _texts_of_the_package() -> Iterator[str]:
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


# ---- generated tables ----

OLD: dict[str, Any] = {"name": "orders", "agentId": "a"}
NEW: dict[str, Any] = {"name": "orders", "agentId": "b"}
STATUSES = ("NOT_RUNNING", "STARTING", "STREAMING", "SNAPSHOTTING", "STOPPING")
GIVEN = (("`True`", True), ("`False`", False), ("not given", None))
WORDS = {
    Step.STOP: "STOP",
    Step.PUT: "edit",
    Step.START: "START",
    Step.AWAIT_STOPPED: "wait",
    Step.AWAIT_RUNNING: "wait",
    Step.CONFIRM_STOPPED: "confirm",
}


def running_table(_present: str) -> str:
    """Return what an update sends, as a table: one row for each status, one column for each value of `running`."""
    head = [f"{given}" for given, _ in GIVEN] + [f"edit, {given}" for given, _ in GIVEN]
    lines = [_row(["Live status", *head]), _row(["---"] * (1 + len(head)))]
    for status in STATUSES:
        cells = [
            _cell(plan(_live(status), Desired(desired, running), _said(status)))
            for desired, running in _given()
        ]
        lines.append(_row([f"`{status}`", *cells]))
    return "".join(lines)


def _given() -> list[tuple[dict[str, Any], bool | None]]:
    return [(definition, running) for definition in (OLD, NEW) for _, running in GIVEN]


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


WRITTEN: dict[str, Any] = {**OLD, "streamingTarget": {"type": "s3", "bucket": "Landing"}}
STORED: dict[str, Any] = {**OLD, "streamingTarget": {"type": "s3", "bucket": "landing"}}
CHANGED: dict[str, Any] = {**OLD, "streamingTarget": {"type": "s3", "bucket": "another"}}
ALTERED = Recorded(WRITTEN, running=True, alterations=find_alterations(STORED, WRITTEN))
AWAY = AgentState("agent 'a'", "agent 'a'", "is not connected", is_away=True)


def cases_table(_present: str) -> str:
    """Return what is sent where something else than the program and the run state decides."""
    stored = "The service stores a field otherwise than it was written"
    rows = [
        (f"{stored}; both are as they were", _altered(STORED, WRITTEN)),
        (f"{stored}; somebody has changed it since", _altered(CHANGED, WRITTEN)),
        (f"{stored}; the program now says something else there", _altered(STORED, CHANGED)),
        (f"{stored}; the program now says what is stored", _altered(STORED, STORED)),
        ("Replaces one that ran, `running` not given", _created(Recorded(OLD, resume=True), None)),
        ("Replaces one that was stopped, `running` not given", _created(Recorded(OLD), None)),
        ("A create called again, its pipeline stopped, `True`", _created(Recorded(OLD), running=True)),
        ("A create called again, its pipeline running, `True`", _created(Recorded(OLD), True, "STREAMING")),
        ("A start, the agent away for less than a minute", _agent_away(59.0)),
        ("A start, the agent away for a minute", _agent_away(60.0)),
    ]
    head = [_row(["Case", "What is sent"]), _row(["---", "---"])]
    return "".join([*head, *(_row([case, cell]) for case, cell in rows)])


def _altered(stored: dict[str, Any], program: dict[str, Any]) -> str:
    desired = Desired(program, running=True)
    return _cell(plan(discount_recorded(stored, "STREAMING", desired, ALTERED), desired, ALTERED))


def _created(recorded: Recorded, running: bool | None, status: str = "NOT_RUNNING") -> str:
    return _cell(plan(Live(OLD, status), Desired(OLD, running), recorded))


def _agent_away(seconds: float) -> str:
    """Return what a wait for a start does when its agent has been away for so long."""
    agent = AgentWatch(lambda: AWAY, grace=Limits().grace)
    judge = RunStateJudge(Watch(for_running=True, grace=Limits().grace), agent, lambda _status: False)
    try:
        for elapsed in (0.0, seconds):
            judge.judge("UNKNOWN", elapsed)
    except WaitTimedOut:
        return "nothing: the wait ends with an error"
    return "wait"


UNLISTED = ("./", "_version")
ROOMS = (
    "_cli/",
    "_program/",
    "_entry",
    "_dynamic/",
    "_resources/",
    "_definition/",
    "_api/",
    "errors",
    "outputs",
    "_names",
)
"""From the program down; a module that is not listed yet goes to the end of its room."""


def modules_table(present: str) -> str:
    """Return a row for each room and module, with the first sentence of its docstring.

    The order is that of the present table, which a person has chosen; what is new follows by room and name.
    """
    listed = re.findall(r"^\| `([\w/]+)`", present, re.MULTILINE)
    names = {_name_of(path): path for path in _modules() if _name_of(path) not in UNLISTED}
    order = sorted(names, key=lambda name: (_room(name), listed.index(name) if name in listed else 999, name))
    rows = [_row([f"`{name}`", _sentence_of(names[name])]) for name in order]
    return "".join([_row(["Room, module", "What it is"]), _row(["---", "---"]), *rows])


def _room(name: str) -> int:
    return next((place for place, room in enumerate(ROOMS) if name.startswith(room)), 0)


def _modules() -> list[Path]:
    """Return the package's files without those of the emulator and of `testing`, which are packages of their own."""
    apart = {PACKAGE / "emulator", PACKAGE / "testing"}
    return [path for path in sorted(PACKAGE.rglob("*.py")) if not apart & set(path.parents)]


def _name_of(path: Path) -> str:
    """Return how the table names a file: a module by its path, a room by its folder and a slash."""
    name = path.relative_to(PACKAGE)
    return f"{name.parent.as_posix()}/" if path.stem == "__init__" else name.with_suffix("").as_posix()


def _sentence_of(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0].replace("\n", " ")


TABLES = {
    "running": ("docs/concepts/run-state.md", running_table),
    "cases": ("docs/concepts/run-state.md", cases_table),
    "modules": ("docs/architecture.md", modules_table),
}


def _parts(table: str) -> tuple[str, str, str]:
    """Return what stands before a generated table, the table, and the rest of its page."""
    text = Page(TABLES[table][0]).text
    found = re.search(rf"^<!-- {table}: .*? -->\n\n?(.*?)^<!-- /{table} -->$", text, re.MULTILINE | re.DOTALL)
    assert found, table
    return text[: found.start(1)], found[1], text[found.end(1) :]


@pytest.mark.parametrize("table", TABLES)
def test_a_generated_table_is_up_to_date(table: str) -> None:
    """``make tables`` writes them: one description of the rules in `plan`, one of each module in its docstring."""
    _, present, _ = _parts(table)
    assert present == TABLES[table][1](present)


def test_the_drawn_tree_is_the_package() -> None:
    """A newcomer looks for the folders that the picture shows, and at no others."""
    (tree,) = Page("docs/architecture.md").blocks("text")
    drawn = set(re.findall(r"^[├└]── ([\w.]+)", tree, re.MULTILINE))
    there = {
        path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert drawn == there - {"_version.py"}


def write_tables() -> None:
    """Write the generated tables into their pages."""
    for table, (page, make) in TABLES.items():
        before, present, after = _parts(table)
        (REPOSITORY / page).write_text(before + make(present) + after)


# ---- the built site ----


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as ``make docs`` does: a warning is an error, a link without a target is a warning."""
    for needed in ("sphinx", "myst_parser", "furo", "sphinx_copybutton"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed; the extra 'docs' brings it")
    built = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    done = subprocess.run(
        [*command, "-d", str(built / "doctrees"), str(DOCS), str(built / "html")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return built / "html"


def test_the_site_builds_without_a_warning(site: Path) -> None:
    assert (site / "index.html").exists()


def test_the_reference_has_every_public_name(site: Path) -> None:
    """A name that users may import and cannot look up is not public."""
    header = b"# The remainder of this file is compressed using zlib.\n"
    _, _, packed = (site / "objects.inv").read_bytes().partition(header)
    described = {line.split()[0] for line in zlib.decompress(packed).decode().splitlines()}
    public = {f"pulumi_dpc.{name}" for name in pulumi_dpc.__all__ if not name.startswith("__")}
    emulated = {f"pulumi_dpc.emulator.{name}" for name in pulumi_dpc.emulator.__all__}
    tested = {f"pulumi_dpc.testing.{name}" for name in pulumi_dpc.testing.__all__}
    assert public | emulated | tested <= described


def test_llms_txt_has_every_page_with_a_sentence(site: Path) -> None:
    listed = re.findall(r"^- \[.+\]\((.+)\.html\): \S", (site / "llms.txt").read_text(), re.MULTILINE)
    pages = {str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.rglob("*.md")}
    assert set(listed) == pages - {"index"}


def test_no_page_repeats_what_another_one_says_of_the_same_name() -> None:
    """Two pages of one title cannot be told apart in the list of pages, nor by a search."""
    titles = [re.search(r"^# (.*)$", page.text, re.MULTILINE) for page in [*PAGES, README]]
    found = [title[1] for title in titles if title]
    assert (
        len(found) == len(set(found)) + 1
    )  # README and the first page of the site are both called pulumi_dpc


if __name__ == "__main__":
    write_tables()
