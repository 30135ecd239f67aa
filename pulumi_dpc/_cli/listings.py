"""What the account has: projects, environments, agents and pipelines, each as one list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from pulumi_dpc._definition.agent import is_streaming

from .account import find_project, opened
from .completion import project_names
from .data import Columns, print_rows
from .frame import Command, account_options, json_option
from .words import counted, say

_PROJECTS: Columns = {"NAME": "name", "ID": "id", "DESCRIPTION": "description"}
_ENVIRONMENTS: Columns = {
    "NAME": "name",
    "DEFAULT AGENT": "defaultAgentName",
    "DEFAULT AGENT ID": "defaultAgentId",
}
_AGENTS: Columns = {
    "NAME": "name",
    "ID": "agentId",
    "TYPE": "agentType",
    "CLOUD": "cloudProvider",
    "DEPLOYMENT": "deployment",
    "CONNECTED": "connected",
    "STATUS": "agentStatus",
}
_PIPELINES: Columns = {
    "NAME": "name",
    "SOURCE": "sourceType",
    "TARGET": "targetType",
    "TABLES": "tables",
    "ID": "streamingPipelineId",
    "AGENT ID": "agentId",
}


@click.command(
    cls=Command,
    short_help="List the projects.",
    examples=("pulumi-dpc projects", "pulumi-dpc projects --json | jq -r '.[].id'"),
)
@account_options
@json_option
def projects(region: str | None, api_url: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the projects that the credentials see."""
    with opened(region, api_url) as client:
        _print(client.list_projects(), _PROJECTS, "project", as_json=as_json)


@click.command(
    cls=Command,
    short_help="List the environments of a project.",
    examples=("pulumi-dpc environments Analytics",),
)
@click.argument("project", shell_complete=project_names)
@account_options
@json_option
def environments(project: str, region: str | None, api_url: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the environments of PROJECT, which is a name or an id, each with its default agent."""
    with opened(region, api_url) as client:
        found = client.list_environments(find_project(client.list_projects(), project)["id"])
        _print(found, _ENVIRONMENTS, "environment", as_json=as_json)


@click.command(
    cls=Command,
    short_help="List the agents.",
    examples=(
        "pulumi-dpc agents --streaming",
        "pulumi-dpc agents --json | jq -r '.[] | select(.connected | not) | .name'",
    ),
)
@click.option("--streaming", is_flag=True, help="Only those that can run a streaming pipeline.")
@account_options
@json_option
def agents(streaming: bool, region: str | None, api_url: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the agents of the account. One streaming agent runs one streaming pipeline."""
    with opened(region, api_url) as client:
        found = [agent for agent in client.list_agents() if not streaming or is_streaming(agent)]
        _print(found, _AGENTS, "agent", as_json=as_json)


@click.command(
    cls=Command,
    short_help="List the pipelines of a project.",
    examples=(
        "pulumi-dpc pipelines Analytics",
        "pulumi-dpc pipelines Analytics --json | jq -r '.[].id'    # what import_= takes",
    ),
)
@click.argument("project", shell_complete=project_names)
@account_options
@json_option
def pipelines(project: str, region: str | None, api_url: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the streaming pipelines of PROJECT, which is a name or an id."""
    with opened(region, api_url) as client:
        project_id = find_project(client.list_projects(), project)["id"]
        found = [described(project_id, one) for one in client.list_pipelines(project_id)]
        _print(found, _PIPELINES, "streaming pipeline", as_json=as_json)


def described(project_id: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list says of a pipeline: nothing of its free properties, which may hold a password."""
    source, target = (_mapping(definition.get(part)) for part in ("streamingSource", "streamingTarget"))
    pipeline_id = definition.get("streamingPipelineId")
    tables = source.get("tables")
    return {
        "id": f"{project_id}/{pipeline_id}",
        "projectId": project_id,
        "streamingPipelineId": pipeline_id,
        "name": definition.get("name"),
        "agentId": definition.get("agentId"),
        "sourceType": source.get("type"),
        "targetType": target.get("type"),
        "tables": len(tables) if isinstance(tables, list) else 0,
    }


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _print(found: list[dict[str, Any]], columns: Columns, noun: str, *, as_json: bool) -> None:
    rows = sorted(found, key=lambda row: str(row.get("name")))
    print_rows(rows, columns, as_json=as_json)
    if not as_json:
        say(counted(rows, noun))
