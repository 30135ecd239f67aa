"""Which resources of the program use which agent: one agent runs one pipeline (``docs/api.md`` section 2.2)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

DECLARED_WITHIN = 2.0
"""Real seconds without a new resource after which all independent resources count as declared."""


@dataclass(frozen=True)
class AgentUse:
    """What one resource of the program says about its agent.

    Attributes:
        urn: The resource.
        agent_id: The agent; None while it is not known.
        running: Whether the program wants it to run; None if it does not say, or if that is not known yet.
        is_changed: The resource is new, or said something else about agent and running at the last ``up``.
    """

    urn: str
    agent_id: str | None
    running: bool | None
    is_changed: bool

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


class AgentUses:
    """The agents of the resources that the program has declared so far, for the life of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: dict[str, AgentUse] = {}
        self._begun: set[str] = set()
        self._declared_at = time.monotonic()

    def declare(self, use: AgentUse) -> list[AgentUse]:
        """Record what a resource says about its agent, and return the other resources that use the same one."""
        with self._lock:
            self._declared_at = time.monotonic()
            self._uses[use.urn] = use
            if use.agent_id is None:
                return []
            return [
                other
                for other in self._uses.values()
                if other.urn != use.urn and (other.agent_id or "").lower() == use.agent_id.lower()
            ]

    def begin(self, urn: str | None) -> None:
        """Record that the update of a resource has begun: from now on it is on its way off the agent that it had."""
        with self._lock:
            self._begun.add(urn or "")

    def has_begun(self, urns: Iterable[str]) -> bool:
        """Tell whether the update of one of these resources has begun."""
        with self._lock:
            return not self._begun.isdisjoint(urns)

    def leaves(self, urns: Iterable[str], agent_id: str) -> bool:
        """Tell whether the program wants one of these resources off this agent, or stopped."""
        with self._lock:
            uses = [self._uses[urn] for urn in urns if urn in self._uses]
        return any(
            use.running is False or (use.agent_id or agent_id).lower() != agent_id.lower() for use in uses
        )

    def may_declare_more(self) -> bool:
        """Tell whether the program may still be declaring resources: they come one after the other, without a pause."""
        with self._lock:
            return time.monotonic() - self._declared_at < DECLARED_WITHIN


def find_clashes(use: AgentUse, others: Iterable[AgentUse]) -> tuple[list[str], list[str]]:
    """Return (mistakes, warnings) about resources that share an agent.

    Two that are both to run are a mistake: the service refuses START of the second. If neither has changed, or one of
    them has ``running=False``, it is only a warning.
    The agent is not named: its id may be a secret.
    """
    mistakes: list[str] = []
    warnings: list[str] = []
    for other in others:
        first, second = sorted((use.name, other.name))
        shared = f"agentId: the resources {first!r} and {second!r} use the same agent"
        if use.running and other.running:
            text = (
                f"{shared}, and both are to run, but one agent runs one pipeline: give one of them another agent, or"
                " running=False"
            )
            (mistakes if use.is_changed or other.is_changed else warnings).append(text)
        else:
            warnings.append(f"{shared}: one agent runs one pipeline, so only one of them can run at a time")
    return mistakes, warnings
