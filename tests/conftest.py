"""How many tests run at a time."""

from __future__ import annotations

import os

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return what ``-n auto`` means: a test waits for other processes as long as it computes."""
    return min(16, 2 * (os.cpu_count() or 1))
