"""Operations called as a front calls them, without an engine, against an emulator that lives in the same virtual time.

Nothing sleeps: what the client would sleep passes at once for both, so no test depends on the machine's load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from typing_extensions import Self

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._resources.operation import (
    Checked,
    Difference,
    Done,
    Gone,
    Operation,
    Operations,
    Partial,
    Process,
)
from pulumi_dpc._resources.service import Service
from pulumi_dpc._resources.streaming_pipeline import operations
from pulumi_dpc._resources.streaming_pipeline.remote import RemotePipeline
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator, Pipeline
from pulumi_dpc.errors import Interrupted
from tests.worlds import DEFINITION

URN = "urn:pulumi:dev::proj::pulumi-python:dynamic/dpc:StreamingPipeline::"


class VirtualClock(Clock):
    """Time that passes when somebody sleeps, and a little whenever somebody asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def now(self) -> float:
        self.seconds += 1e-6
        return self.seconds

    def sleep(self, seconds: float) -> None:
        if self.interrupted:
            raise Interrupted("interrupted")
        self.seconds += max(1e-3, seconds)  # a real sleep takes its time too, however short


class Front:
    """One process of the provider, and what it shows.

    Attributes:
        api: The service.
        clock: The time of both.
        process: What the operations of this process share.
        warnings: Those shown so far.
        lines: The passing lines shown so far.
        told: The sentences that stay, shown so far.
    """

    kind: ClassVar[Operations] = operations
    urn: ClassVar[str] = URN

    def __init__(self, api: Emulator, clock: VirtualClock) -> None:
        self.api, self.clock = api, clock
        client = DpcClient(Settings.resolve(environment=api.env), clock=clock)
        self._service = Service.of(client)
        self.process = Process(lambda: self._service)
        self.warnings: list[str] = []
        self.lines: list[str] = []
        self.told: list[str] = []

    def operation(
        self, name: str = "orders", *, timeout: float = 0.0, ignored: tuple[str, ...] = ()
    ) -> Operation:
        return Operation(
            self.process,
            self.urn + name,
            timeout,
            ignored,
            self.warnings.append,
            self.lines.append,
            self.told.append,
        )

    def preview(
        self, inputs: Mapping[str, Any], old: Mapping[str, Any] | None = None, name: str = "orders"
    ) -> list[str]:
        """Check as a preview does, without the requests of before; return the mistakes."""
        self.api.clear_requests()
        operation = replace(self.operation(name), is_preview=True)
        return self.kind.check(operation, old or {}, inputs).mistakes

    def check(
        self, inputs: Mapping[str, Any], old: Mapping[str, Any] | None = None, name: str = "orders"
    ) -> Checked:
        return self.kind.check(self.operation(name), old or {}, inputs)

    def diff(self, made: Done | Partial, inputs: Mapping[str, Any], name: str = "orders") -> Difference:
        return self.kind.diff(self.operation(name), made.id, made.outputs, inputs)

    def create(self, inputs: Mapping[str, Any], name: str = "orders", **options: Any) -> Done | Partial:
        return self.kind.create(self.operation(name, **options), dict(inputs))

    def update(
        self, made: Done | Partial, inputs: Mapping[str, Any], name: str = "orders", **options: Any
    ) -> Done | Partial:
        """Bring the pipeline to these inputs, without the requests of before."""
        self.api.clear_requests()
        return self.kind.update(self.operation(name, **options), made.id, made.outputs, dict(inputs))

    def read(self, made: Done | Partial, name: str = "orders") -> Done | Gone:
        return self.kind.read(self.operation(name), made.id, made.outputs)

    def delete(self, made: Done | Partial, name: str = "orders") -> None:
        self.api.clear_requests()
        self.kind.delete(self.operation(name), made.id, made.outputs)

    def remote(self) -> RemotePipeline:
        """The only pipeline, as a run sees it."""
        return RemotePipeline(self._service, GUIDE_PROJECT, self.pipeline.id)

    def again(self) -> Self:
        """Return another process at the same service, as the next command has it."""
        return type(self)(self.api, self.clock)

    @property
    def pipeline(self) -> Pipeline:
        """The only pipeline at the service."""
        (only,) = self.api.pipelines
        return only

    def writes(self) -> list[str]:
        """Return what was sent that changes something: a command's word, else the method."""
        return [
            request.body["command"] if request.path.endswith("/commands") else request.method
            for request in self.api.requests
            if request.method != "GET" and not request.path.startswith("/oauth")
        ]

    def statuses(self) -> int:
        """Return how often a status was asked for."""
        return sum(request.path.endswith("/status") for request in self.api.requests)


@contextmanager
def front(**emulator: Any) -> Iterator[Front]:
    """Give a front at a service of its own, with the durations of the emulator in virtual seconds."""
    clock = VirtualClock()
    with Emulator(now=clock.now, **emulator) as api:
        yield Front(api, clock)


def inputs(**changes: Any) -> dict[str, Any]:
    """Return what a program says of the one pipeline; None leaves a property out."""
    given = {"projectId": GUIDE_PROJECT, **DEFINITION, "wait": True, "interruptSnapshot": False, **changes}
    return {key: value for key, value in given.items() if value is not None}
