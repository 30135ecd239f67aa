"""The runner between two requests, against the emulator and without an engine."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._resources.polling import LearnedTimes
from pulumi_dpc._resources.service import Service
from pulumi_dpc._resources.streaming_pipeline.outcome import End, Outcome
from pulumi_dpc._resources.streaming_pipeline.plan import Desired, Live, Recorded, plan
from pulumi_dpc._resources.streaming_pipeline.remote import RemotePipeline
from pulumi_dpc._resources.streaming_pipeline.run import carry_out
from pulumi_dpc._resources.streaming_pipeline.waiting import Limits, RunContext
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from tests.worlds import DEFINITION, edited

CHANGED = edited(advancedProperties={"max.batch.size": 1})


@pytest.fixture
def live() -> Any:
    with Emulator(time_scale=0.001, start_seconds=3, stop_seconds=200) as api:
        yield api


def run(api: Emulator, desired: Desired, interrupt: threading.Event | None = None, **changes: Any) -> Outcome:
    """Edit the only pipeline through the runner, with one of its requests replaced by ``changes``."""
    client = DpcClient(
        Settings.resolve(environment=api.env), clock=Clock(0.001, interrupt or threading.Event())
    )
    remote = RemotePipeline(Service.of(client), GUIDE_PROJECT, api.pipelines[0].id)
    for name, instead in changes.items():
        object.__setattr__(remote, name, instead)
    before = Live(remote.definition(), remote.status())
    recorded = Recorded(definition=DEFINITION, running=True)
    around = RunContext(client.clock, lambda _text: None, lambda _text: None, Limits(), LearnedTimes())
    return carry_out(remote, plan(before, desired, recorded), before, recorded, around)


def test_a_bug_after_a_write_is_accounted_for(live: Emulator) -> None:
    """Whatever is raised between STOP and START, the pipeline is started again and the state says what is true."""
    live.add_pipeline(DEFINITION, status="STREAMING")

    def broken(_body: Any) -> None:
        raise RecursionError("too deep")

    outcome = run(live, Desired(CHANGED), put=broken)
    assert outcome.end is End.PARTIAL
    assert "unexpected error in pulumi_dpc: RecursionError" in str(outcome.error)
    assert outcome.running
    assert live.pipelines[0].status == "STREAMING"


def test_a_start_that_a_ctrl_c_sent_and_lost_is_not_called_stopped(live: Emulator) -> None:
    live.add_pipeline(DEFINITION, status="STREAMING")
    interrupt = threading.Event()
    live.on_request(lambda request: interrupt.set() if request.body == {"command": "STOP"} else None)
    live.drop_next("after", match="POST *commands", nth=1)
    outcome = run(live, Desired(CHANGED), interrupt)
    assert outcome.end is End.PARTIAL
    assert outcome.resume
    assert not outcome.running
    assert outcome.run_sentence == "Whether it runs is not known."


def test_the_agent_that_is_asked_is_the_one_that_runs_it_now(live: Emulator) -> None:
    """After an edit that moved it, the old agent's state says nothing."""
    other = live.add_agent("second")
    live.add_pipeline(DEFINITION, status="NOT_RUNNING")
    live.set_status(live.pipelines[0].id, None)
    live.agent_offline(other)
    outcome = run(live, Desired(edited(agentId=other), running=True))
    assert other in str(outcome.error)
    assert "not connected" in str(outcome.error)
    assert GUIDE_AGENT not in str(outcome.error)
