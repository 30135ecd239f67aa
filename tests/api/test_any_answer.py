"""Answers from anywhere: whatever bytes come back, every operation of the client gives a value or a known error."""

from __future__ import annotations

import gc
import gzip
import itertools
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from pulumi_dpc._api import retries
from pulumi_dpc._api.client import DpcClient
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.settings import Settings
from pulumi_dpc.emulator import GUIDE_AGENT
from pulumi_dpc.errors import ApiError, DpcError, OutcomeUnknown, Unreachable
from tests.api.any_answers import BODIES, CALLS, VALUES, is_one_clear_text
from tests.api.raw_server import RawServer, serving
from tests.worlds import DEFINITION

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""urllib3 leaves the socket of an answer with two lengths to the garbage collector; the fixture runs it at last."""
LISTS = ("list_projects", "list_environments", "list_agents", "list_pipelines")
CREATES = {"create_pipeline": "streamingPipelineId", "create_agent": "agentId"}
NEVER_TWICE = ("create_pipeline", "create_agent", "send_command")
WITHOUT_VALUE = ("delete_pipeline", "send_command", "update_agent", "delete_agent")
WRITES = ("update_pipeline", *NEVER_TWICE, *WITHOUT_VALUE)
SECRET = "canary-client-secret"

STATUS_LINES = st.integers(200, 599).map(
    lambda status: f"HTTP/1.1 {status} Some Words".encode()
) | st.sampled_from(
    [
        b"HTTP/1.1 200",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 204 No Content",
        b"HTTP/1.1 304 Not Modified",
        b"HTTP/1.1 100 Continue",
        b"HTTP/1.1 101 Switching Protocols",
        b"HTTP/1.1 000 None",
        b"HTTP/1.1 999 Beyond",
        b"HTTP/1.1 -1 Below",
        b"HTTP/1.1 2e2 OK",
        b"HTTP/1.1 \xb2\xb0\xb0 OK",
        b"HTTP/1.1 200 \x1b[2J\xff",
        b"HTTP/2 200 OK",
        b"HTTP/1.1",
        b"ICY 200 OK",
        b"",
    ]
)
NAMES = [
    "Retry-After",
    "Location",
    "Set-Cookie",
    "Content-Type",
    "Content-Encoding",
    "Transfer-Encoding",
    "Content-Length",
    "Connection",
    "X-Request-Id",
    "WWW-Authenticate",
    "Refresh",
]
HEADER_VALUES = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e400",
        "9" * 5000,
        "\u0661",
        "Thu, 99 Foo 2026 99:99:99 GMT",
        "Fri, 31 Dec 9999 23:59:59 -9999",
        "gzip",
        "deflate, gzip, br, zstd",
        "chunked",
        "identity, chunked",
        "text/html; charset=nonsense",
        "multipart/mixed",
        "http://[",
        "//evil.example.com\\@h",
        "a=b; expires=nonsense; domain=.example.com",
        "\x1b[2J\x7f",
        "\xff\xfe",
        "a, b\tc",
    ]
) | st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=12)
HEADERS = st.lists(
    st.tuples(st.sampled_from(NAMES) | st.text("aZ-_ :\x00", min_size=1, max_size=4), HEADER_VALUES),
    max_size=4,
)


Framed = tuple[list[str], bytes]
"""Headers, and what follows them."""


def _plain(body: bytes) -> Framed:
    return [f"Content-Length: {len(body)}"], body


def _chunked(body: bytes) -> Framed:
    return ["Transfer-Encoding: chunked"], b"%x\r\n%s\r\n0\r\n\r\n" % (
        len(body),
        body,
    ) if body else b"0\r\n\r\n"


def _packed(body: bytes) -> Framed:
    packed = gzip.compress(body)
    return [f"Content-Length: {len(packed)}", "Content-Encoding: gzip"], packed


FRAMES = st.sampled_from(
    [
        _plain,
        _chunked,
        _packed,
        lambda body: ([], body),
        lambda body: ([f"Content-Length: {len(body) + 7}"], body),
        lambda body: ([f"Content-Length: {len(body) // 2}"], body),
        lambda body: (["Content-Length: 3", "Content-Length: 4"], body),
        lambda body: (["Transfer-Encoding: chunked"], b"zz\r\n" + body),
        lambda body: (["Transfer-Encoding: chunked"], b"ffffffffffffffffff\r\n" + body),
        lambda body: (["Content-Encoding: gzip"], body),
        lambda body: (["Content-Encoding: gzip"], gzip.compress(body)[:-9]),
        lambda body: (["Content-Encoding: deflate"], body),
    ]
)


@st.composite
def any_http(draw: st.DrawFn) -> bytes:
    """Draw an answer that begins like HTTP, mostly."""
    frame: Callable[[bytes], Framed] = draw(FRAMES)
    framing, body = frame(draw(BODIES))
    headers = [f"{name}: {value}" for name, value in draw(HEADERS)]
    lines = draw(st.permutations([*framing, *headers]))
    first: bytes = draw(STATUS_LINES)
    return first + b"\r\n" + "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


def ok(value: Any) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


ANSWERS = st.one_of(
    any_http(),
    VALUES.map(ok),
    st.dictionaries(st.sampled_from(["results", "page", "size", "total"]), VALUES).map(ok),
    VALUES.map(lambda id_: ok({**DEFINITION, "streamingPipelineId": id_})),
    st.fixed_dictionaries({"access_token": VALUES, "expires_in": VALUES}).map(ok),
    st.binary(max_size=80),
    st.sampled_from(
        [b"", b"\r\n" * 20, b"\x15\x03\x01\x00\x02\x02\x46", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300]
    ),
)


class Says:
    """A service that says the same bytes to every request, and hangs up."""

    def __init__(self) -> None:
        self.bytes = b""

    def __call__(self, connection: socket.socket) -> None:
        connection.sendall(self.bytes)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass  # what comes on this connection counts no more


class Skipping(Clock):
    """Time that passes with every look and every sleep, and never for real."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = itertools.count()
        self.slept = 0.0

    def now(self) -> float:
        return next(self._seconds) + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Says, RawServer]]:
    says = Says()
    with serving(says) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(retries, "BUDGET", 0.0)  # three attempts show what a dozen would
        yield says, server
    gc.collect()


