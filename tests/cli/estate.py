"""The estate that an emulator begins with (`pulumi_dpc.emulator.estate`), as a program for it is held against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_dpc.emulator import GUIDE_PROJECT
from pulumi_dpc.emulator.estate import SECOND_PROJECT, estate

Entry = dict[str, Any]

_SEED = estate(GUIDE_PROJECT)
_OWN = ("project", "streamingPipelineId", "status")
BOTH_PROJECTS = ("Analytics", SECOND_PROJECT)
STREAMING_AGENTS = {one["agentId"] for one in _SEED["agents"] if "agentType" not in one and "agentId" in one}
"""The ids of those that a pipeline may have; one more is idle."""


def pipelines_of(project: str) -> list[Entry]:
    """Return the pipelines of a project, as the seed has them."""
    return [one for one in _SEED["pipelines"] if one["project"] == project]


def definitions() -> list[Entry]:
    """Return every definition."""
    return [{key: one[key] for key in one if key not in _OWN} for one in _SEED["pipelines"]]


def agents_of(pipelines: Sequence[Entry]) -> set[str]:
    """Return the agents of pipelines that become resources: not one that is gone, nor a batch one."""
    return {str(one["agentId"]).lower() for one in pipelines} & STREAMING_AGENTS
