"""The vendor's REST API for streaming pipelines and their agents: one method for each endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote

from pulumi_dpc._names import AGENT_ID, NAME, PROJECT_ID
from pulumi_dpc.errors import ConfigurationError

from .clock import Clock
from .paging import PAGE_SIZE, Reading, is_page
from .retries import Notify, no_output
from .settings import Settings
from .transport import Transport

Json = dict[str, Any]

PIPELINE_ID = "streamingPipelineId"
AGENTS = "/v1/agents"
HASTY_TIMEOUT = 5.0
"""Real seconds of silence for which somebody waits who can do without an answer."""


class DpcClient:
    """The API of one account; threads that share it share its token, its connections and its pace.

    Bodies are mappings in the API's own spelling. Every method raises the errors of `Transport.request`.

    Args:
        settings: Where, and as whom; by default from the environment.
        clock: Time, and the sleep that a Ctrl-C ends.
        notify: Shows a line while a request is being retried; by default nothing is shown.

    Attributes:
        settings: The settings in use.
        clock: The clock in use.

    Raises:
        ConfigurationError: The environment does not say where, or as whom.
    """

    _once = False

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        notify: Notify = no_output,
    ) -> None:
        self.settings = settings or Settings.resolve()
        self.clock = clock or Clock(self.settings.time_scale)
        self._transport = Transport(self.settings, self.clock, notify, once=self._once)

    def __enter__(self) -> DpcClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def longest_request(self) -> float:
        """Nominal seconds in which a request that was sent is answered, or given up by us."""
        return self.settings.timeout / self.settings.time_scale

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
        return list(self._all(AGENTS, "agentId"))

    def agents_page(self, page: int) -> Json:
        """Return one page of that listing, counted from 0: ``page``, ``results``, ``size``, ``total``."""
        return self._page(AGENTS, page, "agentId")

    def get_agent(self, agent_id: str, *, once: bool = False) -> Json:
        """Return one agent; ``connected`` tells whether it is alive.

        With ``once`` a failure that may pass is raised at once, for whoever does something else meanwhile.
        """
        usable = partial(is_agent, agent_id=agent_id)
        agent: Json = self._transport.request("GET", _agent_path(agent_id), usable=usable, once=once)
        return agent

    def create_agent(self, agent: Mapping[str, Any]) -> Json:
        """Create an agent, which somebody then installs with its credentials, and return it with its id.

        It is never sent twice: when the outcome is unknown, the error's ``maybe_applied`` says so.
        """
        usable = partial(_has_id, key="agentId")
        created: Json = self._transport.request("POST", AGENTS, json=agent, repeatable=False, usable=usable)
        return created

    def update_agent(self, agent_id: str, change: Mapping[str, Any]) -> None:
        """Change some properties of an agent; accepted is not done: read it to see."""
        self._transport.request("PATCH", _agent_path(agent_id), json=change)

    def delete_agent(self, agent_id: str) -> None:
        """Delete an agent; accepted is not done: it is gone when reading it answers 404."""
        self._transport.request("DELETE", _agent_path(agent_id))

    def get_agent_credentials(self, agent_id: str) -> Json:
        """Return what an agent is installed with, ``clientId`` and ``clientSecret``: both are secrets."""
        path = f"{_agent_path(agent_id)}/credentials"
        found: Json = self._transport.request("GET", path, usable=_are_credentials)
        return found

    def list_pipelines(self, project_id: str) -> list[Json]:
        """Return the definitions of all streaming pipelines of a project."""
        return list(self._all(pipelines_path(project_id), PIPELINE_ID))

    def pipelines_page(self, project_id: str, page: int) -> Json:
        """Return one page of that listing, counted from 0: ``page``, ``results``, ``size``, ``total``."""
        return self._page(pipelines_path(project_id), page, PIPELINE_ID)

    def create_pipeline(self, project_id: str, definition: Mapping[str, Any]) -> Json:
        """Create a pipeline, which does not start it, and return its definition with its id.

        It is never sent twice: when the outcome is unknown, the error's ``maybe_applied`` says so.
        """
        created: Json = self._transport.request(
            "POST",
            pipelines_path(project_id),
            json=definition,
            repeatable=False,
            usable=partial(_has_id, key=PIPELINE_ID),
        )
        return created

    def get_pipeline(self, project_id: str, pipeline_id: str) -> Json:
        """Return a definition."""
        usable = partial(is_definition, pipeline_id=pipeline_id)
        found: Json = self._transport.request("GET", _path(project_id, pipeline_id), usable=usable)
        return found

    def get_pipeline_as_it_is(self, project_id: str, pipeline_id: str) -> Json:
        """Return what the service has of a pipeline, be it a whole definition or not."""
        found: Json = self._transport.request("GET", _path(project_id, pipeline_id), usable=_is_object)
        return found

    def update_pipeline(self, project_id: str, pipeline_id: str, definition: Mapping[str, Any]) -> Json:
        """Replace a definition, the whole of it, and return the answer.

        The answer is the new definition, or only the pipeline's id where the service says no more.
        """
        path, usable = _path(project_id, pipeline_id), partial(_answers_update, pipeline_id=pipeline_id)
        updated: Json = self._transport.request("PUT", path, json=definition, usable=usable)
        return updated

    def delete_pipeline(self, project_id: str, pipeline_id: str) -> None:
        """Delete a pipeline."""
        self._transport.request("DELETE", _path(project_id, pipeline_id))

    def send_command(self, project_id: str, pipeline_id: str, command: Literal["START", "STOP"]) -> None:
        """Ask the agent to start or stop a pipeline: accepted is not done.

        It is not sent again once it may have been carried out: poll the status first.
        """
        path = f"{_path(project_id, pipeline_id)}/commands"
        self._transport.request("POST", path, json={"command": command}, repeatable=False)

    def get_status(self, project_id: str, pipeline_id: str) -> str:
        """Return a status word in upper case: the guide writes it in lower case, the reference does not."""
        path = f"{_path(project_id, pipeline_id)}/status"
        status: str = self._transport.request("GET", path, usable=_has_status)["status"]
        return status.strip().upper()

    def poll_status(self, project_id: str, pipeline_id: str) -> str:
        """Return the status when it is this caller's turn among all that wait for a pipeline."""
        self._transport.pacer.poll_turn()
        return self.get_status(project_id, pipeline_id)

    def _page(self, path: str, page: int, key: str) -> Json:
        params, usable = {"page": page, "size": PAGE_SIZE}, partial(is_page, key=key)
        found: Json = self._transport.request("GET", path, params=params, usable=usable)
        return found

    def _all(self, path: str, key: str) -> Iterator[Json]:
        reading = Reading(path, key)
        while not reading.done:
            yield from reading.add(self._page(path, reading.page, key))


