"""What a run of one pipeline may use: made of the operation that it belongs to."""

from __future__ import annotations

from pulumi_dpc._resources.operation import Bag, Operation

from .remote import RemotePipeline
from .state import make_id
from .waiting import Limits, RunContext


def run_context(operation: Operation, pipeline: RemotePipeline, bag: Bag) -> RunContext:
    """Return time, a way to speak, and bounds for a run of the pipeline that has these inputs or outputs."""
    process, client, limits = operation.process, operation.service.client, Limits()

    def owners(pipeline_id: str) -> list[str]:
        return process.ownership.owners(make_id(pipeline.project_id, pipeline_id))

    return RunContext(
        clock=client.clock,
        progress=operation.progress,
        warn=lambda text: operation.warn(operation.with_name(bag, text)),
        limits=Limits(
            start=operation.timeout or limits.start,
            stop=operation.timeout or limits.stop,
            grace=client.settings.start_grace,
        ),
        start_times=process.start_times,
        may_leave=lambda other, agent: process.agent_uses.leaves(owners(other), agent),
        is_ours=lambda other: bool(owners(other)),
        may_declare_more=process.agent_uses.may_declare_more,
        has_begun=lambda other: process.agent_uses.has_begun(owners(other)),
    )
