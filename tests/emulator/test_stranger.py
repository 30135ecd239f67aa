"""Whatever a stranger sends, the emulator answers as the contract says, and acts on nothing that was not addressed."""

from __future__ import annotations

import copy
import json
import socket
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from io import BytesIO
from typing import Any, TypeAlias, cast
from urllib.parse import quote, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from pulumi_dpc.emulator.contract import document
from tests.emulator.caller import GUIDE_DEFINITION, HandClock
from tests.emulator.test_contract import check_answer, operations

OTHER_PROJECT = "9d2c7b1e-5c7f-4b7e-9a51-0d6f1f0f2a10"
OTHER_AGENT = "5f0f6a52-2c0e-4d5a-8f51-7a7b0f3a9c11"
PIPELINES = {
    "b5d0c1de-7c5d-4a52-8a2f-51a8f4e1e001": GUIDE_PROJECT,
    "b5d0c1de-7c5d-4a52-8a2f-51a8f4e1e002": GUIDE_PROJECT,
    "b5d0c1de-7c5d-4a52-8a2f-51a8f4e1e003": OTHER_PROJECT,
}
IDS = (GUIDE_PROJECT, OTHER_PROJECT, GUIDE_AGENT, OTHER_AGENT, *PIPELINES)
Answered: TypeAlias = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""

REFUSALS = {400, 401, 403, 404, 409, 413, 415, 429, 501, 505}
TOKEN = "a-token"

AGENT = {"agentType": "streaming", "cloudProvider": "aws", "deployment": "eks", "name": "new"}
BODIES: dict[str, dict[str, Any]] = {
    "createProject": {"name": "new", "description": "d", "warehouse": "SNOWFLAKE"},
    "createEnvironment": {"name": "new", "defaultAgentId": GUIDE_AGENT},
    "createDataPlatformConnection": {},
    "createAgent": AGENT,
    "updateAgent": {"name": "other", "enableAutoUpdates": False, "trackName": "stable"},
    "refreshAgentCredentials": {"action": "SECRET_REFRESH"},
    "createStreamingPipeline": GUIDE_DEFINITION,
    "updateStreamingPipeline": GUIDE_DEFINITION,
    "commandStreamingPipeline": {"command": "START"},
}


@dataclass(frozen=True)
class Sent:
    """One request of a stranger.

    Attributes:
        operation: "METHOD path" of the document.
        values: What stands in the path, decoded.
    """

    operation: str
    values: Mapping[str, str]
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def method(self) -> str:
        return self.operation.partition(" ")[0]

    @property
    def makes_an_object(self) -> bool:
        return self.operation.startswith("POST") and self.operation.endswith(
            ("v1/projects", "agents", "pipelines")
        )

    @property
    def addressed(self) -> str:
        """Return the path of the object that the request is about."""
        path = self.operation.partition(" ")[2]
        for action in ("/commands", "/status", "/environments", "/data-platform-connections"):
            path = path.removesuffix(action)
        return path.format(**self.values)

    def to_bytes(self) -> bytes:
        path = self.operation.partition(" ")[2].format(
            **{name: quote(value, safe="", errors="replace") for name, value in self.values.items()}
        )
        mount = "" if path.startswith("/oauth") else "/dpc"
        query = "?" + urlencode(self.query, errors="replace") if self.query else ""
        head = [f"{self.method} {mount}{path}{query} HTTP/1.1", "Host: emulator"]
        head += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*head, "", ""]).encode("latin-1") + self.body


def served(**rules: Any) -> Emulator:
    """Return an emulator with two projects, two agents and three pipelines, in which no time passes."""
    api = Emulator(token=TOKEN, now=HandClock(), rate_limit_per_minute=None, **rules)
    api.add_project("Other", OTHER_PROJECT)
    api.add_agent("other", OTHER_AGENT)
    for number, (pipeline, project) in enumerate(PIPELINES.items()):
        api.add_pipeline({**GUIDE_DEFINITION, "name": f"p{number}"}, project, pipeline)
    return api


def objects(api: Emulator) -> dict[str, str]:
    """Return everything that the service holds, by the path that addresses it."""
    directory = api.store.directory
    held = {f"/v1/projects/{project.id}": repr(project) for project in directory.projects.values()}
    held |= {f"/v1/agents/{name}": repr(agent) for name, agent in directory.agents.items()}
    held |= {f"/v1/agents/{name}/credentials": repr(one) for name, one in directory.credentials.items()}
    for one in api.pipelines:
        path = f"/v1/projects/{one.project_id}/streaming-pipelines/{one.id}"
        held[path] = repr((one.definition, one.running))
    return held


