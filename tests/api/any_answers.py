"""Answers of a service that may be anything, every operation of the client, and what an error's text must be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from pulumi_dpc._api.client import DpcClient
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT
from tests.worlds import DEFINITION

PIPELINE = "0a5eaf03-7b02-4c75-933a-0376a0b80e78"
ID = f"{GUIDE_PROJECT}/{PIPELINE}"

CALLS: dict[str, Callable[[DpcClient], Any]] = {
    "list_projects": lambda client: client.list_projects(),
    "list_environments": lambda client: client.list_environments(GUIDE_PROJECT),
    "list_agents": lambda client: client.list_agents(),
    "get_agent": lambda client: client.get_agent(GUIDE_AGENT),
    "create_agent": lambda client: client.create_agent({"name": "one", "agentType": "streaming"}),
    "update_agent": lambda client: client.update_agent(GUIDE_AGENT, {"description": "x"}),
    "delete_agent": lambda client: client.delete_agent(GUIDE_AGENT),
    "get_agent_credentials": lambda client: client.get_agent_credentials(GUIDE_AGENT),
    "list_pipelines": lambda client: client.list_pipelines(GUIDE_PROJECT),
    "create_pipeline": lambda client: client.create_pipeline(GUIDE_PROJECT, DEFINITION),
    "get_pipeline": lambda client: client.get_pipeline(GUIDE_PROJECT, PIPELINE),
    "update_pipeline": lambda client: client.update_pipeline(GUIDE_PROJECT, PIPELINE, DEFINITION),
    "delete_pipeline": lambda client: client.delete_pipeline(GUIDE_PROJECT, PIPELINE),
    "send_command": lambda client: client.send_command(GUIDE_PROJECT, PIPELINE, "START"),
    "get_status": lambda client: client.get_status(GUIDE_PROJECT, PIPELINE),
}

WORDS = [
    "status",
    "results",
    "total",
    "size",
    "page",
    "id",
    "name",
    "agentId",
    "streamingPipelineId",
    "projectId",
    "streamingSource",
    "streamingTarget",
    "advancedProperties",
    "connection",
    "tables",
    "schema",
    "table",
    "type",
    "connected",
    "violations",
    "detail",
    "title",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 10**30, 10**400, 1.5]),
    st.floats(allow_nan=True),
    st.text(st.characters(), max_size=20),
    st.sampled_from(
        [*WORDS, "STREAMING", "NOT_RUNNING", "\ud800", "\x00", "\x1b[2J", "a" * 5000, PIPELINE, ID, ".."]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner)
    ),
    max_leaves=12,
)
BODIES = st.one_of(
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"[" * 100_000,
            b"[" * 960 + b"]" * 960,
            b'{"a":' * 980,
            b"1e999",
            b"9" * 5000,
            b'{"results": [' + b"{}," * 50,
        ]
    ),
)


def is_one_clear_text(text: str) -> None:
    """Hold what every error text promises: no traceback, nothing that acts on a terminal, no flood."""
    assert "Traceback" not in text
    assert "unexpected error" not in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    assert len(text) < 60_000
    text.encode()  # the engine takes nothing else
