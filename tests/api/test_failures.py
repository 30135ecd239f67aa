"""What each failed exchange says, and how a body is read whatever is in it."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_dpc._api import failures
from pulumi_dpc._api.exchanges import Answer, Endpoint, NoAnswer, Request
from pulumi_dpc._api.json_body import decode
from pulumi_dpc.errors import ApiError, Conflict, InvalidDefinition, NotFound, OutcomeUnknown, Unreachable

API = Endpoint(host="eu1.example.com", hints={403: "ask for the role"})
TOKEN = Endpoint(
    host="id.example.com", setting="token URL", prefix="could not get a token: ", error_class=ApiError
)


def refusal(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> ApiError:
    request = Request(method="PUT", path="/v1/x", endpoint=API)
    return failures.refusal(request, Answer(status, headers or {}, body))


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (400, InvalidDefinition, "the service rejected the request as invalid"),
        (422, InvalidDefinition, "the service rejected the request as invalid"),
        (401, ApiError, "the service refused the credentials"),
        (403, ApiError, "the service does not allow this; ask for the role"),
        (404, NotFound, "the service does not have it"),
        (409, Conflict, "the service refused the request because of a conflict"),
        (418, ApiError, "the service refused the request"),
        (429, ApiError, "the service still says that there are too many requests"),
        (500, ApiError, "the service failed"),
        (503, ApiError, "the service failed"),
    ],
)
def test_each_status_has_its_sentence(status: int, kind: type[ApiError], text: str) -> None:
    error = refusal(status, {"x-request-id": "r1"})
    assert type(error) is kind
    assert str(error) == f"{text} (PUT /v1/x, {status}, request id r1)"


def test_an_error_carries_what_the_service_answered() -> None:
    error = refusal(409, {"request-id": "r2"}, b'{"detail": "busy", "violations": ["a: b"]}')
    assert (error.status, error.method, error.path) == (409, "PUT", "/v1/x")
    assert (error.detail, error.violations, error.request_id) == ("busy", ("a: b",), "r2")


@pytest.mark.parametrize(
    ("endpoint", "missing", "kind", "text"),
    [
        (
            API,
            NoAnswer("the connection was refused", sent=False),
            Unreachable,
            (
                "eu1.example.com cannot be reached: the connection was refused; check the API URL and the network"
                " (POST /v1/x)"
            ),
        ),
        (
            API,
            NoAnswer("the connection was lost", sent=True),
            OutcomeUnknown,
            "eu1.example.com gave no answer: the connection was lost (POST /v1/x)",
        ),
        (
            TOKEN,
            NoAnswer("the connection was refused", sent=False),
            Unreachable,
            (
                "could not get a token: id.example.com cannot be reached: the connection was refused; check the token"
                " URL and the network (POST /v1/x)"
            ),
        ),
        (
            TOKEN,
            NoAnswer("no answer came in time", sent=True),
            OutcomeUnknown,
            "could not get a token: id.example.com gave no answer: no answer came in time (POST /v1/x)",
        ),
    ],
)
def test_each_missing_answer_has_its_sentence(
    endpoint: Endpoint, missing: NoAnswer, kind: type[Exception], text: str
) -> None:
    error = failures.no_answer(Request(method="POST", path="/v1/x", endpoint=endpoint), missing)
    assert type(error) is kind
    assert str(error) == text


def test_the_library_s_error_stays_in_the_traceback() -> None:
    cause = OSError("reset")
    missing = NoAnswer("the connection was lost", sent=True, cause=cause)
    assert failures.no_answer(Request(method="GET", path="/", endpoint=API), missing).__cause__ is cause


def test_a_refused_token_request_never_speaks_of_a_pipeline() -> None:
    request = Request(method="POST", path="/token", endpoint=TOKEN)
    for status in (400, 404, 409, 422):
        error = failures.refusal(request, Answer(status))
        assert type(error) is ApiError
        assert str(error).startswith("could not get a token: the service ")


@pytest.mark.parametrize(
    ("body", "detail", "violations"),
    [
        (b'{"detail": "No such thing."}', "No such thing.", ()),
        (b'{"title": "Bad Request"}', "Bad Request", ()),
        (b'{"error": "invalid_client", "error_description": "unknown"}', "unknown", ()),
        (b'{"violations": ["a.b: must not be blank", "c: bad"]}', "", ("a.b: must not be blank", "c: bad")),
        (
            b'{"violations": [{"field": "a.b", "message": "must not be blank"}]}',
            "",
            ("a.b: must not be blank",),
        ),
        (b'{"violations": [{"field": "a.b"}]}', "", ('{"field": "a.b"}',)),
        (b'{"violations": [{"code": 7}, 8, null]}', "", ('{"code": 7}', "8", "null")),
        (b'{"errors": ["a: bad"], "violations": []}', "", ("a: bad",)),
        (b'{"violations": "all of it"}', "", ()),
        (b"<html>\x1b[31m502\r\nBad\x00 Gateway</html>", "<html> [31m502 Bad Gateway</html>", ()),
        (b'["x"]', '["x"]', ()),
        (b"", "", ()),
        (b"\xff\xfe\x00", "\ufffd\ufffd", ()),
    ],
)
def test_a_refusal_is_read_whatever_its_body(body: bytes, detail: str, violations: tuple[str, ...]) -> None:
    error = refusal(400, body=body)
    assert (error.detail, error.violations) == (detail, violations)


def test_violations_stand_one_a_line_below_the_sentence() -> None:
    body = b'{"detail": "Invalid request content.", "violations": ["a.b: must not be blank", "c: bad"]}'
    assert str(refusal(400, {"cf-ray": "8a"}, body)) == (
        "the service rejected the request as invalid: Invalid request content (PUT /v1/x, 400, request id 8a)\n"
        "  a.b: must not be blank\n"
        "  c: bad"
    )


def test_a_long_refusal_is_cut() -> None:
    body = json.dumps({"detail": "x" * 9000, "violations": ["y" * 9000] * 9000}).encode()
    error = refusal(400, body=body)
    assert len(error.detail) == 200
    assert len(error.violations) == 101
    assert error.violations[-1] == "and 8900 more"
    assert len(str(error)) < 60_000


@given(
    st.integers(300, 599),
    st.binary(max_size=300) | st.from_regex(rb'\{"(detail|violations|errors)": .{0,80}\}'),
)
def test_no_refusal_crashes_the_reader(status: int, body: bytes) -> None:
    text = str(refusal(status, body=body))
    assert f"(PUT /v1/x, {status})" in text
    text.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[" * 100_000,
        b"[" * 101 + b"]" * 101,
        b'{"a":' * 101 + b"1" + b"}" * 101,
        b"[{}, " * 100 + b'{"a": []}' + b"]" * 100,
        b'"\\ud800"',
        b"NaN",
        b"9" * 10_000,
        b"9" * 400,
        b"\xff\xfe",
        b'{"a": 1} {"b": 2}',
    ],
)
def test_what_no_other_part_could_carry_is_not_json(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(body)


def test_no_body_is_no_value_and_no_error() -> None:
    assert decode(b"") is None
    assert decode(b" \r\n") is None


@pytest.mark.parametrize("body", [b"[" * 100 + b"]" * 100, b'{"a":' * 100 + b"1" + b"}" * 100])
def test_what_is_nested_a_hundred_deep_is_json(body: bytes) -> None:
    assert json.dumps(decode(body)).encode().replace(b" ", b"") == body


@given(st.binary(max_size=200))
def test_any_body_is_a_value_or_a_value_error(body: bytes) -> None:
    with suppress(ValueError):
        json.dumps(decode(body), ensure_ascii=False).encode()


@pytest.mark.parametrize("location", ["", "http://[", "/v1/x"])
def test_a_redirect_to_nowhere_is_the_same_error(location: str) -> None:
    error = refusal(301, {"location": location})
    assert str(error) == (
        "the service redirects to another address, which is not followed: the API URL must be the final one"
        " (PUT /v1/x, 301)"
    )