def answers(api: Emulator, sent: bytes, method: str = "") -> list[Answered]:
    """Send bytes and nothing after them; return every answer until the emulator hangs up, each well-formed."""
    host, _, port = api.origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            received = BytesIO(stream.read())
    found: list[Answered] = []
    while received.tell() < len(received.getvalue()):
        answer = HTTPResponse(cast("Any", _Received(received)), method=method)
        answer.begin()
        body = answer.read()
        if answer.status != 204 and method != "HEAD":
            assert int(answer.headers["Content-Length"]) == len(body)
        found.append((answer.status, dict(answer.headers), body))
    return found


@dataclass
class _Received:
    """Bytes that were received, as ``http.client`` takes a socket: its reader must not be closed after one answer."""

    stream: BytesIO

    def makefile(self, _: str) -> Any:
        outer = self.stream

        class Kept(BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                return outer.read(size)

            def readline(self, size: int | None = -1) -> bytes:
                return outer.readline(size)

        return Kept()


def check_refusal(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Hold that an answer is one of the refusals of the contract, described as it says."""
    assert status in REFUSALS, (status, body)
    assert headers["Content-Type"] == "application/problem+json"
    told = json.loads(body)
    schema = document()["components"]["schemas"]["Problem"]
    Draft202012Validator(schema).validate(told)
    assert told.get("status", status) == status


def no_number(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**30), 0, 65536])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", " ", "STREAMING", "streaming", "aws", "aci", "postgres", "\ud800", *IDS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
UNREADABLE = st.sampled_from(
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 3000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b"1" * 5000,
        b"1e400",
        b"NaN",
    ]
)


@st.composite
def changed_bodies(draw: st.DrawFn, operation: str) -> bytes:
    """Return a body that the operation takes, with a few of its values gone or of any kind."""
    body = copy.deepcopy(BODIES[operation])
    for _ in range(draw(st.integers(0, 3))):
        place: Any = body
        while True:
            key = draw(
                st.sampled_from([*sorted(place), "new"] if isinstance(place, dict) else range(len(place)))
            )
            inner = place[key] if key != "new" else None
            if isinstance(inner, dict | list) and inner and draw(st.booleans()):
                place = inner
                continue
            if draw(st.booleans()) or key == "new":
                place[key] = draw(JSON)
            else:
                del place[key]
            break
        if not body:
            break
    return json.dumps(body).encode()


@st.composite
def _ids_of(draw: st.DrawFn, operation: str) -> dict[str, str]:
    """Return what stands in the path: what is there, mostly, or ids of other things, or anything."""
    pipeline = draw(st.sampled_from(list(PIPELINES)))
    agent = draw(st.sampled_from([GUIDE_AGENT, OTHER_AGENT]))
    there = {"projectId": PIPELINES[pipeline], "streamingPipelineId": pipeline, "agentId": agent}
    anything = st.sampled_from(IDS) | st.text(min_size=1, max_size=40)
    is_right = draw(st.sampled_from([True, True, False]))
    return {
        name: there[name] if is_right else _spelled(draw, draw(anything))
        for name in (part.strip("{}") for part in operation.split("/") if part.startswith("{"))
    }


@st.composite
def requests_of_strangers(draw: st.DrawFn) -> Sent:
    """Return a request to any operation: ids, query, headers and body of any kind, most of them nearly right."""
    changing = [name for name in sorted(operations()) if not name.startswith("GET")]
    operation = draw(st.sampled_from([*changing, *changing, *sorted(operations())]))
    described = operations()[operation]["operationId"]
    values = draw(_ids_of(operation))
    names = st.sampled_from(["page", "size", "projectId", "agentId", "streamingPipelineId"]) | st.text(
        max_size=5
    )
    numbers = st.integers().map(str) | st.sampled_from(["--5", "9" * 5000, "\uff15", "1_0", "+1", "1e3", ""])
    query = draw(st.lists(st.tuples(names, st.sampled_from(IDS) | numbers | st.text(max_size=5)), max_size=3))
    body = b""
    if described in BODIES:
        body = draw(
            changed_bodies(described) | JSON.map(lambda value: json.dumps(value).encode()) | UNREADABLE
        )
    elif described == "requestToken":
        form = st.dictionaries(st.sampled_from(["grant_type", "client_id", "audience"]), st.text(max_size=9))
        body = draw(
            form.map(lambda fields: urlencode(fields, errors="replace").encode()) | st.binary(max_size=20)
        )
    return Sent(operation, values, query, draw(headers_for(operation, body)), body)


def _spelled(draw: st.DrawFn, value: str) -> str:
    change = draw(st.sampled_from(["", "", "", "", "upper", "slash", "sign", "wide"]))
    wide = str.maketrans(string.digits, "".join(map(chr, range(0xFF10, 0xFF1A))))
    return {
        "": value,
        "upper": value.upper(),
        "slash": f"{value}/streaming-pipelines/{next(iter(PIPELINES))}",
        "sign": "+" + value[1:],
        "wide": value.translate(wide),
    }[change]


@st.composite
def headers_for(draw: st.DrawFn, operation: str, body: bytes) -> list[tuple[str, str]]:
    form = operation.endswith("/token")
    right = "application/x-www-form-urlencoded" if form else "application/json"
    visible = st.text(
        st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20
    )
    kind = draw(st.sampled_from([right] * 6 + ["text/plain", "multipart/form-data", ""]))
    bearer = draw(
        st.sampled_from([f"Bearer {TOKEN}"] * 8 + ["Basic \xe9", "Basic Zm9v", "Bearer", "Bearer x y"])
    )
    length = draw(
        st.sampled_from([str(len(body))] * 12 + ["-1", "abc", "1" * 30, "\xb2", "0", str(len(body) + 1)])
    )
    others = draw(
        st.lists(st.tuples(st.sampled_from(["account-id", "X-Any", "Expect"]), visible), max_size=2)
    )
    return [("Content-Type", kind), ("Authorization", bearer), ("Content-Length", length), *others]


@settings(max_examples=150, deadline=None)
@given(
    requests_of_strangers(),
    st.sampled_from(["ignored", "kept", 400]),
    st.sampled_from(["absent", 400]),
)
def test_no_request_is_left_without_an_answer_or_acts_on_another_object(
    sent: Sent, unknown_field: Any, null_field: Any
) -> None:
    """``"type": []`` killed the thread that served it, and a query parameter deleted another pipeline."""
    with served(unknown_field=unknown_field, null_field=null_field) as api:
        before = objects(api)
        (status, headers, body), *further = answers(api, sent.to_bytes(), sent.method)
        after = objects(api)
    if 200 <= status < 300:
        answer = json.loads(body, parse_constant=no_number) if body else None
        if unknown_field != "kept":  # a newer service answers what this document does not have
            check_answer(sent.operation, status, answer)
    elif sent.operation.endswith("/token") and b'"error"' in body:
        assert status in REFUSALS
    else:
        check_refusal(status, headers, body)
    touched = changed(before, after)
    if status >= 300 or sent.method == "GET":
        assert not touched
    assert all(path.startswith(sent.addressed) for path in touched)
    if sent.makes_an_object:
        assert not touched & before.keys()
    for more in further:  # what a wrong length left over is another request, or none
        check_refusal(*more)


COMPLETE = Sent(
    "PUT /v1/projects/{projectId}/streaming-pipelines/{streamingPipelineId}",
    {"projectId": GUIDE_PROJECT, "streamingPipelineId": next(iter(PIPELINES))},
    headers=[
        ("Authorization", f"Bearer {TOKEN}"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(json.dumps(GUIDE_DEFINITION)))),
    ],
    body=json.dumps(GUIDE_DEFINITION).encode(),
)


@st.composite
def damaged_requests(draw: st.DrawFn) -> bytes:
    """Return a good request with parts cut out, repeated, or of any bytes."""
    whole = COMPLETE.to_bytes()
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, min(500, len(whole))))
        end = draw(st.integers(start, min(start + 40, len(whole))))
        lines = st.sampled_from(
            [b"\r\n", b"\r\n\r\n", b"\n \n", b"Transfer-Encoding: chunked\r\n", b"\x00", b"?", b"//["]
        )
        whole = (
            whole[:start] + draw(lines | st.binary(max_size=8) | st.just(whole[start:end] * 2)) + whole[end:]
        )
    return whole


@settings(max_examples=150, deadline=None)
@given(damaged_requests() | st.binary(min_size=1, max_size=60))
def test_no_bytes_are_left_without_an_answer(sent: bytes) -> None:
    """A bad ``Content-Length`` killed the thread, and a wrong method was answered with a web page."""
    with served() as api:
        before = objects(api)
        found = answers(api, sent)
        touched = changed(before, objects(api))
    assert found or not sent.strip(b"\r\n"), sent
    for status, headers, body in found:
        if status != 200:
            check_refusal(status, headers, body)
    assert touched <= {COMPLETE.addressed}
