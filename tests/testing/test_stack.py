"""What a test of a stack is told: values, secrets, and sentences that name what is wrong."""

from __future__ import annotations

import asyncio
import json
import pydoc
import signal
import threading
from pathlib import Path
from typing import Any

import pulumi
import pytest

import pulumi_dpc.testing
from pulumi_dpc.emulator import Emulator, Fault
from pulumi_dpc.testing import (
    CommandFailed,
    NotAsExpected,
    NotSupported,
    Result,
    Secret,
    StackFactory,
    Step,
    TestingError,
    Unresolved,
    open_stack,
)
from pulumi_dpc.testing._engine.values import SECRET, SIGNATURE, UNKNOWN
from pulumi_dpc.testing.program import config_of, config_text, find_program
from pulumi_dpc.testing.resource import Resource
from pulumi_dpc.testing.stack import _is_pulumis
from tests.testing.programs import TYPE, pipeline

STORED: dict[str, Any] = {
    "urn": f"urn:pulumi:test::shop::{TYPE}::orders",
    "type": TYPE,
    "id": "p/s",
    "outputs": {
        "__provider": "gASV",
        "running": True,
        "streamingPipelineId": "s",
        "target": {"prefix": {SIGNATURE: SECRET, "plaintext": '"hunter2"'}, "bucket": UNKNOWN},
        "login": {SIGNATURE: SECRET, "plaintext": '{"user": "x"}'},
    },
}


def test_outputs_are_attributes_by_the_names_of_programs() -> None:
    orders = Resource(STORED)
    assert (orders.running, orders.streaming_pipeline_id, orders["streamingPipelineId"]) == (True, "s", "s")
    assert (orders.id, orders.pulumi_resource_name, orders.pulumi_resource_type) == ("p/s", "orders", TYPE)
    assert not [key for key in orders.outputs if key.startswith("__")]


def test_all_that_a_program_knows_of_a_resource_a_test_knows_too(dpc_stack: StackFactory) -> None:
    """Also what is made of the id, and None for what was left out."""
    import pulumi_dpc as dpc

    def program() -> None:
        pipeline(running=None, advancedProperties=None)
        dpc.StreamingAgent("mine", name="mine", cloud_provider="aws", deployment="fargate")

    stack = dpc_stack(program)
    stack.up()
    for name, kind in {"orders": dpc.StreamingPipeline, "mine": dpc.StreamingAgent}.items():
        known = [key for key, value in vars(kind).items() if isinstance(value, property) and key[0] != "_"]
        assert known
        assert not [key for key in known if not hasattr(stack[name], key)]
    assert stack["orders"].streaming_pipeline_id == stack.api.pipeline("orders").id
    assert stack["mine"].agent_id == stack["mine"].id.rpartition("/")[2]
    assert stack["orders"].advanced_properties is None


def test_an_output_that_is_missing_is_told_with_those_that_are_there() -> None:
    with pytest.raises(AttributeError) as error:
        _ = Resource(STORED).runing
    assert "`orders` has no output `runing`; did you mean `running`? It has: login, running" in str(
        error.value
    )


def test_an_output_that_was_never_resolved_is_named() -> None:
    with pytest.raises(Unresolved, match=r"the output `orders\.target` was never resolved"):
        _ = Resource(STORED).target


def test_a_secret_is_a_secret_and_is_never_printed() -> None:
    orders = Resource(STORED)
    assert orders.login == Secret({"user": "x"})
    assert orders.outputs["target"]["prefix"] == Secret("hunter2")
    assert "hunter2" not in repr(orders.outputs)


def test_a_command_that_fails_raises_with_the_report_of_the_cli(dpc_stack: StackFactory) -> None:
    def program() -> None:
        pipeline(streamingTarget={"type": "s3"})

    stack = dpc_stack(program)
    with pytest.raises(CommandFailed) as failed:
        stack.up()
    report = str(failed.value)
    assert report.startswith("`pulumi up` failed (exit code 1):")
    assert f"Diagnostics:\n  {TYPE} (orders):\n    error: " in report
    assert "bucket" in failed.value.result.errors[0]
    assert "Traceback" not in report
    with pytest.raises(NotAsExpected, match="does not say 'prefix'"):
        stack.up(expect_failure="prefix")


