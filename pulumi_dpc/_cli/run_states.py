"""One look at the pipelines of a project: the run state of each, and its agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._api.client import PIPELINE_ID, DpcClient
from pulumi_dpc._resources.streaming_pipeline.run_state import is_known, is_running
from pulumi_dpc.errors import ApiError, NotFound

from .chosen import Chosen
from .words import progress, say

_AT_A_TIME = 8  # requests; the client's pace keeps all of them under the service's limit
_FORBIDDEN = 403

Row = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What was seen in one look.

    Attributes:
        rows: One for each pipeline, by name.
    """

    rows: list[Row]

    @property
    def wrong(self) -> list[Row]:
        """The pipelines that do not run, or whose agent is known not to be connected."""
        return [row for row in self.rows if not row["running"] or row["agentConnected"] is False]


def look(client: DpcClient, chosen: Chosen, *, silent: bool = False) -> Look:
    """Return the state of the chosen pipelines; one that vanishes meanwhile is left out, and said.

    Args:
        client: The account.
        chosen: What to look at.
        silent: Show no progress.
    """
    project_id = str(chosen.project["id"])
    there = [
        one
        for one in client.list_pipelines(project_id)
        if not chosen.pipelines or one[PIPELINE_ID] in chosen.pipelines
    ]
    agents = agents_by_id(client) if there else {}
    rows = [
        _row(project_id, one, status, agents)
        for one, status in statuses(client, project_id, there, silent=silent)
    ]
    return Look(sorted(rows, key=lambda row: str(row["name"])))


def statuses(
    client: DpcClient, project_id: str, pipelines: Sequence[Row], *, silent: bool = False
) -> list[tuple[Row, str]]:
    """Return these pipelines, each with its status; one that vanishes meanwhile is left out, and said."""
    executor = ThreadPoolExecutor(_AT_A_TIME)
    try:
        found = executor.map(lambda one: _status(client, project_id, one), pipelines)
        shown = found if silent else progress(found, "run states", total=len(pipelines))
        return [(one, status) for one, status in zip(pipelines, shown, strict=True) if status is not None]
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def agents_by_id(client: DpcClient) -> Mapping[str, Mapping[str, Any]]:
    """Return the agents by id in lower case; none, and a word about it, where the credentials may not see them."""
    try:
        return {str(agent["agentId"]).lower(): agent for agent in client.list_agents()}
    except ApiError as error:
        if error.status != _FORBIDDEN:
            raise
        say("these credentials may not see agents, so nothing is known of them")
        return {}


def _status(client: DpcClient, project_id: str, definition: Mapping[str, Any]) -> str | None:
    try:
        return client.get_status(project_id, definition[PIPELINE_ID])
    except NotFound:
        say(f"{definition.get('name')!r} has been deleted meanwhile")
        return None


def _row(
    project_id: str, definition: Mapping[str, Any], status: str, agents: Mapping[str, Mapping[str, Any]]
) -> Row:
    agent = agents.get(str(definition.get("agentId")).lower(), {})
    connected = agent.get("connected")
    return {
        "id": f"{project_id}/{definition[PIPELINE_ID]}",
        "projectId": project_id,
        "streamingPipelineId": definition[PIPELINE_ID],
        "name": definition.get("name"),
        "status": status,
        "running": is_running(status) if is_known(status) else None,
        "agentId": definition.get("agentId"),
        "agentName": agent.get("name"),
        "agentConnected": connected if isinstance(connected, bool) else None,
    }