class HastyClient(DpcClient):
    """The same API, for whoever can do without an answer: each request is sent once, with little patience.

    Args:
        client: The one that has all the time it needs; nothing is shared with it, so its requests wait for none of
            these, and fail with none.
    """

    _once = True

    def __init__(self, client: DpcClient) -> None:
        timeout = min(HASTY_TIMEOUT, client.settings.timeout)
        super().__init__(replace(client.settings, timeout=timeout), clock=client.clock)


def is_definition(body: Any, pipeline_id: str) -> bool:
    """Tell whether a body is a whole definition of that pipeline."""
    return (
        isinstance(body, dict)
        and str(body.get(PIPELINE_ID, pipeline_id)).lower() == pipeline_id.lower()
        and all(isinstance(body.get(name), str) for name in (NAME, AGENT_ID))
        and all(isinstance(body.get(name), dict) for name in ("streamingSource", "streamingTarget"))
    )


def is_agent(body: Any, agent_id: str) -> bool:
    """Tell whether a body is that agent, with what the service always answers of one."""
    return (
        isinstance(body, dict)
        and str(body.get(AGENT_ID, agent_id)).lower() == agent_id.lower()
        and isinstance(body.get(NAME), str)
    )


def pipelines_path(project_id: str) -> str:
    """Return the path of a project's listing."""
    return f"/v1/projects/{_segment(project_id)}/streaming-pipelines"


def _path(project_id: str, pipeline_id: str) -> str:
    return f"{pipelines_path(project_id)}/{_segment(pipeline_id)}"


def _agent_path(agent_id: str) -> str:
    return f"{AGENTS}/{_segment(agent_id)}"


def _segment(id_: str) -> str:
    """Return an id as one part of a path, so that no id can name another thing."""
    if not id_.strip("."):
        raise ConfigurationError(f"{id_!r} is not an id")
    return quote(id_, safe="")


def _answers_update(body: Any, pipeline_id: str) -> bool:
    """Tell whether a body is the whole definition of that pipeline, or its id and nothing of its definition."""
    return is_definition(body, pipeline_id) or (
        _has_id(body, PIPELINE_ID)
        and str(body[PIPELINE_ID]).lower() == pipeline_id.lower()
        and body.keys() <= {PIPELINE_ID, PROJECT_ID}
    )


def _has_id(body: Any, key: str) -> bool:
    """Tell whether a body has an id that can stand in a path, and after the ``/`` of a resource's id."""
    id_ = body.get(key) if isinstance(body, dict) else None
    return isinstance(id_, str) and bool(id_.strip(".")) and "/" not in id_


def _are_credentials(body: Any) -> bool:
    return isinstance(body, dict) and all(
        isinstance(body.get(key), str) for key in ("clientId", "clientSecret")
    )


def _is_object(body: Any) -> bool:
    return isinstance(body, dict)


def _has_status(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("status"), str)