def asked(service: tuple[Says, RawServer], answer: bytes, call: str, *, with_token: bool = True) -> list[str]:
    """Carry out an operation with that answer to every request; hold what must hold, and return what was sent."""
    says, server = service
    says.bytes = answer
    before = len(server.asked)
    settings = Settings(
        api_url=server.url,
        token_url=server.url.replace("/dpc", "/token"),
        token="canary-token" if with_token else None,
        client_id=None if with_token else "i",
        client_secret=None if with_token else SECRET,
    )
    with DpcClient(settings, clock=Skipping()) as client:
        try:
            value = CALLS[call](client)
        except DpcError as error:
            hold_error(error, call)
        else:
            hold_value(value, call)
    return [head.partition("\r\n")[0] for head in server.asked[before:]]


def hold_error(error: DpcError, call: str) -> None:
    """Hold that an error is a known one, and says whether something may have been done."""
    text = str(error)
    is_one_clear_text(text)
    assert isinstance(error, ApiError | OutcomeUnknown | Unreachable)
    assert "canary" not in text
    assert text.partition("\n")[0].rstrip().endswith(")"), "it names the request"
    if error.maybe_applied:
        assert call in WRITES
    if isinstance(error, OutcomeUnknown) and not text.startswith("could not get a token"):
        assert error.maybe_applied == (call in WRITES)


def hold_value(value: Any, call: str) -> None:
    """Hold that a value is what the operation promises, and that nothing after it can stumble over it."""
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    if call in LISTS:
        assert isinstance(value, list)
        assert all(isinstance(item, dict) for item in value)
    elif call == "get_status":
        assert isinstance(value, str)
        assert value == value.strip().upper()
    elif call in WITHOUT_VALUE:
        assert value is None
    else:
        assert isinstance(value, dict)
        if call in CREATES:
            assert value[CREATES[call]].strip(".")
            assert "/" not in value[CREATES[call]]


def examples(count: int) -> profile:
    """Return settings for that many examples; a profile with more wins."""
    count = max(count, profile().max_examples if profile().max_examples > 100 else 0)
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return profile(max_examples=count, deadline=None, suppress_health_check=checks)


@examples(350)
@given(answer=ANSWERS, call=st.sampled_from(sorted(CALLS)))
@example(answer=ok({"results": [{"id": "a"}], "page": 0, "size": 100, "total": 10**9}), call="list_projects")
@example(answer=ok({"agentId": GUIDE_AGENT}), call="get_agent")
@example(answer=ok({**DEFINITION, "streamingPipelineId": "a"}), call="create_pipeline")
@example(answer=ok({**DEFINITION, "streamingPipelineId": "a/b"}), call="create_pipeline")
@example(answer=ok({**DEFINITION, "streamingPipelineId": ".."}), call="create_pipeline")
@example(answer=ok({**DEFINITION, "streamingPipelineId": 7}), call="create_pipeline")
def test_whatever_comes_back_is_a_value_or_a_known_error(
    service: tuple[Says, RawServer], answer: bytes, call: str
) -> None:
    sent = asked(service, answer, call)
    assert len(sent) <= 50, "no answer makes requests without end"
    if call in NEVER_TWICE and not answer.startswith(b"HTTP/1.1 429"):
        assert len(sent) == 1


@examples(80)
@given(answer=ANSWERS)
@example(answer=ok({"access_token": "t", "expires_in": 0}))
@example(answer=ok({"access_token": "a b"}))
@example(answer=ok({"access_token": "\ud800"}))
def test_whatever_the_token_endpoint_says_is_a_token_or_a_known_error(
    service: tuple[Says, RawServer], answer: bytes
) -> None:
    sent = asked(service, answer, "create_pipeline", with_token=False)
    assert 1 <= len(sent) <= 8
    assert len([line for line in sent if "streaming-pipelines" in line]) <= 1 or b" 429 " in answer[:14]
