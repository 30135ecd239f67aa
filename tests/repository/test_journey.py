"""The journey of one request, as docs/architecture.md tells it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from pulumi_dpc._dynamic.hooks import StreamingPipelineProvider
from pulumi_dpc._resources.service import Services
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from tests.worlds import DEFINITION, edited

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pulumi_dpc"


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=0.01) as emulator:
        yield emulator


def calls_of(stack: traceback.StackSummary) -> list[str]:
    """Return the functions of the package on a stack, by module."""
    ours = [frame for frame in stack if Path(frame.filename).is_relative_to(PACKAGE)]
    return [f"{Path(frame.filename).relative_to(PACKAGE).with_suffix('')}.{frame.name}" for frame in ours]


def test_an_update_makes_the_calls_that_the_page_lists(
    api: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who follows the page meets each of them, and no other."""
    for name, value in api.env.items():
        monkeypatch.setenv(name, value)
    seen: dict[str, list[str]] = {}
    send = requests.Session.send

    def watched(session: requests.Session, request: Any, **options: Any) -> requests.Response:
        seen[request.method] = calls_of(traceback.extract_stack())
        return send(session, request, **options)

    monkeypatch.setattr(requests.Session, "send", watched)
    pipeline = api.add_pipeline(DEFINITION, status="STREAMING")
    recorded = {"projectId": GUIDE_PROJECT, "running": True, "status": "STREAMING", "apiUrl": api.url}
    wanted = {**edited(advancedProperties={"x": 1}), "projectId": GUIDE_PROJECT, "running": True}
    provider = StreamingPipelineProvider(Services())
    provider.update(f"{GUIDE_PROJECT}/{pipeline}", {**DEFINITION, **recorded}, wanted)

    page = (ROOT / "docs" / "architecture.md").read_text()
    listed = re.findall(r"^\| \d+ \| `([\w/.]+)` \|", page, re.MULTILINE)
    assert seen["PUT"] == listed
