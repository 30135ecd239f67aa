"""One agent runs one pipeline: who uses which, and how long one that is away is waited for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_dpc._resources.agent_uses import AgentUse, AgentUses, find_clashes
from pulumi_dpc._resources.streaming_pipeline.waiting import AGENT_INTERVAL, AgentState, AgentWatch
from tests.pipeline.direct import Front, front, inputs

AGENT, OTHER = "2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6", "00000000-0000-4000-8000-000000000000"
AWAY = AgentState("agent 'a'", "agent 'a' (1)", "is not connected", is_away=True)
HERE = AgentState("agent 'a'", "agent 'a' (1)", "is connected")


@pytest.fixture
def one() -> Iterator[Front]:
    with front() as made:
        yield made


def use(
    name: str, running: bool | None = True, *, agent: str | None = AGENT, changed: bool = True
) -> AgentUse:
    return AgentUse(f"urn:pulumi:dev::proj::type::{name}", agent, running, changed)


@pytest.mark.parametrize(
    ("one", "other", "mistakes", "warnings"),
    [
        (use("a"), use("b"), 1, 0),
        (use("a", changed=False), use("b"), 1, 0),
        (use("a"), use("b", changed=False), 1, 0),
        (use("a", changed=False), use("b", changed=False), 0, 1),
        (use("a"), use("b", False), 0, 1),
        (use("a"), use("b", None), 0, 1),
        (use("a"), use("b", agent=AGENT.upper()), 1, 0),
        (use("a"), use("b", agent=OTHER), 0, 0),
        (use("a"), use("b", agent=None), 0, 0),
        (use("a", agent=None), use("b", agent=None), 0, 0),
    ],
)
def test_two_that_are_to_run_on_one_agent_are_a_mistake(
    one: AgentUse, other: AgentUse, mistakes: int, warnings: int
) -> None:
    uses = AgentUses()
    assert uses.declare(one) == []
    found = find_clashes(other, uses.declare(other))
    assert (len(found[0]), len(found[1])) == (mistakes, warnings)
    for text in (*found[0], *found[1]):
        assert "'a' and 'b' use the same agent" in text


def test_two_that_ran_on_one_agent_before_are_only_warned_of(one: Front) -> None:
    """The service may allow it, and a program that nobody has changed must go on working."""
    said = inputs(running=True)
    one.check(said, old=said, name="one")
    assert one.check(said, old=said, name="other").mistakes == []
    assert len(one.warnings) == 1
    assert "use the same agent" in one.warnings[0]
    (mistake,) = one.check(said, old=inputs(running=False), name="other").mistakes
    assert "both are to run" in mistake


def test_a_resource_that_is_checked_again_does_not_clash_with_itself() -> None:
    uses = AgentUses()
    uses.declare(use("a"))
    assert uses.declare(use("a")) == []


def test_two_that_swap_their_agents_do_not_clash() -> None:
    """Only what the program says now counts, not what was there before."""
    uses = AgentUses()
    assert uses.declare(use("a", agent=OTHER)) == []
    assert uses.declare(use("b", agent=AGENT)) == []


@pytest.mark.parametrize(
    ("holder", "leaves"),
    [
        (use("a", agent=OTHER), True),
        (use("a", False), True),
        (use("a"), False),
        (use("a", agent=OTHER, changed=False), True),
        (use("a", agent=None), False),
    ],
)
def test_a_busy_agent_is_waited_for_only_if_the_program_wants_it_free(holder: AgentUse, leaves: bool) -> None:
    uses = AgentUses()
    uses.declare(holder)
    assert uses.leaves([holder.urn], AGENT) is leaves
    assert uses.leaves(["urn:unknown"], AGENT) is False


def watch(*answers: AgentState) -> tuple[AgentWatch, list[AgentState]]:
    asked: list[AgentState] = []

    def ask(left: Iterator[AgentState]) -> AgentState:
        asked.append(next(left))
        return asked[-1]

    left = iter(answers)
    return AgentWatch(lambda: ask(left), grace=60), asked


def test_an_agent_is_asked_about_at_the_first_status_without_information_and_from_time_to_time() -> None:
    agent, asked = watch(AWAY, AWAY)
    for second in range(int(AGENT_INTERVAL) + 1):
        agent.see("UNKNOWN", float(second))
        assert len(asked) == (1 if second < AGENT_INTERVAL else 2)


def test_an_agent_is_not_asked_about_while_the_status_is_known() -> None:
    agent, asked = watch()
    agent.see("STARTING", 0)
    assert asked == []
    assert not agent.is_lost(1000)


def test_a_wait_ends_when_the_agent_has_been_away_for_the_grace() -> None:
    agent, _ = watch(AWAY, AWAY, AWAY)
    agent.see("UNKNOWN", 10)
    assert not agent.is_lost(69)
    assert agent.is_lost(70)


@pytest.mark.parametrize(("status", "answers"), [("STARTING", (AWAY,)), ("UNKNOWN", (AWAY, HERE))])
def test_a_wait_goes_on_when_the_agent_comes_back(status: str, answers: tuple[AgentState, ...]) -> None:
    agent, _ = watch(*answers)
    agent.see("UNKNOWN", 10)
    agent.see(status, 40)
    assert not agent.is_away
    assert not agent.is_lost(1000)
