"""The class that users write for an agent: `StreamingAgent`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from pulumi_dpc._entry import STREAMING_AGENT
from pulumi_dpc._names import AGENT_INPUTS, AGENT_OUTPUTS, PROVIDER, STREAMING_AGENT_TYPE

from .inputs import in_lower_case, usable
from .options import Kind, as_registered, patch_transforms, warn_of
from .previewing import marked

AGENTS = Kind(STREAMING_AGENT_TYPE, "a streaming agent", AGENT_INPUTS, AGENT_OUTPUTS, deletes_first=False)
"""Whether a replacement comes first, the diff of each says."""


class StreamingAgent(Resource, module="dpc", name="StreamingAgent"):
    """One streaming agent of Matillion Data Productivity Cloud, which runs one streaming pipeline.

    This is the service's record of an agent. Somebody, or another resource of the program, installs it in your cloud
    with its credentials, which `get_agent_credentials` returns; then `connected` is True.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        cloud_provider: pulumi.Input[str],
        deployment: pulumi.Input[str],
        description: pulumi.Input[str] | None = None,
        restricted_access: pulumi.Input[bool] | None = None,
        track_name: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a streaming agent.

        Args:
            resource_name: The name in the Pulumi program.
            name: The agent's name, unique in the account: 1 to 30 letters, digits, spaces, ``-`` and ``_``.
            cloud_provider: Where it is installed: ``aws``, ``azure`` or ``gcp``, which is also called
                ``google_cloud``. A change replaces it.
            deployment: How it is installed: ``fargate`` or ``eks`` on AWS, ``aci`` or ``aks`` on Azure, ``gke`` or
                ``gce`` on Google Cloud. A change replaces it.
            description: At most 500 characters. Default: none; one that is there is removed.
            restricted_access: Whether only those who are allowed to may use it. Default: left as it is found.
            track_name: The track of its versions, such as ``current``. Default: left as it is found.
            opts: Resource options. ``import_="<agent id>"`` adopts an existing agent.
        """
        properties = {
            "name": name,
            "cloudProvider": cloud_provider,
            "deployment": deployment,
            "description": description,
            "restrictedAccess": restricted_access,
            "trackName": track_name,
        }
        _register(self, resource_name, properties, opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002 - Pulumi's name for it
        opts: pulumi.ResourceOptions | None = None,
    ) -> StreamingAgent:
        """Read an existing streaming agent without managing it; a missing one, or a batch one, is an error.

        Args:
            resource_name: The name in the Pulumi program.
            id: The agent's id.
            opts: Resource options.
        """
        agent = cls.__new__(cls)
        _register(
            agent,
            resource_name,
            {},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=in_lower_case(id))),
        )
        return agent

    @property
    def _transformations(self) -> list[pulumi.ResourceTransformation]:
        """The transformations that the SDK has collected, then ours, which must see their result."""
        return [*self._given_transformations, _finish]

    @_transformations.setter
    def _transformations(self, given: list[pulumi.ResourceTransformation]) -> None:
        self._given_transformations = given

    @property
    def name(self) -> pulumi.Output[str]:
        """The agent's name."""
        return self._output("name")

    @property
    def cloud_provider(self) -> pulumi.Output[str]:
        """The cloud that it is installed in."""
        return self._output("cloudProvider")

    @property
    def deployment(self) -> pulumi.Output[str]:
        """How it is installed."""
        return self._output("deployment")

    @property
    def description(self) -> pulumi.Output[str | None]:
        """Its description; empty where it has none."""
        return self._output("description")

    @property
    def restricted_access(self) -> pulumi.Output[bool | None]:
        """Whether only those who are allowed to may use it; None where the service does not say."""
        return self._output("restrictedAccess")

    @property
    def track_name(self) -> pulumi.Output[str | None]:
        """The track of its versions; None where the service does not say."""
        return self._output("trackName")

    @property
    def agent_id(self) -> pulumi.Output[str]:
        """The service's id of the agent, for a pipeline's ``agent_id``; known in a preview once the agent exists."""
        return self.id.apply(lambda id_: id_)

    @property
    def agent_status(self) -> pulumi.Output[str]:
        """The status when last seen, in the service's words, such as ``running``."""
        return self._output("agentStatus")

    @property
    def connected(self) -> pulumi.Output[bool]:
        """Whether it was connected when last seen."""
        return self._output("connected")

    @property
    def version_details(self) -> pulumi.Output[Mapping[str, Any] | None]:
        """Its version, by the API's names; None where the service does not say, as before it was ever connected."""
        return self._output("versionDetails")

    @property
    def api_url(self) -> pulumi.Output[str]:
        """The API it was made at."""
        return self._output("apiUrl")

    def _output(self, key: str) -> pulumi.Output[Any]:
        value: pulumi.Output[Any] = pulumi.get(self, key)
        return value


def _register(
    agent: StreamingAgent,
    resource_name: str,
    properties: Mapping[str, Any],
    opts: pulumi.ResourceOptions | None,
) -> None:
    """Register a new object with the engine, whichever way it was made."""
    # Every output needs a key, or its attribute does not exist (docs/pulumi-host.md section 16).
    bag = {**dict.fromkeys(AGENT_OUTPUTS), **properties, PROVIDER: STREAMING_AGENT}
    # All that the constructor of `Resource` would add is to pickle a provider, which stands in `_entry` instead.
    pulumi.CustomResource.__init__(agent, STREAMING_AGENT_TYPE, resource_name, bag, opts)


def _finish(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Return what is registered of an agent, after the transformations of its own, its parents and the stack."""
    if not isinstance(args.resource, StreamingAgent):
        return None  # a child of one, which inherits its transformations
    properties, options = as_registered(usable(args.name, args.props), args.opts, warn_of(args.name), AGENTS)
    return pulumi.ResourceTransformationResult(marked(properties), options)


patch_transforms(AGENTS)
