"""Lookups and resources of inline programs."""

from __future__ import annotations

import pytest

from tests.program.apart import hold_apart


def test_lookups_of_inline_programs_ask_the_account_of_their_workspace() -> None:
    """Each test of `on_inline` holds a part of it."""
    hold_apart("on_inline.py", 7, "-m", "not cli")


@pytest.mark.cli
def test_inline_programs_run_with_the_real_cli() -> None:
    hold_apart("on_inline.py", 2, "-m", "cli")