def test_an_error_of_the_program_itself_is_in_the_report(dpc_stack: StackFactory) -> None:
    """Older SDKs let the error of a function out of their language server, and tell the engine nothing."""

    def program() -> None:
        raise ValueError("the landing zone has no name")

    report = dpc_stack(program).up(expect_failure=True).text
    assert "the landing zone has no name" in report


def test_a_report_shows_no_secret_of_the_configuration(dpc_stack: StackFactory) -> None:
    """The CLI hides them in whatever a program says: its own messages, its errors, its plain outputs."""
    key = 'hun"ter2'

    def program() -> None:
        secret = pulumi.Config().require("key")
        pulumi.log.warn(f"logged in with {secret}, as {json.dumps(secret)}")
        pulumi.export("url", f"https://{secret}@db")
        if pulumi.Config().get_bool("fails"):
            raise ValueError(f"{secret} was refused")

    stack = dpc_stack(
        program, config={"key": Secret(key), "short": Secret("db"), "fails": Secret(value=False)}
    )
    done = stack.up()
    assert done.warnings == ('logged in with [secret], as "[secret]"',)
    assert "https://[secret]@db" in done.text
    stack.set_config("fails", value=True)
    failed = stack.up(expect_failure="[secret] was refused")
    assert key not in failed.text + repr(failed.diagnostics)


def test_a_failed_assertion_prints_no_body_of_a_request(dpc_stack: StackFactory) -> None:
    """Under `pytest -vv` the whole result is printed, and a body holds what was a secret of the program."""

    def program() -> None:
        pipeline(
            running=False,
            streamingTarget={"type": "s3", "bucket": "b", "prefix": pulumi.Output.secret("hunter2")},
        )

    done = dpc_stack(program).up()
    assert "hunter2" in json.dumps([request.body for request in done.requests])
    assert "hunter2" not in repr(done) + repr(done.requests)


def test_a_failure_that_does_not_come_is_an_error(dpc_stack: StackFactory) -> None:
    """Neither an expected failure nor a fault that nothing has met may be forgotten."""

    def program() -> None:
        pulumi.export("answer", 42)

    stack = dpc_stack(program)
    with pytest.raises(NotAsExpected, match="was expected to fail, and succeeded"):
        stack.up(expect_failure=True)
    with pytest.raises(TestingError, match="of 1 faults only 0 befell a request"):
        stack.up(fail=Fault("drop-after", match="PUT /v1/*"))
    assert stack.outputs == {"answer": 42}
    with pytest.raises(
        LookupError, match=r"the stack has no resource 'orders'\. There is none at all: has `up` run"
    ):
        _ = stack["orders"]


def test_a_fault_is_counted_and_taken_back_for_itself(dpc_stack: StackFactory) -> None:
    """A fault of the test's own counts for none of `fail`, and is still there afterwards."""
    own = Fault("status", status=503, match="POST */nowhere")
    stack = dpc_stack(lambda: pipeline(running=False))
    stack.api.inject(own)
    stack.api.inject(Fault("status", status=503, match="POST /v1/*", retry_after=0))
    with pytest.raises(TestingError, match="of 1 faults only 0 befell a request"):
        stack.up(fail=Fault("drop-after", match="PUT /v1/*"), expect_failure="503")
    stack.up()
    assert stack.api.withdraw(own) == 0


@pytest.mark.parametrize(
    ("fail", "says"),
    [
        ("drop-after", "not 'drop-after'. The kinds of a Fault: refuse, drop-before"),
        (True, "a status such as 503"),
        ([503, None], "not None"),
        (5.5, "not 5.5"),
        (42, "from 200 to 599"),
    ],
)
def test_what_is_no_fault_is_refused_before_anything_runs(
    fail: Any, says: str, dpc_stack: StackFactory
) -> None:
    stack = dpc_stack(lambda: pipeline(running=False))
    with pytest.raises(TestingError, match=says):
        stack.up(fail=fail)
    assert not stack.api.requests


