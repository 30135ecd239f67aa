"""Inline programs of the tests in this folder: one pipeline, and what surrounds it."""

from __future__ import annotations

from typing import Any

import pulumi

import pulumi_dpc as dpc
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT
from tests.worlds import edited

TYPE = "pulumi-python:dynamic/dpc:StreamingPipeline"


def pipeline(
    name: str = "orders",
    opts: pulumi.ResourceOptions | None = None,
    *,
    running: bool | None = True,
    **changes: Any,
) -> dpc.StreamingPipeline:
    """Declare the sample pipeline, called like its resource, with some fields of its definition changed."""
    definition = edited(**{"name": name, "agentId": GUIDE_AGENT, **changes})
    return dpc.StreamingPipeline.from_definition(
        name, definition, project_id=GUIDE_PROJECT, running=running, opts=opts
    )


class Team(pulumi.ComponentResource):
    """A component with one pipeline in it."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("acme:index:Team", name, None, opts)
        inside = pipeline(f"{name}-orders", pulumi.ResourceOptions(parent=self))
        self.register_outputs({"pipeline": inside.name})
