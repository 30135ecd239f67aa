"""The class that users write: `StreamingPipeline`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import Resource

from pulumi_dpc._entry import STREAMING_PIPELINE
from pulumi_dpc._names import OUTPUTS, PROVIDER, STREAMING_PIPELINE_TYPE

from .inputs import definition_properties, in_lower_case, usable
from .options import PIPELINES, as_registered, patch_transforms, warn_of
from .previewing import marked

if TYPE_CHECKING:
    from pulumi_dpc import outputs
    from pulumi_dpc._definition.mappings import PipelineDefinitionDict
    from pulumi_dpc._definition.models import PipelineDefinition, Source, Target


class StreamingPipeline(Resource, module="dpc", name="StreamingPipeline"):
    """One streaming pipeline of Matillion Data Productivity Cloud, and whether it runs.

    Every mistake in the definition is reported by ``pulumi preview``, with its path in both spellings.
    `from_definition` takes a definition as a whole, and `get` reads a pipeline that somebody else manages.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        project_id: pulumi.Input[str],
        name: pulumi.Input[str],
        agent_id: pulumi.Input[str],
        streaming_source: pulumi.Input[Source],
        streaming_target: pulumi.Input[Target],
        advanced_properties: pulumi.Input[Mapping[str, Any]] | None = None,
        running: pulumi.Input[bool] | None = None,
        wait: pulumi.Input[bool] = True,
        interrupt_snapshot: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a streaming pipeline: its definition, and whether it should run.

        Args:
            resource_name: The name in the Pulumi program.
            project_id: The project it belongs to, a UUID; `get_project` finds it by name. A change replaces it.
            name: The pipeline's name, unique in the project.
            agent_id: The streaming agent that runs it, a UUID. One agent runs one pipeline.
            streaming_source: The database and tables to capture: a model such as `SqlServerSource`, or a mapping in
                the API's spelling.
            streaming_target: Where the changes go: a model such as `SnowflakeTarget`, or a mapping.
            advanced_properties: Free properties for the engine, such as ``{"max.batch.size": 10000}``; a number stays
                a number. Default: none are set.
            running: True: it should run; it is started after create, after an edit, and again whenever a refresh
                finds it stopped. False: it should not run. Default: the run state is left as it is found.
            wait: Wait until a START or STOP is seen to have worked; a STOP before an edit or delete is always waited
                for. Default: True.
            interrupt_snapshot: Let an edit stop a running snapshot, which is refused otherwise. Default: False.
            opts: Resource options. ``import_="<project id>/<streaming pipeline id>"`` adopts an existing pipeline.
        """
        from pulumi_dpc._definition.models import to_mapping

        properties = {
            "projectId": project_id,
            "name": name,
            "agentId": agent_id,
            "streamingSource": to_mapping(streaming_source),
            "streamingTarget": to_mapping(streaming_target),
            "advancedProperties": to_mapping(advanced_properties),
            "running": running,
            "wait": wait,
            "interruptSnapshot": interrupt_snapshot,
        }
        _register(self, resource_name, properties, opts)

    @classmethod
    def from_definition(
        cls,
        resource_name: str,
        definition: pulumi.Input[
            str | Path | PipelineDefinition | PipelineDefinitionDict | Mapping[str, Any]
        ],
        *,
        project_id: pulumi.Input[str],
        agent_id: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        running: pulumi.Input[bool] | None = None,
        wait: pulumi.Input[bool] = True,
        interrupt_snapshot: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> StreamingPipeline:
        """Manage a pipeline whose definition is a file, a mapping in the API's spelling or a `PipelineDefinition`.

        The definition is not validated here but in the preview, like any other.

        Args:
            resource_name: The name in the Pulumi program.
            definition: The path of a JSON file, JSON text, or the definition itself; the last two may be an output,
                as from a stack reference. One that is secret makes the whole definition secret.
            project_id: The project it belongs to, a UUID. A change replaces it.
            agent_id: The streaming agent that runs it, a UUID. Default: what the definition says.
            name: The pipeline's name, unique in the project. Default: what the definition says.
            running: Whether it should run. Default: the run state is left as it is found.
            wait: Wait until a START or STOP is seen to have worked. Default: True.
            interrupt_snapshot: Let an edit stop a running snapshot, which is refused otherwise. Default: False.
            opts: Resource options. ``import_="<project id>/<streaming pipeline id>"`` adopts an existing pipeline.

        Raises:
            ConfigurationError: The file is missing or is not JSON.
        """
        properties: dict[str, Any] = {
            **definition_properties(resource_name, definition),
            "projectId": project_id,
            "running": running,
            "wait": wait,
            "interruptSnapshot": interrupt_snapshot,
        }
        given = {"name": name, "agentId": agent_id}
        properties.update({key: value for key, value in given.items() if value is not None})
        pipeline = cls.__new__(cls)
        _register(pipeline, resource_name, properties, opts)
        return pipeline

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002 - Pulumi's name for it
        opts: pulumi.ResourceOptions | None = None,
    ) -> StreamingPipeline:
        """Read an existing pipeline without managing it; a missing one is an error.

        Args:
            resource_name: The name in the Pulumi program.
            id: ``<project id>/<streaming pipeline id>``.
            opts: Resource options.
        """
        pipeline = cls.__new__(cls)
        _register(
            pipeline,
            resource_name,
            {},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=in_lower_case(id))),
        )
        return pipeline

    @property
    def _transformations(self) -> list[pulumi.ResourceTransformation]:
        """The transformations that the SDK has collected, then ours, which must see their result."""
        return [*self._given_transformations, _finish]

    @_transformations.setter
    def _transformations(self, given: list[pulumi.ResourceTransformation]) -> None:
        self._given_transformations = given

    @property
    def project_id(self) -> pulumi.Output[str]:
        """The project it belongs to."""
        return self._output("projectId")

    @property
    def name(self) -> pulumi.Output[str]:
        """The pipeline's name."""
        return self._output("name")

    @property
    def agent_id(self) -> pulumi.Output[str]:
        """The agent that runs it."""
        return self._output("agentId")

    @property
    def streaming_source(self) -> pulumi.Output[outputs.Source]:
        """The source, in the API's spelling."""
        return self._object("streamingSource")

    @property
    def streaming_target(self) -> pulumi.Output[outputs.Target]:
        """The target, in the API's spelling."""
        return self._object("streamingTarget")

    @property
    def advanced_properties(self) -> pulumi.Output[Mapping[str, Any] | None]:
        """The free properties."""
        return self._object("advancedProperties")

    @property
    def running(self) -> pulumi.Output[bool | None]:
        """Whether it ran when last seen; never what is wanted. In the preview of a new one: as the program says."""
        return self._output("running")

    @property
    def wait(self) -> pulumi.Output[bool]:
        """Whether the last START or STOP is waited for."""
        return self._output("wait")

    @property
    def interrupt_snapshot(self) -> pulumi.Output[bool]:
        """Whether an edit may stop a running snapshot."""
        return self._output("interruptSnapshot")

    @property
    def streaming_pipeline_id(self) -> pulumi.Output[str]:
        """The service's id of the pipeline, a UUID; known in a preview once the pipeline exists."""
        return self.id.apply(lambda id_: id_.rpartition("/")[2])

    @property
    def status(self) -> pulumi.Output[str]:
        """The status when last seen: STARTING, SNAPSHOTTING, STREAMING, STOPPING, NOT_RUNNING or UNKNOWN."""
        return self._output("status")

    @property
    def api_url(self) -> pulumi.Output[str]:
        """The API it was made at."""
        return self._output("apiUrl")

    def _output(self, key: str) -> pulumi.Output[Any]:
        value: pulumi.Output[Any] = pulumi.get(self, key)
        return value

    def _object(self, key: str) -> pulumi.Output[Any]:
        """Return an output with whole numbers: the engine makes a float of every number, and 5432.0 is no port."""
        from pulumi_dpc._definition.definition import respelled
        from pulumi_dpc._definition.shape import ANYTHING

        return self._output(key).apply(lambda value: respelled(value, ANYTHING), run_with_unknowns=True)


def _register(
    pipeline: StreamingPipeline,
    resource_name: str,
    properties: Mapping[str, Any],
    opts: pulumi.ResourceOptions | None,
) -> None:
    """Register a new object with the engine, whichever way it was made."""
    # Every output needs a key, or its attribute does not exist (docs/pulumi-host.md section 16).
    bag = {**dict.fromkeys(OUTPUTS), **properties, PROVIDER: STREAMING_PIPELINE}
    # All that the constructor of `Resource` would add is to pickle a provider, which stands in `_entry` instead.
    pulumi.CustomResource.__init__(pipeline, STREAMING_PIPELINE_TYPE, resource_name, bag, opts)


def _finish(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Return what is registered of a pipeline, after the transformations of its own, its parents and the stack."""
    if not isinstance(args.resource, StreamingPipeline):
        return None  # a child of one, which inherits its transformations
    properties, options = as_registered(usable(args.name, args.props), args.opts, warn_of(args.name))
    return pulumi.ResourceTransformationResult(marked(properties), options)


patch_transforms(PIPELINES)