@pytest.mark.parametrize("kind", ["output", "input"])
def test_a_program_that_waits_for_nothing_is_ended_and_what_it_waits_for_is_named(
    kind: str, dpc_stack: StackFactory
) -> None:
    """Pulumi itself would wait for ever."""

    def program() -> None:
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if kind == "output":
            pulumi.export("endpoint", pulumi.Output.from_input(never))
        else:
            pipeline(streamingTarget={"type": "s3", "bucket": never})

    named = "the stack output `endpoint`" if kind == "output" else f"an input of `orders` ({TYPE})"
    report = dpc_stack(program, seconds=0.3).up(expect_failure=True).text
    assert f"the program has not ended after 0.3 s: {named} never resolves" in report


def test_a_file_that_blocks_is_ended_and_where_is_told(tmp_path: Path, dpc_stack: StackFactory) -> None:
    """It never comes back to its loop, where it could say what it waits for."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("import threading\nthreading.Event().wait()\n")
    errors = dpc_stack(tmp_path, seconds=0.1).up(expect_failure=True).errors
    place = f"`<module>` ({(tmp_path / '__main__.py').resolve()}, line 2)"
    assert errors == (f"the program has not ended after 0.1 s: it computes or blocks in {place}",)


def test_a_function_that_computes_for_a_while_is_not_told_to_wait_for_its_inputs(
    dpc_stack: StackFactory,
) -> None:
    """Its loop comes back late: what it waits for then, it has only just begun to wait for."""

    def program() -> None:
        threading.Event().wait(0.5)
        pulumi.export("x", pulumi.Output.from_input("y"))

    assert dpc_stack(program, seconds=0.3).up().outputs == {"x": "y"}


def test_an_interrupt_leaves_what_was_made_in_the_state(dpc_stack: StackFactory) -> None:
    """What is at the service and in no state would be made a second time, or be there for ever."""

    def interrupt(_: str) -> Any:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return asyncio.get_running_loop().create_future()

    def program() -> None:
        made = pipeline(running=False)
        if not stack.resources:
            pulumi.export("x", made.id.apply(interrupt))

    stack = dpc_stack(program)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            stack.up()
    finally:
        signal.signal(signal.SIGINT, handler)
    assert stack["orders"].id
    assert stack.up().op("orders") == "same"


def test_a_file_that_waits_for_nothing_is_ended_too(tmp_path: Path, dpc_stack: StackFactory) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    lines = ["import asyncio, pulumi", "never = asyncio.get_event_loop().create_future()"]
    (tmp_path / "__main__.py").write_text(
        "\n".join([*lines, 'pulumi.export("x", pulumi.Output.from_input(never))\n'])
    )
    dpc_stack(tmp_path, seconds=0.3).up(expect_failure="the stack output `x` never resolves")


def test_a_function_sees_the_variables_of_the_test_and_no_account_of_its_reader(
    dpc_stack: StackFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A developer's own credentials must not reach the emulator, nor the developer's account a test."""
    import pulumi_dpc as dpc

    monkeypatch.setenv("DPC_TOKEN", "of-a-real-account")
    monkeypatch.setenv("DPC_REGION", "eu1")

    def program() -> None:
        pulumi.export("name", dpc.get_project("Analytics").name)

    result = dpc_stack(program).up()
    assert result.outputs == {"name": "Analytics"}
    assert [request.path for request in result.requests] == ["/v1/projects"]


def test_what_was_done_is_told_by_name_and_type() -> None:
    """A component and what is in it often share their name."""
    steps = (Step("same", "shop", "acme:index:Team", ""), Step("update", "shop", TYPE, ""))
    done = Result(0, steps, {}, (), (), "", 0.0)
    assert done.op("shop") == "same, update"
    assert (done.op("shop", "StreamingPipeline"), done.op("shop", "acme:index:Team")) == ("update", "same")
    assert done.op("shop", "Bucket") == ""


def test_help_and_completion_know_what_there_is() -> None:
    text = pydoc.plain(pydoc.render_doc(pulumi_dpc.testing))
    assert "class Stack(" in text
    assert "open_stack(" in text
    assert set(pulumi_dpc.testing.__all__) <= set(dir(pulumi_dpc.testing))


def test_a_stack_can_be_opened_without_pytest() -> None:
    with Emulator(time_scale=0.01) as api, open_stack(lambda: pulumi.export("x", 1), api=api) as stack:
        assert stack.up().outputs == {"x": 1}
        assert stack.api is api


