"""One request: what is sent again, what each failure says, and what never leaves the process."""

from __future__ import annotations

import gzip
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_dpc._api import tokens, wire
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.settings import Settings
from pulumi_dpc._api.transport import Transport
from pulumi_dpc.emulator import Emulator
from pulumi_dpc.errors import (
    ApiError,
    Conflict,
    DpcError,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    Unreachable,
)
from tests.api.raw_server import Answer, RawServer, answer, serving

AGENTS = "/v1/agents"
NEW_AGENT = {"name": "a", "agentType": "streaming", "cloudProvider": "aws", "deployment": "eks"}
SECRETS = ("canary-token", "canary-client-secret")


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=0.01, client_secret="canary-client-secret", token="canary-token") as emulator:
        yield emulator


def transport_to(api: Emulator, clock: Clock | None = None, **env: str) -> Transport:
    settings = Settings.resolve(environment={**api.env, "DPC_TIMEOUT": "30", **env})
    return Transport(settings, clock or Clock(settings.time_scale))


@pytest.fixture
def transport(api: Emulator, request: pytest.FixtureRequest) -> Iterator[Transport]:
    """A transport that waits for an answer as long as a busy machine takes, unless the test has none come."""
    one = transport_to(api, DPC_TIMEOUT="1" if "stall" in request.node.name else "30")
    yield one
    one.close()


def raw_transport_to(url: str, timeout: float = 0.3) -> Transport:
    settings = Settings(token="canary-token", api_url=url, timeout=timeout, time_scale=0.001)
    return Transport(settings, Clock(0.001))


def raw_transport(server: RawServer) -> Transport:
    return raw_transport_to(server.url)


def read(transport: Transport) -> Any:
    return transport.request("GET", AGENTS, usable=lambda body: isinstance(body, dict) and "results" in body)


def create(transport: Transport) -> Any:
    return transport.request(
        "POST",
        AGENTS,
        json=NEW_AGENT,
        repeatable=False,
        usable=lambda body: isinstance(body, dict) and "agentId" in body,
    )


def sent(api: Emulator, path: str = AGENTS) -> int:
    return len([request for request in api.requests if request.path == path])


# ---- what is sent again: the table of docs/reference/client.md, over real sockets ----

Break = Callable[[Emulator], None]

PASSING: dict[str, Break] = {
    "429 in seconds": lambda api: api.fail_next(429, retry_after=2),
    "429 with a date": lambda api: api.fail_next(429, retry_after=formatdate(time.time() - 5, usegmt=True)),
    "429 without a header": lambda api: api.fail_next(429),
    "401": lambda api: api.fail_next(401),
}
AMBIGUOUS: dict[str, Break] = {
    "500": lambda api: api.fail_next(500),
    "503 after it was handled": lambda api: api.fail_next(503, handled=True),
    "a connection closed before": lambda api: api.drop_next("before"),
    "a connection closed during": lambda api: api.drop_next("during"),
    "a connection closed after": lambda api: api.drop_next("after"),
    "a stall": lambda api: api.stall_next(60),
    "truncated JSON": lambda api: api.garble_next("truncated"),
    "a web page": lambda api: api.garble_next("html"),
    "an empty body": lambda api: api.garble_next("empty"),
    "another shape": lambda api: api.garble_next("shape"),
}


@pytest.mark.parametrize("fault", [*PASSING, *AMBIGUOUS])
def test_a_read_survives_whatever_happens_once(api: Emulator, transport: Transport, fault: str) -> None:
    {**PASSING, **AMBIGUOUS}[fault](api)
    assert read(transport)["results"]
    assert sent(api) == 2


@pytest.mark.parametrize("fault", PASSING)
def test_a_create_is_sent_again_when_it_was_surely_not_handled(
    api: Emulator, transport: Transport, fault: str
) -> None:
    PASSING[fault](api)
    assert create(transport)["agentId"]
    assert sent(api) == 2


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_a_create_is_never_sent_again_when_it_may_have_been_handled(
    api: Emulator, transport: Transport, fault: str
) -> None:
    """A second POST makes a second pipeline."""
    AMBIGUOUS[fault](api)
    with pytest.raises(DpcError) as caught:
        create(transport)
    assert caught.value.maybe_applied
    assert sent(api) == 1


