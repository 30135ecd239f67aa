"""The operations of an agent, called as a front calls them, in the virtual time of `tests.pipeline.direct`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from pulumi_dpc._resources.operation import Operations
from pulumi_dpc._resources.streaming_agent import operations
from pulumi_dpc.emulator import GUIDE_AGENT, Emulator
from tests.pipeline.direct import Front, VirtualClock

URN = "urn:pulumi:dev::proj::pulumi-python:dynamic/dpc:StreamingAgent::"


class AgentFront(Front):
    """One process of the provider of agents, and what it shows."""

    kind: ClassVar[Operations] = operations
    urn: ClassVar[str] = URN

    @property
    def made(self) -> list[dict[str, Any]]:
        """The agents at the service, but for that of the guide."""
        return [one for one in self.api.agents if one["agentId"] != GUIDE_AGENT]

    @property
    def agent(self) -> dict[str, Any]:
        """The only one of them."""
        (only,) = self.made
        return only

    def asked(self) -> list[str]:
        """Return what was asked of the API, tokens aside, with `{id}` for the id of an agent."""
        paths = [(one.method, one.path) for one in self.api.requests if not one.path.startswith("/oauth")]
        return [
            f"{method} {'/v1/agents/{id}' if path.startswith('/v1/agents/') else path}"
            for method, path in paths
        ]


@contextmanager
def front(**emulator: Any) -> Iterator[AgentFront]:
    """Give a front at a service of its own, with the durations of the emulator in virtual seconds."""
    clock = VirtualClock()
    with Emulator(now=clock.now, **emulator) as api:
        yield AgentFront(api, clock)


def inputs(**changes: Any) -> dict[str, Any]:
    """Return what a program says of the one agent; None leaves a property out."""
    given = {"name": "orders-agent", "cloudProvider": "aws", "deployment": "fargate", **changes}
    return {key: value for key, value in given.items() if value is not None}
