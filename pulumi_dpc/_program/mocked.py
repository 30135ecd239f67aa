"""Lookups in a unit test: what the mocks of `pulumi.runtime.set_mocks` answer, in place of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from pulumi_dpc.errors import LookupFailed

GET_PROJECT = "dpc:index:getProject"
GET_ENVIRONMENT = "dpc:index:getEnvironment"
_NEEDED = {GET_PROJECT: "id", GET_ENVIRONMENT: "defaultAgentId"}
"""The tokens that `call` is asked with, and what its answer must have."""


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
    """Return an answer of the mocks, with the name that was asked for where they leave it out.

    Raises:
        LookupFailed: It lacks what the lookup is for.
    """
    needed = _NEEDED[token]
    if not isinstance(answer, Mapping) or not isinstance(answer.get(needed), str):
        raise LookupFailed(
            f"the mocks of this test do not answer {token}: let `call` return {{{needed!r}: '...'}} where args.token"
            f" is {token!r}"
        )
    return {"name": arguments.get("name") or "", **answer}


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if value is not None}
