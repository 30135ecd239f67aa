"""Files that come into a folder all at once, or not at all."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

from pulumi_dpc.errors import ConfigurationError


def hold_empty(folder: Path) -> None:
    """Raise unless a folder is new or empty.

    Raises:
        ConfigurationError: It has something in it, is no folder, or cannot be read.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ConfigurationError(f"{folder}: is not empty: give a new or an empty folder")
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be used: {error.strerror}") from None


def write(folder: Path, files: Mapping[str, Iterable[str]]) -> None:
    """Write files into a new or empty folder; after a failure nothing of them is left.

    They are written beside where they belong and then moved there, so that what ends the process leaves no half of
    a program that looks like a whole one.

    Args:
        folder: Where they belong. It may be the working directory, so one that is there stays the same.
        files: The text of each in pieces, by its path in the folder.

    Raises:
        ConfigurationError: They cannot be written.
    """
    is_new = not folder.exists()
    staging = (folder.parent if is_new else folder) / f".pulumi-dpc-{uuid.uuid4().hex}"
    missing = [one for one in staging.parents if not one.exists()]
    left = [staging]
    try:
        staging.mkdir(parents=True)
        _fill(staging, files)
        if is_new:
            staging.rename(folder)
            return
        for one in sorted(staging.iterdir()):
            left.append(folder / one.name)
            one.rename(folder / one.name)
        staging.rmdir()
    except BaseException as error:
        _remove(left, missing)
        if not isinstance(error, OSError):
            raise
        raise ConfigurationError(
            f"{folder}: cannot be written: {error.strerror}; nothing is left of it"
        ) from None


def _fill(folder: Path, files: Mapping[str, Iterable[str]]) -> None:
    for name, pieces in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode("utf-8", "backslashreplace"))


def _remove(made: Iterable[Path], parents: Iterable[Path]) -> None:
    for path in made:
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in parents:
        with contextlib.suppress(OSError):
            path.rmdir()
