"""Files come into a folder all at once, or not at all, whatever ends the writing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_dpc._cli.folder import write
from pulumi_dpc.errors import ConfigurationError


class Killed(BaseException):
    """What ends a process halfway, such as a Ctrl-C."""


def failing(error: BaseException) -> Iterator[str]:
    yield "half"
    raise error


@pytest.fixture(params=["new", "new/below/another", "there"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a folder that is new, or that is there and empty."""
    found = tmp_path / str(request.param)
    if request.param == "there":
        found.mkdir()
    return found


def test_all_files_are_there_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    write(folder, {"a.txt": ["1", "ü\ud800"], "sub/b.txt": []})
    assert (folder / "a.txt").read_bytes() == b"1\xc3\xbc\\ud800"
    assert (folder / "sub" / "b.txt").read_bytes() == b""
    files = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {folder / "a.txt", folder / "sub" / "b.txt"}
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("error", [Killed(), OSError(28, os.strerror(28))], ids=["killed", "full"])
def test_after_a_failure_everything_is_as_before(folder: Path, tmp_path: Path, error: BaseException) -> None:
    before = set(tmp_path.rglob("*"))
    expected = ConfigurationError if isinstance(error, OSError) else Killed
    with pytest.raises(expected) as raised:
        write(folder, {"a.txt": ["1"], "sub/b.txt": failing(error)})
    assert set(tmp_path.rglob("*")) == before
    if isinstance(error, OSError):
        assert str(raised.value) == (
            f"{folder}: cannot be written: No space left on device; nothing is left of it"
        )


def test_a_failure_between_the_moves_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is there stays the same one, so its files are moved one after the other."""
    moved: list[Path] = []
    rename = Path.rename

    def second_fails(path: Path, target: Path) -> Path:
        if moved:
            raise Killed
        moved.append(target)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(Killed):
        write(tmp_path, {"a.txt": ["1"], "b.txt": ["2"]})
    assert moved
    assert list(tmp_path.iterdir()) == []


def test_the_working_directory_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that stands in it would see nothing of a folder that was put in its place."""
    monkeypatch.chdir(tmp_path)
    same = tmp_path.stat().st_ino
    write(Path(), {"a.txt": ["1"]})
    assert tmp_path.stat().st_ino == same
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_program_is_written_with_the_rights_of_any_file(tmp_path: Path) -> None:
    write(tmp_path / "out", {"a.txt": ["1"]})
    (tmp_path / "mine").mkdir()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "mine").stat().st_mode
