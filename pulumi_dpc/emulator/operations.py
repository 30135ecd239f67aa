"""What each operation of the API does with the store, by the id that the OpenAPI document gives it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .settings import Settings
from .storage_rules import write_answer
from .store import Store
from .wire import Answer


@dataclass(frozen=True)
class Work:
    """What an operation needs: where, which settings, the values of the path and query, the body.

    Attributes:
        sent: The body as it was sent.
        body: The body in the document's spelling.
    """

    store: Store
    settings: Settings
    values: Mapping[str, Any]
    sent: Any
    body: Any

    @property
    def pipeline(self) -> tuple[str, str]:
        """Return the ids of the pipeline: its project's and its own."""
        return self.values["projectId"], self.values["streamingPipelineId"]


_Operation: TypeAlias = Callable[[Work], Answer]


def _page(work: Work, everything: list[Any]) -> Answer:
    page, size = work.values["page"], work.values["size"]
    results = everything[page * size : (page + 1) * size]
    return Answer(200, {"page": page, "results": results, "size": size, "total": len(everything)})


def _list_projects(work: Work) -> Answer:
    projects = work.store.directory.projects.values()
    return _page(work, [{"id": p.id, "name": p.name, "description": p.description} for p in projects])


def _create_project(work: Work) -> Answer:
    made = work.store.directory.add_project(work.body["name"], description=work.body.get("description", ""))
    return Answer(201, {"projectId": made})


def _delete_project(work: Work) -> Answer:
    work.store.delete_project(work.values["projectId"])
    return Answer(204)


def _list_environments(work: Work) -> Answer:
    return _page(work, work.store.directory.project(work.values["projectId"]).environments)


def _create_environment(work: Work) -> Answer:
    name, agent = work.body["name"], work.body.get("defaultAgentId")
    return Answer(201, work.store.directory.add_environment(work.values["projectId"], name, agent, None))


def _create_connection(work: Work) -> Answer:
    work.store.directory.project(work.values["projectId"])
    return Answer(201)


def _list_agents(work: Work) -> Answer:
    return _page(work, work.store.directory.every_agent())


def _create_agent(work: Work) -> Answer:
    wait = work.settings.agent_seconds
    after = math.inf if wait is None else wait
    return Answer(201, work.store.create_agent(work.body, connects_after=after))


def _update_agent(work: Work) -> Answer:
    work.store.change_agent(work.values["agentId"], work.body)
    return Answer(202)


def _delete_agent(work: Work) -> Answer:
    work.store.delete_agent(work.values["agentId"])
    return Answer(202)


def _get_credentials(work: Work) -> Answer:
    work.store.directory.agent(work.values["agentId"])
    return Answer(200, work.store.directory.credentials[work.values["agentId"]])


def _refresh_credentials(work: Work) -> Answer:
    return Answer(200, work.store.directory.refresh_credentials(work.values["agentId"]))


def _create_pipeline(work: Work) -> Answer:
    kept = work.store.create(work.values["projectId"], work.body)
    return Answer(201, write_answer(work.sent, kept, work.settings))


def _update_pipeline(work: Work) -> Answer:
    kept = work.store.update(*work.pipeline, work.body)
    return Answer(200, write_answer(work.sent, kept, work.settings))


def _delete_pipeline(work: Work) -> Answer:
    work.store.delete(*work.pipeline)
    return Answer(204)


def _command(work: Work) -> Answer:
    work.store.command(*work.pipeline, work.body["command"])
    return Answer(work.settings.command_status)


OPERATIONS: dict[str, _Operation] = {
    "listProjects": _list_projects,
    "createProject": _create_project,
    "deleteProject": _delete_project,
    "listEnvironments": _list_environments,
    "createEnvironment": _create_environment,
    "createDataPlatformConnection": _create_connection,
    "listAgents": _list_agents,
    "createAgent": _create_agent,
    "getAgent": lambda work: Answer(200, work.store.directory.agent(work.values["agentId"])),
    "updateAgent": _update_agent,
    "deleteAgent": _delete_agent,
    "getAgentCredentials": _get_credentials,
    "refreshAgentCredentials": _refresh_credentials,
    "listStreamingPipelines": lambda work: _page(work, work.store.definitions(work.values["projectId"])),
    "createStreamingPipeline": _create_pipeline,
    "getStreamingPipeline": lambda work: Answer(200, work.store.get(*work.pipeline)),
    "updateStreamingPipeline": _update_pipeline,
    "deleteStreamingPipeline": _delete_pipeline,
    "commandStreamingPipeline": _command,
    "getStreamingPipelineStatus": lambda work: Answer(200, {"status": work.store.status(*work.pipeline)}),
}
