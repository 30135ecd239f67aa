"""Starting and stopping many pipelines at a time, each by the runner that the provider uses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

from pulumi_dpc._api.client import PIPELINE_ID, DpcClient
from pulumi_dpc._definition.definition import without_ids
from pulumi_dpc._resources.operation import Operation, Process
from pulumi_dpc._resources.service import Service
from pulumi_dpc._resources.streaming_pipeline import run_state
from pulumi_dpc._resources.streaming_pipeline.context import run_context
from pulumi_dpc._resources.streaming_pipeline.outcome import End, Outcome
from pulumi_dpc._resources.streaming_pipeline.plan import Desired, Live, Plan, Recorded, plan
from pulumi_dpc._resources.streaming_pipeline.remote import RemotePipeline
from pulumi_dpc._resources.streaming_pipeline.run import carry_out
from pulumi_dpc._resources.streaming_pipeline.ways_out import WaysOut

from .words import say

_AT_A_TIME = 32

_ON_A_COMMAND_LINE = WaysOut(
    longer_wait="--timeout allows a longer wait",
    agent_away="Start that agent, and run this command again",
    start_failed="Run this command again once the cause is fixed",
    interrupted="run this command again to go on",
    agent_taken="Stop that one with `pulumi-dpc stop`, and run this command again",
    start_refused="stop that one with `pulumi-dpc stop`",
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What is wanted of each pipeline.

    Attributes:
        running: It should run; else it should not.
        wait: Wait until that is seen.
        timeout: How long to wait, in seconds; 0 for as long as the provider does.
        interrupt_snapshot: A running snapshot may be interrupted.
    """

    running: bool
    wait: bool = True
    timeout: float = 0.0
    interrupt_snapshot: bool = False


@dataclass(frozen=True)
class Changed:
    """What has become of one pipeline.

    Attributes:
        row: For the answer of the command.
        error: Why it is not as wanted; empty where it is.
    """

    row: Row
    error: str

    @property
    def is_up(self) -> bool:
        """Whether it was seen running last, and not only told to start."""
        return not self.error and run_state.is_up(self.row["status"])

    @property
    def may_be_stopped(self) -> bool:
        """Whether it was seen running or starting before, and is not known to run now."""
        return run_state.is_running(self.row["before"]) and self.row["running"] is not True


class Changer:
    """Changes the run state of pipelines.

    Args:
        client: The account.
        interrupt: Set by a Ctrl-C; it ends the waits of the client's clock too.

    Attributes:
        told: The names of those to which a command has been sent, or was about to be.
    """

    def __init__(self, client: DpcClient, interrupt: threading.Event) -> None:
        service = Service.of(client)
        self._process = Process(lambda: service)
        self._service = service
        self._interrupt = interrupt
        self.told: list[str] = []

    def change(self, project_id: str, there: Sequence[tuple[Row, str]], change: Change) -> Iterator[Changed]:
        """Yield what becomes of each pipeline, as soon as it is known.

        When the event is set nothing more is sent, and every pipeline is still accounted for.

        Args:
            project_id: Their project.
            there: Each with its status.
            change: What is wanted.
        """
        executor = ThreadPoolExecutor(_AT_A_TIME)
        try:
            futures = [executor.submit(self._one, project_id, one, status, change) for one, status in there]
            yield from (future.result() for future in as_completed(futures))
        finally:
            executor.shutdown(wait=False, cancel_futures=True)  # a second Ctrl-C waits for no request

    def _one(self, project_id: str, definition: Row, status: str, change: Change) -> Changed:
        name = str(definition.get("name"))
        pipeline = RemotePipeline(self._service, project_id, definition[PIPELINE_ID])
        live = Live(without_ids(definition), status)
        made = _plan(live, change)
        if self._interrupt.is_set() or made.refusal is not None:
            return _changed(pipeline, name, status, error=made.refusal or "nothing was sent: interrupted")
        if made.steps:
            self.told.append(name)
        operation = Operation(self._process, timeout=change.timeout, warn=_saying(name))
        recorded = Recorded(live.definition, running=_last_known(status, change))
        context = replace(
            run_context(operation, pipeline, {}),
            ways_out=_ON_A_COMMAND_LINE,
            may_declare_more=lambda: False,  # so nothing is going to take another pipeline from the agent
        )
        outcome = carry_out(pipeline, made, live, recorded, context)
        # Nothing will start it by itself, as a program would.
        why = "" if outcome.end is End.DONE else replace(outcome, resume=False).message()
        return _changed(pipeline, name, status, outcome=outcome, error=why, sent=bool(made.steps))


def _plan(live: Live, change: Change) -> Plan:
    if live.status == run_state.SNAPSHOTTING and not (change.running or change.interrupt_snapshot):
        return Plan(
            refusal="a snapshot is running, and a stop would interrupt it, which can cost hours or days of work;"
            " wait until it is over, or use --interrupt-snapshot"
        )
    desired = Desired(live.definition, running=change.running, wait=change.wait)
    made = plan(live, desired, Recorded(live.definition, running=_last_known(live.status, change)))
    return made if run_state.is_known(live.status) else replace(made, warnings=())


def _last_known(status: str, change: Change) -> bool:
    """Return what counts where a status says nothing: that it is not as wanted, so that a command is sent."""
    return run_state.is_running(status, otherwise=not change.running)


def _saying(name: str) -> Callable[[str], None]:
    return lambda text: say(f"{name!r}: {text}")


def _changed(
    pipeline: RemotePipeline,
    name: str,
    before: str,
    *,
    outcome: Outcome | None = None,
    error: str = "",
    sent: bool = False,
) -> Changed:
    status = outcome.status if outcome else before
    row = {
        "id": pipeline.id,
        "projectId": pipeline.project_id,
        "streamingPipelineId": pipeline.pipeline_id,
        "name": name,
        "before": before,
        "status": status,
        "running": run_state.is_running(status) if run_state.is_known(status) else None,
        "changed": sent and status != before,
        "error": error or None,
    }
    return Changed(row, error)
