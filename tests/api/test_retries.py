"""What is sent again: the table of docs/reference/client.md, row by row, and the loop that follows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from pulumi_dpc._api import retries
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.exchanges import Answer, Endpoint, Exchange, NoAnswer, Request
from pulumi_dpc._api.pace import Pacer
from pulumi_dpc._api.retries import Again, Fail, Value, call_with_retries, judge, no_output
from pulumi_dpc.errors import (
    ApiError,
    Conflict,
    DpcError,
    Interrupted,
    InvalidDefinition,
    NotFound,
    OutcomeUnknown,
    Unreachable,
)

ENDPOINT = Endpoint(host="api.example.com")
OK = Answer(200, body=b'{"id": "a"}')


def request(method: str, **fields: Any) -> Request:
    """Return a request as the transport makes it: every one has its token, and its body must have an id."""
    fields = {"repeatable": method != "POST", "changes": method != "GET", "renewable": True, **fields}
    return Request(
        method=method, path="/v1/x", endpoint=ENDPOINT, usable=lambda body: "id" in (body or {}), **fields
    )


GET, PUT, POST = request("GET"), request("PUT"), request("POST")
"""A read, a write that may be repeated, and a create or a command."""
TOKEN = request("POST", repeatable=True, changes=False, renewable=False)
"""The request for a token, which is repeated like a read."""

REFUSED = NoAnswer("the connection was refused", sent=False)
LOST = NoAnswer("the connection was lost", sent=True)
UNTRUSTED = NoAnswer("its TLS certificate is not trusted", sent=False, final=True)
WAIT = {"retry-after": "7"}


# ---- the table ----


@pytest.mark.parametrize("asker", [GET, PUT, POST, TOKEN], ids=["GET", "PUT", "POST", "token"])
@pytest.mark.parametrize(
    ("exchange", "kind", "retry_after", "rate_limited"),
    [
        pytest.param(Answer(429, WAIT), ApiError, 7.0, True, id="429 with a time"),
        pytest.param(Answer(429), ApiError, None, True, id="429"),
        pytest.param(REFUSED, Unreachable, None, False, id="refused before it was sent"),
    ],
)
def test_what_was_surely_not_carried_out_is_sent_again(
    asker: Request, exchange: Exchange, kind: type[DpcError], retry_after: float | None, *, rate_limited: bool
) -> None:
    verdict = judge(asker, exchange)
    assert isinstance(verdict, Again)
    assert (verdict.retry_after, verdict.rate_limited, verdict.new_token) == (
        retry_after,
        rate_limited,
        False,
    )
    assert type(verdict.error) is kind
    assert not verdict.error.maybe_applied


DOUBTFUL = [
    pytest.param(Answer(500), ApiError, None, id="500"),
    pytest.param(Answer(502), ApiError, None, id="502"),
    pytest.param(Answer(503, WAIT), ApiError, 7.0, id="503 with a time"),
    pytest.param(Answer(504), ApiError, None, id="504"),
    pytest.param(Answer(599), ApiError, None, id="599"),
    pytest.param(LOST, OutcomeUnknown, None, id="lost after it was sent"),
    pytest.param(Answer(200, body=b"<html>"), OutcomeUnknown, None, id="a success that is no JSON"),
    pytest.param(Answer(201, body=b"{}"), OutcomeUnknown, None, id="a success of another shape"),
    pytest.param(Answer(204), OutcomeUnknown, None, id="a success without a body"),
    pytest.param(
        Answer(200, body=OK.body, broken="its body broke off"), OutcomeUnknown, None, id="a success cut short"
    ),
]


@pytest.mark.parametrize("asker", [GET, PUT, TOKEN], ids=["GET", "PUT", "token"])
@pytest.mark.parametrize(("exchange", "kind", "retry_after"), DOUBTFUL)
def test_what_may_be_repeated_is_sent_again_although_it_may_have_been_carried_out(
    asker: Request, exchange: Exchange, kind: type[DpcError], retry_after: float | None
) -> None:
    verdict = judge(asker, exchange)
    assert isinstance(verdict, Again)
    assert (verdict.retry_after, verdict.rate_limited, verdict.new_token) == (retry_after, False, False)
    assert type(verdict.error) is kind
    assert verdict.error.maybe_applied == asker.changes


@pytest.mark.parametrize(("exchange", "kind", "_retry_after"), DOUBTFUL)
def test_a_create_that_may_have_been_carried_out_is_never_sent_again(
    exchange: Exchange, kind: type[DpcError], _retry_after: float | None
) -> None:
    """A second POST makes a second pipeline."""
    verdict = judge(POST, exchange)
    assert isinstance(verdict, Fail)
    assert type(verdict.error) is kind
    assert verdict.error.maybe_applied


@pytest.mark.parametrize("asker", [GET, PUT, POST], ids=["GET", "PUT", "POST"])
def test_a_refused_token_is_replaced_if_another_can_be_had(asker: Request) -> None:
    again = judge(asker, Answer(401))
    assert isinstance(again, Again)
    assert again.new_token
    assert not again.error.maybe_applied


@pytest.mark.parametrize("asker", [GET, PUT, POST, TOKEN], ids=["GET", "PUT", "POST", "token"])
@pytest.mark.parametrize(
    ("exchange", "kind"),
    [
        pytest.param(Answer(301, {"location": "https://other.example.com"}), ApiError, id="301"),
        pytest.param(Answer(400), InvalidDefinition, id="400"),
        pytest.param(Answer(403, WAIT), ApiError, id="403"),
        pytest.param(Answer(404), NotFound, id="404"),
        pytest.param(Answer(409), Conflict, id="409"),
        pytest.param(Answer(422), InvalidDefinition, id="422"),
        pytest.param(Answer(499), ApiError, id="499"),
        pytest.param(UNTRUSTED, Unreachable, id="an untrusted certificate"),
    ],
)
def test_a_refusal_is_final(asker: Request, exchange: Exchange, kind: type[DpcError]) -> None:
    verdict = judge(asker, exchange)
    assert isinstance(verdict, Fail)
    assert type(verdict.error) is kind
    assert not verdict.error.maybe_applied


def test_a_refused_token_is_final_if_it_is_the_only_one() -> None:
    assert isinstance(judge(request("GET", renewable=False), Answer(401)), Fail)


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_a_success_with_a_usable_body_is_a_value(status: int) -> None:
    assert judge(POST, Answer(status, body=OK.body)) == Value({"id": "a"})


def test_a_success_without_a_body_is_a_value_where_none_is_expected() -> None:
    asker = Request(method="DELETE", path="/v1/x", endpoint=ENDPOINT)
    assert judge(asker, Answer(204)) == Value(None)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(200, body=b"{}"), "its body is not what it should be"),
        (Answer(200, body=b"<html>"), "its body is not JSON"),
        (
            Answer(200, body=b"{", broken="its body broke off (ProtocolError)"),
            "its body broke off (ProtocolError)",
        ),
        (Answer(200, body=OK.body, broken="its body is larger than 1 MiB"), "its body is larger than 1 MiB"),
    ],
)
def test_an_unusable_answer_says_what_is_wrong_with_it(answer: Answer, why: str) -> None:
    verdict = judge(GET, answer)
    assert isinstance(verdict, Again)
    assert str(verdict.error) == f"the service gave no usable answer: {why} (GET /v1/x, 200)"


# ---- how long is waited ----


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("1.5", 1.5),
        ("1", 1.0),
        ("0.9", None),
        ("0", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("Thu, 01 Jan 1970 00:16:45 GMT", 5.0),
        ("Thu, 01 Jan 1970 00:16:45", 5.0),
        ("Thu, 01 Jan 1970 00:16:40 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Thu, 99 Jan 1970 00:00:00 GMT", None),
    ],
)
def test_a_retry_after_in_either_form_is_obeyed_unless_it_is_zero_or_past(
    header: str | None, seconds: float | None
) -> None:
    """Obeyed, a time of zero would be thousands of requests; a clock ahead of the service's is enough for that."""
    assert retries.retry_after(header, now=1000.0) == seconds


