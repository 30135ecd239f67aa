"""Completion: which names are offered, and that bash inserts each as one word and runs nothing of it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pulumi_dpc._cli.bash_completion import Typed
from pulumi_dpc.emulator import Emulator
from tests.cli.command import NOBODY, environment, run

WORDBREAKS = " \t\n\"'><=;|&(:"
NAMES = [
    "Überseehandel & Söhne / 数据",
    "a; touch owned",
    "a$(touch owned)`touch owned`",
    'a\'b "c" \\d',
    "a!b !! a:b=c",
    "~a * {b,c} #d ^e",
    "it's a 'name'",
    'say "it!" or "leave"',
    "done!",
]


def env_of(line: str, shell: str = "bash") -> dict[str, str]:
    return {"_PULUMI_DPC_COMPLETE": f"{shell}_complete", "COMP_LINE": line, "COMP_WORDBREAKS": WORDBREAKS}


def offered(api: Emulator, line: str) -> list[str]:
    return [one.partition(",")[2] for one in run(api, env=env_of(line)).out.split("\n") if one]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("status --project ", ["Analytics"]),
        ("status --project=An", ["Analytics"]),
        ("pipelines An", ["Analytics"]),
        ("pipelines X", []),
        ("status --project Analytics --pipeline ", ["pipeline-0", "pipeline-1", "pipeline-2"]),
        ("stop --project 'Analytics' ", ["pipeline-0", "pipeline-1", "pipeline-2"]),
    ],
)
def test_names_of_the_account_are_completed(api: Emulator, line: str, names: list[str]) -> None:
    assert offered(api, f"pulumi-dpc {line}") == names
    nobody = run(api, env={**env_of(f"pulumi-dpc {line}"), **NOBODY})
    assert (nobody.code, nobody.out.strip(), nobody.err) == (0, "", "")


def test_a_name_that_would_be_an_option_or_another_line_is_not_offered(api: Emulator) -> None:
    for name in ("--yes", "two\ntouch owned", "\x1b]0;owned"):
        api.add_project(name)
    assert offered(api, "pulumi-dpc pipelines ") == ["Analytics"]


def test_whatever_is_offered_is_one_word_for_bash_and_nothing_of_it_is_run(
    api: Emulator, tmp_path: Path
) -> None:
    """Whoever may name a pipeline could otherwise put a command into the shell of an operator."""
    lines, expected = [], []
    for name in NAMES:
        for begun, stays, value in (
            ("", "", name),
            ("'", "'", name),
            ('"', '"', name),
            ("x:", "x:", f"x:{name}"),
            ("'x' ", "", name),
            ("'x'", "", f"x{name}"),
        ):
            typed = Typed.of(f"pulumi-dpc pipelines {begun}", WORDBREAKS)
            inserted = typed.insertion(value)
            closing = "" if inserted.endswith(typed.quote) else typed.quote  # as readline does it
            lines.append(f"printf '%s\\0' {stays}{inserted}{closing}\n")
            expected.append(value)
    done = subprocess.run(
        ["bash", "-c", "".join(lines)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\0")[:-1] == expected
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "words", "begun", "kept", "quote"),
    [
        ("p a b", ("p", "a"), "b", 0, ""),
        ("p a ", ("p", "a"), "", 0, ""),
        ("p --x=a:b", ("p",), "--x=a:b", 6, ""),
        (r"p a\:\ b", ("p",), "a: b", 0, ""),
        ("p 'a b'c", ("p",), "a bc", 0, ""),
        ('p x"a \\"b', ("p",), 'xa "b', 1, '"'),
        ("p --x='a b", ("p",), "--x=a b", 4, "'"),
        ("p a\\", ("p",), "a", 0, ""),
        ('p "a\\', ("p",), "a", 0, '"'),
        ("p '' ", ("p", ""), "", 0, ""),
    ],
)
def test_what_is_typed_is_read_as_bash_reads_it(
    line: str, words: tuple[str, ...], begun: str, kept: int, quote: str
) -> None:
    assert Typed.of(line, WORDBREAKS) == Typed(words, begun, kept, quote)


def test_a_tab_in_bash_inserts_a_name_that_is_one_argument(api: Emulator, tmp_path: Path) -> None:
    """In a real interactive bash: unquoted, behind a quote, and behind a word break."""
    for name in ("Über & touch owned; !x 'y'", "a:b $(touch owned)"):
        api.add_project(name)
    command = tmp_path / "bin" / "pulumi-dpc"
    command.parent.mkdir()
    command.write_text(
        f'#!/bin/sh\n[ -z "$_PULUMI_DPC_COMPLETE" ] || exec {sys.executable} -m pulumi_dpc._cli "$@"\n'
        'printf "<%s>" "$@"\n'
    )
    command.chmod(0o755)
    (tmp_path / "rc").write_text(
        f"PS1='$ '\nbind 'set bell-style none'\n{run(None, 'completion', 'bash').out}"
    )
    shown = in_bash(api, tmp_path, ["pipelines Üb\t\n", 'pipelines "Üb\t\n', "pipelines a:\t\n"])
    assert shown.count("<pipelines><Über & touch owned; !x 'y'>") == 2, shown
    assert shown.count("<pipelines><a:b $(touch owned)>") == 1, shown
    assert not (tmp_path / "owned").exists()


def in_bash(api: Emulator, folder: Path, lines: list[str]) -> str:
    """Type arguments of our command into an interactive bash, and return what is shown."""
    ours, theirs = pty.openpty()
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**environment(api, {"TERM": "dumb", "LC_ALL": "C.UTF-8"}), "PATH": path}
    with subprocess.Popen(
        ["bash", "--noprofile", "--rcfile", str(folder / "rc"), "-i"],
        cwd=folder,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        timer = threading.Timer(60, process.kill)  # a quote that stays open would wait for more
        timer.start()
        os.write(ours, "".join(f"pulumi-dpc {line}" for line in lines).encode() + b"exit\n")
        shown = b""
        try:
            while read := os.read(ours, 65536):
                shown += read
        except OSError:  # how Linux says that nobody has the other end any more
            pass
        process.wait(60)
        timer.cancel()
    os.close(ours)
    return shown.decode()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    done = run(None, "completion", shell)
    assert done.code == 0
    assert f"_PULUMI_DPC_COMPLETE={shell}_complete" in done.out
