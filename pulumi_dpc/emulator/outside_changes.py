"""What happens at the service behind the client's back, each in one line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .access import Access
from .lifecycle import StartFailure
from .settings import Settings
from .store import Store


class OutsideChanges:
    """What somebody else does at the service: in the vendor's web page, at an agent, or with the account."""

    settings: Settings
    store: Store
    _access: Access

    def stop(self, pipeline: str) -> None:
        """Stop a pipeline at once, as somebody in the vendor's web page would."""
        self.store.settle(pipeline, "NOT_RUNNING")

    def start(self, pipeline: str) -> None:
        """Let a pipeline stream at once."""
        self.store.settle(pipeline, "STREAMING")

    def edit(self, pipeline: str, change: Mapping[str, Any] | None = None, **fields: Any) -> None:
        """Merge a change into a definition: mappings merge, None removes."""
        self.store.edit(pipeline, {**(change or {}), **fields})

    def delete(self, pipeline: str) -> None:
        """Delete a pipeline."""
        self.store.forget(pipeline)

    def set_status(self, pipeline: str, status: str | None) -> None:
        """Answer this word as the status, until the next command or ``set_status(pipeline, None)``."""
        self.store.force_status(pipeline, status)

    def snapshot(self, pipeline: str, seconds: float | None = None) -> None:
        """Let a running pipeline take a snapshot."""
        self.store.snapshot(pipeline, self.settings.snapshot_seconds if seconds is None else seconds)

    def snapshot_on_start(self, seconds: float) -> None:
        """Let every start from now on begin with a snapshot of that length."""
        self.settings.start_snapshot_seconds = seconds

    def start_fails(
        self,
        pipeline: str | None = None,
        times: int | None = 1,
        after: str = "STARTING",
        seconds: float = 0.5,
    ) -> None:
        """Let the next starts fail, of one pipeline or of any; see ``StartFailure``."""
        found = None if pipeline is None else self.store.find(pipeline).id
        self.store.fail_starts(StartFailure(found, after, seconds), times)

    def agent_offline(self, agent_id: str, seconds: float | None = None) -> None:
        """Let an agent lose its connection, which makes the status of its pipelines UNKNOWN.

        It connects again by itself after that many nominal seconds; None: not before ``agent_online``.
        """
        self.store.directory.connect(agent_id, after=math.inf if seconds is None else seconds)

    def agent_online(self, agent_id: str) -> None:
        """Let an agent connect."""
        self.store.directory.connect(agent_id)

    def edit_agent(self, agent_id: str, **fields: Any) -> None:
        """Set fields of an agent, by the API's names."""
        self.store.directory.edit_agent(agent_id, fields)

    def remove_agent(self, agent_id: str) -> None:
        """Delete an agent."""
        self.store.directory.remove_agent(agent_id)

    def delete_project(self, project_id: str) -> None:
        """Delete a project with everything in it."""
        self.store.delete_project(project_id)

    def expire_tokens(self) -> None:
        """Make every token issued so far worthless (401)."""
        self._access.expire_tokens()
