"""Resources, functions and stacks of others: a test gives them, or they are refused by name."""

from __future__ import annotations

import gc
import inspect
from typing import Any

import pulumi
import pytest

from pulumi_dpc.testing import NotSupported, Secret, StackFactory
from tests.testing.programs import pipeline

BUCKET = "aws:s3/bucket:Bucket"
REGION = "aws:index/getRegion:getRegion"
NETWORK = "acme/network/prod"


class Bucket(pulumi.CustomResource):
    """A resource as the SDK of another package declares it."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, *, prefix: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        given = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version="6.0.0"), opts)
        super().__init__(BUCKET, name, {"prefix": prefix, "arn": None}, given)


def landing() -> None:
    """Declare a bucket of another package, named by a function and another stack, and a pipeline that writes to it."""
    region = pulumi.runtime.invoke(REGION, {}).value["name"]
    network = pulumi.StackReference(NETWORK)
    bucket = Bucket("landing", prefix=pulumi.Output.concat(region, "-", network.require_output("zone")))
    pipeline(running=False, streamingTarget={"type": "s3", "bucket": bucket.id, "prefix": bucket.arn})
    pulumi.export("password", network.require_output("password"))
    pulumi.export("bucket", bucket.id)


def test_what_others_make_is_given_by_the_test(dpc_stack: StackFactory) -> None:
    def bucket(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        return {"id": f"{inputs['prefix']}-{name}", "arn": f"arn:{name}"}

    outputs = {"zone": "a", "password": Secret("hunter2")}
    stack = dpc_stack(landing, mocks={BUCKET: bucket, REGION: {"name": "eu"}, NETWORK: outputs})
    assert [step.op for step in stack.preview().changes] == ["create", "create", "create"]
    stack.up()
    assert (stack["landing"].id, stack["landing"].arn) == ("eu-a-landing", "arn:landing")
    target = stack.api.pipeline("orders").definition["streamingTarget"]
    assert target == {"type": "s3", "bucket": "eu-a-landing", "prefix": "arn:landing"}
    assert stack.outputs == {"bucket": "eu-a-landing", "password": Secret("hunter2")}
    assert not stack.preview().changes
    stack.destroy()
    assert not stack.resources


def test_pulumis_own_mocks_are_taken(dpc_stack: StackFactory) -> None:
    class Mocks(pulumi.runtime.Mocks):
        def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
            return {"name": "us"}

        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
            if args.typ == "pulumi:pulumi:StackReference":
                return None, {"name": args.name, "outputs": {"zone": "b", "password": "x"}}
            return f"{args.name}-7", {**args.inputs, "arn": "arn:7"}

    stack = dpc_stack(landing, mocks=Mocks())
    stack.up()
    assert stack["landing"].prefix == "us-b"
    assert stack.outputs["bucket"] == "landing-7"


GIVEN: dict[str, Any] = {
    BUCKET: {"arn": "x"},
    REGION: {"name": "eu"},
    NETWORK: {"zone": "a", "password": "x"},
}


@pytest.mark.parametrize(
    ("missing", "what"),
    [(BUCKET, "resource `landing`"), (REGION, "a function"), (NETWORK, "a stack reference")],
)
def test_what_is_not_given_is_refused_by_name(missing: str, what: str, dpc_stack: StackFactory) -> None:
    """Also where a failure is expected: a test must not pass because it cannot be run."""
    given = {key: value for key, value in GIVEN.items() if key != missing}
    stack = dpc_stack(landing, mocks=given)
    with pytest.raises(NotSupported) as refused:
        stack.up(expect_failure=True)
    assert f"the program needs {missing} ({what})" in str(refused.value)
    assert f"mocks={{'{missing}': " in str(refused.value)
    assert not stack.api.pipelines


def test_a_refused_program_leaves_nothing_that_warns_when_it_is_freed(dpc_stack: StackFactory) -> None:
    """Its errors keep the coroutines of the SDK for long: "coroutine 'Output.future' was never awaited"."""
    stack = dpc_stack(landing, mocks={BUCKET: GIVEN[BUCKET], REGION: GIVEN[REGION]})
    with pytest.raises(NotSupported):
        stack.up(expect_failure=True)
    kept = [found for found in gc.get_objects() if inspect.iscoroutine(found)]
    assert not [found for found in kept if inspect.getcoroutinestate(found) == inspect.CORO_CREATED]
