"""The files of a generated program, as texts: what each says of the agents and pipelines that exist."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from pulumi_dpc._definition.paths import python_name
from pulumi_dpc._names import AGENT_ID

from . import import_file
from .existing import Existing, ExistingAgent, ExistingPipeline
from .naming import resource_names, safe_name, variables
from .source_text import Node, arguments_of, call, literal
from .words import readable

Style = Literal["typed", "json"]

_DOCSTRING = '"""Streaming pipelines of Matillion DPC, written by `pulumi-dpc generate`."""\n\n'
_PROJECT_FILE = """\
name: "{name}"
description: Streaming pipelines of Matillion DPC
runtime:
  name: python
  options:
    virtualenv: {virtualenv}
"""


class Generated:
    """A program for what exists.

    Args:
        existing: What there is.
        style: ``typed``: models in the program; ``json``: a definition file for each pipeline.
        protect: Whether each resource is to be protected.
    """

    def __init__(self, existing: Existing, *, style: Style, protect: bool) -> None:
        self._existing = existing
        self._style = style
        self._protect = protect
        self._agents = {one.id.lower(): one for one in existing.agents}
        self._agent_names = resource_names({id_: one.label for id_, one in self._agents.items()}, "agent")
        self._variables = variables(self._agent_names, "agent")
        self._names = resource_names({one.id: one.label for one in existing.pipelines}, "pipeline")
        self._constants = self._make_constants()

    def files(self, folder: Path) -> dict[str, Iterable[str]]:
        """Return the text of each file in pieces, by its path in the folder.

        Args:
            folder: Where the files are to stand.
        """
        made: dict[str, Iterable[str]] = {
            "Pulumi.yaml": [self._project_file(folder)],
            "__main__.py": self._program(),
            "import.json": import_file.text_of(self._entries()),
        }
        if self._style == "json":
            made |= {self._definition_file(one): self._definition(one) for one in self._existing.pipelines}
        return made

    def _project_file(self, folder: Path) -> str:
        # As `pulumi new` does: two programs for one project must not share their stacks.
        name = safe_name(folder.resolve().name, "streaming-pipelines")
        return _PROJECT_FILE.format(name=name, virtualenv=_in_quotes(_virtualenv(folder)))

    def _entries(self) -> Iterator[import_file.Entry]:
        api_url = self._existing.api_url
        for id_, agent in self._agents.items():
            yield import_file.agent_entry(self._agent_names[id_], agent, api_url)
        for one in self._existing.pipelines:
            yield import_file.pipeline_entry(self._names[one.id], one, self._agent_of(one), api_url)

    def _program(self) -> Iterator[str]:
        yield _DOCSTRING
        if self._protect and (self._existing.agents or self._existing.pipelines):
            yield "import pulumi\n"
        yield "import pulumi_dpc as dpc\n\n"
        for project_id, constant in self._constants.items():
            yield f"{constant} = {literal(project_id).flat}  # {readable(self._existing.projects[project_id])}\n"
        yield from map("\n{}\n".format, self._statements())

    def _statements(self) -> Iterator[str]:
        """Yield each agent before the first pipeline that it runs, and last those that run none."""
        left = dict(self._agents)
        for one in self._existing.pipelines:
            agent = self._agent_of(one)
            if agent and left.pop(agent.id.lower(), None):
                yield self._agent(agent)
            yield self._pipeline(one).text()
        yield from map(self._agent, left.values())

    def _agent(self, agent: ExistingAgent) -> str:
        id_ = agent.id.lower()
        given = {python_name(key): literal(value) for key, value in agent.inputs.items()}
        made = call("dpc.StreamingAgent", literal(self._agent_names[id_]), **given, **self._options())
        before = f"{self._variables[id_]} = "
        return before + made.text(used=len(before))

    def _pipeline(self, one: ExistingPipeline) -> Node:
        name, project = literal(self._names[one.id]), {"project_id": Node(self._constants[one.project_id])}
        more = {} if one.running is None else {"running": literal(one.running)}
        agent = self._agent_of(one)
        by_reference = {"agent_id": Node(f"{self._variables[agent.id.lower()]}.agent_id")} if agent else {}
        if self._style == "json":
            file = literal(self._definition_file(one))
            given = {**project, **by_reference, **more, **self._options()}
            return call("dpc.StreamingPipeline.from_definition", name, file, **given)
        given = {**project, **arguments_of(one.definition), **by_reference, **more, **self._options()}
        return call("dpc.StreamingPipeline", name, **given)

    def _options(self) -> dict[str, Node]:
        return {"opts": call("pulumi.ResourceOptions", protect=literal(True))} if self._protect else {}

    def _agent_of(self, one: ExistingPipeline) -> ExistingAgent | None:
        """Return the agent that a pipeline names by reference; None: by its id."""
        return self._agents.get(str(one.definition.get(AGENT_ID)).lower())

    def _definition_file(self, one: ExistingPipeline) -> str:
        return f"definitions/{self._names[one.id]}.json"

    def _definition(self, one: ExistingPipeline) -> Iterator[str]:
        said_elsewhere = (AGENT_ID,) if self._agent_of(one) else ()
        shown = {key: value for key, value in one.definition.items() if key not in said_elsewhere}
        yield json.dumps(shown, indent=2, ensure_ascii=False) + "\n"

    def _make_constants(self) -> Mapping[str, str]:
        """Return the constant that holds the id of each project."""
        projects = self._existing.projects
        if len(projects) == 1:
            return dict.fromkeys(projects, "PROJECT_ID")
        names = variables(resource_names(projects, "project"), "project_id")
        return {id_: name.upper() for id_, name in names.items()}


def _in_quotes(text: str) -> str:
    """Return a text in YAML's quotes, where it is nothing but a text; JSON writes a pair of surrogates for an emoji."""
    shown = (one if one.isprintable() and one not in '"\\' else f"\\U{ord(one):08x}" for one in text)
    return f'"{"".join(shown)}"'


def _virtualenv(folder: Path) -> str:
    """Return the virtual environment that this command runs in, because the package is installed there."""
    is_virtual = sys.prefix != sys.base_prefix
    return Path(os.path.relpath(sys.prefix, folder)).as_posix() if is_virtual else ".venv"
