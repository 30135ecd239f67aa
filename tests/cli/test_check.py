"""``check`` and ``schema``: every mistake of every file, with its path, and without an account."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import DATA
from tests.cli.command import COMMAND, environment, run
from tests.worlds import DEFINITION, edited

UNKNOWN = (
    "streamingTarget.bukket: is not a field this version knows (did you mean `bucket`?); passed on unchecked"
)
FILES = sorted((DATA / "definitions").glob("*.json"))


def written(directory: Path, name: str, content: Any) -> str:
    path = directory / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_sound_files_are_no_word_on_the_standard_output() -> None:
    done = run(None, "check", "--strict", *map(str, FILES))
    assert (done.code, done.out) == (0, "")
    assert done.err == f"{len(FILES)} files checked, 0 with mistakes\n"


def test_every_mistake_of_every_file_is_a_line_with_its_path(tmp_path: Path) -> None:
    first = written(tmp_path, "first.json", edited(name="", streamingTarget={"type": "s3", "bukket": "b"}))
    second = written(tmp_path, "second.json", edited(streamingSource=None))
    done = run(None, "check", first, str(FILES[0]), second)
    assert done.code == 1
    assert done.out.splitlines() == [
        f"{first}: name: must not be empty",
        f"{first}: streamingTarget.bucket: is required; `bukket` is not a field: did you mean `bucket`?",
        f"{first}: warning: {UNKNOWN}",
        f"{second}: streamingSource: is required",
    ]
    assert done.err == "3 files checked, 2 with mistakes\n"


@pytest.mark.parametrize("depth", [950, 5000])
def test_a_file_that_is_nested_too_deeply_is_one_mistake_and_the_others_are_checked(
    tmp_path: Path, depth: int
) -> None:
    deep = written(tmp_path, "deep.json", '{"advancedProperties":' * depth + "1" + "}" * depth)
    other = written(tmp_path, "other.json", edited(name=""))
    done = run(None, "check", deep, other)
    assert done.code == 1
    assert done.out.splitlines() == [
        f"{deep}: is nested too deeply to be a definition",
        f"{other}: name: must not be empty",
    ]


def test_a_key_that_is_given_twice_is_told_because_only_the_last_counts(tmp_path: Path) -> None:
    """JSON allows it, and hides what stands first; with --strict it is a mistake."""
    text = json.dumps(DEFINITION).replace(
        '"tables": [{', '"tables": [{"schema": "lost", "a.b": 1, "a.b": 2, '
    )
    text = text.replace("{", '{"name": "lost", ', 1)
    file = written(tmp_path, "twice.json", text)
    done = run(None, "check", file)
    assert done.code == 0
    told = "is given more than once in its object, and only the last counts"
    assert [line for line in done.out.splitlines() if line.endswith(told)] == [
        f"{file}: warning: {path}: {told}"
        for path in (
            "name",
            "streamingSource.tables[0].schema",
            'streamingSource.tables[0]["a.b"]',
        )
    ]
    assert run(None, "check", "--strict", file).code == 1


def test_json_has_path_and_message_apart(tmp_path: Path) -> None:
    file = written(tmp_path, "a.json", {**DEFINITION, "name": "", "advancedProperties": {"a: b": 1e400}})
    done = run(None, "check", "--json", file)
    assert done.code == 1
    assert done.json == [
        {
            "file": file,
            "mistakes": [
                {"path": 'advancedProperties["a: b"]', "message": "must be a finite number"},
                {"path": "name", "message": "must not be empty"},
            ],
            "warnings": [],
        }
    ]
    assert done.err == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"name":', "line 1, column 9: not valid JSON: Expecting value"),
        ("[]", "must hold one JSON object, the pipeline definition"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_mistake_and_the_others_are_checked(
    tmp_path: Path, content: str | None, message: str
) -> None:
    file = str(tmp_path / "a.json")
    if content is not None:
        written(tmp_path, "a.json", content)
    done = run(None, "check", file, str(FILES[0]))
    assert (done.code, done.out) == (1, f"{file}: {message}\n")
    assert run(None, "check", "--json", file).json[0]["mistakes"] == [{"path": None, "message": message}]


def test_what_the_program_gives_may_be_missing_in_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "a.json", edited(name=None, agentId=None))
    assert run(None, "check", "--strict", file).code == 0


def test_a_warning_is_a_mistake_only_where_that_is_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, "a.json", edited(newer=1))
    assert run(None, "check", file).code == 0
    assert run(None, "check", "--strict", file).code == 1


def test_the_standard_input_is_a_dash() -> None:
    def piped(text: str) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, "check", "-"]
        env = environment(None)
        return subprocess.run(command, input=text, env=env, capture_output=True, text=True, check=False)

    assert piped(json.dumps(DEFINITION)).returncode == 0
    wrong = piped("[]")
    assert wrong.returncode == 1
    assert wrong.stdout == "<standard input>: must hold one JSON object, the pipeline definition\n"


def test_a_value_that_may_be_secret_is_not_shown(tmp_path: Path) -> None:
    file = written(tmp_path, "a.json", edited(streamingSource={"type": "postgres", "connection": "hunter2"}))
    assert "hunter2" not in run(None, "check", file).out


def test_schema_prints_a_json_schema() -> None:
    done = run(None, "schema")
    assert done.code == 0
    assert done.json["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert done.err == ""
