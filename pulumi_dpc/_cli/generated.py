"""The files of a generated program, as texts, and how they come into a folder: all of them, or none."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pulumi_dpc.errors import ConfigurationError

from . import import_file
from .naming import safe_name
from .source_text import Node, arguments_of, call, literal
from .words import readable

Style = Literal["typed", "json"]

_HEAD = '''\
"""Streaming pipelines of Matillion DPC, written by `pulumi-dpc generate`."""

{imports}import pulumi_dpc as dpc

PROJECT_ID = {project_id}  # {project}
'''
_PROJECT_FILE = """\
name: {name}
description: Streaming pipelines of Matillion DPC
runtime:
  name: python
  options:
    virtualenv: {virtualenv}
"""


@dataclass(frozen=True)
class Found:
    """A pipeline that is to be written.

    Attributes:
        resource_name: Its name in the program.
        id: The resource id.
        definition: In the one spelling, without ids.
        status: Its status now.
        running: What the program is to say of its run state; None: nothing.
    """

    resource_name: str
    id: str
    definition: Mapping[str, Any]
    status: str
    running: bool | None


def texts(
    project: Mapping[str, Any],
    pipelines: Sequence[Found],
    *,
    api_url: str,
    style: Style,
    protect: bool,
    folder: Path,
) -> dict[str, str]:
    """Return the text of each file, by its path in the folder.

    Args:
        project: The project at the service.
        pipelines: What is to be written.
        api_url: Where they are.
        style: ``typed``: models in the program; ``json``: a definition file for each.
        protect: Whether each is to be protected.
        folder: Where the files are to stand.
    """
    entries = [
        import_file.entry(
            one.resource_name, one.id, one.definition, status=one.status, running=one.running, api_url=api_url
        )
        for one in pipelines
    ]
    name = str(project.get("name"))
    head = _HEAD.format(
        imports="import pulumi\n" if protect and pipelines else "",
        project_id=literal(str(project["id"])).flat,
        project=readable(name),
    )
    statements = [f"\n{_resource(one, style=style, protect=protect).text()}\n" for one in pipelines]
    files = {
        "Pulumi.yaml": _PROJECT_FILE.format(
            name=safe_name(name, "streaming-pipelines"), virtualenv=json.dumps(_virtualenv(folder))
        ),
        "__main__.py": head + "".join(statements),
        "import.json": _json({"resources": entries}),
    }
    if style == "json":
        files |= {_definition_file(one): _json(one.definition) for one in pipelines}
    return files


def _resource(found: Found, *, style: Style, protect: bool) -> Node:
    given = {"project_id": Node("PROJECT_ID")}
    if found.running is not None:
        given["running"] = literal(found.running)
    if protect:
        given["opts"] = call("pulumi.ResourceOptions", protect=literal(True))
    name = literal(found.resource_name)
    if style == "json":
        file = literal(_definition_file(found))
        return call("dpc.StreamingPipeline.from_definition", name, file, **given)
    first = {"project_id": given.pop("project_id")}
    return call("dpc.StreamingPipeline", name, **first, **arguments_of(found.definition), **given)


def _definition_file(found: Found) -> str:
    return f"definitions/{found.resource_name}.json"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _virtualenv(folder: Path) -> str:
    """Return the virtual environment that this command runs in, because the package is installed there."""
    is_virtual = sys.prefix != sys.base_prefix
    return Path(os.path.relpath(sys.prefix, folder)).as_posix() if is_virtual else ".venv"


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


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files into a new or empty folder; after a failure nothing of them is left.

    Raises:
        ConfigurationError: They cannot be written.
    """
    made: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            missing = [one for one in (path.parent, *path.parent.parents) if not one.exists()]
            for directory in reversed(missing):
                directory.mkdir()
                made.append(directory)
            made.append(path)
            path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except BaseException as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if not isinstance(error, OSError):
            raise
        raise ConfigurationError(
            f"{folder}: cannot be written: {error.strerror}; nothing is left of it"
        ) from None
