"""The names of the pipelines of a project, which a create or a rename takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_dpc._definition.alteration import may_be_stored_of
from pulumi_dpc._definition.definition import without_ids
from pulumi_dpc._resources.operation import Operation
from pulumi_dpc._resources.ownership import Name
from pulumi_dpc._resources.service import Service
from pulumi_dpc._resources.sole_owner import owned_by_another
from pulumi_dpc._resources.taking import Created, find_named
from pulumi_dpc.errors import ConfigurationError

from . import state
from .remote import RemotePipeline


def require_free_name(operation: Operation, pipeline: RemotePipeline, name: str) -> None:
    """Raise if an edit may not take a name: two pipelines of one name could not be told apart any more.

    Raises:
        ConfigurationError: Another pipeline of the project has it.
    """
    names = PipelineNames(pipeline.service)
    others = set(find_named(operation, names, (pipeline.project_id, name))) - {pipeline.pipeline_id}
    if others:
        raise ConfigurationError(
            f"the project {pipeline.project_id} has another pipeline of this name ({min(others)}), so nothing was"
            " changed: choose another name, or run `pulumi up` again if that one is being renamed too (two that swap"
            " their names need a third one in between)"
        )


@dataclass(frozen=True)
class PipelineNames:
    """The pipelines of a service, by project and name.

    Attributes:
        service: The service.
    """

    service: Service
    noun = "pipeline"
    described = "definition"

    def find_named(self, name: Name, since: float | None = None) -> list[Created]:
        """Return the pipelines of that name in the project's listing."""
        found = self.service.listing.find_named(*name, since=since)
        return [Created(id_, without_ids(live)) for id_, live in found]

    def post(self, name: Name, body: Mapping[str, Any]) -> Created:
        """Create a pipeline; the listing has it then."""
        project_id, _ = name
        created = self.service.client.create_pipeline(project_id, body)
        pipeline_id = str(created["streamingPipelineId"])
        stored = self.service.record_stored(project_id, pipeline_id, created)
        if stored is None:
            # Later creates find the name in the listing.
            self.service.listing.store(project_id, pipeline_id, body)
        return Created(pipeline_id, stored)

    def may_be(self, live: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
        """Tell whether this definition may be what the service stores of that one."""
        return may_be_stored_of(live, body)

    def resource_id(self, name: Name, id_: str) -> str:
        """Return ``<project id>/<streaming pipeline id>``."""
        return state.make_id(name[0], id_)

    def taken(self, name: Name, ids: Sequence[str], owner: str | None) -> ConfigurationError:
        """Return the error of a name that a pipeline of the project has."""
        return owned_by_another(ids[0], owner, "pipeline") if owner else _name_taken(*name, ids)


def _name_taken(project_id: str, name: str, ids: Sequence[str]) -> ConfigurationError:
    found = ", ".join(ids)
    return ConfigurationError(
        f"the project {project_id} has a pipeline of this name already ({found}), so nothing was created. If this"
        " resource was renamed or moved in the program, add on this resource itself, not on its component,"
        ' opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="<its old name>")]), or'
        ' aliases=["<its old URN>"] as `pulumi stack --show-urns` lists it. If it is a pipeline that Pulumi'
        f' does not manage yet, adopt it with opts=pulumi.ResourceOptions(import_="{project_id}/{ids[0]}").'
        f" If both may exist, give this one another name than {name!r}"
    )
