"""What the emulator refuses, by its published and its assumed rules, and what it must not confuse."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from tests.emulator.caller import PIPELINES, Caller, HandClock, definition

JSON = {"Content-Type": "application/json"}
CLOUDS: dict[str, set[str]] = {
    "aws": {"fargate", "eks"},
    "azure": {"aci", "aks"},
    "gcp": {"gke", "gce"},
    "google_cloud": {"gke", "gce"},
    "snowflake": set(),
}
"""Where a streaming agent may be deployed (docs/api.md section 2.2)."""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def api(clock: HandClock) -> Iterator[Emulator]:
    with Emulator(now=clock, client_secret="a+b/c%d é") as emulator:
        yield emulator


@pytest.fixture
def caller(api: Emulator) -> Iterator[Caller]:
    with Caller(api) as one:
        yield one


def raw(api: Emulator, sent: str) -> str:
    """Send text as it stands, and return what is answered until the emulator hangs up."""
    host, _, port = api.origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(sent.replace("\n", "\r\n").encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            return stream.read().decode("latin-1")


class TestAddresses:
    """Only what stands in the path says which object is meant."""

    def test_a_query_parameter_deletes_no_other_pipeline(self, api: Emulator, caller: Caller) -> None:
        """``DELETE …/L?streamingPipelineId=M`` deleted M."""
        meant, other = caller.make(name="meant"), caller.make(name="other")
        query = {"streamingPipelineId": other[-36:], "projectId": GUIDE_PROJECT}
        assert caller.send("DELETE", meant, params=query).status_code == 204
        assert [pipeline.name for pipeline in api.pipelines] == ["other"]

    def test_a_slash_within_an_id_leads_to_no_other_object(self, api: Emulator, caller: Caller) -> None:
        """``DELETE …/projects/P%2Fstreaming-pipelines%2FL`` names a project that is not there."""
        made = caller.make()
        wrong = made.replace("/streaming-pipelines/", "%2Fstreaming-pipelines%2F")
        assert caller.send("DELETE", wrong).status_code == 400
        assert len(api.pipelines) == 1

    @pytest.mark.parametrize("kept", [True, False])
    def test_a_change_of_an_agent_cannot_name_another(
        self, api: Emulator, caller: Caller, kept: bool
    ) -> None:
        """A newer service keeps unknown fields, but the id of an agent is no field of a change."""
        api.settings.unknown_field = "kept" if kept else "ignored"
        change = {"agentId": "stolen", "cloudProvider": "aws", "description": "ours", "versionDetails": 1}
        assert caller.send("PATCH", f"/v1/agents/{GUIDE_AGENT}", change).status_code == 202
        agent = caller.send("GET", f"/v1/agents/{GUIDE_AGENT}").json()
        assert (agent["agentId"], agent["cloudProvider"], agent["description"]) == (
            GUIDE_AGENT,
            "azure",
            "ours",
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            "+734aa6f-0c64-4d2b-9406-f44dc8f1f3b6",
            "2734aa6f-0c64-4d2b-9406-f44dc8f1f_b6",
            " 734aa6f-0c64-4d2b-9406-f44dc8f1f3b6",
            "\uff12734aa6f-0c64-4d2b-9406-f44dc8f1f3b6",
            "2734aa6f0c644d2b9406f44dc8f1f3b6",
            "2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6\n",
        ],
    )
    def test_an_agent_id_that_only_python_reads_is_refused(self, caller: Caller, wrong: str) -> None:
        """A sign, an underscore, a space and full-width digits are whatever ``int(…, 16)`` takes."""
        answer = caller.send("POST", PIPELINES, definition(agentId=wrong))
        assert (answer.status_code, answer.json()["violations"]) == (400, ["agentId: must be a valid uuid"])

    @pytest.mark.parametrize("page", ["--5", "9" * 5000, "\uff15", "1_0", "+1", "1.0", "", "2147483648"])
    def test_a_page_that_is_no_number_is_refused(self, caller: Caller, page: str) -> None:
        """Two of them killed the thread that served the request, and one was read as 5."""
        answer = caller.send("GET", "/v1/agents", params={"page": page})
        assert (answer.status_code, len(answer.json()["violations"])) == (400, 1)


class TestBodies:
    """What is no JSON, and what no field may be."""

    @pytest.mark.parametrize("word", [[], {}, None, 1, True])
    def test_a_type_that_is_no_text_is_refused(self, api: Emulator, caller: Caller, word: Any) -> None:
        """A list or an object there killed the thread; a newer service does not take them either."""
        for api.settings.unknown_field in ("ignored", "kept"):
            answer = caller.send("POST", PIPELINES, definition(streamingSource={"type": word}))
            expected = ["streamingSource.type: must be of type string"]
            assert (answer.status_code, answer.json()["violations"]) == (400, expected)

    @pytest.mark.parametrize(
        "text", ["NaN", "-Infinity", "1e400", "1" * 5000, "[" * 200 + "]" * 200, "[" * 99999]
    )
    def test_what_no_answer_could_carry_is_refused(self, caller: Caller, text: str) -> None:
        """NaN came back as NaN, which is no JSON; deep nesting killed the thread."""
        body = json.dumps(definition(advancedProperties={"x": "here"})).replace('"here"', text)
        answer = caller.send("POST", PIPELINES, data=body.encode(), headers=JSON)
        assert answer.status_code == 400
        assert answer.json()["detail"] in (
            "The request body is not JSON.",
            "The request body is nested more than 100 levels deep.",
        )

    @pytest.mark.parametrize(
        ("port", "violation"),
        [(0, "1 or more"), (-1, "1 or more"), (65536, "65535 or less"), (1.5, "of type integer")],
    )
    def test_a_port_that_cannot_be_is_refused(self, caller: Caller, port: float, violation: str) -> None:
        """They were stored and echoed."""
        sent = definition()
        sent["streamingSource"]["connection"]["port"] = port
        answer = caller.send("POST", PIPELINES, sent)
        assert answer.json()["violations"] == [f"streamingSource.connection.port: must be {violation}"]

    def test_a_port_with_a_point_is_stored_as_a_whole_number(self, caller: Caller) -> None:
        """JSON Schema takes 1433.0 for a whole number, but no service echoes it so."""
        sent = definition()
        sent["streamingSource"]["connection"]["port"] = 1433.0
        assert '"port": 1433,' in caller.send("POST", PIPELINES, sent).text

    @pytest.mark.parametrize("blank", ["", " ", "\t\n"])
    def test_a_blank_name_is_refused(self, caller: Caller, blank: str) -> None:
        """Its sentence says blank, so spaces alone are."""
        assert caller.send("POST", PIPELINES, definition(name=blank)).json()["violations"] == [
            "name: must not be blank"
        ]

    def test_null_for_an_optional_field_is_refused_or_as_if_not_sent(
        self, api: Emulator, caller: Caller
    ) -> None:
        """Nothing is published, and both are common."""
        sent = definition(advancedProperties=None)
        sent["streamingTarget"]["stagePrefix"] = None
        assert caller.send("POST", PIPELINES, sent).json()["violations"] == [
            "advancedProperties: must be of type object",
            "streamingTarget.stagePrefix: must be of type string",
        ]
        api.settings.null_field = "absent"
        made = caller.send("POST", PIPELINES, sent)
        assert made.status_code == 201
        assert "advancedProperties" not in made.json()
        assert "stagePrefix" not in made.json()["streamingTarget"]

    def test_null_for_a_required_field_is_refused_by_either_reading(
        self, api: Emulator, caller: Caller
    ) -> None:
        api.settings.null_field = "absent"
        answer = caller.send("POST", PIPELINES, definition(name=None, streamingTarget=None))
        assert answer.json()["violations"] == ["name: must not be blank", "streamingTarget: must not be null"]

    def test_null_in_a_free_property_stays(self, api: Emulator, caller: Caller) -> None:
        api.settings.null_field = "absent"
        made = caller.send("POST", PIPELINES, definition(advancedProperties={"x": None}))
        assert made.json()["advancedProperties"] == {"x": None}


class TestAgents:
    """An agent's kind, cloud and deployment belong together."""

    @pytest.mark.parametrize("kind", ["streaming", "STREAMING", "Streaming"])
    def test_a_streaming_agent_is_deployed_where_its_cloud_has_it(self, caller: Caller, kind: str) -> None:
        """``aws`` with ``aci`` was accepted, and an upper-case type met no rule at all."""
        taken = set()
        for cloud in CLOUDS:
            for deployment in ("fargate", "eks", "aci", "aks", "gke", "gce", "container app", "native app"):
                request = {"agentType": kind, "cloudProvider": cloud, "deployment": deployment, "name": "x"}
                if caller.send("POST", "/v1/agents", request).status_code == 201:
                    taken.add((cloud, deployment))
        assert taken == {(cloud, one) for cloud, ones in CLOUDS.items() for one in ones}

    def test_an_impossible_pair_says_what_the_cloud_has(self, caller: Caller) -> None:
        request = {"agentType": "streaming", "cloudProvider": "AWS", "deployment": "aci", "name": "x"}
        assert caller.send("POST", "/v1/agents", request).json()["violations"] == [
            "deployment: must be one of fargate, eks"
        ]

    @pytest.mark.parametrize(
        ("cloud", "deployment", "status"),
        [
            ("aws", "fargate", 201),
            ("azure", "aci", 400),
            ("gcp", "gce", 400),
            ("snowflake", "native app", 201),
        ],
    )
    def test_another_agent_has_deployments_of_its_own(
        self, caller: Caller, cloud: str, deployment: str, status: int
    ) -> None:
        """``aci`` and ``gce`` are for streaming agents only."""
        kind = "data_productivity_cloud"
        request = {"agentType": kind, "cloudProvider": cloud, "deployment": deployment, "name": "x"}
        assert caller.send("POST", "/v1/agents", request).status_code == status

    def test_a_change_cannot_switch_automatic_updates_on_for_a_streaming_agent(
        self, api: Emulator, caller: Caller
    ) -> None:
        """The rule of its creation was forgotten afterwards."""
        path = f"/v1/agents/{GUIDE_AGENT}"
        answer = caller.send("PATCH", path, {"enableAutoUpdates": True, "name": "other"})
        assert (answer.status_code, answer.json()["violations"]) == (
            400,
            ["enableAutoUpdates: must be False"],
        )
        assert caller.send("GET", path).json()["name"] == "streaming-agent"
        batch = api.add_agent("batch", agent_type="data_productivity_cloud")
        assert caller.send("PATCH", f"/v1/agents/{batch}", {"enableAutoUpdates": True}).status_code == 202

    def test_an_agent_made_through_the_api_connects_after_a_moment(
        self, api: Emulator, caller: Caller, clock: HandClock
    ) -> None:
        """It never did, so nothing could be started on it; its installation is what takes the moment."""
        request = {"agentType": "streaming", "cloudProvider": "aws", "deployment": "eks", "name": "x"}
        seen = []
        for api.settings.agent_seconds in (5, None):
            made = caller.send("POST", "/v1/agents", request).json()
            assert not made["connected"]
            began = clock.seconds
            for clock.seconds in (began + 4.9, began + 5):
                agent = caller.send("GET", f"/v1/agents/{made['agentId']}").json()
                seen.append((agent["connected"], agent["agentStatus"]))
        assert seen == [(False, "stopped"), (True, "running"), (False, "stopped"), (False, "stopped")]

    def test_an_agent_has_every_published_detail_of_its_version(self, caller: Caller) -> None:
        """A generated client that reads ``agentVersion`` found nothing."""
        details = caller.send("GET", f"/v1/agents/{GUIDE_AGENT}").json()["versionDetails"]
        assert set(details) == {
            "agentUpdateAvailable",
            "agentVersion",
            "support",
            "trackName",
            "trackReleaseDate",
            "trackVersion",
        }


