"""The account that the commands ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_dpc.emulator import Emulator
from tests.worlds import DEFINITION, SECRETS, TIME_SCALE, fixed_id

AGENTS = [fixed_id("agent", number) for number in range(3)]
PIPELINES = [fixed_id("pipeline", number) for number in range(3)]


@pytest.fixture
def api() -> Iterator[Emulator]:
    """Open an account with three pipelines: one that runs, one stopped, and one whose agent is away."""
    with Emulator(time_scale=TIME_SCALE, **SECRETS) as opened:
        for number, status in enumerate(("STREAMING", "NOT_RUNNING", "STREAMING")):
            opened.add_agent(f"agent-{number}", AGENTS[number], connected=number != 2)
            definition = {**DEFINITION, "name": f"pipeline-{number}", "agentId": AGENTS[number]}
            opened.add_pipeline(definition, id=PIPELINES[number], status=status)
        yield opened
