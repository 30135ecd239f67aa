"""What a person with a browser or `curl` asks of the emulator, beside the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .pipeline import Pipeline
from .store import Store
from .wire import Reply

ROTATION: Final = ("POST", "/client-secret")
"""Method and path that replace the secret of the API credential."""


def start_page(origin: str, url: str, store: Store) -> Reply:
    """List what is there as plain text; tokens, secrets and definitions are left out."""
    method, path = ROTATION
    lines = [
        "An emulator of the Matillion DPC API.",
        "",
        f"API     {url}/v1",
        f"Rotate  curl -X {method} {origin}{path}   replaces the client secret, and prints the new one",
        "",
        *_agents(store),
        *_projects(store),
        "",
    ]
    return _text("\n".join(lines))


def rotated(env: Mapping[str, str]) -> Reply:
    """Return the line that gives a shell the new secret."""
    return _text(f"export DPC_CLIENT_SECRET={env['DPC_CLIENT_SECRET']}\n")


def _agents(store: Store) -> Iterator[str]:
    for agent in store.directory.every_agent():
        connected = "connected" if agent["connected"] else "not connected"
        yield f"Agent {agent['name']} ({agent['agentId']}): {agent['agentType']}, {connected}"


def _projects(store: Store) -> Iterator[str]:
    pipelines = store.show_all()
    for project in list(store.directory.projects.values()):
        yield f"Project {project.name} ({project.id})"
        yield from (_environment(one) for one in list(project.environments))
        yield from (_pipeline(one) for one in pipelines if one.project_id == project.id)


def _environment(environment: Mapping[str, Any]) -> str:
    name, agent = environment["defaultAgentName"], environment["defaultAgentId"]
    return f"  Environment  {environment['name']}: " + (
        f"{name or 'agent'} ({agent})" if agent else "no default agent"
    )


def _pipeline(pipeline: Pipeline) -> str:
    return f"  {pipeline.status:<12} {pipeline.name} ({pipeline.id})"


def _text(text: str) -> Reply:
    return Reply(200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode("utf-8", "replace"))
