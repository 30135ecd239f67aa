"""What a command line names: a project of the account, and pipelines of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._api.client import PIPELINE_ID, DpcClient

from .account import find, find_project


@dataclass(frozen=True)
class Chosen:
    """What the command line names.

    Attributes:
        project: The project.
        pipelines: Ids of pipelines; empty for all of them.
        other_projects: How many projects there are besides, as far as the credentials see.
    """

    project: Mapping[str, Any]
    pipelines: tuple[str, ...]
    other_projects: int = 0


def choose(client: DpcClient, project: str, names: Sequence[str]) -> Chosen:
    """Return the project and the pipelines that are named.

    Raises:
        LookupFailed: One of them is not there, or its name is not enough to tell.
    """
    projects = client.list_projects()
    found = find_project(projects, project)
    if not names:
        return Chosen(found, (), len(projects) - 1)
    there, where = client.list_pipelines(found["id"]), f"in project {found.get('name')!r}"
    return Chosen(
        found,
        tuple(
            str(find(there, name, "streaming pipeline", where, key=PIPELINE_ID)[PIPELINE_ID])
            for name in names
        ),
        len(projects) - 1,
    )
