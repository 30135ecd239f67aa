"""``status``: what it says of each pipeline, when it ends with another exit code, and what it costs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator, Request
from tests.cli.command import on_a_terminal, run, run_apart
from tests.cli.conftest import AGENTS, PIPELINES
from tests.worlds import DEFINITION

STATUS = ("status", "--project", "Analytics")
ROWS = 3


def test_each_pipeline_is_shown_with_its_run_state_its_agent_and_the_connection(api: Emulator) -> None:
    rows = run(api, *STATUS, "--json").json
    assert rows[1] == {
        "id": f"{GUIDE_PROJECT}/{PIPELINES[1]}",
        "projectId": GUIDE_PROJECT,
        "streamingPipelineId": PIPELINES[1],
        "name": "pipeline-1",
        "status": "NOT_RUNNING",
        "running": False,
        "agentId": AGENTS[1],
        "agentName": "agent-1",
        "agentConnected": True,
    }
    assert [(row["status"], row["running"], row["agentConnected"]) for row in rows] == [
        ("STREAMING", True, True),
        ("NOT_RUNNING", False, True),
        ("UNKNOWN", None, False),
    ]


@pytest.mark.parametrize(
    ("chosen", "code"),
    [([], 3), (["pipeline-0"], 0), (["pipeline-1"], 3), (["pipeline-2"], 3), ([PIPELINES[0].upper()], 0)],
)
def test_exit_code_3_says_that_something_does_not_run(api: Emulator, chosen: list[str], code: int) -> None:
    options = [word for name in chosen for word in ("--pipeline", name)]
    assert run(api, *STATUS, *options, "--exit-code").code == code
    assert run(api, *STATUS, *options).code == 0


def test_a_pipeline_that_is_not_there_is_told_with_those_that_are(api: Emulator) -> None:
    done = run(api, *STATUS, "--pipeline", "pipeline-9")
    assert (done.code, done.out) == (1, "")
    assert "no streaming pipeline 'pipeline-9' in project 'Analytics'; there is: 'pipeline-0'" in done.err


def test_a_pipeline_that_vanishes_meanwhile_is_left_out_and_said(api: Emulator) -> None:
    api.fail_next(404, match=f"GET /v1/projects/*/{PIPELINES[1]}/status")
    done = run(api, *STATUS, "--json")
    assert done.code == 0
    assert [row["name"] for row in done.json] == ["pipeline-0", "pipeline-2"]
    assert done.err == "'pipeline-1' has been deleted meanwhile\n"


def test_without_the_right_to_see_agents_the_rest_is_shown(api: Emulator) -> None:
    api.fail_next(403, match="GET /v1/agents")
    done = run(api, *STATUS, "--json")
    assert done.code == 0
    assert {(row["agentName"], row["agentConnected"]) for row in done.json} == {(None, None)}
    assert "may not see agents" in done.err


def test_a_project_without_pipelines_is_an_empty_list(api: Emulator) -> None:
    api.add_project("Empty")
    done = run(api, "status", "--project", "Empty", "--json", "--exit-code")
    assert (done.code, done.json) == (0, [])
    assert run(api, "status", "--project", "Empty").err.startswith("0 streaming pipelines")


def test_it_asks_for_the_listings_and_one_status_each(api: Emulator) -> None:
    seen: list[Request] = []
    api.on_request(seen.append)
    run(api, *STATUS)
    asked = [one.path.rpartition("/")[2] for one in seen if not one.path.startswith("/oauth")]
    assert sorted(asked) == sorted(["projects", "streaming-pipelines", "agents", *["status"] * ROWS])


def test_watching_prints_each_change_once_and_ends_with_3_when_one_is_stopped_too_long(api: Emulator) -> None:
    """Time is the account's: an hour is as long as the emulator's time scale makes it."""
    words = [*STATUS, "--pipeline", "pipeline-1", "--watch", "--interval", "10s", "--max-stopped", "30s"]
    done = run(api, *words, "--json")
    assert done.code == 3
    (line,) = done.out.splitlines()
    row: dict[str, Any] = json.loads(line)
    assert (row["name"], row["status"]) == ("pipeline-1", "NOT_RUNNING")
    assert row["time"]
    assert done.err == "Error: not running for 30 s or longer: pipeline-1\n"
    assert "NOT_RUNNING  'pipeline-1' on agent 'agent-1'\n" in run(api, *words).out


def test_a_terminal_gets_one_table_that_stays_in_its_place(api: Emulator) -> None:
    shown = on_a_terminal(api, *STATUS, "--watch", "--interval", "10s", "--max-stopped", "30s")
    assert "AGENT CONNECTED" in shown
    assert "not running for 30 s or longer" in shown


def test_a_list_says_nothing_of_free_properties(api: Emulator) -> None:
    """Some people write a password there."""
    api.add_pipeline({**DEFINITION, "name": "free", "advancedProperties": {"password": "hunter2"}})
    for words in (("pipelines", "Analytics"), STATUS):
        assert "hunter2" not in run(api, *words, "--json").out


def test_a_failure_does_not_wait_for_the_requests_that_go_on_meanwhile(api: Emulator) -> None:
    """They would be tried again for two minutes, and their answers are of no use any more."""
    api.fail_next(503, times=1000, match=f"GET /v1/projects/*/{PIPELINES[1]}/status")
    api.fail_next(403, match=f"GET /v1/projects/*/{PIPELINES[0]}/status")
    done = run_apart(api, *STATUS, env={"DPC_TIME_SCALE": "1"})
    assert done.code == 1
    assert "403" in done.err
