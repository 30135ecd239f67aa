"""What ``pulumi_dpc._dynamic.host`` promises, tried in the real host process of the installed SDK."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import engine_pb2, provider_pb2

from pulumi_dpc._dynamic.host import answer, cancel, workers
from pulumi_dpc._dynamic.host.call import Call, current_call
from tests import REPOSITORY
from tests.dynamic.host_harness import PROVIDER, REQUESTS, URN, Host, seen, status

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Serve the tests that leave nothing behind in the process."""
    with Host() as running:
        yield running


@pytest.fixture(scope="module")
def plain_host() -> Iterator[Host]:
    """Serve as a host in which nothing was found."""
    with Host(DPC_HOST_HOOKS="off") as running:
        yield running


def failed(host: Host, rpc: str, do: str, argument: Any = None) -> Any:
    """Return what the engine makes of a call that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        host.call(rpc, do, argument)
    return status(caught.value)


def init_failed(answer: Any) -> provider_pb2.ErrorResourceInitFailed:
    """Unpack the partial state of an answer."""
    detail = provider_pb2.ErrorResourceInitFailed()
    assert [any_message.Unpack(detail) for any_message in answer.details] == [True]
    return detail


@pytest.mark.parametrize("rpc", REQUESTS)
def test_an_expected_failure_is_its_sentence_alone(host: Host, rpc: str) -> None:
    """The host would show the traceback of the provider, and its first line only in the live table."""
    text = "create 'orders': 409 Conflict: name in use\n  hint: choose another"
    answer = failed(host, rpc, "fail", text)
    assert answer.message == text
    assert not answer.details


def test_an_unexpected_exception_asks_for_a_report(host: Host) -> None:
    """A mistake of ours must look like one, and still be one sentence."""
    assert failed(host, "Create", "break").message == (
        "unexpected error in pulumi_dpc: KeyError: 'MISSING' "
        "(please report; set DPC_DEBUG=1 for the traceback)"
    )


def test_debug_shows_where_an_exception_came_from() -> None:
    """The report that the sentence asks for needs the traceback."""
    with Host(DPC_DEBUG="1") as host:
        message = failed(host, "Create", "break").message
    assert message.startswith("unexpected error in pulumi_dpc: KeyError: 'MISSING'")
    assert "Traceback (most recent call last)" in message
    assert "host_sample.py" in message


@pytest.mark.parametrize("hooks_setting", ["on", "off"])
@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit"])
def test_what_is_no_exception_is_answered_too(
    host: Host, plain_host: Host, name: str, hooks_setting: str
) -> None:
    """Left alone it ends the call without an answer, and the engine waits for ever."""
    answer = failed(host if hooks_setting == "on" else plain_host, "Create", "escape", name)
    assert f"unexpected error in pulumi_dpc: {name} (please report" in answer.message


@pytest.mark.parametrize("rpc", ["Create", "Update", "Read"])
def test_a_partial_state_reaches_the_engine_complete(host: Host, rpc: str) -> None:
    """Without the id the resource would be an orphan; without the provider nothing could be done with it."""
    outputs = {
        "name": "orders",
        "count": 3,
        "absent": None,
        "nested": {"absent": None, "empty": {}, "list": [None, [], {"a": 1}]},
    }
    detail = init_failed(failed(host, rpc, "fail partly", outputs))
    assert detail.id == "id-2"
    assert list(detail.reasons) == ["'orders' was created but did not start: no capacity"]
    assert json_format.MessageToDict(detail.properties) == {
        "__provider": PROVIDER,
        "name": "orders",
        "count": 3,
        "nested": {"empty": {}, "list": [None, [], {"a": 1}]},
    }


def test_a_large_partial_state_reaches_the_engine_complete(host: Host) -> None:
    """It travels as a trailer, which gRPC limits; a pipeline of thousands of tables must not lose its id."""
    tables = [{"schema": "dbo", "table": f"T{number}"} for number in range(10_000)]
    detail = init_failed(failed(host, "Create", "fail partly", {"tables": tables}))
    assert len(detail.properties.fields["tables"].list_value.values) == 10_000


def test_a_call_tells_what_it_is_about(host: Host) -> None:
    """Waits take their limit from custom_timeouts, and messages name the resource as the program does."""
    assert seen(host.call("Create", "describe call")) == {
        "urn": URN,
        "name": "orders::eu",
        "timeout": 90.0,
        "one object": True,
        "can_init_fail": True,
    }


def test_progress_is_shown_in_the_row_and_counting_on_is_not_repeated(host: Host) -> None:
    """Without a terminal every message is a line of the log of a CI run."""
    del host.engine.messages[:]
    host.call("Create", "report", ["starting, 1 s", "starting, 2 s", "starting, 3 s", "streaming"])
    assert [(m.message, m.urn, m.ephemeral, m.severity) for m in host.engine.messages] == [
        (text, URN, True, engine_pb2.INFO) for text in ("starting, 1 s", "streaming")
    ]


def test_a_warning_stays_on_the_resource(host: Host) -> None:
    """Printed, it would stand under the stack and not count as a warning."""
    del host.engine.messages[:]
    host.call("Update", "warn", "overwritten: streamingSource.tables")
    (message,) = host.engine.messages
    assert (message.message, message.urn) == ("overwritten: streamingSource.tables", URN)
    assert (message.severity, message.ephemeral) == (engine_pb2.WARNING, False)


def test_without_an_engine_warnings_are_printed_and_nothing_fails() -> None:
    """The display is a convenience; the operation is not."""
    with Host(engine="127.0.0.1:1") as host:
        host.call("Create", "report", ["starting", "streaming"])
        host.call("Create", "warn", "two\nlines")
        assert host.stderr == "warning: orders::eu: two lines\n"


def test_sixteen_operations_run_at_a_time() -> None:
    """The host has four threads; sixteen creates that wait for each other end only if all sixteen run."""
    with Host() as host:
        host.call("Check", "nothing")
        for future in [host.start("Create", "meet") for _ in range(16)]:
            future.result()


def test_the_first_operations_after_the_start_of_the_host_run_at_a_time_too() -> None:
    """A refresh begins with many reads, queued before the provider is loaded and can raise the limit."""
    with Host(SAMPLE_CONFIGURE_SECONDS="0.5") as host:
        for future in [host.start("Read", "meet") for _ in range(16)]:
            future.result()


def test_a_ctrl_c_ends_the_waits_of_all_operations_and_keeps_their_ids() -> None:
    """The engine waits for operations in flight, so one that starts a pipeline would hold it for minutes."""
    with Host() as host:
        host.call("Check", "nothing")
        waiting = [host.start("Create", "wait for cancel", 100) for _ in range(64)]
        host.call("Create", "nothing")
        host.stub.Cancel(empty_pb2.Empty())
        errors = [future.exception() for future in waiting]  # one that waited to its end has none
    assert [init_failed(status(error)).id for error in errors] == ["id-3"] * 64


def test_without_the_hooks_an_operation_works_and_a_failure_is_told_in_the_words_of_the_host(
    plain_host: Host,
) -> None:
    """The kill switch, and every host of the future that moved what is looked for."""
    assert seen(plain_host.call("Create", "describe call")) == {
        "urn": None,
        "name": None,
        "timeout": 0.0,
        "one object": True,
        "can_init_fail": False,
    }
    answer = failed(plain_host, "Create", "fail", "name in use")
    assert "name in use" in answer.message
    assert not answer.details


def test_without_the_hooks_warnings_are_printed_and_a_cancel_changes_nothing(plain_host: Host) -> None:
    """Plainer, and still correct."""
    plain_host.call("Create", "report", ["starting"])
    plain_host.call("Create", "warn", "careful")
    plain_host.stub.Cancel(empty_pb2.Empty())
    assert seen_text(plain_host.call("Create", "wait for cancel", 0)) == "not interrupted"
    assert "warning: pulumi_dpc: careful\n" in plain_host.stderr
    assert not plain_host.engine.messages


def test_outside_the_host_nothing_is_found_and_nothing_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    """The same functions run in users' unit tests of the provider."""
    call = current_call()
    call.progress("starting")
    call.warn("careful")
    assert (call.urn, call.name, call.timeout) == (None, None, 0.0)
    assert not answer.can_init_fail()
    assert not workers.raise_worker_limit(256)
    assert not cancel.interrupted().is_set()
    assert capsys.readouterr().err == "warning: pulumi_dpc: careful\n"


