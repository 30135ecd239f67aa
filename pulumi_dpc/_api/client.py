"""The vendor's REST API for streaming pipelines: one method for each endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote

from pulumi_dpc.errors import ConfigurationError

from .clock import Clock
from .paging import PAGE_SIZE, Reading, is_page
from .retrying import Say, silence
from .settings import Settings
from .transport import Transport

Json = dict[str, Any]

PIPELINE_ID = "streamingPipelineId"


class DpcClient:
    """Call the API; safe to share between threads, which then share one token, its connections and its pace.

    Bodies are mappings in the API's own spelling. Errors and repetition: see `Transport.request`.

    Args:
        settings: Where, and as whom; by default from the environment.
        clock: Time, and the sleep that a Ctrl-C ends.
        say: Shows a passing line while a request is being repeated; by default nothing is shown.

    Attributes:
        settings: The settings in use.
        clock: The clock in use.

    Raises:
        ConfigurationError: The environment does not say where, or as whom.
    """

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, say: Say = silence
    ) -> None:
        self.settings = settings or Settings.resolve()
        self.clock = clock or Clock(self.settings.time_scale)
        self._transport = Transport(self.settings, self.clock, say)

    def __enter__(self) -> DpcClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def list_projects(self) -> list[Json]:
        """Return all projects that the credentials see: ``id``, ``name``, ``description``."""
        return list(self._all("/v1/projects", "id"))

    def list_environments(self, project_id: str) -> list[Json]:
        """Return a project's environments: ``name``, ``defaultAgentId``, ``defaultAgentName``."""
        return list(self._all(f"/v1/projects/{_segment(project_id)}/environments", "name"))

    def list_agents(self) -> list[Json]:
        """Return all agents; those whose ``agentType`` is ``streaming`` can run a pipeline."""
        return list(self._all("/v1/agents", "agentId"))

    def get_agent(self, agent_id: str) -> Json:
        """Return one agent; ``connected`` tells whether it is alive (``docs/api.md`` 2.2)."""
        return self._get(f"/v1/agents/{_segment(agent_id)}", _is_object)

    def list_pipelines(self, project_id: str) -> list[Json]:
        """Return the definitions of all streaming pipelines of a project."""
        return list(self._all(_pipelines(project_id), PIPELINE_ID))

    def pipelines_page(self, project_id: str, page: int) -> Json:
        """Return one page of that listing, counted from 0: ``page``, ``results``, ``size``, ``total``."""
        return self._page(_pipelines(project_id), page, PIPELINE_ID)

    def create_pipeline(self, project_id: str, definition: Mapping[str, Any]) -> Json:
        """Create a pipeline, which does not start it, and return its definition with its id.

        It is never sent twice: when the outcome is unknown the error's ``maybe_applied`` says so.
        """
        created: Json = self._transport.request(
            "POST", _pipelines(project_id), json=definition, repeat="unsent", usable=_has_id
        )
        return created

    def get_pipeline(self, project_id: str, pipeline_id: str) -> Json:
        """Return a definition."""
        return self._get(_pipeline(project_id, pipeline_id), lambda body: is_definition(body, pipeline_id))

    def update_pipeline(self, project_id: str, pipeline_id: str, definition: Mapping[str, Any]) -> Json:
        """Replace a definition, the whole of it, and return the answer (``docs/api.md`` section 2).

        The answer is the new definition, or only the pipeline's id where the service says no more.
        """
        updated: Json = self._transport.request(
            "PUT",
            _pipeline(project_id, pipeline_id),
            json=definition,
            usable=lambda body: is_definition(body, pipeline_id) or _is_id_alone(body, pipeline_id),
        )
        return updated

    def delete_pipeline(self, project_id: str, pipeline_id: str) -> None:
        """Delete a pipeline."""
        self._transport.request("DELETE", _pipeline(project_id, pipeline_id))

    def send_command(self, project_id: str, pipeline_id: str, command: Literal["START", "STOP"]) -> None:
        """Ask the agent to start or stop a pipeline: accepted is not done (``docs/api.md`` section 2).

        It is not repeated once it may have been handled: look at the status first.
        """
        path = f"{_pipeline(project_id, pipeline_id)}/commands"
        self._transport.request("POST", path, json={"command": command}, repeat="unsent")

    def get_status(self, project_id: str, pipeline_id: str) -> str:
        """Return a status word in upper case: the guide writes it in lower case, the reference does not."""
        status: str = self._get(f"{_pipeline(project_id, pipeline_id)}/status", _has_status)["status"]
        return status.strip().upper()

    def look_status(self, project_id: str, pipeline_id: str) -> str:
        """Return the status when it is this caller's turn among all that wait for a pipeline."""
        self._transport.pacer.poll_turn()
        return self.get_status(project_id, pipeline_id)

    def _get(self, path: str, usable: Callable[[Any], bool]) -> Json:
        value: Json = self._transport.request("GET", path, usable=usable)
        return value

    def _page(self, path: str, page: int, key: str) -> Json:
        params = {"page": page, "size": PAGE_SIZE}
        value: Json = self._transport.request(
            "GET", path, params=params, usable=lambda body: is_page(body, key)
        )
        return value

    def _all(self, path: str, key: str) -> Iterator[Json]:
        reading = Reading(path, key)
        while not reading.done:
            yield from reading.add(self._page(path, reading.page, key))


def is_definition(body: Any, pipeline_id: str) -> bool:
    """Tell whether a body is a whole definition of that pipeline."""
    return (
        isinstance(body, dict)
        and str(body.get(PIPELINE_ID, pipeline_id)).lower() == pipeline_id.lower()
        and all(isinstance(body.get(name), str) for name in ("name", "agentId"))
        and all(isinstance(body.get(name), dict) for name in ("streamingSource", "streamingTarget"))
    )


def _is_id_alone(body: Any, pipeline_id: str) -> bool:
    """Tell whether a body names that pipeline and says nothing of its definition."""
    return (
        _has_id(body)
        and str(body[PIPELINE_ID]).lower() == pipeline_id.lower()
        and body.keys() <= {PIPELINE_ID, "projectId"}
    )


def _is_object(body: Any) -> bool:
    return isinstance(body, dict)


def _has_id(body: Any) -> bool:
    """Tell whether a body names a pipeline: by what can stand in a path, and after the ``/`` of a resource's id."""
    id_ = body.get(PIPELINE_ID) if isinstance(body, dict) else None
    return isinstance(id_, str) and bool(id_.strip(".")) and "/" not in id_


def _has_status(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("status"), str)


def _pipelines(project_id: str) -> str:
    return f"/v1/projects/{_segment(project_id)}/streaming-pipelines"


def _pipeline(project_id: str, pipeline_id: str) -> str:
    return f"{_pipelines(project_id)}/{_segment(pipeline_id)}"


def _segment(id_: str) -> str:
    """Return an id as one part of a path, so that no id can name another thing."""
    if not id_.strip("."):
        raise ConfigurationError(f"{id_!r} is not an id")
    return quote(id_, safe="")
