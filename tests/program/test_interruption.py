"""What is shown of a program that the language host ends with interrupts, because its deployment has failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_dpc._program.interruption import HOSTS_SCRIPT
from tests import REPOSITORY
from tests.worlds import MakeWorld, resource

INTERRUPT = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
SCRIPT = f"""
import runpy, sys
try:
    runpy.run_path(sys.argv[1])
finally:
    if sys.argv[2] == 'two':
        {INTERRUPT}
"""
"""What the host's script does: the second interrupt meets it where it waits for its threads."""
HOOK = "import sys; sys.excepthook = lambda kind, error, trace: print('mine:', kind.__name__)\n"


def shown(directory: Path, program: str, *, interrupts: str = "two", script: str = HOSTS_SCRIPT) -> str:
    """Return what a program leaves on its streams; ``two`` sends a second interrupt while it ends."""
    (directory / script).write_text(SCRIPT)
    (directory / "__main__.py").write_text(program)
    command = [sys.executable, script, "__main__.py", interrupts]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_the_two_interrupts_of_the_language_host_leave_nothing(tmp_path: Path) -> None:
    assert shown(tmp_path, f"{HOOK}import pulumi_dpc\n{INTERRUPT}") == ""


def test_nor_do_they_where_the_second_comes_last(tmp_path: Path) -> None:
    """The program's last words may be over before the host sends it."""
    late = (
        "import pulumi_dpc, signal, os\n"
        "set_handler = signal.signal\n"
        "def set_then_interrupt(number, handler):\n"
        "    old = set_handler(number, handler)\n"
        "    signal.signal = set_handler\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return old\n"
        "signal.signal = set_then_interrupt\n"
    )
    assert shown(tmp_path, f"{late}\n{INTERRUPT}", interrupts="one") == ""


@pytest.mark.parametrize(
    "program",
    ["raise KeyboardInterrupt", "raise ValueError('theirs')", f"try:\n    1 / 0\nfinally:\n    {INTERRUPT}"],
)
def test_what_a_program_raises_itself_is_shown(program: str, tmp_path: Path) -> None:
    assert "Traceback" in shown(tmp_path, f"import pulumi_dpc\n{program}")


def test_an_interrupt_that_comes_alone_is_shown(tmp_path: Path) -> None:
    """It was sent by hand: nothing else tells of it."""
    text = shown(tmp_path, f"import pulumi_dpc\n{INTERRUPT}", interrupts="one")
    assert text.rstrip().endswith("KeyboardInterrupt")


def test_what_is_not_the_hosts_goes_to_the_hook_before(tmp_path: Path) -> None:
    assert (
        shown(tmp_path, f"{HOOK}import pulumi_dpc\nraise ValueError", interrupts="one")
        == "mine: ValueError\n"
    )


def test_a_program_handles_its_interrupts_itself(tmp_path: Path) -> None:
    handling = "except KeyboardInterrupt:\n    print('cleaned up')\n    raise\n"
    assert shown(tmp_path, f"import pulumi_dpc\ntry:\n    {INTERRUPT}\n{handling}") == "cleaned up\n"


def test_an_interrupt_outside_the_language_host_is_shown(tmp_path: Path) -> None:
    """With the Automation API a program runs in its user's own process."""
    assert "Traceback" in shown(tmp_path, f"import pulumi_dpc\n{INTERRUPT}", script="theirs.py")


@pytest.mark.cli
def test_a_failed_deployment_shows_its_error_and_no_traceback(make_world: MakeWorld) -> None:
    """The two tracebacks were 48 lines around an error of two."""
    world = make_world("cli")
    world.api.fail_next(
        400, match="POST *streaming-pipelines", body={"violations": ["bucket: does not exist"]}
    )
    result = world.up(resource(), "orders.status.apply(print)\n")
    assert not result.ok
    assert "bucket: does not exist" in result.text
    assert "Traceback" not in result.text
    assert "KeyboardInterrupt" not in result.text
    report = result.text[result.text.index("Diagnostics:") :].splitlines()
    assert len([line for line in report if line.strip()]) <= 12