def test_a_refused_connection_is_tried_again_until_the_service_is_back(
    api: Emulator, transport: Transport
) -> None:
    """Also for a create: nothing was sent."""
    api.down()
    threading.Timer(0.05, api.up).start()
    assert create(transport)["agentId"]
    assert sent(api) == 1


@pytest.mark.parametrize("call", [read, create])
def test_an_unreachable_service_is_given_up_after_the_budget(
    api: Emulator, call: Callable[[Transport], Any]
) -> None:
    clock = _Skipping()
    transport = transport_to(api, clock)
    read(transport)
    api.down()
    began = clock.now()
    with pytest.raises(
        Unreachable, match=r"cannot be reached: the connection was refused; check the API URL from"
    ) as caught:
        call(transport)
    assert 90 < clock.now() - began < 400
    assert not caught.value.maybe_applied


def test_a_failure_for_ever_ends_with_the_last_error(api: Emulator, transport: Transport) -> None:
    api.fail_next(503, times=None)
    with pytest.raises(ApiError) as caught:
        read(transport)
    assert caught.value.status == 503
    assert not caught.value.maybe_applied, "a read changes nothing"
    assert 6 <= sent(api) <= 12


def test_a_refusal_after_a_lost_answer_does_not_hide_that_it_may_have_been_done(
    api: Emulator, transport: Transport
) -> None:
    """A PUT whose answer was lost and whose repetition met a 409 may have been carried out."""
    api.drop_next("before", match="DELETE *")
    with pytest.raises(NotFound) as caught:
        transport.request("DELETE", f"{AGENTS}/3fa85f64-5717-4562-b3fc-2c963f66afa6")
    assert caught.value.maybe_applied


def test_a_ctrl_c_ends_a_wait_and_says_what_may_have_been_done(api: Emulator) -> None:
    interrupt = threading.Event()
    transport = transport_to(api, Clock(1.0, interrupt))
    api.fail_next(503, times=None)
    api.on_request(lambda request: interrupt.set() if request.method == "DELETE" else None)
    with pytest.raises(Interrupted) as caught:
        transport.request("DELETE", f"{AGENTS}/x")
    assert caught.value.maybe_applied


def test_after_a_ctrl_c_a_request_can_still_be_sent(api: Emulator) -> None:
    """What was stopped has to be started again before leaving."""
    interrupt = threading.Event()
    interrupt.set()
    assert read(transport_to(api, Clock(0.01, interrupt)))


def test_a_wait_of_hours_is_not_waited_for(api: Emulator, transport: Transport) -> None:
    api.fail_next(429, retry_after=7200)
    with pytest.raises(ApiError, match=r"too many requests"):
        read(transport)
    assert sent(api) == 1


@pytest.mark.parametrize("asked", [0, "-5", "0.001", formatdate(0, usegmt=True)])
@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_of_no_time_is_no_hot_loop(
    api: Emulator, transport: Transport, status: int, asked: int | str
) -> None:
    """Obeyed, it made 2401 requests in the two minutes; a clock that is ahead of the service's is enough."""
    api.fail_next(status, retry_after=asked, times=None)
    with pytest.raises(ApiError):
        read(transport)
    assert 6 <= sent(api) <= 12


def test_a_401_says_where_the_credentials_came_from(api: Emulator) -> None:
    api.fail_next(401, times=None)
    config = {
        "dpc:clientId": "emulator-client",
        "dpc:clientSecret": SECRETS[1],
        "dpc:tokenUrl": api.env["DPC_TOKEN_URL"],
    }
    endpoint = {key: api.env[key] for key in ("DPC_API_URL", "DPC_TIME_SCALE")}
    with pytest.raises(ApiError) as caught:
        read(Transport(Settings.resolve(environment=endpoint, stack_config=config), Clock(0.01)))
    assert ("they come from the stack configuration (dpc:clientId) (GET /v1/agents, 401") in str(caught.value)


