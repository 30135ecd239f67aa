"""Lookups in a user's unit tests."""

from __future__ import annotations

from tests.program.apart import hold_apart


def test_lookups_under_mocks_need_no_credentials_and_ask_the_mocks() -> None:
    """Each test of `on_mocks` holds a part of it."""
    hold_apart("on_mocks.py", 11)
