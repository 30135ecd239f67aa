"""A dynamic provider that does what a resource's properties say, to try ``pulumi_dpc._dynamic.host`` with."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from pulumi_dpc._dynamic.host import answer, cancel, workers
from pulumi_dpc._dynamic.host.call import current_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.dynamic import ConfigureRequest

_crowd = threading.Barrier(16, timeout=60)


class Sample(ResourceProvider):
    """Do ``props["do"]`` in every hook and echo the properties; ``props["with"]`` is its argument."""

    serialize_as_secret_always = False

    def configure(self, _req: ConfigureRequest) -> None:
        time.sleep(float(os.environ.get("SAMPLE_CONFIGURE_SECONDS", "0")))
        workers.raise_worker_limit(256)
        cancel.interrupted()

    @answer.boundary
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        act(news)
        return CheckResult(news, [])

    @answer.boundary
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        act(_news)
        return DiffResult(changes=False)

    @answer.boundary
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("id-1", {**props, "seen": act(props)})

    @answer.boundary
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult({**_news, "seen": act(_news)})

    @answer.boundary
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        act(_props)

    @answer.boundary
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, {**props, "seen": act(props)})


def act(props: Mapping[str, Any]) -> Any:
    """Run the action that the properties name."""
    return ACTIONS[props.get("do", "nothing")](props.get("with"))


def fail(text: str) -> None:
    raise answer.Failure(text)


def fail_partly(outputs: dict[str, Any]) -> None:
    raise answer.InitFailed("id-2", outputs, "'orders' was created but did not start: no capacity")


def escape(name: str) -> None:
    raise {"SystemExit": SystemExit, "KeyboardInterrupt": KeyboardInterrupt, "GeneratorExit": GeneratorExit}[
        name
    ]


def describe_call(_: object) -> dict[str, Any]:
    call = current_call()
    again = current_call()
    facts = {"urn": call.urn, "name": call.name, "timeout": call.timeout, "one object": call is again}
    return {**facts, "can_init_fail": answer.can_init_fail()}


def report(texts: list[str]) -> None:
    for text in texts:
        current_call().progress(text)


def wait_for_cancel(seconds: float) -> str:
    if cancel.interrupted().wait(seconds):
        raise answer.InitFailed("id-3", {"status": "STARTING"}, "interrupted while 'orders' was starting")
    return "not interrupted"


ACTIONS: dict[str, Any] = {
    "nothing": lambda _: None,
    "fail": fail,
    "break": lambda _: os.environ["MISSING"],
    "fail partly": fail_partly,
    "escape": escape,
    "describe call": describe_call,
    "report": report,
    "warn": lambda text: current_call().warn(text),
    "meet": lambda _: _crowd.wait(),
    "wait for cancel": wait_for_cancel,
}
