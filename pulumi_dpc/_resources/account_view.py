"""What a preview knows of the account: each listing asked for once, and nothing more where that has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from pulumi_dpc._api.retries import Notify
from pulumi_dpc._names import NAME, PROJECT_ID
from pulumi_dpc.errors import ApiError, DpcError, NotFound

from .ownership import Name
from .service import Service

T = TypeVar("T")
Listed = Sequence[tuple[str, Mapping[str, Any]]]
"""Pipelines, each with its id."""

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE)
"""What may be the answer to one question alone; a token, the pace and a failure are everybody's."""
_SERVICE = "the service"
_AGENTS = "the list of agents"


class AccountView:
    """The account as the previews of one process see it; only `check` uses it, which the engine calls one at a time.

    What could not be asked is told once, and is not asked again: a preview is not to wait for a service that is away.

    Args:
        service: Returns the API; called when something is first asked.
        not_asked: What could not be asked, which all kinds of resources share.
    """

    def __init__(self, service: Callable[[], Service], not_asked: set[str] | None = None) -> None:
        self._service = service
        self._agents: dict[str, Mapping[str, Any]] | None = None
        self._not_asked = set() if not_asked is None else not_asked
        self._names: dict[Name, bool] = {}
        self._wanted: dict[str, Name] = {}

    def declare(self, urn: str | None, recorded: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        """Record which name a resource had at the last ``up``, whether it keeps that, and which one it is to have.

        Args:
            urn: The resource.
            recorded: The inputs of the last ``up``; empty for a new resource.
            inputs: What the program says, in its one spelling; parts may be unknown.
        """
        project_id, name = inputs.get(PROJECT_ID, ""), inputs.get(NAME)
        if NAME in recorded:
            keeps = all(recorded.get(key) == inputs.get(key) for key in (PROJECT_ID, NAME))
            self._names[_key(recorded.get(PROJECT_ID, ""), recorded[NAME])] = keeps
        if urn is not None and isinstance(project_id, str) and isinstance(name, str):
            self._wanted[urn] = _key(project_id, name)

    def others_to_have(self, urn: str | None, name: Name) -> list[str]:
        """Return the names, in the program, of the other resources that are to have this one."""
        urns = [one for one, wanted in self._wanted.items() if wanted == _key(*name) and one != urn]
        return sorted(one.rpartition("::")[2] for one in urns)

    def is_declared(self, project_id: str, name: object) -> bool:
        """Tell whether a resource of the program had that name at the last ``up``."""
        return _key(project_id, name) in self._names

    def is_given_up(self, name: Name) -> bool:
        """Tell whether a resource of the program had that name, and is to have another one."""
        return self._names.get(_key(*name)) is False

    def may_have_ours(self, project_id: str, listed: Iterable[Mapping[str, Any]]) -> bool:
        """Tell whether one that is listed may be the program's, whatever its name: it was renamed outside Pulumi.

        `check` is not told the id of its resource. While the listing has every name that the program had at the last
        ``up``, one of another name is somebody else's.
        """
        there = {_key(project_id, one.get(NAME)) for one in listed}
        ours = {name for name in self._names if name[0] == project_id.lower()}
        return not ours <= there

    @property
    def service(self) -> Service:
        """The API as a preview asks it: once, and with little patience."""
        return self._service().hasty

    def agents(self, inform: Notify) -> Mapping[str, Mapping[str, Any]] | None:
        """Return all agents by their ids in lower case; None if they cannot be asked for."""
        if self._agents is None:
            self._agents = self._ask(
                inform,
                _AGENTS,
                lambda: {str(agent["agentId"]).lower(): agent for agent in self.service.agents.all()},
            )
        return self._agents

    def pipelines(self, inform: Notify, project_id: str) -> Listed | None:
        """Return what is listed of the pipelines of a project; None if they cannot be asked for.

        Raises:
            NotFound: The service has no such project.
        """
        what = f"the list of pipelines of the project {project_id.lower()}"
        return self._ask(inform, what, lambda: self.service.listing.listed(project_id))

    def is_stopped(self, inform: Notify, project_id: str, pipeline_id: str) -> bool:
        """Tell whether a pipeline is known not to run."""
        what = f"the status of the pipeline {project_id}/{pipeline_id}"
        try:
            status = self._ask(inform, what, lambda: self.service.client.get_status(project_id, pipeline_id))
        except NotFound:
            return True  # it is gone
        return status == "NOT_RUNNING"

    def is_visible(self, inform: Notify, project_id: str) -> bool | None:
        """Tell whether the credentials see a project; None if that cannot be asked for."""
        return self._ask(inform, "the list of projects", lambda: self.service.listing.is_visible(project_id))

    def _ask(self, inform: Notify, what: str, ask: Callable[[], T]) -> T | None:
        if not self._not_asked.isdisjoint((what, _SERVICE)):
            return None
        try:
            return ask()
        except NotFound:
            self._not_asked.add(what)
            raise
        except DpcError as error:
            refused = isinstance(error, ApiError) and error.status in _REFUSED
            self._not_asked.add(what if refused else _SERVICE)
            inform(
                f"{what if refused else 'what the account has'} could not be asked for, so this preview checks"
                f" {'without it' if refused else 'the definitions alone'}: {error.shared or error}"
            )
            return None


def _key(project_id: object, name: object) -> Name:
    return str(project_id).lower(), str(name)
