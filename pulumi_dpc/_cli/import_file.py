"""The file for ``pulumi import --file``: each pipeline as the state is to hold it (``docs/pulumi-host.md`` section 3).

A dynamic resource can be imported only with inputs and outputs in the file: the engine then asks no provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_dpc._entry import STREAMING_PIPELINE
from pulumi_dpc._names import (
    API_URL,
    GIVEN_RUNNING,
    INTERRUPT_SNAPSHOT,
    PROJECT_ID,
    PROVIDER,
    RUNNING,
    SECRET_PATHS,
    STATUS,
    STREAMING_PIPELINE_TYPE,
    WAIT,
)
from pulumi_dpc._resources.streaming_pipeline.run_state import is_running


def entry(
    resource_name: str,
    id_: str,
    definition: Mapping[str, Any],
    *,
    status: str,
    running: bool | None,
    api_url: str,
) -> dict[str, Any]:
    """Return the entry of one pipeline.

    Args:
        resource_name: Its name in the program.
        id_: The resource id, ``<project id>/<streaming pipeline id>``.
        definition: In the one spelling.
        status: Its status now.
        running: What the program says of its run state; None: nothing.
        api_url: Where it is.
    """
    inputs = {
        PROJECT_ID: id_.partition("/")[0],
        **definition,
        WAIT: True,
        INTERRUPT_SNAPSHOT: False,
        PROVIDER: STREAMING_PIPELINE,
    }
    outputs = {
        **inputs,
        RUNNING: is_running(status),
        STATUS: status,
        API_URL: api_url,
        SECRET_PATHS: [],
    }
    if running is not None:
        inputs[RUNNING] = outputs[GIVEN_RUNNING] = running
    return {
        "type": STREAMING_PIPELINE_TYPE,
        "name": resource_name,
        "id": id_,
        "inputs": inputs,
        "outputs": outputs,
    }