def test_a_date_is_compared_with_the_clock_of_this_machine() -> None:
    verdict = judge(GET, Answer(503, {"retry-after": "Thu, 01 Jan 1970 00:16:45 GMT"}), now=1000.0)
    assert isinstance(verdict, Again)
    assert verdict.retry_after == 5.0


@pytest.mark.parametrize(
    ("delay", "spent", "attempts", "allowed"),
    [
        (1, 0, 1, True),
        (30, 119, 8, True),
        (1, 120, 8, False),
        (1, 130, 2, True),
        (1, 130, 3, False),
        (600, 0, 1, True),
        (600, 600, 3, False),
        (900, 0, 1, True),
        (901, 0, 1, False),
    ],
)
def test_another_attempt_is_made_within_the_budget(
    delay: float, spent: float, attempts: int, *, allowed: bool
) -> None:
    assert retries.may_wait(delay, spent, attempts) is allowed


def test_backoff_doubles_up_to_half_a_minute() -> None:
    for attempts, base in [(1, 1), (2, 2), (3, 4), (6, 30), (100, 30)]:
        assert 0.8 * base <= retries.backoff(attempts) <= 1.2 * base


# ---- the loop ----


class Line:
    """A service that answers from a list, the last answer for ever, and the time as the loop spends it."""

    def __init__(self, *exchanges: Exchange, interrupt: threading.Event | None = None) -> None:
        self.clock = Clock(0.001, interrupt)
        self.pacer = Pacer(self.clock)
        self.lines: list[str] = []
        self.sent = 0
        self._exchanges = exchanges

    def send(self) -> Exchange:
        self.sent += 1
        return self._exchanges[min(self.sent, len(self._exchanges)) - 1]

    def call(self, asker: Request) -> Any:
        return call_with_retries(asker, self.send, self.pacer, self.clock, self.lines.append)

    def error(self, asker: Request) -> DpcError:
        with pytest.raises(DpcError) as caught:
            self.call(asker)
        return caught.value


