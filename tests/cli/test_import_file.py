"""What the import file makes of anything that exists is what its program says: no preview finds a difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_dpc._cli.existing import ExistingAgent, ExistingPipeline
from pulumi_dpc._cli.import_file import Entry, agent_entry, pipeline_entry, text_of
from pulumi_dpc._definition.agent import mistakes
from pulumi_dpc._definition.definition import canonical
from pulumi_dpc._names import DEFINITION
from pulumi_dpc._resources.operation import Done
from pulumi_dpc.emulator import GUIDE_PROJECT
from tests.agent.direct import AgentFront
from tests.cli.test_source_text import is_json, said
from tests.definition.test_definition import definitions, json_values
from tests.pipeline.direct import Front, front

PROPERTY = settings(deadline=None, max_examples=40)
URL = "https://eu1.api.matillion.com/dpc"
ID = "8c1f7a52-52a5-4d3b-9f0e-1f8a0d7c9e21"


@pytest.fixture(scope="module")
def service() -> Iterator[Front]:
    with front() as opened:
        yield opened


def imported(entry: Entry) -> Entry:
    """Return an entry as the engine reads it from the file."""
    (read,) = json.loads("".join(text_of([entry])))["resources"]
    return dict(read)


def hold_empty_preview(process: Front, entry: Entry, program: dict[str, Any]) -> None:
    checked = process.check(program, entry["inputs"])
    assert checked.inputs == entry["inputs"]
    difference = process.diff(Done(entry["id"], entry["outputs"]), checked.inputs)
    assert (difference.changes, difference.replaces) == (False, [])
    assert process.api.requests == []


@PROPERTY
@given(
    definition=definitions().filter(is_json),
    status=st.sampled_from([None, "STREAMING", "NOT_RUNNING", "UNKNOWN", "REBALANCING"]),
    running=st.sampled_from([None, True, False]),
)
def test_any_pipeline_is_imported_without_a_difference(
    service: Front, definition: dict[str, Any], status: str | None, running: bool | None
) -> None:
    known = {key: value for key, value in canonical(definition).items() if key in DEFINITION}
    runs = {"STREAMING": True, "NOT_RUNNING": False}.get(status or "")
    running = runs if running is not None else None  # the program says what is so, or nothing
    pipeline = ExistingPipeline(GUIDE_PROJECT, ID, "label", known, status, running)
    entry = imported(pipeline_entry("name", pipeline, None, URL))
    program = {"projectId": GUIDE_PROJECT, **said(known), "wait": True, "interruptSnapshot": False}
    program |= {"__provider": entry["inputs"]["__provider"]}
    program |= {} if running is None else {"running": running}
    hold_empty_preview(service.again(), entry, program)


AGENTS = st.fixed_dictionaries(
    {
        "name": st.text("aZ09_- \t", min_size=1, max_size=30),
        "cloudProvider": st.sampled_from(["aws", "AZURE", "gcp", "google_cloud"]),
        "deployment": st.sampled_from(["fargate", "EKS", "aci", "aks", "gke", "gce"]),
        "agentId": st.sampled_from([ID, ID.upper()]),
    },
    optional={
        "description": st.none() | st.text(max_size=9),
        "restrictedAccess": st.none() | st.booleans(),
        "versionDetails": st.none() | st.fixed_dictionaries({}, optional={"trackName": st.text(max_size=3)}),
        "connected": st.booleans(),
        "agentStatus": st.text(max_size=3),
        "newer": json_values(),
    },
)


@PROPERTY
@given(live=AGENTS.filter(is_json))
def test_any_agent_is_imported_without_a_difference(service: Front, live: dict[str, Any]) -> None:
    agent = ExistingAgent(live["agentId"], "label", live, ["project/1"])
    if mistakes(agent.inputs):
        return
    entry = imported(agent_entry("name", agent, URL))
    program = agent.inputs | {"__provider": entry["inputs"]["__provider"]}
    hold_empty_preview(AgentFront(service.api, service.clock), entry, program)


def test_a_file_of_nothing_is_json_too() -> None:
    assert json.loads("".join(text_of([]))) == {"resources": []}
