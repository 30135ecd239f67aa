"""Resources, functions and stacks of others: a test gives them, or they are refused by name."""

from __future__ import annotations

import gc
import inspect
from typing import Any

import pulumi
import pytest

from pulumi_dpc.testing import NotSupported, Secret, StackFactory, TestingError
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


def raising(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Fail as a test fails."""
    pytest.fail(f"{name} has no tags")


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (
            {BUCKET: raising},
            r"called with \(name, inputs\), raised Failed: landing has no tags \(.*test_mocks",
        ),
        ({BUCKET: lambda _: {}}, "raised TypeError: .*takes 1 positional argument but 2 were given"),
        ({BUCKET: "arn"}, "gives a value of the type `str`: it must be a mapping of outputs"),
        ({BUCKET: {"tags": [{"a": {1, 2}}]}}, r"the type `set` as `tags\[0\].a`"),
        ({REGION: None}, "gives None: it must be a mapping of results"),
        ({NETWORK: {7: "x"}}, "has the key 7: keys must be texts"),
    ],
)
def test_a_broken_mock_is_no_failure_of_the_program(
    broken: dict[str, Any], says: str, dpc_stack: StackFactory
) -> None:
    """Also where a failure is expected; and nothing is left of what was under way."""
    stack = dpc_stack(landing, mocks={**GIVEN, **broken})
    with pytest.raises(TestingError, match=f"^the mock of .*{says}") as error:
        stack.up(expect_failure=True)
    assert not isinstance(error.value, NotSupported)
    assert not stack._engine.pending_operations


def test_a_mock_that_breaks_in_a_refresh_is_told_too(dpc_stack: StackFactory) -> None:
    mocks: dict[str, Any] = {BUCKET: {"arn": "x"}}
    stack = dpc_stack(lambda: Bucket("landing", prefix="x"), mocks=mocks)
    stack.up()
    mocks[BUCKET] = raising
    with pytest.raises(TestingError, match="raised Failed: landing has no tags"):
        stack.refresh(expect_failure=True)
    assert stack["landing"].arn == "x"


def test_a_secret_that_a_mock_gives_is_one_of_the_program(dpc_stack: StackFactory) -> None:
    """Of a resource, of a function, and within what another stack exports."""

    def program() -> None:
        bucket = Bucket("landing", prefix="x")
        pulumi.export("arn", bucket.arn)
        pulumi.export("region", region())
        pulumi.export("login", pulumi.StackReference(NETWORK).require_output("login"))

    def region() -> pulumi.Output[Any]:
        return pulumi.runtime.invoke_output(REGION, {}).apply(lambda found: found["key"])

    stack = dpc_stack(
        program,
        mocks={
            BUCKET: {"arn": Secret("hunter2")},
            REGION: {"key": Secret("hunter3")},
            NETWORK: {"login": {"password": Secret("hunter4")}},
        },
    )
    assert stack.up().outputs == {
        "arn": Secret("hunter2"),
        "region": Secret("hunter3"),
        "login": Secret({"password": "hunter4"}),
    }
