"""The tests, in rooms like those of the package; README.md says which harness answers which question."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "pulumi_dpc"
DATA = REPOSITORY / "tests" / "data"