class TestHttp:
    """What is asked around the calls, and what is no HTTP."""

    @pytest.mark.parametrize("encode", [str, quote_plus])
    def test_a_secret_in_a_basic_header_may_be_percent_encoded(
        self, api: Emulator, caller: Caller, encode: Any
    ) -> None:
        """RFC 6749 asks for it and Go's client does it; most others send the secret as it is."""
        pair = ":".join(encode(api.env[name]) for name in ("DPC_CLIENT_ID", "DPC_CLIENT_SECRET"))
        header = "Basic " + base64.b64encode(pair.encode()).decode()
        answer = caller.session.post(
            api.env["DPC_TOKEN_URL"],
            data={"grant_type": "client_credentials"},
            headers={"Authorization": header},
        )
        assert answer.status_code == 200

    def test_a_basic_header_that_is_no_ascii_is_refused(self, api: Emulator) -> None:
        """It killed the thread."""
        answer = raw(
            api,
            "POST /oauth/dpc/token HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n"
            "Authorization: Basic \xe9\nContent-Length: 29\n\ngrant_type=client_credentials",
        )
        assert answer.startswith("HTTP/1.1 401 ")

    @pytest.mark.parametrize("method", ["GET", "BREW"])
    def test_a_token_is_asked_for_before_a_path_is_looked_up(self, caller: Caller, method: str) -> None:
        """A stranger learns nothing; an address without the API's own prefix is told as what it is."""
        codes = []
        for authorization in ("", caller.session.headers["Authorization"]):
            answer = caller.send(method, "/v1/metrics", headers={"Authorization": authorization})
            codes.append(answer.status_code)
        elsewhere = caller.session.request(method, f"{caller.api.origin}/v1/projects", timeout=5)
        assert (codes, elsewhere.status_code) == ([401, 501], 501)

    def test_head_and_options_are_answered_as_the_service_would(self, api: Emulator, caller: Caller) -> None:
        """They came as web pages."""
        head, get = (caller.send(method, "/v1/projects") for method in ("HEAD", "GET"))
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == get.headers["Content-Length"]
        options = caller.send("OPTIONS", "/v1/projects")
        assert (options.status_code, options.headers["Content-Type"]) == (501, "application/problem+json")
        assert [request.method for request in api.requests] == ["HEAD", "GET", "OPTIONS"]

    @pytest.mark.parametrize(
        ("head", "status"),
        [
            ("Content-Length: abc", 400),
            ("Content-Length: -1", 400),
            ("Content-Length: 1_0", 400),
            ("Content-Length: 3", 400),
            ("Content-Length: 2\nContent-Length: 3", 400),
            ("Content-Length: 99999999", 413),
            ("Content-Length: " + "9" * 5000, 413),
            ("Transfer-Encoding: gzip", 501),
            ("Transfer-Encoding: chunked\nContent-Length: 2", 400),
            ("Transfer-Encoding: chunked", 400),
            ("no header", 400),
        ],
    )
    def test_a_request_whose_end_nobody_knows_is_refused_as_a_problem(
        self, api: Emulator, head: str, status: int
    ) -> None:
        """Each killed the thread, waited for ever, or left its body to be read as the next request."""
        token = api.token_env["DPC_TOKEN"]
        answer = raw(
            api,
            f"POST /dpc/v1/projects HTTP/1.1\nAuthorization: Bearer {token}\n"
            f"Content-Type: application/json\n{head}\n\n{{}}",
        )
        assert answer.startswith(f"HTTP/1.1 {status} ")
        assert answer.count("HTTP/1.1") == 1
        assert json.loads(answer.partition("\r\n\r\n")[2])["status"] == status

    @pytest.mark.parametrize(
        ("line", "status"),
        [
            ("GET", 400),
            ("GET / HTTP/3.0", 505),
            (" ", 400),
            ("GET http://[x HTTP/1.1", 400),
            ("A B C D", 400),
        ],
    )
    def test_a_line_that_is_no_request_is_refused_as_a_problem(
        self, api: Emulator, line: str, status: int
    ) -> None:
        answer = raw(api, f"{line}\n\n")
        assert answer.startswith(f"HTTP/1.1 {status} ")
        assert json.loads(answer.partition("\r\n\r\n")[2])["status"] == status

    def test_a_body_may_come_in_chunks(self, api: Emulator, caller: Caller) -> None:
        """Clients that do not know its length send it so; the emulator read an empty body."""
        body = json.dumps({"name": "Made of chunks"}).encode()
        pieces = (body[start : start + 7] for start in range(0, len(body), 7))
        assert caller.send("POST", "/v1/projects", data=pieces, headers=JSON).status_code == 201
        assert api.requests[-1].body == {"name": "Made of chunks"}

    def test_a_large_body_that_is_refused_still_gets_its_answer(self, caller: Caller) -> None:
        """Hanging up over unread bytes resets the connection, and the answer with it."""
        body = b"x" * (11 * 1024 * 1024)
        assert caller.send("POST", "/v1/projects", data=body, headers=JSON).status_code == 413

    def test_the_instance_of_a_problem_is_a_url(self, caller: Caller) -> None:
        """Spaces and quotes stood in it as they were."""
        answer = caller.send("GET", "/v1/agents/a%20%22b%22%C3%A9")
        assert (answer.status_code, answer.json()["instance"]) == (404, "/v1/agents/a%20%22b%22%C3%A9")

    def test_the_start_page_shows_any_name(self, api: Emulator, caller: Caller) -> None:
        """Half of a surrogate pair is a JSON text, and no UTF-8."""
        caller.make(name="\ud800")
        assert caller.session.get(api.origin + "/", timeout=5).status_code == 200