def test_a_403_says_what_to_look_at(api: Emulator, transport: Transport) -> None:
    api.fail_next(403)
    with pytest.raises(ApiError, match=r"role.*IP allow list.*elsewhere than at http://127"):
        read(transport)


# ---- the token ----


def test_fifty_threads_get_one_token(api: Emulator, transport: Transport) -> None:
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: read(transport), range(50)))
    assert sent(api, "/oauth/dpc/token") == 1


def test_fifty_threads_renew_an_expired_token_once(api: Emulator, transport: Transport) -> None:
    read(transport)
    api.expire_tokens()
    api.clear_requests()
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: read(transport), range(50)))
    assert sent(api, "/oauth/dpc/token") == 1


def test_fifty_threads_share_the_failure_of_one_token_request(api: Emulator, transport: Transport) -> None:
    """In turn, each would spend two minutes on it."""
    api.fail_next(403, match="POST /oauth/*", times=None)
    api.on_request(lambda _: time.sleep(0.5))
    together = threading.Barrier(50)

    def one_of_them(_: int) -> ApiError:
        together.wait(60)
        return _error(transport)

    with ThreadPoolExecutor(50) as pool:
        errors = list(pool.map(one_of_them, range(50)))
    assert {error.status for error in errors} == {403}
    assert len({id(error) for error in errors}) == 50
    assert sent(api, "/oauth/dpc/token") <= 3


def _error(transport: Transport) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(transport)
    return caught.value


def test_a_new_token_is_never_taken_for_one_that_has_expired(api: Emulator) -> None:
    """A thread that saw the new token beside the old one's end would ask for another one."""
    api.settings.token_seconds = 61
    clock = _Watched(0.01)
    transport = transport_to(api, clock)
    read(transport)
    clock.sleep(40)
    other = threading.Thread(target=read, args=(transport,))

    def let_the_other_in() -> None:
        if sent(api, "/oauth/dpc/token") == 2 and threading.current_thread() is not other and not other.ident:
            other.start()
            other.join(0.2)

    clock.watch = let_the_other_in
    read(transport)
    other.join()
    assert sent(api, "/oauth/dpc/token") == 2


class _Skipping(Clock):
    """Time that passes only by sleeping, and then at once."""

    seconds = 1000.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class _Watched(Clock):
    """Tell the test whenever somebody looks at the time."""

    watch: Callable[[], None] = staticmethod(lambda: None)

    def now(self) -> float:
        self.watch()
        return super().now()


def test_a_token_is_replaced_before_it_expires(api: Emulator) -> None:
    """A request that carries a token about to expire would cost a 401 and a repetition."""
    api.settings.token_seconds = 61
    transport = transport_to(api)
    read(transport)
    api.clear_requests()
    Clock(0.01).sleep(40)
    read(transport)
    assert [request.status for request in api.requests] == [200, 200]


@pytest.mark.parametrize(
    ("answered", "seconds"),
    [(7200, 7200), (1, 1), (0.5, 0.5), (0, 1800), (-1, 1800), (1e9, 1800), ("7200", 1800), (None, 1800)],
)
def test_a_token_lives_as_long_as_its_answer_says_or_half_an_hour(answered: object, seconds: float) -> None:
    """A life of no time would cost a token request for each request, and one of years would never be renewed."""
    assert tokens._life(answered) == seconds


def test_a_given_token_is_not_exchanged(api: Emulator) -> None:
    transport = Transport(Settings.resolve(environment=api.token_env), Clock(0.01))
    read(transport)
    api.fail_next(401)
    with pytest.raises(ApiError):
        read(transport)
    assert sent(api, "/oauth/dpc/token") == 0
    assert sent(api) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
