"""The file of a maintenance window: which pipelines were stopped, so that just those are started again."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi_dpc.errors import ConfigurationError


def hold_free(path: Path) -> None:
    """Raise if a window is open already: what it says would be lost.

    Raises:
        ConfigurationError: The file exists, or nobody can look.
    """
    try:
        exists = path.exists()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None
    if exists:
        raise ConfigurationError(
            f"{path}: exists already, from an earlier stop: run start --from {path} first, or give another file"
        )


def save(path: Path, project_id: str, pipelines: Iterable[Mapping[str, Any]]) -> None:
    """Write which pipelines are to be started again; the file is replaced as a whole.

    Raises:
        ConfigurationError: It cannot be written.
    """
    kept = [{"id": one["streamingPipelineId"], "name": one["name"]} for one in pipelines]
    text = json.dumps({"projectId": project_id, "stopped": kept}, indent=2, ensure_ascii=False) + "\n"
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_bytes(text.encode("utf-8", "backslashreplace"))
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None


def remove(path: Path) -> None:
    """Remove a file whose pipelines all run.

    Raises:
        ConfigurationError: It cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be removed: {error.strerror}") from None


def read(path: Path, project_id: str) -> list[str]:
    """Return the ids of the pipelines that are to be started again.

    Raises:
        ConfigurationError: The file cannot be read, is no such file, or is about another project.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        ids, project = [str(one["id"]) for one in content["stopped"]], content["projectId"]
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigurationError(f"{path}: is not a file that stop --save has written") from None
    if not ids:
        raise ConfigurationError(f"{path}: names no streaming pipeline")
    if project != project_id:
        raise ConfigurationError(f"{path}: is about the project {project}, not {project_id}")
    return ids
