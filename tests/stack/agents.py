"""Programs with a streaming agent, and what a world has of it."""

from __future__ import annotations

from typing import Any

from pulumi_dpc.emulator import GUIDE_AGENT
from tests.worlds import World

AGENT_TYPE = "pulumi-python:dynamic/dpc:StreamingAgent"


def agent(resource_name: str = "agent", /, **arguments: Any) -> str:
    """Return the program text of one agent; an argument that is source text is given as ``text:...``."""
    given = {"name": "orders-agent", "cloud_provider": "aws", "deployment": "fargate", **arguments}
    lines = [f"    {key}={_source(value)},\n" for key, value in given.items() if value is not None]
    return f"{resource_name} = dpc.StreamingAgent(\n    {resource_name!r},\n{''.join(lines)})\n"


def _source(value: Any) -> str:
    is_source = isinstance(value, str) and value.startswith("text:")
    return value.removeprefix("text:") if is_source else repr(value)


def made(world: World) -> list[dict[str, Any]]:
    """Return the agents at the service, but for that of the guide."""
    return [one for one in world.api.agents if one["agentId"] != GUIDE_AGENT]


def live(world: World) -> dict[str, Any]:
    """Return the only one of them."""
    (only,) = made(world)
    return only


def managed(world: World) -> dict[str, Any]:
    """Return the only streaming agent in the state."""
    (only,) = [entry for entry in world.stack.state if entry["type"] == AGENT_TYPE]
    return only