def test_a_token_that_was_not_refused_is_kept(api: Emulator, transport: Transport, status: int) -> None:
    api.fail_next(status)
    with suppress(ApiError):
        read(transport)
    read(transport)
    assert sent(api, "/oauth/dpc/token") == 1


@pytest.mark.parametrize("fault", ["429", "500", "html", "drop"])
def test_the_token_request_is_repeated_like_a_read(api: Emulator, transport: Transport, fault: str) -> None:
    match = "POST /oauth/*"
    {
        "429": lambda: api.fail_next(429, retry_after=1, match=match),
        "500": lambda: api.fail_next(500, match=match),
        "html": lambda: api.garble_next("html", match=match),
        "drop": lambda: api.drop_next("after", match=match),
    }[fault]()
    assert read(transport)


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refused_exchange_never_looks_like_a_missing_or_invalid_pipeline(
    api: Emulator, transport: Transport, status: int
) -> None:
    """A 404 that reads as "the pipeline is gone" would empty the state."""
    api.fail_next(status, match="POST /oauth/*", times=None, body={"error": "canary-client-secret is wrong"})
    with pytest.raises(ApiError, match=r"^could not get a token: the service") as caught:
        create(transport)
    assert type(caught.value) is ApiError
    assert not caught.value.maybe_applied
    assert SECRETS[1] not in str(caught.value)


# ---- what every request carries, and what never leaves ----


def test_every_request_says_who_asks(api: Emulator) -> None:
    with serving(answer("200 OK", b"{}")) as server:
        settings = Settings(token="canary-token", api_url=server.url, account_id="acc-7")
        Transport(settings, Clock()).request("GET", "/v1/agents")
        head = server.asked[0]
    assert "User-Agent: pulumi-dpc/" in head
    assert "account-id: acc-7" in head
    assert "Authorization: Bearer canary-token" in head
    assert "Content-" not in head, "a read has no body"


