"""The provider killed, the CLI killed, Ctrl-C once and twice, all through a create, an edit and a delete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT
from pulumi_dpc.testing._engine.stack import Result
from tests.faults.campaign import clean_requests
from tests.faults.case import Case, Report, run_case
from tests.faults.kinds import KINDS
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage
from tests.stack.scenarios import failed, succeeded
from tests.worlds import World, edited, resource

COMMANDS = ("create and start", "edit running", "destroy running")
AT_ONCE = 2.0
"""Real seconds in which one Ctrl-C ends a command, on a machine that has time for it."""


def at_once(command: Result) -> float:
    """Return the same for this machine now, where a whole command has just taken so long."""
    return max(AT_ONCE, 2 * command.seconds)


KILLS = ("provider killed", "CLI killed", "Ctrl-C twice", "Ctrl-C once")


def at_some_requests(name: str, kind: str, directory: Path) -> Iterator[tuple[Report, float]]:
    """Run a kind at every third request, each kind beginning at another one; `make faults` runs all at all.

    Yield each report and the seconds in which one Ctrl-C should end the command.
    """
    with Stage(SCENARIOS[name], 1, directory) as stage:
        requests = clean_requests(stage)
        _, whole, _ = stage.log[-1]
        for index in range(KILLS.index(kind) % 3, requests, 3):
            yield run_case(stage, Case(name, 1, index, kind, "same")), at_once(whole)


@pytest.mark.parametrize("kind", KILLS[:3])
@pytest.mark.parametrize("name", COMMANDS)
def test_after_a_kill_the_next_command_converges(name: str, kind: str, tmp_path: Path) -> None:
    """Nobody is left who could clean up, or store anything: the next command must find out by itself."""
    reports = [report for report, _ in at_some_requests(name, kind, tmp_path)]
    assert reports
    assert [
        (str(report.case), report.wrong) for report in reports if report.wrong or not report.reached
    ] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_one_ctrl_c_ends_the_command_at_once_and_keeps_the_id(name: str, tmp_path: Path) -> None:
    """Only the runner knows that it waits; without its ear on Cancel the engine would wait with it, up to 10 minutes.

    That the id is kept is one of the campaign's invariants: no pipeline at the service that the state does not have.
    """
    reports = list(at_some_requests(name, "Ctrl-C once", tmp_path))
    assert reports
    assert [
        (str(report.case), report.wrong) for report, _ in reports if report.wrong or not report.reached
    ] == []
    assert [str(report.case) for report, limit in reports if report.seconds >= limit] == []


@pytest.mark.parametrize("command", ["create", "edit", "delete"])
@pytest.mark.world(time_scale=0.05, start_seconds=1, stop_seconds=1)
def test_a_wait_that_would_last_hears_one_ctrl_c(command: str, world: World) -> None:
    """The service takes half a minute for a start or stop here; in the campaign all waits are too short to tell."""
    if command != "create":
        succeeded(world.up(resource(running=True)), ("orders", "create"))
    else:
        world.write(resource(running=True))
    limit = at_once(world.run("preview"))
    world.api.settings.start_seconds = world.api.settings.stop_seconds = 600
    waiting = "START" if command == "create" else "STOP"
    ended: list[float] = []

    def interrupt(request: Any) -> None:
        begun = any(r.body == {"command": waiting} for r in world.api.requests)
        if begun and request.path.endswith("/status") and not ended:
            ended.append(time.monotonic())
            world.stack.cancel()

    world.api.on_request(interrupt)
    changed = edited(advancedProperties={"max.batch.size": 1})
    result = {
        "create": lambda: world.up(resource(running=True)),
        "edit": lambda: world.up(resource(definition=changed, running=True)),
        "delete": lambda: world.run("destroy"),
    }[command]()
    assert time.monotonic() - ended[0] < limit
    failed(result, "orders-pipeline (resource orders): ", "interrupted")
    assert world.pipeline.id in world.managed["id"]
    assert ("__unfinished" in world.outputs()) == (command != "delete")


def test_one_ctrl_c_ends_eight_operations_at_once(tmp_path: Path) -> None:
    """The stock host answers four calls at a time; Cancel, a fifth, would be heard last."""
    case = Case("create and start", 8, 20, "Ctrl-C once", "same")
    with Stage(SCENARIOS[case.scenario], case.count, tmp_path) as stage:
        clean_requests(stage)
        _, whole, _ = stage.log[-1]
        report = run_case(stage, case)
    assert report.wrong == []
    assert report.reached
    assert report.seconds < at_once(whole)


def test_a_kill_between_post_and_its_answer_makes_no_second_pipeline(world: World) -> None:
    """The service has made it and nobody has heard its id: the next `up` finds it, and says how to adopt it."""

    def kill(request: object) -> None:
        if getattr(request, "method", "") == "POST" and getattr(request, "path", "").endswith(
            "streaming-pipelines"
        ):
            world.stack.kill()

    world.api.on_request(kill)
    assert world.up(resource(running=True)).exit_code == -9
    made = world.pipeline.id
    assert world.states() == []

    failed(world.up(), f'import_="{GUIDE_PROJECT}/{made}"')
    assert world.pipeline.id == made

    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{made}")'
    succeeded(world.up(resource(running=True, opts=opts)), ("orders", "create"))
    succeeded(world.up(), ("orders", "update"))
    assert world.pipeline.id == made
    assert world.pipeline.status == "STREAMING"
    succeeded(world.run("preview", expect_no_changes=True))


def test_every_kill_is_in_the_campaign() -> None:
    """The table of `docs/reliability.md` counts them."""
    assert {kind.trigger for kind in KINDS.values()} == {
        None,
        "kill_provider",
        "kill",
        "cancel",
        "cancel_twice",
    }
