"""What a preview says and asks, in every state of the account and the service; `tests.stack` asks with an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pulumi_dpc._api import client
from pulumi_dpc.emulator import Emulator, Fault
from tests.pipeline.direct import Front, front, inputs
from tests.worlds import fixed_id

NOWHERE = fixed_id("nowhere", 0)
AGENTS, LIST, PROJECTS, TOKEN = (
    "/v1/agents",
    "*/streaming-pipelines",
    "/v1/projects",
    "/oauth/*",
)


@pytest.fixture
def one() -> Iterator[Front]:
    with front() as made:
        yield made


AWAY: dict[str, Callable[[Emulator, str], None]] = {
    "503": lambda api, match: api.fail_next(503, match=match, times=None),
    "429": lambda api, match: api.fail_next(429, match=match, times=None, retry_after=60),
    "refused": lambda api, match: api.inject(Fault("refuse", match=match)),
    "no answer": lambda api, match: api.drop_next("before", match=match, times=None),
    "silence": lambda api, match: api.stall_next(3600, match=match, times=None),
}


@pytest.mark.parametrize("how", AWAY)
@pytest.mark.parametrize("what", [AGENTS, LIST, PROJECTS, TOKEN])
def test_a_preview_does_not_wait_for_a_part_of_the_service_that_is_away(
    what: str, how: str, one: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tried for two minutes to get a token, or the list of projects."""
    monkeypatch.setattr(client, "HASTY_TIMEOUT", 0.05)
    AWAY[how](one.api, f"* {what}")
    began = one.clock.seconds
    for name in ("first", "second"):
        given = inputs(name=name, **({"projectId": NOWHERE} if what == PROJECTS else {}))
        assert one.preview(given, name=name) == []
    assert one.clock.seconds - began < 1
    (text,) = one.told
    assert "so this preview checks the definitions alone" in text
    assert one.api.requests == []  # of the second: after one failure nothing more is asked
