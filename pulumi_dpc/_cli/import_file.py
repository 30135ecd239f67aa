"""The file for ``pulumi import --file``: each resource as the state is to hold it (``docs/pulumi-host.md`` section 3).

A dynamic resource can be imported only with inputs and outputs in the file: the engine then asks no provider.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi_dpc._entry import STREAMING_AGENT, STREAMING_PIPELINE
from pulumi_dpc._names import (
    AGENT_ID,
    API_URL,
    GIVEN_RUNNING,
    INTERRUPT_SNAPSHOT,
    PROJECT_ID,
    PROVIDER,
    RUNNING,
    SECRET_PATHS,
    STATUS,
    STREAMING_AGENT_TYPE,
    STREAMING_PIPELINE_TYPE,
    WAIT,
)
from pulumi_dpc._resources.streaming_agent.state import make_outputs
from pulumi_dpc._resources.streaming_pipeline.run_state import is_known, is_running

from .existing import ExistingAgent, ExistingPipeline

Entry = dict[str, Any]


def agent_entry(name: str, agent: ExistingAgent, api_url: str) -> Entry:
    """Return the entry of an agent.

    Args:
        name: The resource's name in the program.
        agent: What the account has.
        api_url: Where it is.
    """
    inputs, provider = agent.inputs, {PROVIDER: STREAMING_AGENT}
    outputs = make_outputs(inputs, agent.live, api_url, agent.witnesses)
    return _entry(STREAMING_AGENT_TYPE, name, agent.id, inputs | provider, outputs | provider)


def pipeline_entry(name: str, pipeline: ExistingPipeline, agent: ExistingAgent | None, api_url: str) -> Entry:
    """Return the entry of a pipeline; the outputs say of its run state what was seen, and nothing otherwise.

    Args:
        name: The resource's name in the program.
        pipeline: What the account has.
        agent: The one that the program names by reference, which may spell its id otherwise than the pipeline does.
        api_url: Where it is.
    """
    inputs = {
        PROJECT_ID: pipeline.project_id,
        **pipeline.definition,
        **({AGENT_ID: agent.id} if agent else {}),
        WAIT: True,
        INTERRUPT_SNAPSHOT: False,
        PROVIDER: STREAMING_PIPELINE,
    }
    outputs = {**inputs, API_URL: api_url, SECRET_PATHS: []}
    if pipeline.status is not None:
        outputs[STATUS] = pipeline.status
        if is_known(pipeline.status):
            outputs[RUNNING] = is_running(pipeline.status)
    if pipeline.running is not None:
        inputs[RUNNING] = outputs[GIVEN_RUNNING] = pipeline.running
    return _entry(STREAMING_PIPELINE_TYPE, name, pipeline.id, inputs, outputs)


def _entry(type_: str, name: str, id_: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Entry:
    return {"type": type_, "name": name, "id": id_, "inputs": inputs, "outputs": outputs}


def text_of(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the text of the file, piece by piece."""
    yield '{\n  "resources": ['
    comma = ""
    for entry in entries:
        # JSON has no line break inside a string.
        text = json.dumps(entry, indent=2, ensure_ascii=False).replace("\n", "\n    ")
        yield f"{comma}\n    {text}"
        comma = ","
    yield "\n  ]\n}\n"