# ---- the project and its configuration ----


def test_values_of_the_configuration_are_stored_as_pulumi_stores_them() -> None:
    values = ["a", 1, True, ["x"], {"k": 1.5}]
    assert [config_text(value)[0] for value in values] == ["a", "1", "true", '["x"]', '{"k": 1.5}']
    assert config_text(Secret(7)) == ("7", True)


def test_a_value_that_is_encrypted_in_the_stacks_file_has_to_be_given(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {shop:a: x, shop:b: {secure: v1:abc}}\n")
    found = find_program(tmp_path, "prod", None, [])
    with pytest.raises(TestingError, match=r"shop:b is encrypted .* config=\{'shop:b': Secret\(\.\.\.\)\}"):
        config_of(found, {})
    assert config_of(found, {"b": Secret("y")}) == {"shop:a": "x", "shop:b": Secret("y")}


def test_an_environment_of_a_stack_is_refused_by_name(tmp_path: Path) -> None:
    """Its values would be missing, and a program that reads them with `get` would pass here."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("environment: [shop/prod]\n")
    with pytest.raises(NotSupported, match=r"Pulumi\.prod\.yaml: environment: .* environments of Pulumi ESC"):
        find_program(tmp_path, "prod", None, [])
    assert find_program(tmp_path, "test", None, []).config == {}


def test_a_declared_value_that_nobody_gives_has_to_be_given(tmp_path: Path) -> None:
    """Pulumi refuses the stack; a program that reads it with `get` would pass here."""
    about = "name: shop\nruntime: python\nconfig:\n  size: {type: integer}\n  zone: {default: a}\n"
    (tmp_path / "Pulumi.yaml").write_text(about)
    found = find_program(tmp_path, "prod", None, [])
    with pytest.raises(TestingError, match=r"shop:size is declared .* config=\{'shop:size': \.\.\.\}"):
        config_of(found, {})
    assert config_of(found, {"size": 7}) == {"shop:size": 7, "shop:zone": "a"}


def test_a_value_that_is_encrypted_in_part_has_to_be_given(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {shop:db: {user: me, keys: [{secure: v1:abc}]}}\n")
    with pytest.raises(TestingError, match="shop:db is encrypted"):
        config_of(find_program(tmp_path, "prod", None, []), {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "name: shop\nruntime: python\nmain: app.py\n",
            "main: `app.py` is not a folder; Pulumi runs `__main__",
        ),
        (None, "there is no Pulumi.yaml in "),
        ("name: shop\nruntime: nodejs\n", "runtime: must be python, not 'nodejs'"),
        ("name: [", "is not YAML"),
        ("- a\n", "must be a mapping"),
    ],
)
def test_a_folder_that_is_no_python_project_is_refused(text: str | None, says: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "infra").mkdir()
        (tmp_path / "infra" / "Pulumi.yaml").write_text(text)
    with pytest.raises(TestingError, match=says):
        find_program("infra", "test", None, [tmp_path, tmp_path / "other"])


def test_an_import_that_would_ask_the_provider_is_refused_by_name(
    tmp_path: Path, dpc_stack: StackFactory
) -> None:
    """The host of dynamic providers cannot do it either; nothing is imported, the whole entries before it included."""
    whole = {"type": "t:i:T", "name": "whole", "id": "1", "inputs": {}, "outputs": {}}
    file = tmp_path / "import.json"
    file.write_text(json.dumps({"resources": [whole, {"type": "t:i:T", "name": "orders", "id": "2"}]}))
    stack = dpc_stack(lambda: None)
    with pytest.raises(NotSupported, match="an import without inputs and outputs of 'orders'"):
        stack.import_file(file)
    assert stack.resources == ()


@pytest.mark.parametrize(
    ("name", "is_own"), [("default-us", True), ("default", False), ("default_7_1_0", False)]
)
def test_a_provider_of_the_program_is_told_from_pulumis_own_by_its_name(name: str, *, is_own: bool) -> None:
    """One that a program calls `default-us` was missing from `stack.resources`."""
    kind = "pulumi:providers:pulumi-python"
    found = Resource({**STORED, "urn": f"urn:pulumi:test::shop::{kind}::{name}", "type": kind})
    assert _is_pulumis(found) is not is_own
