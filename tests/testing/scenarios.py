"""What a user's test may do, written once: on the double, and on the real CLI with the same results.

Each returns what the commands gave; both engines must give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi

import pulumi_dpc as dpc
from pulumi_dpc.emulator import GUIDE_AGENT, Emulator, Fault
from pulumi_dpc.testing import Result, Secret, StackFactory
from tests.cli.command import run
from tests.testing.programs import Team, pipeline
from tests.worlds import DEFINITION

Scenario = Callable[[StackFactory, Path], Iterator[Any]]
SCENARIOS: dict[str, Scenario] = {}

FOLDER = """
import pulumi
import pulumi_dpc as dpc

config = pulumi.Config()
project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, config.require("environment"))
orders = dpc.StreamingPipeline(
    "orders",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="postgres-to-s3",
    streaming_source=dpc.PostgresSource(
        connection=dpc.PostgresConnection(
            host="db.example.com",
            port=5432,
            database="shop",
            username=config.require_secret("username"),
            password=dpc.SecretReference.aws("shop/streaming", key="password"),
        ),
        tables=[dpc.Table("public", table) for table in config.require_object("tables")],
    ),
    streaming_target=dpc.S3Target(bucket="analytics-landing"),
    running=config.get_bool("running"),
)
pulumi.export("status", orders.status)
pulumi.export("login", config.require_secret("username"))
pulumi.export("region", config.get("region"))
"""
PROJECT = """
name: shop
runtime: {name: python, options: {virtualenv: .venv}}
config: {region: eu, running: {type: boolean, default: true}}
"""


def scenario(function: Scenario) -> Scenario:
    """Register a scenario under its name."""
    SCENARIOS[function.__name__] = function
    return function


def seen(result: Result) -> Any:
    """Return what both engines must agree on."""
    steps = sorted((step.op, step.found, step.urn) for step in result.steps)
    said = sorted((found.severity, found.text) for found in result.diagnostics if found.severity != "info")
    asked = sorted({f"{request.method} {request.path.split('/')[-1][:8]}" for request in result.requests})
    changes = sorted((step.op, step.name) for step in result.changes)
    outputs = sorted((key, repr(value), getattr(value, "value", "")) for key, value in result.outputs.items())
    return (
        result.exit_code,
        steps,
        said,
        [word for word in asked if "status" in word],
        changes,
        outputs,
    )


@scenario
def folder_of_a_project(open_stack: StackFactory, tmp_path: Path) -> Iterator[Any]:
    infra = tmp_path / "infra"
    infra.mkdir()
    (infra / "Pulumi.yaml").write_text(PROJECT)
    (infra / "__main__.py").write_text(FOLDER)
    (infra / "Pulumi.prod.yaml").write_text(
        "config:\n  shop:environment: production\n  username: {secure: v1:x}\n"
    )
    config = {"username": Secret("streamer"), "tables": ["orders", "customers"]}
    stack = open_stack(infra, stack="prod", config=config)
    before = sorted(path.name for path in infra.iterdir())
    yield seen(stack.up())
    orders = stack["orders"]
    assert (orders.running, orders.status) == (True, "STREAMING")
    assert orders.streaming_source == {**orders.outputs["streamingSource"]}
    assert orders.streaming_source["connection"]["username"] == Secret("streamer")
    assert stack.outputs == {"status": "STREAMING", "login": Secret("streamer"), "region": "eu"}
    assert stack.api.pipeline("postgres-to-s3").definition["streamingTarget"]["bucket"] == "analytics-landing"
    unchanged = stack.preview()
    assert not unchanged.changes
    yield seen(unchanged)
    stack.set_config("running", value=False)
    yield seen(stack.up())
    assert stack["orders"].status == "NOT_RUNNING"
    yield seen(stack.destroy())
    assert not stack.resources
    assert sorted(path.name for path in infra.iterdir() if path.name != "__pycache__") == before


@scenario
def drift(open_stack: StackFactory, _tmp_path: Path) -> Iterator[Any]:
    def program() -> None:
        pulumi.export("status", pipeline().status)

    stack = open_stack(program)
    yield seen(stack.up())
    stack.api.stop("orders")
    yield seen(stack.refresh(preview_only=True))
    assert stack["orders"].status == "STREAMING"
    yield seen(stack.refresh())
    assert stack["orders"].status == "NOT_RUNNING"
    assert [step.name for step in stack.preview().changes] == ["orders"]
    yield seen(stack.up(refresh=True))
    assert stack["orders"].running


@scenario
def failures(open_stack: StackFactory, _tmp_path: Path) -> Iterator[Any]:
    bucket = "landing"

    def program() -> None:
        pipeline(running=False, streamingTarget={"type": "s3", "bucket": bucket})

    stack = open_stack(program)
    assert stack.up(fail=503).op("orders") == "create"
    bucket = ""
    yield seen(stack.preview(expect_failure="bucket"))
    bucket = "other"
    yield seen(stack.up(fail=Fault("status", status=422, match="PUT /v1/*"), expect_failure="422"))
    assert stack.api.pipeline("orders").definition["streamingTarget"]["bucket"] == "landing"
    yield seen(stack.up())


@scenario
def a_program_that_raises(open_stack: StackFactory, _tmp_path: Path) -> Iterator[Any]:
    """Its error is told twice: by the program itself, and as what it ended in."""

    def program() -> None:
        pipeline(running=False)
        if pulumi.Config().get_bool("politely"):
            raise pulumi.RunError("there is no landing zone")
        raise ValueError("the landing zone has no name")

    stack = open_stack(program)
    for politely in (False, True):
        stack.set_config("politely", politely)
        failed = stack.up(expect_failure="the landing zone has no name" if not politely else True)
        yield len(failed.errors), [error.splitlines()[0] for error in failed.errors]
        yield seen(failed)


@scenario
def components_aliases_and_protection(open_stack: StackFactory, _tmp_path: Path) -> Iterator[Any]:
    name, aliases, protect = "shop", [""], True

    def program() -> None:
        former = [pulumi.Alias(name=alias) for alias in aliases if alias]
        Team(name, pulumi.ResourceOptions(aliases=former, protect=protect))

    stack = open_stack(program)
    yield seen(stack.up())
    assert stack["shop"].pipeline == "shop-orders"
    assert stack["shop-orders"].parent == stack["shop"].urn
    assert stack["shop-orders"].protect
    yield seen(stack.destroy(expect_failure="it is protected"))
    name, aliases, protect = "store", ["shop"], False
    yield seen(stack.up())
    assert stack["store-orders"].name == "store-orders"
    assert len(stack.api.pipelines) == 1
    yield seen(stack.up(replace=["store-orders"]))


@scenario
def transforms(open_stack: StackFactory, _tmp_path: Path) -> Iterator[Any]:
    def prefixed(
        word: str,
    ) -> Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]:
        def change(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
            if not args.type_.endswith(":StreamingPipeline"):
                return None
            target = dict(args.props["streamingTarget"])  # type: ignore[arg-type]
            target["prefix"] = word + target.get("prefix", "")
            protected = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
            return pulumi.ResourceTransformResult({**args.props, "streamingTarget": target}, protected)

        return change

    def program() -> None:
        pulumi.runtime.register_resource_transform(prefixed("c"))
        parent = pulumi.ComponentResource(
            "acme:index:Team", "team", None, pulumi.ResourceOptions(transforms=[prefixed("b")])
        )
        own = pulumi.ResourceOptions(parent=parent, transforms=[prefixed("a")])
        pipeline(opts=own, streamingTarget={"type": "s3", "bucket": "landing", "prefix": "-"})

    stack = open_stack(program)
    yield seen(stack.up())
    assert stack["orders"].streaming_target["prefix"] == "cba-"
    assert stack["orders"].protect
    assert not stack.preview().changes


@scenario
def two_providers(open_stack: StackFactory, _tmp_path: Path) -> Iterator[Any]:
    def program() -> None:
        pipeline("europe")
        config = pulumi.Config("us")
        america = dpc.Provider(
            "america",
            client_id=config.require("clientId"),
            client_secret=config.require_secret("clientSecret"),
            api_url=config.require("apiUrl"),
            token_url=config.require("tokenUrl"),
        )
        pipeline("america-orders", pulumi.ResourceOptions(provider=america))

    with Emulator(time_scale=0.005, client_secret="canary-america") as america:
        us = america.env
        given = {
            "clientId": us["DPC_CLIENT_ID"],
            "clientSecret": Secret(us["DPC_CLIENT_SECRET"]),
            "apiUrl": us["DPC_API_URL"],
            "tokenUrl": us["DPC_TOKEN_URL"],
        }
        stack = open_stack(program, config={f"us:{key}": value for key, value in given.items()})
        first = stack.up()
        yield seen(first)
        assert [found.name for found in stack.api.pipelines] == ["europe"]
        assert [found.name for found in america.pipelines] == ["america-orders"]
        assert stack["america-orders"].provider == stack["america"].urn
        assert "canary-america" not in first.text + repr([found.inputs for found in stack.resources])
        yield seen(stack.destroy())
        assert not america.pipelines


@scenario
def what_exists_already_comes_under_pulumi(make: StackFactory, directory: Path) -> Iterator[Any]:
    """The file of `pulumi-dpc generate` is imported, and the program is what there is."""
    api, folder = make(lambda: None, project="other").api, directory / "out"
    api.add_pipeline({**DEFINITION, "agentId": GUIDE_AGENT}, status="STREAMING")
    assert run(api, "generate", "Analytics", "--out", str(folder)).code == 0
    stack = make(folder)
    yield seen(stack.import_file(folder / "import.json"))
    yield [(found.pulumi_resource_name, found.protect) for found in stack.pipelines]
    yield seen(stack.preview())
    yield seen(stack.up())
