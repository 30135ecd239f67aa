"""Streaming pipelines as they are: the lookups of them that a program calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pulumi

from pulumi_dpc.errors import ConfigurationError, NotFound, OutcomeUnknown

from .account import answers
from .arguments import require_name_or_id, require_text
from .asking import Question
from .found import (
    ListedStreamingPipeline,
    LiveStreamingPipeline,
    LiveStreamingPipelineOutput,
    read_listed_pipeline,
    read_live_pipeline,
)
from .matching import required_with_id, the_one, with_id
from .mocked import GET_STREAMING_PIPELINE, GET_STREAMING_PIPELINES
from .reporting import in_program

if TYPE_CHECKING:
    from pulumi_dpc._api.settings import Settings

_ID = "streamingPipelineId"


def get_streaming_pipeline(
    project_id: str,
    *,
    name: str | None = None,
    id: str | None = None,  # noqa: A002 - Pulumi's name for it
    settings: Settings | None = None,
) -> LiveStreamingPipeline:
    """Return a streaming pipeline of a project as it is now, by its name or by its id, managed or not.

    Args:
        project_id: The project's id.
        name: The pipeline's name, exactly.
        id: The service's id of the pipeline, or a resource's, ``<project id>/<streaming pipeline id>``.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        LookupFailed: No pipeline of the project has that name or id, or more than one has the name.
        ConfigurationError: Neither a name nor an id is given, or both are, or the id is of another project.
        DpcError: Credentials are missing or wrong, the project is unknown, or the API cannot be reached.
    """
    arguments = {"projectId": project_id, "name": name, "id": id}
    return in_program(lambda: _PIPELINE.answer(arguments, settings))


def get_streaming_pipelines(
    project_id: str, *, settings: Settings | None = None
) -> list[ListedStreamingPipeline]:
    """Return the streaming pipelines of a project, in the service's order, without their run states.

    Args:
        project_id: The project's id.
        settings: Credentials and endpoint; by default from the environment, then the stack configuration.

    Raises:
        DpcError: Credentials are missing or wrong, the project is unknown, or the API cannot be reached.
    """
    return in_program(lambda: _PIPELINES.answer({"projectId": project_id}, settings))


def get_streaming_pipeline_output(
    project_id: pulumi.Input[str],
    *,
    name: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,  # noqa: A002 - Pulumi's name for it
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> LiveStreamingPipelineOutput:
    """Return a streaming pipeline as it is now, for arguments that are outputs, or through another `Provider`.

    Args:
        project_id: The project's id.
        name: The pipeline's name, exactly.
        id: The service's id of the pipeline, or a resource's, ``<project id>/<streaming pipeline id>``.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    arguments = {"projectId": project_id, "name": name, "id": id}
    return cast("LiveStreamingPipelineOutput", _PIPELINE.answer_later(arguments, opts))


def get_streaming_pipelines_output(
    project_id: pulumi.Input[str],
    *,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[list[ListedStreamingPipeline]]:
    """Return the streaming pipelines of a project, for an id that is an output, or through another `Provider`.

    Args:
        project_id: The project's id.
        opts: ``provider`` names the `Provider` whose account is asked; ``depends_on``, which `InvokeOutputOptions`
            has, delays the lookup until those resources are made.
    """
    return _PIPELINES.answer_later({"projectId": project_id}, opts)


def _check_pipeline(arguments: Mapping[str, Any]) -> None:
    function, project_id, id_ = "get_streaming_pipeline", arguments["projectId"], arguments["id"]
    require_text(function, "project_id", project_id)
    require_name_or_id(function, "pipeline", arguments["name"], id_)
    project, slash, _ = (id_ or "").rpartition("/")
    if slash and project.lower() != project_id.lower():
        raise ConfigurationError(f"{function}: id is that of a pipeline in another project than project_id")


def _find_pipeline(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    project_id = arguments["projectId"]
    found = _found(settings, project_id, arguments["name"], (arguments["id"] or "").rpartition("/")[2])
    pipeline_id = found[_ID]
    key = ("status", project_id.lower(), pipeline_id.lower())
    status = answers().get(settings, key, lambda client: client.get_status(project_id, pipeline_id))
    return {**found, "projectId": project_id, "status": status}


def _found(settings: Settings, project_id: str, name: str | None, id_: str) -> Mapping[str, Any]:
    """Return a definition with its id: of that name or, without a name, of that id."""
    where = f"in the project {project_id}"
    if name is not None:
        listed = the_one(_list(settings, project_id), name, "streaming pipeline", where, id_key=_ID)
        return _definition(settings, project_id, listed)
    known = answers().known(settings, _listing(project_id)) or []
    try:
        return _definition(settings, project_id, with_id(known, id_, _ID) or {_ID: id_})
    except NotFound:  # says nothing of what there is
        pipelines = _list(settings, project_id)
        return required_with_id(pipelines, id_, "streaming pipeline", where, id_key=_ID)


def _definition(settings: Settings, project_id: str, listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is listed, if that is a whole definition, or what a request of its own answers."""
    from pulumi_dpc._api.client import is_definition

    id_ = listed[_ID]
    if is_definition(listed, id_):
        return listed
    key = ("pipeline", project_id.lower(), id_.lower())
    found = answers().get(settings, key, lambda client: client.get_pipeline(project_id, id_))
    return {_ID: id_, **found}


def _listing(project_id: str) -> tuple[str, str]:
    return ("pipelines", project_id.lower())


def _list(settings: Settings, project_id: str) -> list[dict[str, Any]]:
    return answers().get(settings, _listing(project_id), lambda client: client.list_pipelines(project_id))


def _check_pipelines(arguments: Mapping[str, Any]) -> None:
    require_text("get_streaming_pipelines", "project_id", arguments["projectId"])


def _find_pipelines(settings: Settings, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    project_id = arguments["projectId"]
    found = [_whole(settings, project_id, listed) for listed in _list(settings, project_id)]
    return {"streamingPipelines": [{**one, "projectId": project_id} for one in found]}


def _whole(settings: Settings, project_id: str, listed: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return _definition(settings, project_id, listed)
    except (NotFound, OutcomeUnknown):
        return listed  # somebody's unfinished draft is no obstacle to reading the others


_PIPELINE = Question(GET_STREAMING_PIPELINE, _check_pipeline, _find_pipeline, read_live_pipeline)
_PIPELINES = Question(
    GET_STREAMING_PIPELINES,
    _check_pipelines,
    _find_pipelines,
    lambda found: [read_listed_pipeline(one) for one in found["streamingPipelines"]],
)
