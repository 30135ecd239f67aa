"""``start`` and ``stop``: by the provider's runner, accounted for pipeline by pipeline, and a maintenance window."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from pulumi_dpc.emulator import Emulator, Request
from tests.cli.command import COMMAND, Done, environment, run
from tests.cli.conftest import AGENTS, PIPELINES
from tests.worlds import DEFINITION, fixed_id

HERE = ("--project", "Analytics")


def statuses(api: Emulator) -> dict[str, str]:
    return {one.definition["name"]: one.status for one in api.pipelines}


def writes(api: Emulator) -> list[str]:
    return [one.body["command"] for one in api.requests if one.path.endswith("/commands")]


def test_start_waits_until_it_is_seen_running(api: Emulator) -> None:
    done = run(api, "start", "pipeline-1", *HERE, "--json")
    assert done.code == 0
    (row,) = done.json
    assert (row["name"], row["before"], row["status"]) == ("pipeline-1", "NOT_RUNNING", "STREAMING")
    assert (row["running"], row["changed"], row["error"]) == (True, True, None)
    assert writes(api) == ["START"]
    assert done.err == "'pipeline-1': streaming\n"


def test_stop_waits_until_it_is_seen_stopped(api: Emulator) -> None:
    done = run(api, "stop", "pipeline-0", *HERE)
    assert done.code == 0
    assert statuses(api)["pipeline-0"] == "NOT_RUNNING"
    assert done.out.splitlines()[1].split()[:3] == ["pipeline-0", "STREAMING", "NOT_RUNNING"]


@pytest.mark.parametrize(("command", "name"), [("start", "pipeline-0"), ("stop", "pipeline-1")])
def test_what_is_so_already_gets_no_command(api: Emulator, command: str, name: str) -> None:
    assert run(api, command, name, *HERE).code == 0
    assert writes(api) == []


def test_without_waiting_the_command_is_only_sent(api: Emulator) -> None:
    (row,) = run(api, "start", "pipeline-1", *HERE, "--no-wait", "--json").json
    assert (row["status"], row["running"]) == ("STARTING", True)


def test_one_that_fails_is_told_and_the_others_go_on(api: Emulator) -> None:
    """The agent of the third is away, so its STOP is not seen to work."""
    api.fail_next(403, match=f"POST /v1/projects/*/{PIPELINES[2]}/commands", times=None)
    done = run(api, "stop", "pipeline-0", "pipeline-2", *HERE, "--json")
    assert done.code == 1
    by_name = {row["name"]: row for row in done.json}
    assert by_name["pipeline-0"]["status"] == "NOT_RUNNING"
    assert by_name["pipeline-2"]["error"]
    assert "Error: 'pipeline-2': " in done.err
    assert "Traceback" not in done.err


def test_a_failed_start_is_told(api: Emulator) -> None:
    api.start_fails()
    done = run(api, "start", "pipeline-1", *HERE)
    assert done.code == 1
    assert "It is stopped." in done.err


def test_errors_say_what_to_do_at_the_command_line_and_nothing_about_a_program(api: Emulator) -> None:
    """Neither `pulumi up` nor an argument of a resource is there."""
    rival = {**DEFINITION, "name": "rival", "agentId": AGENTS[0]}
    api.add_pipeline(rival, id=fixed_id("pipeline", 3), status="NOT_RUNNING")
    taken = run(api, "start", "rival", *HERE).err
    away = run(api, "stop", "pipeline-2", *HERE).err
    api.settings.start_seconds = 1e6
    late = run(api, "start", "pipeline-1", *HERE, "--timeout", "5s").err
    api.settings.start_seconds = 0
    assert run(api, "stop", "pipeline-1", *HERE).code == 0
    api.start_fails()
    failed = run(api, "start", "pipeline-1", *HERE).err
    assert "Stop that one with `pulumi-dpc stop`, and run this command again. " in taken
    assert "Start that agent, and run this command again. " in away
    assert "; --timeout allows a longer wait. It is starting.\n" in late
    assert "Run this command again once the cause is fixed. " in failed
    said = taken + away + late + failed
    assert not [word for word in ("pulumi up", "agent_id", "custom_timeouts", "running=") if word in said]


def test_a_snapshot_is_stopped_only_where_that_is_allowed(api: Emulator) -> None:
    """It can be days of work."""
    api.set_status(PIPELINES[0], "SNAPSHOTTING")
    refused = run(api, "stop", "pipeline-0", *HERE)
    assert refused.code == 1
    assert "a snapshot is running" in refused.err
    assert writes(api) == []
    allowed = run(api, "stop", "pipeline-0", *HERE, "--interrupt-snapshot")
    assert allowed.code == 0
    assert writes(api) == ["STOP"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("start",), "say which pipelines, in one way: by name or id, or --all, or --from FILE"),
        (
            ("stop", "pipeline-0", "--all", "--yes"),
            "say which pipelines, in one way: by name or id, or --all",
        ),
        (
            ("stop", "--all"),
            "this would stop 2 streaming pipelines: add --yes, because nobody can be asked here",
        ),
    ],
)
def test_what_is_not_clear_is_not_done(api: Emulator, words: tuple[str, ...], sentence: str) -> None:
    done = run(api, *words, *HERE)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err
    assert writes(api) == []


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"y\n", 0)])
def test_a_terminal_is_asked_before_all_are_stopped(api: Emulator, answer: bytes, code: int) -> None:
    api.delete(PIPELINES[2])  # another one is stopped, and not counted
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "stop", "--all", *HERE], env=environment(api), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while b"Go on? [y/N]" not in shown:
            shown += os.read(ours, 1024)
        os.write(ours, answer)
        try:
            while read := os.read(ours, 1024):
                shown += read
        except OSError:
            pass
        assert process.wait(60) == code
    os.close(ours)
    assert b"This will stop 1 streaming pipeline." in shown
    assert (b"\nnothing was done\r\n" in shown) == (code == 1)
    assert writes(api) == ["STOP"] * (code == 0)


@pytest.fixture
def window(api: Emulator, tmp_path: Path) -> Path:
    """Return the file of a window, in which the pipeline that ran is stopped; the one whose agent is away is gone."""
    api.delete(PIPELINES[2])
    file = tmp_path / "window.json"
    done = run(api, "stop", "--all", "--yes", "--save", str(file), *HERE)
    assert done.code == 0, done.err
    api.clear_requests()
    return file


def start_again(api: Emulator, window: Path) -> Done:
    return run(api, "start", "--from", str(window), *HERE)


def test_after_a_window_just_those_are_started_that_it_has_stopped(api: Emulator, window: Path) -> None:
    assert [one["name"] for one in json.loads(window.read_text())["stopped"]] == ["pipeline-0"]
    assert start_again(api, window).code == 0
    assert statuses(api) == {"pipeline-0": "STREAMING", "pipeline-1": "NOT_RUNNING"}
    assert writes(api) == ["START"]
    assert not window.exists()


def test_a_standby_on_an_agent_that_is_away_is_not_started_after_a_window(
    api: Emulator, tmp_path: Path
) -> None:
    """Nobody knows which of the two ran, and the agent runs one: starting both might start the wrong one."""
    standby = {**DEFINITION, "name": "standby", "agentId": AGENTS[2]}
    api.add_pipeline(standby, id=fixed_id("pipeline", 3), status="NOT_RUNNING")
    file = tmp_path / "window.json"
    done = run(api, "stop", "--all", "--yes", "--save", str(file), *HERE)
    assert sorted(writes(api)) == ["STOP"] * 3  # those two as well
    assert [one["name"] for one in json.loads(file.read_text())["stopped"]] == ["pipeline-0"]
    assert (
        f"{file}: without 'pipeline-2', 'standby': nobody knows whether they ran, because the status said nothing"
        " before the stop. Start what should run by name: pulumi-dpc start NAME --project Analytics\n"
    ) in done.err
    api.clear_requests()
    assert start_again(api, file).code == 0
    assert writes(api) == ["START"]
    assert not file.exists()


def test_a_second_stop_does_not_forget_what_the_first_has_stopped(api: Emulator, window: Path) -> None:
    before = window.read_text()
    done = run(api, "stop", "--all", "--yes", "--save", str(window), *HERE)
    assert done.code == 2
    assert "exists already, from an earlier stop" in done.err
    assert window.read_text() == before


def test_what_could_not_be_started_stays_in_the_file(api: Emulator, window: Path) -> None:
    api.start_fails()
    assert start_again(api, window).code == 1
    assert [one["name"] for one in json.loads(window.read_text())["stopped"]] == ["pipeline-0"]


def test_without_waiting_the_window_stays_until_all_were_seen_running(api: Emulator, window: Path) -> None:
    """A start that is only sent may fail, and the file is all that says what ran."""
    done = run(api, "start", "--from", str(window), *HERE, "--no-wait")
    assert done.code == 0
    assert f"{window}: 1 streaming pipeline not seen running yet, so start --from it once more\n" in done.err
    assert [one["name"] for one in json.loads(window.read_text())["stopped"]] == ["pipeline-0"]
    assert start_again(api, window).code == 0
    assert writes(api) == ["START"]
    assert not window.exists()


def test_a_pipeline_that_is_gone_after_the_window_is_said(api: Emulator, window: Path) -> None:
    api.delete(PIPELINES[0])
    done = start_again(api, window)
    assert done.code == 0
    assert f"the streaming pipeline {PIPELINES[0]} is not there any more" in done.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        ("[]", "is not a file that stop --save has written"),
        ("[" * 100_000, "is not a file that stop --save has written"),
        ('{"projectId": "p", "stopped": [{"id": "x"}]}', "is about the project p, not "),
        ('{"projectId": "p", "stopped": []}', "names no streaming pipeline"),
    ],
    ids=["none", "list", "deep", "other", "empty"],
)
def test_another_file_is_no_window(api: Emulator, tmp_path: Path, text: str | None, sentence: str) -> None:
    file = tmp_path / "window.json"
    if text is not None:
        file.write_text(text)
    done = start_again(api, file)
    assert done.code == 2
    assert sentence in done.err
    assert writes(api) == []


@pytest.mark.parametrize("name", ["no/window.json", "n" * 300, "n" * 252], ids=["folder", "long", "longer"])
def test_a_window_that_cannot_be_written_stops_nothing(api: Emulator, tmp_path: Path, name: str) -> None:
    done = run(api, "stop", "--all", "--yes", "--save", str(tmp_path / name), *HERE)
    assert done.code == 2
    assert "cannot be written" in done.err
    assert writes(api) == []


def test_rows_are_shown_also_where_the_window_cannot_be_removed_any_more(api: Emulator, window: Path) -> None:
    """They are the account of what was done; the file is only a note."""

    def spoil(request: Request) -> None:
        if request.path.endswith("/commands"):
            window.unlink()
            window.mkdir()

    api.on_request(spoil)
    done = start_again(api, window)
    assert done.code == 1
    assert done.out.splitlines()[1].split()[:3] == ["pipeline-0", "NOT_RUNNING", "STREAMING"]
    last = done.err.splitlines()[-1]
    assert last.startswith(f"Error: {window}: cannot be removed: ")
    assert last.endswith("; what was done before stays done, as the rows say")


def test_ctrl_c_accounts_for_every_pipeline_and_the_window_has_what_was_stopped(
    api: Emulator, tmp_path: Path
) -> None:
    """It comes when STOP has been sent and its effect is waited for."""
    sent, file = threading.Event(), tmp_path / "window.json"

    def see(request: Request) -> None:
        if request.path.endswith(f"{PIPELINES[0]}/status") and writes(api):
            sent.set()

    api.on_request(see)
    api.settings.stop_seconds = 1e6
    words = [*COMMAND, "stop", "pipeline-0", "--save", str(file), *HERE, "--json", "--timeout", "1d"]
    with subprocess.Popen(
        words, env=environment(api), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert sent.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    (row,) = json.loads(out)
    assert row["status"] == "STOPPING"
    assert "nothing more is sent" in err
    assert "Traceback" not in err
    assert [one["name"] for one in json.loads(file.read_text())["stopped"]] == ["pipeline-0"]


def test_a_second_ctrl_c_waits_for_no_request_and_does_not_say_that_nothing_was_changed(
    api: Emulator, tmp_path: Path
) -> None:
    """The first comes while the answer to STOP is outstanding, which may take half a minute."""
    sent, answered, file = threading.Event(), threading.Event(), tmp_path / "window.json"

    def hold(request: Request) -> None:
        if request.path.endswith("/commands"):
            sent.set()
            answered.wait(60)

    api.on_request(hold)
    words = [*COMMAND, "stop", "pipeline-0", "--save", str(file), *HERE]
    with subprocess.Popen(
        words, env=environment(api), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert sent.wait(60)
        while process.poll() is None:  # two that come at once may be one
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
        answered.set()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err == (
        "interrupted, without waiting: a command was sent to up to 1 streaming pipeline, and is carried out if it was"
        f" received. {file} stays as it is. Look with: pulumi-dpc status --project Analytics\n"
    )
    assert [one["name"] for one in json.loads(file.read_text())["stopped"]] == ["pipeline-0"]