def test_a_call_ends_with_the_first_value() -> None:
    line = Line(Answer(503), REFUSED, OK)
    assert line.call(GET) == {"id": "a"}
    assert line.sent == 3


def test_before_each_wait_the_reason_and_its_length_are_shown() -> None:
    line = Line(Answer(503, WAIT, b'{"violations": ["a: b"]}'), OK)
    line.call(GET)
    assert line.lines == ["the service failed (GET /v1/x, 503); trying again in 7 s"]


def test_a_named_time_is_waited_for() -> None:
    line = Line(Answer(503, {"retry-after": "20"}), OK)
    began = line.clock.now()
    line.call(GET)
    assert line.clock.now() - began >= 20


def test_a_token_is_replaced_once_and_at_once() -> None:
    line = Line(Answer(401), OK)
    assert line.call(POST) == {"id": "a"}
    assert line.lines == []
    line = Line(Answer(401))
    assert isinstance(line.error(POST), ApiError)
    assert line.sent == 2


@pytest.mark.parametrize("exchange", [Answer(503), Answer(429), REFUSED, LOST], ids=str)
def test_a_failure_for_ever_ends_after_the_budget(exchange: Exchange) -> None:
    """1 + 2 + 4 + 8 + 16 + 30 + 30 + 30 seconds, each a fifth more or less, within two minutes."""
    line = Line(OK, exchange)
    line.call(GET)
    line.error(GET)
    assert 6 <= line.sent - 1 <= 10


@pytest.mark.parametrize("asker", [GET, PUT, POST, TOKEN], ids=["GET", "PUT", "POST", "token"])
def test_a_service_that_was_never_reached_is_given_up_after_fifteen_seconds(asker: Request) -> None:
    """Its address may be wrong: 1 + 2 + 4 seconds, and the next wait would be too long."""
    line = Line(REFUSED)
    assert isinstance(line.error(asker), Unreachable)
    assert 2 <= line.sent <= 5


