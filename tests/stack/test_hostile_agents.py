"""A service that answers anything at all about agents: one clear error each time, and outputs that can be stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config

from pulumi_dpc._dynamic.hooks import StreamingAgentProvider
from pulumi_dpc._dynamic.host.answer import Failure, InitFailed
from pulumi_dpc._names import AGENT_OUTPUTS
from pulumi_dpc._resources.service import Services
from pulumi_dpc.emulator import GUIDE_AGENT, Emulator
from tests.api.any_answers import VALUES, is_one_clear_text
from tests.stack.test_hostile_answers import examples, served, spoiled

__all__ = ["served"]  # the service, a fixture

ID = "11111111-2222-4333-8444-555555555555"
ENDPOINTS = {
    "projects": "GET /v1/projects",
    "listing": "GET /v1/agents",
    "pipelines": "GET /v1/projects/*/streaming-pipelines",
    "create": "POST /v1/agents",
    "agent": "GET /v1/agents/*",
    "change": "PATCH *",
    "all": "* /v1/*",
}
INPUTS = {"name": "orders-agent", "cloudProvider": "azure", "deployment": "aks", "description": "x"}
HIDDEN = ("__given", "__witnesses", "__secret_paths", "__secrets", "__unfinished", "__import_id")


def outputs(api: Emulator, **changes: Any) -> dict[str, Any]:
    hidden = {"__given": [], "__witnesses": [f"agent/{GUIDE_AGENT}"], "__secret_paths": []}
    return {**INPUTS, "agentId": ID, "apiUrl": api.url, **hidden, **changes}


HOOKS: dict[str, Callable[[StreamingAgentProvider, Emulator], Any]] = {
    "create": lambda provider, _: provider.create({**INPUTS, "name": "another"}),
    "name taken": lambda provider, _: provider.create(INPUTS),
    "import": lambda provider, _: provider.create({**INPUTS, "__import_id": ID}),
    "check import": lambda provider, _: provider.check({}, {**INPUTS, "__import_id": ID}),
    "refresh": lambda provider, api: provider.read(ID, outputs(api)),
    "get": lambda provider, _: provider.read(ID, {}),
    "edit": lambda provider, api: provider.update(ID, outputs(api), {**INPUTS, "trackName": "stable"}),
    "rename": lambda provider, api: provider.update(ID, outputs(api), {**INPUTS, "name": "two"}),
    "delete": lambda provider, api: provider.delete(ID, outputs(api)),
}


def restored(api: Emulator) -> Emulator:
    """Return the service with the guide's agent and one more, whatever the example before did."""
    api.clear_faults()
    for agent in api.agents:
        if agent["agentId"] != GUIDE_AGENT:
            api.remove_agent(agent["agentId"])
    api.add_agent("orders-agent", ID)
    api.edit_agent(ID, description="x")
    return api


@pytest.mark.parametrize("hook", HOOKS)
@examples(15)
@given(
    endpoint=st.sampled_from(sorted(ENDPOINTS)),
    step=st.integers(0, 30),
    part=VALUES,
    times=st.sampled_from([1, None]),
)
def test_no_answer_makes_the_provider_fail_without_a_sentence(
    served: Emulator,
    hook: str,
    endpoint: str,
    step: int,
    part: Any,
    times: int | None,
) -> None:
    """What it returns is what the engine can store: anything else would be lost after the agent was made."""
    api = restored(served)
    api.rewrite_next(lambda value: spoiled(value, step, part), match=ENDPOINTS[endpoint], times=times)
    provider = StreamingAgentProvider(Services())
    provider.configure(ConfigureRequest(Config({}, "dpc")))
    try:
        result = HOOKS[hook](provider, api)
    except InitFailed as failed:
        is_one_clear_text(str(failed))
        Struct().update({key: value for key, value in failed.properties.items() if value is not None})
    except Failure as failure:
        is_one_clear_text(str(failure))
    else:
        for bag in ("outs", "inputs"):
            stored = getattr(result, bag, None) or {}
            assert set(stored) <= {*AGENT_OUTPUTS, *HIDDEN}
            json.dumps(stored, allow_nan=False)
            Struct().update(stored)
