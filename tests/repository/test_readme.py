"""The README is run: its programs, its commands, and what it says of settings and files.

What a page of the site needs too, to be run in the same way, stands in the first part; `test_site` uses it.
"""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc import Settings
from pulumi_dpc._cli.app import cli
from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.cli import find_cli
from pulumi_dpc.testing._engine.engines import open_stack
from pulumi_dpc.testing._engine.stack import PROJECT, base_environment
from tests import REPOSITORY
from tests.worlds import warmed

DEFINITION = REPOSITORY / "examples" / "definition_file" / "streaming-pipeline.json"
PREAMBLE = """
import pulumi
import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")
"""
"""What a page's shorter programs leave out: they go on from the first program that a reader sees."""


# ---- a page, and how it is run ----


_FILE = re.compile(r"# ([\w/]+\.py)\n")


@dataclass(frozen=True)
class Page:
    """One page in Markdown, by its path in the repository."""

    path: str

    @property
    def text(self) -> str:
        return (REPOSITORY / self.path).read_text()

    def blocks(self, language: str) -> list[str]:
        """Return the code blocks in one language."""
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)

    def programs(self) -> list[str]:
        """Return the Pulumi programs, whole ones and those that go on from the preamble."""
        plain = [text for text in self.blocks("python") if not _FILE.match(text)]
        return [text for text in plain if "Emulator(" not in text and "def test_" not in text]

    def files(self) -> dict[str, str]:
        """Return what other blocks import: those that begin with the name of their file."""
        return {found[1]: text for text in self.blocks("python") if (found := _FILE.match(text))}

    def scripts(self) -> list[str]:
        """Return what runs by itself, against an emulator of its own."""
        return [text for text in self.blocks("python") if "Emulator(" in text and "def test_" not in text]

    def tests(self) -> list[str]:
        """Return what pytest runs."""
        return [text for text in self.blocks("python") if "def test_" in text]

    def commands(self) -> list[list[str]]:
        """Return the words of every command in a shell block."""
        lines = [line for text in self.blocks("sh") for line in text.splitlines() if line.strip()]
        return [words for line in lines if (words := shlex.split(line, comments=True))]

    def pulumi_commands(self) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Return each command of the Pulumi CLI that the page names, with its options."""
        in_text = [
            shlex.split(text) for text in re.findall(r"`(pulumi [a-z-]+(?: [a-z-]+)*[^`]*)`", self.text)
        ]
        named = [words for words in [*self.commands(), *in_text] if words[0] == "pulumi" and len(words) > 1]
        return {_question(words) for words in named}

    def variables(self) -> set[str]:
        """Return the environment variables that the page names."""
        return set(re.findall(r"\bDPC_[A-Z_]+\b", self.text))

    def links(self) -> list[tuple[str, str]]:
        """Return (file, anchor) of every link into the repository; the file is "" for the page itself."""
        targets = re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", self.text)
        return [(file, anchor) for file, _, anchor in (target.partition("#") for target in targets)]

    def anchors(self) -> set[str]:
        """Return the anchors of the headings, as GitHub makes them."""
        prose = re.sub(r"^```.*?^```$", "", self.text, flags=re.MULTILINE | re.DOTALL)
        return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", prose, re.MULTILINE)}


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _question(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the command (`config set`) and its options."""
    groups = {"config": 2, "stack": 2, "state": 2}
    depth = groups.get(words[1], 1)
    return tuple(word for word in words[1 : 1 + depth] if not word.startswith("-")), tuple(
        word.partition("=")[0] for word in words if re.match(r"--\w", word)
    )


def titled(pages: Iterable[tuple[Page, list[str]]]) -> list[Any]:
    """Name each block after its page and its place there, for the test's report."""
    return [
        pytest.param(text, id=f"{Path(page.path).stem}-{number}")
        for page, texts in pages
        for number, text in enumerate(texts)
    ]


def deploy(program: str, directory: Path) -> None:
    """Deploy a program to an emulator; hold that it succeeds and that nothing is left to do then."""
    with Emulator(time_scale=0.01) as api:
        definition = json.loads(DEFINITION.read_text())
        for project_id, pipeline_id in re.findall(r'"([0-9a-f-]{36})/([0-9a-f-]{36})"', program):
            api.add_pipeline(definition, project_id, pipeline_id)
        shutil.copy(DEFINITION, directory)
        stack = open_stack("engine", directory, api.env, **warmed("engine"))
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


