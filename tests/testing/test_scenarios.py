"""Every scenario of a user's test, on the double and on the real CLI: both must give the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc.testing import StackFactory
from pulumi_dpc.testing.opening import open_api, open_stack
from tests.testing.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, dpc_stack: StackFactory, tmp_path: Path) -> None:
    assert list(SCENARIOS[name](dpc_stack, tmp_path))


@pytest.mark.cli
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_real_cli_gives_the_same(name: str, tmp_path: Path) -> None:
    """A user's tests pass on the double; their stack is deployed by the CLI."""
    assert _played(name, tmp_path / "cli", cli=True) == _played(name, tmp_path / "double", cli=False)


def _played(name: str, directory: Path, *, cli: bool) -> Any:
    """Return what a scenario gives, without what differs from run to run: ports, ids and places."""
    from contextlib import ExitStack

    directory.mkdir()
    with ExitStack() as opened, open_api() as api:

        def make(program: Any, **options: Any) -> Any:
            return opened.enter_context(open_stack(program, api=api, cli=cli, **options))

        text = repr(list(SCENARIOS[name](make, directory)))
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", text.replace(str(directory), ""))
    return re.sub(r"127\.0\.0\.1:\d+|request id \S+", "<here>", text)
