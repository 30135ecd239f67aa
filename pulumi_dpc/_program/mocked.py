"""Lookups in a unit test: what the mocks of `pulumi.runtime.set_mocks` answer, in place of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from pulumi_dpc.errors import LookupFailed

GET_PROJECT = "dpc:index:getProject"
GET_PROJECTS = "dpc:index:getProjects"
GET_ENVIRONMENT = "dpc:index:getEnvironment"
GET_ENVIRONMENTS = "dpc:index:getEnvironments"
GET_AGENT = "dpc:index:getAgent"
GET_AGENTS = "dpc:index:getAgents"
GET_AGENT_CREDENTIALS = "dpc:index:getAgentCredentials"
GET_STREAMING_PIPELINE = "dpc:index:getStreamingPipeline"
GET_STREAMING_PIPELINES = "dpc:index:getStreamingPipelines"

_ONE = {
    GET_PROJECT: "id",
    GET_ENVIRONMENT: "defaultAgentId",
    GET_AGENT: "agentId",
    GET_AGENT_CREDENTIALS: "clientSecret",
    GET_STREAMING_PIPELINE: "streamingPipelineId",
}
"""The tokens that `call` is asked with for one thing, and what its answer must have."""
_ALL = {
    GET_PROJECTS: ("projects", "id"),
    GET_ENVIRONMENTS: ("environments", "name"),
    GET_AGENTS: ("agents", "agentId"),
    GET_STREAMING_PIPELINES: ("streamingPipelines", "streamingPipelineId"),
}
"""The tokens for all of a kind: the list that an answer must have, and what each thing in it must have."""


def has_mocks() -> bool:
    """Tell whether this program runs in a unit test, where nothing may be asked of the network."""
    return isinstance(get_monitor(), MockMonitor)


def ask_mocks(token: str, arguments: Mapping[str, Any]) -> Any:
    """Return what `call` answers to a plain lookup."""
    return pulumi.runtime.invoke(token, _given(arguments)).value


def ask_mocks_later(
    token: str, arguments: Mapping[str, pulumi.Input[Any]], opts: pulumi.InvokeOptions
) -> pulumi.Output[Any]:
    """Return what `call` answers once the arguments are known."""
    answer: pulumi.Output[Any] = pulumi.runtime.invoke_output(token, _given(arguments), opts)
    return answer


def completed(token: str, arguments: Mapping[str, Any], answer: Any) -> Mapping[str, Any]:
    """Return an answer of the mocks, with what was asked for where they leave it out.

    Raises:
        LookupFailed: It lacks what the lookup is for.
    """
    known = {"name": "", "projectId": "", **_given(arguments)}
    if token in _ALL:
        key, needed = _ALL[token]
        things = answer.get(key) if isinstance(answer, Mapping) else None
        if not isinstance(things, list) or not all(_has(thing, needed) for thing in things):
            raise _unanswered(token, f"{{{key!r}: [{{{needed!r}: '...'}}]}}")
        return {key: [{**known, **thing} for thing in things]}
    needed = _ONE[token]
    if "id" in known:
        known[needed] = str(known.pop("id")).rpartition("/")[2]
    if not isinstance(answer, Mapping) or not _has({**known, **answer} if answer else answer, needed):
        raise _unanswered(token, f"{{{needed!r}: '...'}}")
    return {**known, **answer}


def _has(thing: Any, key: str) -> bool:
    return isinstance(thing, Mapping) and isinstance(thing.get(key), str)


def _unanswered(token: str, wanted: str) -> LookupFailed:
    return LookupFailed(
        f"the mocks of this test do not answer {token}: let `call` return {wanted} where args.token is {token!r}"
    )


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if value is not None}