def run_script(script: str, directory: Path) -> None:
    """Run what needs no engine, as it stands."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=base_environment({}),
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


PROGRAMS_ON_A_PATH = ("make", "pulumi", "pulumi-dpc", "python", "python3", "export", "eval", "cd", "sh", ".")


def hold_commands(page: Page) -> None:
    """Hold that a page's shell blocks need nothing but make, Python and the Pulumi CLI, and name what exists."""
    made = set(re.findall(r"^([\w./-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    for words in page.commands():
        program = words[0].removeprefix(".venv/bin/")
        assert program in (*PROGRAMS_ON_A_PATH, "pip"), words
        if program == "make":
            assert {word for word in words[1:] if "=" not in word and not word.startswith("-")} <= made, words
        if program == "pulumi-dpc":
            assert words[1] in cli.commands, words
        if program == "python" and "-m" in words:
            module = words[words.index("-m") + 1]
            assert importlib.util.find_spec(f"{module}.__main__") or importlib.util.find_spec(module), words


def hold_pulumi_commands(pages: Iterable[Page], home: Path) -> None:
    """Ask the CLI: it answers --help to a known command and option, and nothing else is needed to ask it."""
    asked = set().union(*(page.pulumi_commands() for page in pages))
    assert asked
    for command, options in sorted(asked):
        shown = _help(command, home)
        assert shown != _help(command[:-1], home), command
        for option in options:
            assert option.partition("=")[0] in shown, (command, option)


def _help(command: tuple[str, ...], home: Path) -> str:
    """Return a command's help; to an unknown one the CLI shows the help of the command above it."""
    # Without the second the CLI hides the options of saved plans.
    settings = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_EXPERIMENTAL": "true"}
    env = base_environment({"PULUMI_HOME": str(home), **settings})
    words = [str(find_cli()), *command, "--help"]
    return subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout


def settings() -> set[str]:
    """Return the environment variables that something reads."""
    names = {field.name for field in fields(Settings)} - {"credentials_source", "endpoint_source"}
    return {f"DPC_{name.upper()}" for name in names} | {"DPC_DEBUG", "DPC_HOST_HOOKS", "DPC_PREFLIGHT"}


def hold_links(page: Page) -> None:
    """Hold that what a page links to in the repository is there, its anchor too."""
    for file, anchor in page.links():
        target = (REPOSITORY / page.path).parent / file if file else REPOSITORY / page.path
        assert target.exists(), f"{page.path} links to {file}"
        if anchor:
            there = Page(str(target.resolve().relative_to(REPOSITORY))).anchors()
            assert anchor in there, f"{page.path} links to {file}#{anchor}"


# ---- the README ----

README = Page("README.md")
WORDS = 1000


@pytest.mark.parametrize("program", titled([(README, README.programs())]))
def test_every_program_of_the_readme_deploys(program: str, tmp_path: Path) -> None:
    """A reader copies these blocks; one that fails is worse than none."""
    deploy(program, tmp_path)


@pytest.mark.parametrize("script", titled([(README, README.scripts())]))
def test_every_script_of_the_readme_runs(script: str, tmp_path: Path) -> None:
    run_script(script, tmp_path)


def test_the_first_program_has_about_twenty_lines() -> None:
    """The README shows first that it takes no more."""
    assert len([line for line in README.programs()[0].splitlines() if line.strip()]) <= 24


def test_the_readme_is_read_in_a_few_minutes() -> None:
    """What a user does not need before the first pipeline runs is a page of the site."""
    prose = re.sub(r"^```.*?^```$", "", README.text, flags=re.MULTILINE | re.DOTALL)
    assert len(prose.split()) <= WORDS


def test_every_command_of_the_readme_exists() -> None:
    hold_commands(README)
    assert {words[1] for words in README.commands() if words[0] == "make"} >= {"demo", "test"}


def test_every_setting_of_the_readme_is_read() -> None:
    """A variable that nothing reads would fail only as missing credentials."""
    assert README.variables() <= settings()
    names = {field.name for field in fields(Settings)}
    camel = {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in names}
    keys = set(re.findall(r"\bdpc:(\w+)", README.text))
    assert len(keys) == 7
    assert keys <= camel


@pytest.mark.cli
def test_every_pulumi_command_of_the_readme_exists(tmp_path: Path) -> None:
    hold_pulumi_commands([README], tmp_path)


def test_every_file_that_the_readme_links_to_exists() -> None:
    assert README.links()
    hold_links(README)
