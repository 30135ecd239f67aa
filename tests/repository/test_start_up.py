"""What a preview without a change loads: it runs on every pull request, in a program and in a provider process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests import PACKAGE
from tests.worlds import DEFINITION

HEAVY = ("requests", "urllib3", "pydantic", "pydantic_core", "statistics")

NOT_IN_A_PROGRAM = (
    "_definition.models",
    "_api.client",
    "_dynamic.hooks",
    "_dynamic.host.call",
    "_resources.streaming_pipeline.plan",
    "_resources.streaming_pipeline.run",
)

UNCHANGED = """
import json, sys
from pulumi_dpc._entry import load_provider
bag = json.loads(sys.argv[1])
provider = load_provider("StreamingPipeline")
assert not provider.check(bag, bag).failures
assert not provider.diff("p/s", {**bag, "running": False, "status": "NOT_RUNNING", "apiUrl": "x"}, bag).changes
print(json.dumps(sorted(sys.modules)))
"""

UNCHANGED_AGENT = """
import json, sys
from pulumi_dpc._entry import load_provider
bag = json.loads(sys.argv[1])
provider = load_provider("StreamingAgent")
assert not provider.check(bag, bag).failures
assert not provider.diff("a", {**bag, "description": "", "apiUrl": "x"}, bag).changes
print(json.dumps(sorted(sys.modules)))
"""

PROGRAM = """
import json, sys
import pulumi_dpc as dpc
print(json.dumps(sorted(sys.modules)))
"""


def loaded(code: str, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", code, *arguments]
    return set(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def test_a_provider_process_that_finds_no_change_loads_neither_http_nor_validation() -> None:
    bag = {**DEFINITION, "projectId": "p", "wait": True, "interruptSnapshot": False}
    assert not loaded(UNCHANGED, json.dumps(bag)) & set(HEAVY)


def test_a_provider_process_that_finds_no_change_of_an_agent_loads_neither() -> None:
    bag = {"name": "orders-agent", "cloudProvider": "aws", "deployment": "eks"}
    assert not loaded(UNCHANGED_AGENT, json.dumps(bag)) & set(HEAVY)


def test_a_program_loads_only_what_it_names() -> None:
    """The models come with the first of them that is used; the runner never comes into a program."""
    ours = {name for name in loaded(PROGRAM) if name.startswith("pulumi_dpc.")}
    assert not {name.removeprefix("pulumi_dpc.") for name in ours} & set(NOT_IN_A_PROGRAM)
    assert set(NOT_IN_A_PROGRAM) <= {_module(path) for path in PACKAGE.rglob("*.py")}


def _module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
