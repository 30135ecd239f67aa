"""The names of the agents of an account, which a create or a rename takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._definition.agent import AGENT_TYPE, STREAMING, differences, may_be_streaming, settings_of
from pulumi_dpc._names import AGENT_ID, AGENT_INPUTS
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc._resources.ownership import Name
from pulumi_dpc._resources.service import Service
from pulumi_dpc._resources.sole_owner import owned_by_another
from pulumi_dpc._resources.taking import Created, find_named
from pulumi_dpc.errors import ConfigurationError

Body = Mapping[str, Any]


def body_of(inputs: Body) -> dict[str, Any]:
    """Return what is posted of an agent."""
    given = {key: inputs[key] for key in AGENT_INPUTS if inputs.get(key) is not None}
    return {AGENT_TYPE: STREAMING, **given}


def require_free_name(operation: Operation, agent_id: str, name: Name) -> None:
    """Raise if an edit may not take a name: two agents of one name could not be told apart any more.

    Raises:
        ConfigurationError: Another agent of the account has it.
    """
    found = find_named(operation, AgentNames(operation.service), name)
    others = [id_ for id_ in found if id_.lower() != agent_id.lower()]
    if others:
        raise ConfigurationError(
            f"the account has another agent of this name ({min(others)}), so nothing was changed: choose another name,"
            " or run `pulumi up` again if that one is being renamed too (two that swap their names need a third one in"
            " between)"
        )


@dataclass(frozen=True)
class AgentNames:
    """The agents of a service, by name; a name is one of the account's, so it has no project.

    Attributes:
        service: The service.
    """

    service: Service
    noun = "agent"
    described = "kind and settings"

    def find_named(self, name: Name, since: float | None = None) -> list[Created]:
        """Return the agents of that name in the account's listing, batch ones too."""
        return [Created(id_, live) for id_, live in self.service.agents.find_named(name[1], since=since)]

    def post(self, name: Name, body: Body) -> Created:
        """Create an agent; the listing has it then."""
        created = self.service.client.create_agent(body)
        agent_id = str(created[AGENT_ID])
        is_whole = created.get("name") == name[1] and AGENT_TYPE in created
        self.service.agents.store(agent_id, created if is_whole else body)
        return Created(agent_id, created if is_whole else None)

    def may_be(self, live: Body, body: Body) -> bool:
        """Tell whether this agent may be the one that was posted."""
        return may_be_streaming(live) and not differences(body, settings_of(live))

    def resource_id(self, _name: Name, id_: str) -> str:
        """Return the agent's id, which is the resource's too."""
        return id_

    def taken(self, name: Name, ids: Sequence[str], owner: str | None) -> ConfigurationError:
        """Return the error of a name that an agent of the account has."""
        if owner:
            return owned_by_another(ids[0], owner, "agent")
        found = {str(one[AGENT_ID]).lower(): one for one in self.service.agents.all()}
        if not may_be_streaming(found.get(ids[0].lower(), {})):
            return ConfigurationError(
                f"the account has an agent of this name already ({ids[0]}), one for batch pipelines, which this"
                f" resource cannot manage, so nothing was created: give this one another name than {name[1]!r}"
            )
        return ConfigurationError(
            f"the account has an agent of this name already ({', '.join(ids)}), so nothing was created. If this"
            " resource was renamed or moved in the program, add on this resource itself"
            ' opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="<its old name>")]). If it is an agent that Pulumi'
            f' does not manage yet, adopt it with opts=pulumi.ResourceOptions(import_="{ids[0]}"). If both may exist,'
            f" give this one another name than {name[1]!r}"
        )
