"""How the command behaves, whichever subcommand it is: streams, exit codes, help, and what it never does."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from pulumi_dpc._cli.app import cli
from pulumi_dpc.emulator import Emulator, Request
from tests import REPOSITORY
from tests.cli.command import COMMAND, NOBODY, environment, on_a_terminal, run, run_apart
from tests.cli.conftest import PIPELINES
from tests.worlds import DEFINITION

READING = [
    ("projects",),
    ("environments", "Analytics"),
    ("agents",),
    ("pipelines", "Analytics"),
    ("status", "--project", "Analytics"),
]
ESCAPE = "\x1b["


@pytest.mark.parametrize("words", READING)
def test_json_is_all_that_stands_on_the_standard_output(api: Emulator, words: tuple[str, ...]) -> None:
    done = run(api, *words, "--json")
    assert done.code == 0
    assert isinstance(done.json, list)
    assert done.json
    assert done.err == ""


@pytest.mark.parametrize("words", READING)
def test_data_stand_on_the_standard_output_and_words_on_the_standard_error(
    api: Emulator, words: tuple[str, ...]
) -> None:
    done = run(api, *words)
    heading, *rows = done.out.splitlines()
    assert heading.startswith("NAME  ")
    assert rows
    assert len(done.err.splitlines()) == 1
    assert ESCAPE not in done.out + done.err


def test_every_help_begins_with_examples_that_are_commands() -> None:
    """What is copied from there must be understood: each example asks for its help, with all its options.

    In this process, because there are many.
    """
    runner = CliRunner()
    for words in [[], *([command] for command in cli.commands)]:
        shown = runner.invoke(cli, [*words, "--help"]).output
        assert shown.startswith("Examples:\n"), words
        examples = shown.partition("\n\n")[0].splitlines()[1:]
        assert examples
        for example in examples:
            (line,) = re.findall(r"pulumi-dpc ([^|>#)<]*)", example)
            asked = runner.invoke(cli, [*line.split(), "--help"])
            assert asked.exit_code == 0, example
            assert asked.output.startswith("Examples:\n")
    assert run(None, "status", "--help").out.startswith("Examples:\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["status"], "Missing option '--project'"),
        (["status", "--project", "Analytics", "--interval", "soon"], "'soon' is not a duration: write 90s"),
        (
            ["status", "--project", "Analytics", "--watch", "--interval", "0s"],
            "--interval must be at least 1s",
        ),
        (["status", "--project", "Analytics", "--max-stopped", "1h"], "--max-stopped needs --watch"),
        (["projects", "--region", "mars"], "'mars'; the regions are eu1, us1, au1"),
        (["projects", "--api-url", "https://example.com/v1"], "must end in /dpc"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_says_what_to_write(
    api: Emulator, words: list[str], sentence: str
) -> None:
    done = run(api, *words)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


@pytest.mark.parametrize("words", READING)
def test_without_credentials_every_command_says_which_variables_to_set(
    api: Emulator, words: tuple[str, ...]
) -> None:
    done = run(api, *words, env=NOBODY)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: no credentials are given: set DPC_TOKEN, or DPC_CLIENT_ID and DPC_CLIENT_SECRET, in the environment\n"
    )


def test_without_a_region_the_option_and_the_variable_are_named(api: Emulator) -> None:
    done = run(api, "projects", env={"DPC_API_URL": ""})
    assert (done.code, done.out) == (2, "")
    assert "use --region, or set DPC_REGION" in done.err


def test_an_option_wins_over_the_environment(api: Emulator) -> None:
    env = {"DPC_API_URL": "https://nowhere.invalid/dpc"}
    assert run(api, "projects", "--api-url", api.url, env=env).code == 0


def test_refused_credentials_are_one_sentence_with_their_source(api: Emulator) -> None:
    done = run(api, "projects", env={"DPC_CLIENT_SECRET": "wrong"})
    assert (done.code, done.out) == (1, "")
    assert "the client id and secret come from the environment" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("words", [words for words in READING if "Analytics" in words])
def test_a_project_that_is_not_there_is_told_with_those_that_are(
    api: Emulator, words: tuple[str, ...]
) -> None:
    done = run(api, *(word.replace("Analytics", "analytics") for word in words))
    assert (done.code, done.out) == (1, "")
    assert done.err == "Error: no project 'analytics' in this account; there is: 'Analytics'\n"


def test_two_projects_of_one_name_are_told_apart_by_id(api: Emulator) -> None:
    other = api.add_project("Analytics")
    refused = run(api, "pipelines", "Analytics")
    assert refused.code == 1
    assert other in refused.err
    assert run(api, "pipelines", other).code == 0


def test_a_retry_is_said_on_the_standard_error(api: Emulator) -> None:
    api.fail_next(503, match="GET /v1/projects")
    done = run(api, "projects", "--json")
    assert done.code == 0
    assert done.json
    assert "trying again" in done.err


def test_ctrl_c_ends_without_a_traceback_and_says_that_nothing_was_changed(api: Emulator) -> None:
    words = [*COMMAND, "status", "--project", "Analytics", "--watch", "--interval", "1d"]
    with subprocess.Popen(
        words, env=environment(api), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for _ in range(3):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert err.strip() == "interrupted; nothing was changed"
    assert process.returncode == 130


def test_a_reader_that_has_seen_enough_is_no_error(api: Emulator) -> None:
    """``pulumi-dpc pipelines Analytics | head -0`` closes the pipe before anything is written."""
    line = f"{' '.join(COMMAND)} pipelines Analytics --json | true"
    done = subprocess.run(
        ["sh", "-c", line], env=environment(api), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""


def test_a_full_disk_is_one_sentence_and_no_mistake_of_ours() -> None:
    line = f"{' '.join(COMMAND)} schema > /dev/full"
    done = subprocess.run(
        ["sh", "-c", line], env=environment(None), capture_output=True, text=True, check=False
    )
    assert done.stderr == "Error: the standard output cannot be written: No space left on device\n"
    assert done.returncode == 1


def test_colours_are_for_terminals_and_no_color_takes_them_away(api: Emulator) -> None:
    words = ("status", "--project", "Analytics")
    assert ESCAPE in on_a_terminal(api, *words)
    plain = on_a_terminal(api, "doctor", env={"NO_COLOR": "1"})
    assert "credentials: from the environment" in plain
    assert ESCAPE not in plain


def test_no_color_takes_colours_away_and_leaves_the_rest(api: Emulator) -> None:
    shown = on_a_terminal(api, "status", "--project", "Analytics", env={"NO_COLOR": "1"})
    assert "\x1b[1mNAME" in shown
    assert not re.search(r"\x1b\[[\d;]*\b[349]\d[;m]", shown)


def test_an_error_stands_on_a_line_of_its_own_above_the_bar(api: Emulator) -> None:
    api.fail_next(403, match=f"POST /v1/projects/*/{PIPELINES[0]}/commands")
    shown = on_a_terminal(
        api, "stop", "pipeline-0", "pipeline-1", "--project", "Analytics", env={"NO_COLOR": "1"}
    )
    (before,) = re.findall(r"([^\n]*)Error: 'pipeline-0'", shown)
    assert "stopping" not in before.rpartition("\x1b[2K")[2]
    assert re.search(r"stopping .*?/2.*? \d:\d\d:\d\d", shown)
    assert "-:--:--" not in shown  # what is left is not known


def test_a_line_break_in_a_name_does_not_break_the_summary(api: Emulator) -> None:
    api.add_pipeline({**DEFINITION, "name": "two\nlines"}, status="NOT_RUNNING")
    done = run(api, "status", "--project", "Analytics")
    assert len(done.err.splitlines()) == 1
    assert "two\\nlines" in done.err


def test_wide_and_combining_characters_do_not_shift_the_columns_of_a_pipe(api: Emulator) -> None:
    ids = [api.add_project(name) for name in ("数据", "Cafe\u0301", "plain name")]
    lines = run(api, "projects").out.splitlines()
    starts = {cell_len(line.partition(id_)[0]) for line in lines for id_ in ids if id_ in line}
    assert starts == {cell_len("plain name  ")}


def test_a_status_word_is_never_broken(api: Emulator) -> None:
    shown = on_a_terminal(api, "status", "--project", "Analytics", env={"COLUMNS": "30"})
    assert "NOT_RUNNING" in shown


def test_a_name_cannot_act_on_the_terminal(api: Emulator) -> None:
    api.add_project("evil\x1b]0;owned\x07 [bold]x[/bold]")
    assert "\x1b]0;" not in on_a_terminal(api, "projects")
    shown = run(api, "projects").out
    assert "evil\\x1b]0;owned\\x07 [bold]x[/bold]" in shown


def test_an_id_is_whole_or_left_out_on_a_narrow_terminal(api: Emulator) -> None:
    """One in two lines cannot be copied."""
    words = ("status", "--project", "Analytics", "--pipeline", "pipeline-0")
    assert PIPELINES[0] in on_a_terminal(api, *words)
    narrow = on_a_terminal(api, *words, env={"COLUMNS": "80"})
    assert "STREAMING" in narrow
    assert PIPELINES[0][:8] not in narrow


def test_any_name_can_be_printed_where_the_standard_output_is_ascii(api: Emulator) -> None:
    api.add_project("Überblick 数据")
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    assert "\\xdcberblick" in run_apart(api, "projects", env=ascii_only).out
    assert "Überblick 数据" in {
        one["name"] for one in run_apart(api, "projects", "--json", env=ascii_only).json
    }
    assert "Überblick 数据" in run(api, "projects").out


def test_nothing_is_written_to_the_service(api: Emulator) -> None:
    seen: list[Request] = []
    api.on_request(seen.append)
    for words in (*READING, ("doctor",)):
        run(api, *words)
    assert {one.method for one in seen if not one.path.startswith("/oauth")} == {"GET"}


def test_without_its_libraries_it_names_the_extra() -> None:
    code = "import sys; sys.modules['click'] = None\nfrom pulumi_dpc._cli.__main__ import run; run()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: pulumi-dpc needs click, which the extra 'cli' of pulumi-dpc brings:"
        " install the package as 'pulumi-dpc[cli]'\n"
    )


def test_the_command_is_installed_by_its_name() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text()
    assert 'pulumi-dpc = "pulumi_dpc._cli.__main__:run"' in text
    assert run_apart(None, "--version").out.startswith("pulumi-dpc ")