@pytest.mark.parametrize(
    ("terminal", "env", "seconds"), [(True, {}, 2.0), (True, {"CI": "true"}, 15.0), (False, {}, 15.0)]
)
def test_progress_is_rarer_where_nobody_watches(
    *, terminal: bool, env: dict[str, str], seconds: float
) -> None:
    """In a terminal a text replaces the one before; elsewhere each is a line in a log."""
    code = "from pulumi_dpc._dynamic.host import call; print(call._progress_seconds())"
    command = [sys.executable, "-c", code]
    if terminal:
        spawn = (
            "import pty, sys; sys.exit(pty.spawn(sys.argv[1:], lambda fd: __import__('os').read(fd, 1024)))"
        )
        command = [sys.executable, "-c", spawn, *command]
    inherited = {key: value for key, value in os.environ.items() if key != "CI"}
    run = subprocess.run(
        command,
        env={**inherited, "PYTHONPATH": str(REPOSITORY), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert float(run.stdout) == seconds


def test_a_cancel_that_cannot_be_replaced_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later host may wrap it; a Ctrl-C then waits for the operations in flight, as it does without us."""

    class DynamicResourceProviderServicer:
        def Cancel(self, _request: object, _context: object) -> object:  # noqa: N802
            return answer

    answer = object()
    servicer = DynamicResourceProviderServicer()
    monkeypatch.setattr(
        sys.modules["__main__"],
        "DynamicResourceProviderServicer",
        DynamicResourceProviderServicer,
        raising=False,
    )
    assert not cancel.interrupted().is_set()
    assert servicer.Cancel(None, None) is answer


def test_without_the_messages_of_the_engine_there_is_no_partial_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A later SDK may move them; the provider then takes its plain way out."""
    call = Call(request=object(), context=object())
    assert answer._can_answer(call)
    monkeypatch.setitem(sys.modules, "pulumi.runtime.proto.status_pb2", None)
    assert not answer._can_answer(call)


def seen_text(response: Any) -> str:
    """Return the text that the action in the host reported."""
    return str(response.properties.fields["seen"].string_value)
