"""The start page: what is there, for a person with a browser."""

from __future__ import annotations

from .store import Store
from .wire import Reply


def start_page(url: str, store: Store) -> Reply:
    """List projects and pipelines as plain text; tokens and definitions are left out."""
    lines = ["An emulator of the Matillion DPC API.", "", f"API  {url}/v1", ""]
    pipelines = store.show_all()
    for project in list(store.directory.projects.values()):
        lines.append(f"Project {project.name} ({project.id})")
        lines += [f"  {p.status:<12} {p.name} ({p.id})" for p in pipelines if p.project_id == project.id]
    text = "\n".join([*lines, ""])
    return Reply(200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode("utf-8", "replace"))
