"""What a run of one pipeline may use: made of the operation that it belongs to."""

from __future__ import annotations

from pulumi_dpc._resources.operation import Operation

from .remote import RemotePipeline
from .state import make_id
from .waiting import Limits, RunContext


def run_context(operation: Operation, pipeline: RemotePipeline) -> RunContext:
    """Return time, a way to speak, and bounds for a run."""
    process, client, limits = operation.process, operation.service.client, Limits()

    def may_leave(pipeline_id: str, agent_id: str) -> bool:
        owners = process.ownership.owners(make_id(pipeline.project_id, pipeline_id))
        return process.agent_uses.leaves(owners, agent_id)

    return RunContext(
        clock=client.clock,
        progress=operation.progress,
        warn=operation.warn,
        limits=Limits(
            start=operation.timeout or limits.start,
            stop=operation.timeout or limits.stop,
            grace=client.settings.start_grace,
        ),
        start_times=process.start_times,
        may_leave=may_leave,
    )
