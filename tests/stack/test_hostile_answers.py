"""A service that answers anything at all: one clear error each time, and never a request without end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._dynamic.hooks import StreamingPipelineProvider
from pulumi_dpc._dynamic.host.answer import Failure, InitFailed
from pulumi_dpc._resources.service import Services
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from pulumi_dpc.errors import DpcError
from tests.api.any_answers import BODIES, CALLS, ID, PIPELINE, VALUES, is_one_clear_text
from tests.worlds import DEFINITION, edited

SCALE = 1e-5
RECORDED = ("__not_stored", "__drift", "__secret_paths", "__secrets")
"""What a service may bring into the outputs that stores, or answers, something else than it was told."""


@pytest.fixture(scope="module")
def served() -> Iterator[Emulator]:
    with Emulator(time_scale=SCALE, rate_limit_per_minute=None) as one, pytest.MonkeyPatch.context() as patch:
        for name, value in one.token_env.items():
            patch.setenv(name, value)
        yield one


@pytest.fixture
def api(served: Emulator) -> Emulator:
    """Return the service with one pipeline, whatever the example before did."""
    return restored(served)


def restored(api: Emulator) -> Emulator:
    api.clear_faults()
    for pipeline in api.pipelines:
        api.delete(pipeline.id)
    api.add_pipeline(DEFINITION, id=PIPELINE)
    return api


@pytest.fixture
def client(api: Emulator) -> Iterator[DpcClient]:
    with DpcClient(Settings.resolve(environment=api.token_env), clock=Clock(SCALE)) as one:
        yield one


def examples(count: int) -> settings:
    """Return settings for that many examples (a profile with more wins), each of which restores the service."""
    count = max(count, settings().max_examples if settings().max_examples > 100 else 0)
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=count, deadline=None, suppress_health_check=checks)


@pytest.mark.parametrize("name", CALLS)
@examples(12)
@given(status=st.sampled_from([200, 204, 400, 500]), body=BODIES)
@example(status=200, body=b"")
@example(status=200, body=b"null")
@example(status=200, body=b'{"status": "\\ud800"}')
@example(status=200, body=b'{"advancedProperties": {"a": 1e999}}')
def test_any_body_is_an_answer_or_one_clear_error(
    api: Emulator, client: DpcClient, name: str, status: int, body: bytes
) -> None:
    restored(api).fail_next(status, body=body, times=None)
    try:
        value = CALLS[name](client)
    except DpcError as error:
        is_one_clear_text(str(error))
    else:
        assert status < 300
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


# ---- the same through the provider ----

ENDPOINTS = {
    "projects": "GET /v1/projects",
    "listing": "GET /v1/projects/*/streaming-pipelines",
    "agent": "GET /v1/agents/*",
    "create": "POST /v1/projects/*/streaming-pipelines",
    "definition": f"GET /v1/projects/*/{PIPELINE}",
    "put": "PUT *",
    "command": "POST *commands",
    "status": "GET *status",
    "all": "* /v1/*",
}
INPUTS = {"projectId": GUIDE_PROJECT, **DEFINITION, "running": True, "wait": True, "interruptSnapshot": False}


def outputs(api: Emulator, **changes: Any) -> dict[str, Any]:
    return {**INPUTS, "status": "NOT_RUNNING", "apiUrl": api.url, "__running": True, **changes}


HOOKS: dict[str, Callable[[StreamingPipelineProvider, Emulator], Any]] = {
    "create": lambda provider, _: provider.create({**INPUTS, "name": "another"}),
    "name taken": lambda provider, _: provider.create(INPUTS),
    "import": lambda provider, _: provider.create({**INPUTS, "__import_id": ID}),
    "check import": lambda provider, _: provider.check({}, {**INPUTS, "__import_id": ID}),
    "refresh": lambda provider, api: provider.read(ID, outputs(api)),
    "get": lambda provider, _: provider.read(ID, {}),
    "edit": lambda provider, api: provider.update(
        ID, outputs(api), {**INPUTS, **edited(streamingTarget={"type": "new"})}
    ),
    "stop": lambda provider, api: provider.update(ID, outputs(api), {**INPUTS, "running": False}),
    "delete": lambda provider, api: provider.delete(ID, outputs(api)),
}


def spoiled(value: Any, step: int, part: Any) -> Any:
    """Return the value with its part of that number, counted in the order of reading, replaced."""
    count = iter(range(10_000))

    def visit(one: Any) -> Any:
        if next(count) == step:
            return part
        if isinstance(one, dict):
            return {key: visit(item) for key, item in one.items()}
        return [visit(item) for item in one] if isinstance(one, list) else one

    return visit(value)


@pytest.mark.parametrize("hook", HOOKS)
@examples(40)
@given(
    endpoint=st.sampled_from(sorted(ENDPOINTS)),
    step=st.integers(0, 30),
    part=VALUES,
    times=st.sampled_from([1, None]),
    running=st.booleans(),
)
def test_no_answer_makes_the_provider_fail_without_a_sentence(
    api: Emulator, hook: str, endpoint: str, step: int, part: Any, times: int | None, running: bool
) -> None:
    """What it returns is what the engine can store: anything else would be lost after the pipeline was made."""
    if running:
        restored(api).start(PIPELINE)
    else:
        restored(api)
    api.rewrite_next(lambda value: spoiled(value, step, part), match=ENDPOINTS[endpoint], times=times)
    provider = StreamingPipelineProvider(Services())
    provider.configure(ConfigureRequest(Config({}, "dpc")))
    try:
        result = HOOKS[hook](provider, api)
    except InitFailed as failed:
        is_one_clear_text(str(failed))
        Struct().update({key: value for key, value in failed.properties.items() if value is not None})
    except Failure as failure:
        is_one_clear_text(str(failure))
    else:
        for bag in ("outs", "inputs"):
            stored = getattr(result, bag, None) or {}
            assert set(stored) <= {*outputs(api), "__unfinished", "__resume", "__import_id", *RECORDED}
            json.dumps(stored, allow_nan=False)
            Struct().update(stored)