def test_netrc_does_not_replace_the_token(
    api: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library would put a password of ~/.netrc in place of a header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert read(transport_to(api))


def test_connections_are_kept(api: Emulator, transport: Transport) -> None:
    for _ in range(20):
        read(transport)
    assert api.connections == 1


def test_two_hundred_calls_at_a_time_keep_their_connections(
    api: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The host answers up to 256 at a time; those beyond the pool would each make a TLS connection and drop it."""
    together = threading.Barrier(200)
    transport = transport_to(api)
    read(transport)

    def wait_for_all(_: object) -> None:
        together.wait(60)

    api.on_request(wait_for_all)
    with ThreadPoolExecutor(200) as pool:
        list(pool.map(lambda _: read(transport), range(200)))
    assert "pool is full" not in caplog.text


def test_a_redirect_is_not_followed() -> None:
    """Credentials must not go to another host, whatever the service says."""
    with serving(answer("200 OK", b"{}")) as other:
        script = answer("307 Temporary Redirect", b"", Location=f"http://u:p@localhost:{other.port}/dpc")
        with (
            serving(script) as server,
            pytest.raises(ApiError, match=r"redirects to localhost, which is not followed"),
        ):
            raw_transport(server).request("POST", "/v1/x", json={}, repeatable=False)
        assert other.asked == []


def test_nothing_secret_is_in_any_error_or_log(
    api: Emulator, transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    """Even where the service repeats what it was sent."""
    caplog.set_level(logging.DEBUG)
    given_token = Transport(Settings.resolve(environment=api.token_env), Clock(0.01))
    texts = []
    for one in (transport, given_token):
        for status in (400, 401, 403, 404, 409, 500):
            api.fail_next(status, body={"detail": f"{SECRETS[0]} {SECRETS[1]}"}, times=2)
            with pytest.raises(DpcError) as caught:
                create(one)
            texts += [str(caught.value), repr(caught.value), repr(vars(caught.value))]
            api.clear_faults()
    given_texts = [text for text in texts if "[secret]" in text]
    assert given_texts
    assert SECRETS[1] not in "".join(texts[: len(texts) // 2])
    assert SECRETS[0] not in "".join(texts[len(texts) // 2 :])
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_a_number_that_json_does_not_have_is_refused(transport: Transport) -> None:
    with pytest.raises(ValueError, match=r"^the request cannot be written as JSON"):
        transport.request("PUT", "/v1/x", json={"a": float("nan")})


# ---- hostile answers ----


def chunked(size: int) -> Answer:
    def script(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = b"%x\r\n" % 2**16 + b" " * 2**16 + b"\r\n"
        for _ in range(size // 2**16):
            connection.sendall(block)
        connection.sendall(b"0\r\n\r\n")

    return script


def drip(connection: Any) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(1_000_000):  # until the client hangs up
        connection.sendall(b" ")
        time.sleep(0.001)


def test_an_endless_body_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_BODY", 2**20)
    with (
        serving(chunked(2**26)) as server,
        pytest.raises(OutcomeUnknown, match=r"its body is larger than 1 MiB"),
    ):
        raw_transport(server).request("POST", "/v1/x", json={}, repeatable=False)


def test_a_small_answer_that_unpacks_to_a_large_one_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_BODY", 2**20)
    bomb = answer("200 OK", gzip.compress(b" " * 2**26), Content_Encoding="gzip")
    with serving(bomb) as server, pytest.raises(OutcomeUnknown, match=r"its body is larger than 1 MiB"):
        raw_transport(server).request("POST", "/v1/x", json={}, repeatable=False)


def test_a_body_that_drips_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, and the whole never. A second passes with each look at the time."""
    seconds = itertools.count()
    monkeypatch.setattr(wire, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with serving(drip) as server, pytest.raises(OutcomeUnknown, match=r"its body took longer than 60 s"):
        raw_transport_to(server.url, timeout=30).request("POST", "/v1/x", json={}, repeatable=False)


@pytest.mark.parametrize(
    "script",
    [
        lambda connection: connection.sendall(b"nonsense\r\n\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 " + b"O" * 70_000 + b"\r\n\r\n"),
        answer("200 OK", b"not gzip", Content_Encoding="gzip"),
        lambda connection: connection.shutdown(2),
    ],
)
def test_an_answer_that_is_no_http_leaves_the_outcome_unknown(script: Answer) -> None:
    with serving(script) as server, pytest.raises(OutcomeUnknown) as caught:
        raw_transport(server).request("POST", "/v1/x", json={}, repeatable=False)
    assert caught.value.maybe_applied


def test_a_broken_body_does_not_hide_a_refusal() -> None:
    """The status has come: the service did not do it."""

    def script(connection: Any) -> None:
        connection.sendall(b'HTTP/1.1 409 Conflict\r\nContent-Length: 99\r\n\r\n{"detail')
        connection.shutdown(2)

    with serving(script) as server, pytest.raises(Conflict) as caught:
        raw_transport(server).request("POST", "/v1/x", json={}, repeatable=False)
    assert not caught.value.maybe_applied


def test_an_error_that_somebody_handles_does_not_make_a_lost_answer_look_unsent() -> None:
    """Python hangs the error being handled on the new one as its context; it is of another request."""
    gone = raw_transport_to("http://127.0.0.1:1/dpc")
    with serving(lambda connection: connection.shutdown(2)) as server:
        try:
            gone.request("GET", "/v1/x")
        except Unreachable:
            with pytest.raises(OutcomeUnknown):
                raw_transport(server).request("POST", "/v1/x", json={}, repeatable=False)
        else:
            pytest.fail("port 1 answers")


# ---- the rate ----


def test_a_service_that_allows_sixty_a_minute_gets_no_more() -> None:
    """Twenty threads, ninety requests: each thread meets at most one 429, then all keep to the limit."""
    with Emulator(time_scale=0.01, rate_limit_per_minute=60) as api:
        transport = transport_to(api)
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda _: read(transport), range(90)))
        refused = [request for request in api.requests if request.status == 429]
        assert len(refused) <= 22