@pytest.mark.parametrize("first", [OK, Answer(429), Answer(503), Answer(404)], ids=str)
def test_any_answer_shows_that_the_address_is_right(first: Exchange) -> None:
    line = Line(first, REFUSED)
    with suppress(DpcError):
        line.call(GET)
    line.error(GET)
    assert line.sent > 6


@pytest.mark.parametrize(
    ("delay", "spent", "took", "allowed"),
    [
        (1, 0, 0, True),
        (8, 7, 0, True),
        (8, 7.1, 0, False),
        (1, 5, 5, True),
        (1, 10, 5, False),
        (1, 10, 10, False),
    ],
)
def test_a_slow_failure_leaves_fewer_attempts(
    delay: float, spent: float, took: float, *, allowed: bool
) -> None:
    """Finding out that a name does not exist may take seconds by itself."""
    assert retries.may_hope(delay, spent, took) is allowed


def test_three_attempts_are_made_however_long_each_takes() -> None:
    line = Line(LOST)
    send = line.send

    def slow() -> Exchange:
        line.clock.sleep(70)
        return send()

    with pytest.raises(OutcomeUnknown):
        call_with_retries(GET, slow, line.pacer, line.clock, no_output)
    assert line.sent == 3


def test_time_in_the_queue_is_not_taken_from_the_budget() -> None:
    """At six requests a minute, each attempt waits for its turn for ten seconds and more."""
    line = Line(Answer(503))
    line.pacer.rate_limited(line.clock.now(), 400)
    line.error(GET)
    assert line.sent >= 6


def test_a_429_slows_every_other_call_of_the_process() -> None:
    line = Line(Answer(429, {"retry-after": "30"}), OK)
    began = line.clock.now()
    line.call(GET)
    assert line.pacer.turn() - began >= 30 + 9  # six a minute is the slowest rate that is learned


@pytest.mark.parametrize(
    ("exchanges", "accepted"),
    [([OK] * 30, 30), ([Answer(404)] * 30, 30), ([REFUSED, OK] * 15, 15), ([Answer(503), OK] * 15, 30)],
    ids=["accepted", "refused for another reason", "half of it never sent", "half of it failed"],
)
def test_the_rate_that_a_429_teaches_is_what_the_service_answered_before(
    exchanges: list[Exchange], accepted: int
) -> None:
    line = Line(*exchanges, Answer(429, {"retry-after": "60"}), OK)
    while line.sent < len(exchanges):
        with suppress(DpcError):
            line.call(GET)
    assert len(line.pacer._pace._accepted) == accepted
    line.call(GET)
    assert line.pacer._pace.rate


def test_only_a_429_slows_other_calls() -> None:
    line = Line(Answer(503, {"retry-after": "30"}), OK)
    line.call(GET)
    before = line.clock.now()
    for _ in range(5):
        line.pacer.turn()
    assert line.clock.now() - before < 30


def test_a_wait_of_hours_is_not_waited_for() -> None:
    line = Line(Answer(429, {"retry-after": "7200"}))
    assert isinstance(line.error(GET), ApiError)
    assert line.sent == 1


def test_a_refusal_after_a_lost_answer_says_that_it_may_have_been_done() -> None:
    line = Line(LOST, Answer(409))
    error = line.error(PUT)
    assert isinstance(error, Conflict)
    assert error.maybe_applied


def test_an_error_without_an_exchange_says_so_too() -> None:
    """No token can be had for the second attempt."""
    line = Line(LOST)
    exchanges: Iterator[Exchange] = iter([LOST])

    def send() -> Exchange:
        for exchange in exchanges:
            return exchange
        raise ApiError("could not get a token", status=401)

    with pytest.raises(ApiError) as caught:
        call_with_retries(PUT, send, line.pacer, line.clock, no_output)
    assert caught.value.maybe_applied


def test_a_ctrl_c_ends_a_wait_and_says_what_may_have_been_done() -> None:
    interrupt = threading.Event()
    interrupt.set()
    line = Line(Answer(503), interrupt=interrupt)
    error = line.error(PUT)
    assert isinstance(error, Interrupted)
    assert error.maybe_applied
    assert line.sent == 1
