"""``doctor``: what it finds, and that every line that is not ok says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc.emulator import Emulator
from tests.cli.command import NOBODY, Done, run, run_apart

FAKE = "#!/bin/sh\necho v3.999.0\n"


@pytest.fixture
def path(tmp_path: Path) -> dict[str, str]:
    """Return a PATH with a Pulumi CLI on it."""
    cli = tmp_path / "pulumi"
    cli.write_text(FAKE)
    cli.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin"}


def findings(done: Done) -> dict[str, dict[str, Any]]:
    found = {one["subject"]: one for one in done.json}
    assert all(one["fix"] for one in found.values() if one["result"] == "problem")
    assert done.err == ""
    return found


def test_a_sound_set_up_has_no_problem(api: Emulator, path: dict[str, str]) -> None:
    done = run(api, "doctor", "--json", env=path)
    found = findings(done)
    assert done.code == 0
    assert {name: one["result"] for name, one in found.items()} == {
        "Python": "ok",
        "Pulumi SDK": "ok",
        "Pulumi CLI": "ok",
        "provider host": "ok",
        "credentials": "ok",
        "address": "ok",
        "service": "ok",
        "clock": "ok",
        "role": "ok",
        "agents": "warning",
    }
    assert "v3.999.0" in found["Pulumi CLI"]["found"]
    assert "DPC_CLIENT_ID, DPC_CLIENT_SECRET" in found["credentials"]["found"]
    assert "1 of 4 streaming agents not connected: 'agent-2'" in found["agents"]["found"]


def test_the_lines_say_the_same_as_the_json(api: Emulator, path: dict[str, str]) -> None:
    done = run(api, "doctor", env=path)
    for subject in findings(run(api, "doctor", "--json", env=path)):
        assert f"  {subject}: " in done.out
    assert "warning  agents: " in done.out
    assert "         start them, or check their network" in done.out


@pytest.mark.parametrize(
    ("env", "subject", "words", "fix"),
    [
        ({"PATH": "/nowhere"}, "Pulumi CLI", "not on PATH", "install the Pulumi CLI"),
        (NOBODY, "settings", "no credentials are given: set DPC_TOKEN", "when that is right"),
        ({"DPC_CLIENT_SECRET": "wrong"}, "role", "refused the credentials", "make an API credential"),
        ({"DPC_API_URL": "http://127.0.0.1:9/dpc"}, "service", "cannot be reached", "check the address from"),
    ],
)
def test_a_problem_says_how_to_fix_it(
    api: Emulator, path: dict[str, str], env: dict[str, str], subject: str, words: str, fix: str
) -> None:
    done = run(api, "doctor", "--json", env={**path, **env})
    found = findings(done)[subject]
    assert done.code == 1
    assert found["result"] == "problem"
    assert words in found["found"]
    assert fix in found["fix"]


def test_the_source_of_the_address_is_named_in_one_way(path: dict[str, str], api: Emulator) -> None:
    found = findings(run(api, "doctor", "--json", "--api-url", "http://127.0.0.1:9/dpc", env=path))
    assert found["address"]["found"].endswith("from the option --api-url")
    assert found["service"]["fix"].startswith("check the address from the option --api-url")


def test_a_role_that_sees_no_project_is_a_problem(path: dict[str, str]) -> None:
    with Emulator(guide=False) as empty:
        found = findings(run(empty, "doctor", "--json", env=path))
    assert found["role"]["result"] == "problem"
    assert found["agents"]["result"] == "warning"


def test_a_role_that_may_not_see_projects_is_a_problem(api: Emulator, path: dict[str, str]) -> None:
    done = run(api, "doctor", "--json", env={**path, **api.powerless_account()})
    assert findings(done)["role"]["result"] == "problem"


def test_help_for_the_host_that_is_switched_off_is_a_warning(api: Emulator, path: dict[str, str]) -> None:
    done = run(api, "doctor", "--json", env={**path, "DPC_HOST_HOOKS": "off"})
    assert findings(done)["provider host"]["result"] == "warning"
    assert done.code == 0


def test_a_clock_that_is_wrong_is_told(api: Emulator, path: dict[str, str], tmp_path: Path) -> None:
    """The command's own clock is moved, as a machine's would be."""
    (tmp_path / "sitecustomize.py").write_text(
        "import time\nnow = time.time\ntime.time = lambda: now() + 3600\n"
    )
    done = run_apart(api, "doctor", "--json", env={**path, "PYTHONPATH": str(tmp_path)})
    assert "ahead of the service" in findings(done)["clock"]["found"]
