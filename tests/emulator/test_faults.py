"""The emulator misbehaves exactly where, when and how a test asks for it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from pulumi_dpc.emulator import Emulator, Fault
from tests.emulator.caller import PIPELINES, Caller, definition

AGENTS = "/v1/agents"


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=0.01) as emulator:
        yield emulator


@pytest.fixture
def caller(api: Emulator) -> Iterator[Caller]:
    with Caller(api) as one:
        yield one


def codes(caller: Caller, count: int, path: str = AGENTS) -> list[int]:
    return [caller.send("GET", path).status_code for _ in range(count)]


def test_a_fault_that_cannot_be_is_refused_with_those_that_can(api: Emulator) -> None:
    wrong: Any = "drop"
    with pytest.raises(ValueError, match=r"kind is one of refuse, drop-before, .*; not 'drop'"):
        Fault(wrong)
    with pytest.raises(ValueError, match="status is a number from 200 to 599, as 503; not '503'"):
        api.fail_next("503")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`rewrite`"):
        Fault("rewrite")


class TestWhich:
    """Which request a fault befalls."""

    def test_the_next_one_and_no_other(self, api: Emulator, caller: Caller) -> None:
        """A fault that stays would turn "retries once" into "fails"."""
        api.fail_next(503)
        assert codes(caller, 2) == [503, 200]

    def test_the_nth_that_matches(self, api: Emulator, caller: Caller) -> None:
        """Other requests in between do not count."""
        api.fail_next(500, match="GET /v1/agents", nth=1)
        assert codes(caller, 1) + codes(caller, 2, "/v1/projects") + codes(caller, 2) == [
            200,
            200,
            200,
            500,
            200,
        ]

    def test_several_or_all_from_then_on(self, api: Emulator, caller: Caller) -> None:
        """Once and for ever are different promises."""
        api.fail_next(502, times=2)
        assert codes(caller, 3) == [502, 502, 200]
        api.fail_next(401, times=None)
        assert codes(caller, 3) == [401, 401, 401]
        api.clear_faults()
        assert codes(caller, 1) == [200]

    def test_the_request_of_an_index(self, api: Emulator, caller: Caller) -> None:
        """A campaign enumerates indices; token requests are numbered apart."""
        codes(caller, 2)
        api.clear_requests()
        api.fault_at(1, Fault("status", status=409))
        caller.token()
        assert codes(caller, 3) == [200, 409, 200]

    def test_every_request_from_an_index_on(self, api: Emulator, caller: Caller) -> None:
        """A service that fails for good in the middle of a command."""
        api.fault_at(2, Fault("status", status=503, times=None))
        assert codes(caller, 4) == [200, 200, 503, 503]

    def test_faults_queue_and_each_counts_every_request(self, api: Emulator, caller: Caller) -> None:
        """Two faults in a row, whether counted or simply waiting."""
        api.fail_next(503)
        api.fail_next(429, nth=1)
        api.fail_next(404)
        assert codes(caller, 4) == [503, 429, 404, 200]

    def test_token_requests_only_when_named(self, api: Emulator, caller: Caller) -> None:
        """The token server is another machine: an API failure must not hit it."""
        api.fail_next(500)
        assert caller.token().status_code == 200
        api.clear_faults()
        api.fail_next(500, match="POST /oauth/dpc/token")
        assert codes(caller, 1) == [200]
        assert caller.token().status_code == 500


class TestStatus:
    """Answers with another status."""

    @pytest.mark.parametrize("retry_after", [7, "Wed, 21 Oct 2026 07:28:00 GMT", None])
    def test_a_429_comes_with_seconds_a_date_or_nothing(
        self, api: Emulator, caller: Caller, retry_after: int | str | None
    ) -> None:
        """The unit of the header is not published."""
        api.fail_next(429, retry_after=retry_after)
        header = caller.send("GET", AGENTS).headers.get("Retry-After")
        assert header == (None if retry_after is None else str(retry_after))

    @pytest.mark.parametrize(("handled", "left"), [(False, 0), (True, 1)])
    def test_a_failure_before_or_after_the_work(
        self, api: Emulator, caller: Caller, handled: Any, left: int
    ) -> None:
        """A 502 says nothing about whether the pipeline was made."""
        api.fail_next(502, handled=handled)
        assert caller.send("POST", PIPELINES, definition()).status_code == 502
        assert (len(api.pipelines), api.requests[-1].handled) == (left, handled)

    def test_any_body_and_header(self, api: Emulator, caller: Caller) -> None:
        """Gateways answer pages and redirects of their own."""
        api.fail_next(
            302, body="<p>moved</p>", content_type="text/html", headers={"Location": "https://elsewhere/"}
        )
        answer = caller.send("GET", AGENTS, allow_redirects=False)
        assert (answer.status_code, answer.text, answer.headers["Location"]) == (
            302,
            "<p>moved</p>",
            "https://elsewhere/",
        )
        api.fail_next(599, body=b"\xff")
        assert (caller.send("GET", AGENTS).reason, api.requests[-1].answer) == ("Unknown", "\ufffd")
        api.fail_next(400, body={"violations": [{"path": "x"}]})
        assert caller.send("GET", AGENTS).json() == {"violations": [{"path": "x"}]}


class TestConnections:
    """Connections that close, stall or are refused."""

    @pytest.mark.parametrize(("moment", "left"), [("before", 0), ("after", 1), ("during", 1)])
    def test_a_dropped_connection_leaves_the_work_undone_or_done(
        self, api: Emulator, caller: Caller, moment: Any, left: int
    ) -> None:
        """The client sees the same, which is what makes creating hard."""
        api.drop_next(moment)
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            caller.send("POST", PIPELINES, definition())
        assert (len(api.pipelines), api.requests[-1].fault) == (left, f"drop-{moment}")

    @pytest.mark.parametrize(
        ("handled", "seconds", "left"), [(False, 60, 0), (True, 60, 1), ("late", 0.2, 1)]
    )
    def test_a_stall_past_the_timeout_does_the_work_never_at_once_or_late(
        self, api: Emulator, caller: Caller, handled: Any, seconds: float, left: int
    ) -> None:
        """After a timeout all three are possible; a late write is the hardest."""
        done = threading.Event()
        api.stall_next(seconds, handled=handled)
        with pytest.raises(requests.ReadTimeout):
            caller.send("POST", PIPELINES, definition(), timeout=0.05)
        caller.session.close()
        deadline = time.monotonic() + 5
        while api.requests[-1].fault is None and time.monotonic() < deadline:
            done.wait(0.01)
        assert len(api.pipelines) == left

    def test_a_stall_that_the_client_waits_out_is_only_slow(self, api: Emulator, caller: Caller) -> None:
        """Patience must be rewarded with the answer."""
        api.stall_next(0.05)
        assert caller.send("POST", PIPELINES, definition()).status_code == 201

    def test_latency_is_added_to_every_answer(self, api: Emulator, caller: Caller) -> None:
        """Benchmarks run with the distance to a real service."""
        api.settings.latency_seconds = 0.05
        began = time.monotonic()
        codes(caller, 2)
        assert time.monotonic() - began >= 0.1

    def test_down_refuses_connections_and_up_takes_them_on_the_same_port(
        self, api: Emulator, caller: Caller
    ) -> None:
        """An outage that ends: the URL stays valid."""
        url = api.url
        codes(caller, 1)
        api.down()
        for _ in range(2):
            with pytest.raises(requests.ConnectionError, match="refused"):
                codes(caller, 1)
        api.up()
        assert (codes(caller, 1), api.url) == ([200], url)

    def test_an_outage_can_begin_at_a_request_and_end_by_itself(self, api: Emulator, caller: Caller) -> None:
        """The request that meets it is not handled, and the port is refused until the time is over."""
        codes(caller, 1)
        api.inject(Fault("refuse", seconds=20))
        with pytest.raises(requests.ConnectionError):
            caller.send("POST", PIPELINES, definition())
        deadline = time.monotonic() + 5
        refused = 0
        while time.monotonic() < deadline:
            try:
                assert codes(caller, 1) == [200]
                break
            except requests.ConnectionError:
                refused += 1
        assert refused
        assert api.pipelines == []

    def test_an_outage_in_the_midst_of_many_connections_ends_them_all(self, api: Emulator) -> None:
        """Eight workers lose their connections at once; none of their threads may hang."""
        failures = []

        def work() -> None:
            with Caller(api) as one:
                try:
                    codes(one, 50)
                except requests.ConnectionError:
                    failures.append(1)

        api.fault_at(40, Fault("refuse"))
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)
        assert len(failures) == 8

    def test_accepted_connections_are_counted(self, api: Emulator, caller: Caller) -> None:
        """Whether a client reuses its connections is a promise of ours."""
        codes(caller, 3)
        with Caller(api) as other:
            codes(other, 2)
        assert (api.connections, [r.connection for r in api.requests]) == (2, [1, 1, 1, 2, 2])

    def test_a_kept_connection_answers_without_stalls(self, api: Emulator) -> None:
        """Head and body in two packets would wait 40 ms for an acknowledgement each time."""
        host, port = api.origin.removeprefix("http://").split(":")
        bearer = api.token_env["DPC_TOKEN"]
        head = f"GET /dpc{AGENTS} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {bearer}\r\n\r\n"
        with socket.create_connection((host, int(port))) as connection:
            for _ in range(50):
                connection.sendall(head.encode())
                received, _, body = connection.recv(65536).partition(b"\r\n\r\n")
                assert f"Content-Length: {len(body)}\r\n" in f"{received.decode()}\r\n"

    def test_closing_does_not_wait_for_a_stalled_request(self) -> None:
        """A test that ends must not hang on the fault it injected."""
        with Emulator() as api, Caller(api) as caller:
            api.stall_next(60)
            with pytest.raises(requests.ReadTimeout):
                caller.send("GET", AGENTS, timeout=0.05)
            began = time.monotonic()
        assert time.monotonic() - began < 5


class TestBodies:
    """Answers with a broken body."""

    @pytest.mark.parametrize("how", ["truncated", "html", "empty"])
    def test_a_body_that_is_no_json(self, api: Emulator, caller: Caller, how: Any) -> None:
        """The work is done and the status is success, which proves nothing."""
        api.garble_next(how)
        answer = caller.send("POST", PIPELINES, definition())
        assert (answer.status_code, len(api.pipelines)) == (201, 1)
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.content)

    @pytest.mark.parametrize("how", ["truncated", "html", "shape"])
    def test_an_answer_without_body_gets_one(self, api: Emulator, caller: Caller, how: Any) -> None:
        """Clients that expect nothing must not trip over something."""
        path = caller.make()
        api.garble_next(how)
        answer = caller.send("DELETE", path)
        assert (answer.status_code, answer.content != b"", api.pipelines) == (200, True, [])

    def test_right_json_of_the_wrong_shape(self, api: Emulator, caller: Caller) -> None:
        """An envelope that a proxy or a new version could add."""
        api.garble_next("shape")
        assert set(caller.send("GET", AGENTS).json()) == {"data"}

    def test_a_status_word_that_nobody_knows(self, api: Emulator, caller: Caller) -> None:
        """The vendor may add words; other answers stay as they are."""
        path = caller.make()
        api.garble_next("status-word", times=2)
        assert caller.status(path) == "REBALANCING"
        assert "status" not in caller.send("GET", path).json()

    def test_a_true_failure_keeps_its_status(self, api: Emulator, caller: Caller) -> None:
        """A 404 with a web page is what a gateway sends."""
        api.garble_next("html")
        assert caller.send("GET", f"{AGENTS}/unknown").status_code == 404

    def test_any_answer_can_be_rewritten(self, api: Emulator, caller: Caller) -> None:
        """A server that lies about its total, or repeats a page, is one line."""
        api.rewrite_next(lambda page: {**page, "total": 10**9}, match="GET *", times=None)
        assert caller.send("GET", AGENTS).json()["total"] == 10**9
