"""The emulator behaves as the published facts say (``docs/api.md``), over real sockets."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from pulumi_dpc import emulator
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from tests.emulator.caller import GUIDE_DEFINITION, PIPELINES, Caller, HandClock, definition, without


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def api(clock: HandClock) -> Iterator[Emulator]:
    with Emulator(now=clock) as emulator:
        yield emulator


@pytest.fixture
def caller(api: Emulator) -> Iterator[Caller]:
    with Caller(api) as one:
        yield one


class TestDefinitions:
    """What is stored, and what is refused."""

    def test_a_definition_comes_back_as_it_was_sent_with_its_two_ids(self, caller: Caller) -> None:
        """A reordered table list or a number turned into text would be drift that nobody caused."""
        made = caller.send("POST", PIPELINES, GUIDE_DEFINITION)
        assert made.status_code == 201
        identity = made.json()["streamingPipelineId"]
        read = caller.send("GET", f"{PIPELINES}/{identity}").json()
        assert (
            read
            == made.json()
            == {**GUIDE_DEFINITION, "projectId": GUIDE_PROJECT, "streamingPipelineId": identity}
        )

    def test_an_incomplete_definition_is_refused_with_the_path_of_each_missing_field(
        self, caller: Caller
    ) -> None:
        """The vendor's guide removes these two fields and promises an issue list with their paths."""
        incomplete = without(GUIDE_DEFINITION, "streamingSource.connection.username")
        incomplete = without(incomplete, "streamingTarget.connection.authentication")
        answer = caller.send("POST", PIPELINES, incomplete)
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json() == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "Invalid request content.",
            "instance": PIPELINES,
            "violations": [
                "streamingSource.connection.username: must not be blank",
                "streamingTarget.connection.authentication: must not be null",
            ],
        }
        assert caller.api.pipelines == []

    @pytest.mark.parametrize(
        ("change", "violation"),
        [
            ({"name": ""}, "name: must not be blank"),
            ({"agentId": "agent-1"}, "agentId: must be a valid uuid"),
            (
                {"streamingSource": {"type": "mongodb"}},
                "streamingSource.type: must be one of postgres, sqlserver",
            ),
            ({"streamingSource": {}}, "streamingSource.type: must not be blank"),
            ({"streamingTarget": "s3"}, "streamingTarget: must be an object"),
            ({"streamingTarget": {"type": "s3"}}, "streamingTarget.bucket: must not be blank"),
            (
                {"streamingTarget": {"type": "s3", "bucket": "b", "decimalMapping": "ROUNDED"}},
                "streamingTarget.decimalMapping: must be one of LEGACY, LOGICAL",
            ),
            ({"advancedProperties": []}, "advancedProperties: must be of type object"),
        ],
    )
    def test_each_mistake_is_told_with_its_path(
        self, caller: Caller, change: dict[str, Any], violation: str
    ) -> None:
        """Users find the field by its path; a wrong path sends them to the wrong line."""
        answer = caller.send("POST", PIPELINES, definition(**change))
        assert answer.status_code == 400
        assert [line for line in answer.json()["violations"] if line.startswith(violation)]

    def test_mistakes_in_a_list_carry_their_position(self, caller: Caller) -> None:
        """With forty tables, "tables: must not be blank" would help nobody."""
        broken = definition()
        broken["streamingSource"]["tables"] = [{"schema": "dbo", "table": "A"}, {"schema": "dbo"}]
        broken["streamingSource"]["connection"]["port"] = "1433"
        assert caller.send("POST", PIPELINES, broken).json()["violations"] == [
            "streamingSource.connection.port: must be of type integer",
            "streamingSource.tables[1].table: must not be blank",
        ]

    def test_enum_words_are_taken_in_any_case_and_answered_in_upper_case(self, caller: Caller) -> None:
        """The vendor's Terraform provider sends lower case; both clients may meet on one pipeline."""
        sent = definition()
        sent["streamingTarget"]["tablePrefixType"] = "none"
        sent["streamingSource"]["connection"]["password"]["secretType"] = "aws_secrets_manager"
        read = caller.send("POST", PIPELINES, sent).json()
        assert read["streamingTarget"]["tablePrefixType"] == "NONE"
        assert read["streamingSource"]["connection"]["password"]["secretType"] == "AWS_SECRETS_MANAGER"

    def test_type_words_are_not_taken_in_upper_case(self, caller: Caller) -> None:
        """Discriminators are lower case both ways; a lenient emulator would hide a client that shouts."""
        assert (
            caller.send(
                "POST", PIPELINES, definition(streamingTarget={"type": "S3", "bucket": "b"})
            ).status_code
            == 400
        )

    def test_a_field_that_the_service_does_not_know_is_dropped(self, caller: Caller) -> None:
        """A client that misspells a field must see it missing on read, not be told that all is well."""
        sent = definition(retries=3)
        sent["streamingSource"]["connection"]["password"]["key"] = "k"
        read = caller.send("POST", PIPELINES, sent).json()
        assert "retries" not in read
        assert "key" not in read["streamingSource"]["connection"]["password"]

    def test_a_put_replaces_everything(self, caller: Caller) -> None:
        """It is a replacement and no merge: what is left out is gone."""
        path = caller.make()
        changed = caller.send("PUT", path, without(definition(name="other"), "advancedProperties"))
        assert changed.status_code == 200
        assert "advancedProperties" not in caller.send("GET", path).json()

    def test_a_deleted_pipeline_is_gone(self, caller: Caller) -> None:
        """404 is how clients learn that somebody deleted it."""
        path = caller.make()
        assert caller.send("DELETE", path).status_code == 204
        assert [caller.send(method, path).status_code for method in ("GET", "DELETE")] == [404, 404]

    def test_a_pipeline_is_not_found_under_another_project(self, api: Emulator, caller: Caller) -> None:
        """An id is only valid with its project."""
        path = caller.make()
        other = api.add_project("Other")
        assert caller.send("GET", path.replace(GUIDE_PROJECT, other)).status_code == 404


class TestRequests:
    """What every call has to bring, and what is remembered of it."""

    @pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic ZW11bGF0b3ItdG9rZW4="])
    def test_a_call_without_a_valid_bearer_is_refused(self, caller: Caller, header: str) -> None:
        """A client that forgets the header on one call would pass against a lenient emulator."""
        answer = caller.send("GET", "/v1/projects", headers={"Authorization": header})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")

    def test_a_body_that_is_not_labelled_json_is_refused(self, caller: Caller) -> None:
        """The documentation asks for the header on every request with a body."""
        answer = caller.send("POST", PIPELINES, data=b"{}", headers={"Content-Type": "text/plain"})
        assert answer.status_code == 415

    def test_a_body_that_is_not_json_is_refused(self, caller: Caller) -> None:
        """A crash here would look like a lost connection."""
        headers = {"Content-Type": "application/json"}
        assert caller.send("POST", PIPELINES, data=b"{", headers=headers).status_code == 400

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/v1/metrics"), ("PATCH", PIPELINES), ("GET", "/v1/projects/"), ("GET", "/v2")],
    )
    def test_an_unknown_route_says_that_it_is_not_imitated(
        self, caller: Caller, method: str, path: str
    ) -> None:
        """404 would look like a thing that is missing; the path shows which call is not covered."""
        answer = caller.send(method, path)
        assert answer.status_code == 501
        assert f"{method} /dpc{path}" in answer.json()["detail"]

    def test_an_id_that_is_no_uuid_is_refused(self, caller: Caller) -> None:
        """A path with two ids swapped for names is a mistake of the client, not an absent thing."""
        answer = caller.send("GET", "/v1/projects/Analytics/streaming-pipelines")
        assert answer.json()["violations"] == ["projectId: must be a valid uuid"]

    def test_requests_are_remembered_with_what_was_sent_and_answered(
        self, api: Emulator, caller: Caller
    ) -> None:
        """Tests count requests and read bodies from this record."""
        caller.token()
        caller.send("GET", "/v1/projects", params={"page": 0})
        caller.send("POST", PIPELINES, {"name": "x"})
        kept = [(r.index, r.method, r.path, r.status, r.body) for r in api.requests]
        assert kept == [
            (0, "POST", "/oauth/dpc/token", 200, None),
            (0, "GET", "/v1/projects", 200, None),
            (1, "POST", PIPELINES, 400, {"name": "x"}),
        ]
        assert api.requests[1].query == {"page": "0"}
        assert api.requests[1].answer["total"] == 1

    def test_numbers_begin_again_after_clearing(self, api: Emulator, caller: Caller) -> None:
        """A fault at an index counts from the step under test, not from its preparation."""
        caller.send("GET", "/v1/projects")
        api.clear_requests()
        caller.send("GET", "/v1/agents")
        assert [(r.index, r.path) for r in api.requests] == [(0, "/v1/agents")]

    def test_a_callback_sees_a_request_before_it_is_handled(self, api: Emulator, caller: Caller) -> None:
        """Kill tests strike here: afterwards would be too late."""
        seen: list[tuple[str, int]] = []
        api.on_request(lambda request: seen.append((request.method, len(api.pipelines))))
        caller.make()
        assert seen == [("POST", 0)]


class TestTokens:
    """Who may call."""

    def test_client_id_and_secret_buy_a_token(self, caller: Caller) -> None:
        """Both places of the credentials are in use by known clients."""
        basic = "Basic " + base64.b64encode(b"emulator-client:emulator-secret").decode()
        form = caller.token()
        header = caller.session.post(
            caller.api.env["DPC_TOKEN_URL"],
            data={"grant_type": "client_credentials"},
            headers={"Authorization": basic},
        )
        for answer in (form, header):
            assert answer.json()["expires_in"] == 1800
            with Caller(caller.api, answer.json()["access_token"]) as other:
                assert other.send("GET", "/v1/projects").status_code == 200

    @pytest.mark.parametrize(
        ("form", "status", "error"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"audience": "https://elsewhere"}, 403, "access_denied"),
        ],
    )
    def test_a_wrong_token_request_is_refused(
        self, caller: Caller, form: dict[str, str], status: int, error: str
    ) -> None:
        """A client that sends the wrong grant or audience must not get through."""
        answer = caller.token(**form)
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    @pytest.mark.parametrize(
        ("header", "status"),
        [({"Content-Type": "application/json"}, 400), ({"Authorization": "Basic a"}, 401)],
    )
    def test_a_token_request_of_another_form_is_refused(
        self, caller: Caller, header: dict[str, str], status: int
    ) -> None:
        """OAuth takes forms, not JSON, and credentials in one encoding."""
        data = "grant_type=client_credentials"
        headers = {"Content-Type": "application/x-www-form-urlencoded", **header}
        answer = caller.session.post(caller.api.env["DPC_TOKEN_URL"], data=data, headers=headers)
        assert answer.status_code == status

    def test_a_token_ends_after_its_time(self, caller: Caller, clock: HandClock) -> None:
        """Runs longer than half an hour renew it, or fail."""
        with Caller(caller.api, caller.token().json()["access_token"]) as one:
            clock.seconds = 1799
            assert one.send("GET", "/v1/projects").status_code == 200
            clock.seconds = 1800
            assert one.send("GET", "/v1/projects").status_code == 401

    def test_tokens_can_be_ended_early(self, api: Emulator, caller: Caller) -> None:
        """The 401 in the middle of a run, without half an hour of waiting."""
        with Caller(api, caller.token().json()["access_token"]) as one:
            api.expire_tokens()
            assert one.send("GET", "/v1/projects").status_code == 401

    def test_another_account_sees_nothing_of_ours(self, api: Emulator, caller: Caller) -> None:
        """The wrong credentials must look like an empty world, the case that empties states."""
        path = caller.make()
        env = api.other_account()
        token = caller.token(client_id=env["DPC_CLIENT_ID"], client_secret=env["DPC_CLIENT_SECRET"])
        with Caller(api, token.json()["access_token"]) as stranger:
            assert stranger.send("GET", "/v1/projects").json()["total"] == 0
            assert stranger.send("GET", path).status_code == 404

    def test_a_role_without_rights_is_forbidden(self, api: Emulator, caller: Caller) -> None:
        """A valid token is not a permission."""
        env = api.powerless_account()
        token = caller.token(client_id=env["DPC_CLIENT_ID"], client_secret=env["DPC_CLIENT_SECRET"])
        with Caller(api, token.json()["access_token"]) as member:
            assert member.send("GET", "/v1/projects").status_code == 403


class TestLifecycle:
    """What commands and time do to the status."""

    def test_a_start_goes_through_starting_to_streaming(self, caller: Caller, clock: HandClock) -> None:
        """Accepted is not done: clients have to look again."""
        path = caller.make()
        assert caller.status(path) == "NOT_RUNNING"
        answer = caller.command(path, "START")
        assert (answer.status_code, answer.content) == (200, b"")
        seen = []
        for clock.seconds in (0, 4.9, 5.0, 1e6):
            seen.append(caller.status(path))
        assert seen == ["STARTING", "STARTING", "STREAMING", "STREAMING"]

    def test_a_stop_goes_through_stopping_to_not_running(
        self, api: Emulator, caller: Caller, clock: HandClock
    ) -> None:
        """An edit may begin only after the second word."""
        path = caller.make()
        api.start("sqlserver-to-snowflake")
        caller.command(path, "STOP")
        assert caller.status(path) == "STOPPING"
        clock.seconds = 3
        assert caller.status(path) == "NOT_RUNNING"

    def test_a_start_during_a_stop_follows_it(self, api: Emulator, caller: Caller, clock: HandClock) -> None:
        """The fastest way to restart; neither command may be lost."""
        path = caller.make()
        api.start("sqlserver-to-snowflake")
        caller.command(path, "STOP")
        clock.seconds = 1
        caller.command(path, "START")
        seen = []
        for clock.seconds in (2.9, 3, 7.9, 8):
            seen.append(caller.status(path))
        assert seen == ["STOPPING", "STARTING", "STARTING", "STREAMING"]

    def test_a_start_may_begin_with_a_snapshot(self, api: Emulator, caller: Caller, clock: HandClock) -> None:
        """Connector pages describe an initial snapshot; waiting must accept it as running."""
        api.snapshot_on_start(20)
        path = caller.make()
        caller.command(path, "START")
        seen = []
        for clock.seconds in (4, 5, 24, 25):
            seen.append(caller.status(path))
        assert seen == ["STARTING", "SNAPSHOTTING", "SNAPSHOTTING", "STREAMING"]

    @pytest.mark.parametrize(
        ("after", "seen"),
        [
            ("NOT_RUNNING", ["NOT_RUNNING", "NOT_RUNNING", "NOT_RUNNING"]),
            ("STARTING", ["STARTING", "NOT_RUNNING", "NOT_RUNNING"]),
            ("STREAMING", ["STARTING", "STREAMING", "NOT_RUNNING"]),
        ],
    )
    def test_a_failed_start_ends_in_not_running(
        self, api: Emulator, caller: Caller, clock: HandClock, after: str, seen: list[str]
    ) -> None:
        """The API has no word for failure, so this is all a client gets to see."""
        path = caller.make()
        api.start_fails(after=after)
        caller.command(path, "START")
        words = []
        for clock.seconds in (0, 5, 5.5):
            words.append(caller.status(path))
        assert words == seen
        caller.command(path, "START")
        clock.seconds = 20
        assert caller.status(path) == "STREAMING"

    def test_every_start_of_one_pipeline_can_fail(
        self, api: Emulator, caller: Caller, clock: HandClock
    ) -> None:
        """A source that is down stays down, while the neighbour starts as ever."""
        api.settings.second_pipeline_on_agent = "allowed"
        broken, sound = caller.make(name="a"), caller.make(name="b")
        api.start_fails("a", times=None)
        for _ in range(2):
            for path in (broken, sound):
                caller.command(path, "START")
            clock.seconds += 5
            assert (caller.status(broken), caller.status(sound)) == ("NOT_RUNNING", "STREAMING")

    def test_an_agent_of_another_kind_starts_no_pipeline(self, api: Emulator, caller: Caller) -> None:
        """The default agent of an environment may be a batch one, as the guide's recipe overlooks."""
        batch = api.add_agent("batch", agent_type="data_productivity_cloud")
        assert caller.command(caller.make(agentId=batch), "START").status_code == 409

    def test_an_agent_runs_one_pipeline(self, api: Emulator, caller: Caller) -> None:
        """The vendor states it; the second start is where a service would notice."""
        first, second = caller.make(name="a"), caller.make(name="b")
        caller.command(first, "START")
        refused = caller.command(second, "START")
        assert (refused.status_code, caller.status(second)) == (409, "NOT_RUNNING")
        running = api.pipeline("a").id
        assert refused.json()["detail"] == f"Agent {GUIDE_AGENT} already runs streaming pipeline {running}."
        api.stop("a")
        assert caller.command(second, "START").status_code == 200

    def test_an_agent_that_is_away_makes_the_status_unknown(
        self, api: Emulator, caller: Caller, clock: HandClock
    ) -> None:
        """A command is taken, and nothing is known until the agent is back."""
        path = caller.make()
        api.agent_offline(GUIDE_AGENT)
        assert caller.command(path, "START").status_code == 200
        clock.seconds = 10
        assert caller.status(path) == "UNKNOWN"
        assert api.pipeline("sqlserver-to-snowflake").running
        api.agent_online(GUIDE_AGENT)
        assert caller.status(path) == "STREAMING"
        api.remove_agent(GUIDE_AGENT)
        assert caller.status(path) == "UNKNOWN"

    def test_an_agent_can_come_back_by_itself(self, api: Emulator, caller: Caller, clock: HandClock) -> None:
        """A network that fails for a minute is the usual case, and a client that waits sees the end of it."""
        path = caller.make()
        api.start("sqlserver-to-snowflake")
        clock.seconds = 100
        api.agent_offline(GUIDE_AGENT, seconds=60)
        seen = []
        for clock.seconds in (100, 159.9, 160, 1e6):
            agent = caller.send("GET", f"/v1/agents/{GUIDE_AGENT}").json()
            listed = caller.send("GET", "/v1/agents").json()["results"]
            assert listed == [agent]
            seen.append((agent["connected"], agent["agentStatus"], caller.status(path)))
        assert seen == [(False, "stopped", "UNKNOWN")] * 2 + [(True, "running", "STREAMING")] * 2

    def test_the_last_word_about_an_agent_counts(
        self, api: Emulator, caller: Caller, clock: HandClock
    ) -> None:
        """A test that takes an agent away for good must not see it return from an earlier absence."""
        path = caller.make()
        api.agent_offline(GUIDE_AGENT, seconds=60)
        api.agent_online(GUIDE_AGENT)
        assert caller.status(path) == "NOT_RUNNING"
        api.agent_offline(GUIDE_AGENT, seconds=60)
        api.agent_offline(GUIDE_AGENT)
        clock.seconds = 60
        assert caller.status(path) == "UNKNOWN"

    def test_an_edit_of_a_running_pipeline_acts_at_its_next_start(
        self, api: Emulator, caller: Caller
    ) -> None:
        """The definition and what runs are two things; an edit without restart is only half done."""
        path = caller.make()
        caller.command(path, "START")
        caller.send("PUT", path, definition(advancedProperties={"max.batch.size": 5}))
        running = api.pipelines[0].running_definition
        assert running is not None
        assert running["advancedProperties"] == {"max.batch.size": 10000}
        api.stop("sqlserver-to-snowflake")
        caller.command(path, "START")
        assert api.pipelines[0].running_definition == api.pipelines[0].definition

    def test_people_can_act_behind_the_clients_back(self, api: Emulator, caller: Caller) -> None:
        """Drift is what refresh exists for."""
        path = caller.make()
        api.start("sqlserver-to-snowflake")
        api.snapshot("sqlserver-to-snowflake", 60)
        assert caller.status(path) == "SNAPSHOTTING"
        api.set_status("sqlserver-to-snowflake", "PAUSED")
        assert caller.status(path) == "PAUSED"
        api.set_status("sqlserver-to-snowflake", None)
        api.edit(
            "sqlserver-to-snowflake",
            {"streamingTarget": {"role": "OTHER", "temporalMapping": None}},
            name="x",
        )
        read = caller.send("GET", path).json()
        assert (read["name"], read["streamingTarget"]["role"]) == ("x", "OTHER")
        assert "temporalMapping" not in read["streamingTarget"]
        assert read["streamingTarget"]["warehouse"] == "STREAMING_WH"
        api.delete("x")
        assert caller.send("GET", path).status_code == 404

    def test_a_name_that_two_pipelines_share_finds_neither(self, api: Emulator) -> None:
        """A test that acts on the wrong one of two would prove nothing."""
        for _ in range(2):
            api.add_pipeline(definition())
        with pytest.raises(KeyError, match="2 pipelines are called"):
            api.stop("sqlserver-to-snowflake")

    def test_a_deleted_project_takes_its_pipelines_along(self, api: Emulator, caller: Caller) -> None:
        """Nothing may be left that no path leads to."""
        caller.make()
        api.delete_project(GUIDE_PROJECT)
        assert (caller.send("GET", PIPELINES).status_code, api.pipelines) == (404, [])


class TestSettings:
    """The unpublished rules, each with its alternatives."""

    @pytest.mark.parametrize(
        ("setting", "status"),
        [("noop", 200), (409, 409)],
    )
    def test_a_needless_command_is_ignored_or_refused(
        self, caller: Caller, setting: Any, status: int
    ) -> None:
        """Nothing is published about it, so clients have to bear both."""
        caller.api.settings.start_when_running = caller.api.settings.stop_when_stopped = setting
        path = caller.make()
        assert caller.command(path, "STOP").status_code == status
        caller.command(path, "START")
        assert caller.command(path, "START").status_code == status
        assert caller.status(path) == "STARTING"

    def test_a_running_pipeline_can_refuse_edits_and_deletion(self, api: Emulator, caller: Caller) -> None:
        """The stricter reading of an unpublished rule."""
        api.settings.put_when_running = api.settings.delete_when_running = 409
        path = caller.make()
        caller.command(path, "START")
        assert [
            caller.send("PUT", path, definition()).status_code,
            caller.send("DELETE", path).status_code,
        ] == [409, 409]
        api.stop("sqlserver-to-snowflake")
        assert [
            caller.send("PUT", path, definition()).status_code,
            caller.send("DELETE", path).status_code,
        ] == [200, 204]

    def test_an_edit_can_act_at_once(self, api: Emulator, caller: Caller) -> None:
        """The other unpublished possibility."""
        api.settings.put_when_running = "at-once"
        path = caller.make()
        caller.command(path, "START")
        caller.send("PUT", path, definition(name="new"))
        assert api.pipeline("new").running_definition == definition(name="new")

    @pytest.mark.parametrize("status", [409, 400])
    def test_names_can_be_unique_in_a_project(self, api: Emulator, caller: Caller, status: Any) -> None:
        """A client must not rely on names being free, nor on their being refused."""
        api.settings.duplicate_name = status
        caller.make()
        assert caller.send("POST", PIPELINES, definition()).status_code == status
        assert len(api.pipelines) == 1

    @pytest.mark.parametrize("status", [400, 404])
    def test_an_unknown_agent_can_be_refused(self, api: Emulator, caller: Caller, status: Any) -> None:
        """By default any well-formed id passes, as the vendor's own tests rely on."""
        stranger = str(uuid.uuid4())
        assert caller.send("POST", PIPELINES, definition(agentId=stranger)).status_code == 201
        api.settings.unknown_agent = status
        assert caller.send("POST", PIPELINES, definition(agentId=stranger)).status_code == status

    def test_a_second_pipeline_on_an_agent_can_be_refused_when_made(
        self, api: Emulator, caller: Caller
    ) -> None:
        """One of two places where the vendor's rule could be enforced."""
        api.settings.second_pipeline_on_agent = "create-refused"
        caller.make()
        assert caller.send("POST", PIPELINES, definition(name="b")).status_code == 409

    def test_a_pipeline_cannot_be_moved_to_an_agent_that_is_taken(
        self, api: Emulator, caller: Caller
    ) -> None:
        """An edit must not get round the rule that a creation obeys; one that stays on its agent may pass."""
        api.settings.second_pipeline_on_agent = "create-refused"
        spare = api.add_agent("spare")
        caller.make(name="a")
        second = caller.make(name="b", agentId=spare)
        refused = caller.send("PUT", second, definition(name="b"))
        assert (refused.status_code, api.pipeline("b").definition["agentId"]) == (409, spare)
        assert GUIDE_AGENT in refused.json()["detail"]
        assert caller.send("PUT", second, definition(name="c", agentId=spare)).status_code == 200
        api.delete("a")
        assert caller.send("PUT", second, definition(name="b")).status_code == 200

    def test_an_agent_that_only_runs_one_pipeline_may_have_several(
        self, api: Emulator, caller: Caller
    ) -> None:
        """Under the default rule a move is an edit like any other."""
        spare = api.add_agent("spare")
        caller.make(name="a")
        moved = caller.make(name="b", agentId=spare)
        assert caller.send("PUT", moved, definition(name="b")).status_code == 200

    def test_unknown_fields_can_be_refused_by_path(self, api: Emulator, caller: Caller) -> None:
        """A strict service would name them."""
        api.settings.unknown_field = 400
        sent = definition()
        sent["streamingSource"]["tables"][1]["alias"] = "o"
        answer = caller.send("POST", PIPELINES, sent)
        assert answer.json()["violations"] == ["streamingSource.tables[1].alias: is not a known field"]

    def test_a_newer_service_keeps_what_this_document_does_not_know(
        self, api: Emulator, caller: Caller
    ) -> None:
        """Fields and types that the vendor adds must survive a client's edit."""
        api.settings.unknown_field = "kept"
        sent = definition(streamingSource={"type": "mongodb", "cluster": "c"}, labels={"team": "x"})
        read = caller.send("POST", PIPELINES, sent).json()
        assert (read["streamingSource"], read["labels"]) == (sent["streamingSource"], sent["labels"])

    def test_the_success_status_of_a_command_is_a_setting(self, api: Emulator, caller: Caller) -> None:
        """Clients should accept any 2xx."""
        api.settings.command_status = 204
        assert caller.command(caller.make(), "START").status_code == 204

    def test_the_account_header_is_ignored_or_checked(self, api: Emulator, caller: Caller) -> None:
        """Some clients send it, others do not, and both work."""
        headers = {"account-id": "theirs"}
        assert caller.send("GET", "/v1/projects", headers=headers).status_code == 200
        api.settings.account_id = "mine"
        assert caller.send("GET", "/v1/projects", headers=headers).status_code == 403
        assert caller.send("GET", "/v1/projects").status_code == 200

    def test_the_rate_limit_says_when_to_come_back(
        self, api: Emulator, caller: Caller, clock: HandClock
    ) -> None:
        """Waiting exactly that long must be enough."""
        api.settings.rate_limit_per_minute = 3
        answers = []
        for clock.seconds in (0, 10, 20, 30.5):
            answers.append(caller.send("GET", "/v1/projects"))
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "30"
        clock.seconds = 60.5
        assert caller.send("GET", "/v1/projects").status_code == 200

    def test_the_older_burst_limit_counts_seconds(
        self, api: Emulator, caller: Caller, clock: HandClock
    ) -> None:
        """Older accounts have five a second."""
        api.settings.rate_burst_per_second = 5
        codes = [caller.send("GET", "/v1/projects").status_code for _ in range(6)]
        clock.seconds = 1
        assert [*codes, caller.send("GET", "/v1/projects").status_code] == [200] * 5 + [429, 200]

    def test_a_setting_that_does_not_exist_is_an_error(self) -> None:
        """A misspelt switch would silently test the default."""
        with pytest.raises(TypeError, match="put_when_runing"):
            Emulator(put_when_runing=409)
        with pytest.raises(
            ValueError, match="put_when_running is one of 'next-start', 'at-once', 409, not 'never'"
        ):
            Emulator(put_when_running="never")
        with Emulator() as api, pytest.raises(TypeError, match="the emulator has no setting 'start_second'"):
            api.settings.start_second = 1


class TestPages:
    """How lists are cut."""

    def test_pages_begin_at_zero_and_end_empty(self, api: Emulator, caller: Caller) -> None:
        """Every known client counts so."""
        for number in range(7):
            api.add_pipeline(definition(name=f"p{number}"))
        pages = [caller.send("GET", PIPELINES, params={"page": n, "size": 3}).json() for n in range(4)]
        assert [[one["name"] for one in page["results"]] for page in pages] == [
            ["p0", "p1", "p2"],
            ["p3", "p4", "p5"],
            ["p6"],
            [],
        ]
        assert [(page["page"], page["size"], page["total"]) for page in pages] == [
            (n, 3, 7) for n in range(4)
        ]

    def test_a_page_has_25_by_default_and_100_at_most(self, api: Emulator, caller: Caller) -> None:
        """What third-party clients state; beyond it nobody knows, so it is a switch."""
        for number in range(101):
            api.add_pipeline(definition(name=f"p{number}"))
        assert len(caller.send("GET", PIPELINES).json()["results"]) == 25
        refused = caller.send("GET", PIPELINES, params={"size": 101})
        assert (refused.status_code, refused.json()["violations"]) == (400, ["size: must be 100 or less"])
        api.settings.over_max = "clamp"
        clamped = caller.send("GET", PIPELINES, params={"size": 101}).json()
        assert (len(clamped["results"]), clamped["size"]) == (100, 100)

    @pytest.mark.parametrize("query", [{"page": "-1"}, {"page": "one"}, {"size": "0"}])
    def test_a_page_that_cannot_be_is_refused(self, caller: Caller, query: dict[str, str]) -> None:
        """Guessing would hide a client's arithmetic mistake."""
        assert caller.send("GET", "/v1/agents", params=query).status_code == 400


class TestStartPage:
    """What a browser sees."""

    def test_it_lists_pipelines_and_shows_no_secret(self, api: Emulator, caller: Caller) -> None:
        """People open it beside a terminal that others can see."""
        issued = caller.token().json()["access_token"]
        caller.make()
        text = requests.get(api.origin + "/", timeout=5).text
        assert "NOT_RUNNING  sqlserver-to-snowflake" in text
        for secret in (issued, *(api.env | api.token_env).values()):
            assert secret == api.url or secret not in text

    def test_it_is_no_request_of_the_api(self, api: Emulator) -> None:
        """A browser tab must not change the numbers a test counts."""
        requests.get(api.origin + "/", timeout=5)
        assert api.requests == []


class TestCommand:
    """``python -m pulumi_dpc.emulator``."""

    def test_it_serves_by_hand_and_prints_the_variables(self) -> None:
        """The quickest way to try a program without an account."""
        command = [sys.executable, "-u", "-m", "pulumi_dpc.emulator", "--port", "0", "--start-seconds", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline().removeprefix("export ").strip() for _ in range(4)]
            env = dict(line.split("=", 1) for line in lines)
            form = {
                "grant_type": "client_credentials",
                "client_id": env["DPC_CLIENT_ID"],
                "client_secret": env["DPC_CLIENT_SECRET"],
            }
            token = requests.post(env["DPC_TOKEN_URL"], data=form, timeout=5).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            listed = requests.get(env["DPC_API_URL"] + "/v1/projects", headers=headers, timeout=5).json()
            process.send_signal(2)
            assert process.wait(timeout=5) == 0
        assert listed["results"][0]["name"] == "Analytics"

    def test_a_port_in_use_is_one_sentence(self, api: Emulator) -> None:
        """A second emulator on the same port is the likeliest mistake."""
        port = api.origin.rpartition(":")[2]
        command = [sys.executable, "-m", "pulumi_dpc.emulator", "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        assert (ended.returncode, ended.stderr) == (
            1,
            f"Port {port} cannot be used: Address already in use.\n",
        )

    @pytest.mark.parametrize("missing", ["werkzeug", "jsonschema"])
    def test_without_the_extra_it_names_the_extra(self, missing: str) -> None:
        """The package installs without it; a bare "No module named werkzeug" would not say what to do."""
        code = f"import sys; sys.modules[{missing!r}] = None; from pulumi_dpc.emulator import Emulator"
        ended = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20
        )
        assert ended.stderr.strip().endswith(
            f"The emulator needs {missing}, which the extra brings: pip install 'pulumi-dpc[emulator]'."
        )

    @pytest.mark.parametrize("missing", ["werkzeug", "jsonschema"])
    def test_without_the_extra_the_command_ends_in_one_sentence(self, tmp_path: Path, missing: str) -> None:
        """A traceback through runpy hid it."""
        (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('none', name={missing!r})")
        ended = subprocess.run(
            [sys.executable, "-m", "pulumi_dpc.emulator", "--port", "0"],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        assert (ended.returncode, ended.stderr) == (
            1,
            f"The emulator needs {missing}, which the extra brings: pip install 'pulumi-dpc[emulator]'.\n",
        )

    def test_a_name_that_the_emulator_does_not_have_is_an_attribute_error(self) -> None:
        """What is loaded late must still answer `hasattr`."""
        assert not hasattr(emulator, "Nonsense")


class TestAgents:
    """What an agent's record does (``docs/api.md`` section 2.2)."""

    AGENT = {"agentType": "streaming", "cloudProvider": "aws", "deployment": "eks", "name": "one"}  # noqa: RUF012

    def test_a_delete_can_take_its_time(self, api: Emulator, caller: Caller, clock: HandClock) -> None:
        api.settings.agent_delete_seconds = 60
        path = f"/v1/agents/{caller.send('POST', '/v1/agents', self.AGENT).json()['agentId']}"
        assert caller.send("DELETE", path).status_code == 202
        assert caller.send("GET", path).json()["connected"] is False
        assert len(caller.send("GET", "/v1/agents").json()["results"]) == 2
        clock.seconds += 60
        assert caller.send("GET", path).status_code == 404
        assert len(caller.send("GET", "/v1/agents").json()["results"]) == 1

    @pytest.mark.parametrize("status", [400, 409])
    def test_a_second_name_can_be_refused(self, api: Emulator, caller: Caller, status: Any) -> None:
        made = caller.send("POST", "/v1/agents", self.AGENT).json()
        assert caller.send("POST", "/v1/agents", self.AGENT).status_code == 201
        api.settings.duplicate_agent_name = status
        assert caller.send("POST", "/v1/agents", self.AGENT).status_code == status
        path = f"/v1/agents/{made['agentId']}"
        assert caller.send("PATCH", path, {"name": "streaming-agent"}).status_code == status
        assert caller.send("PATCH", path, {"name": "two"}).status_code == 202

    def test_an_agent_that_is_used_can_be_kept(self, api: Emulator, caller: Caller) -> None:
        caller.make()
        api.settings.delete_used_agent = 409
        assert caller.send("DELETE", f"/v1/agents/{GUIDE_AGENT}").status_code == 409
        api.settings.delete_used_agent = "allowed"
        assert caller.send("DELETE", f"/v1/agents/{GUIDE_AGENT}").status_code == 202
        assert api.agents == []

    def test_somebody_else_changes_an_agent(self, api: Emulator, caller: Caller) -> None:
        api.edit_agent(GUIDE_AGENT, description="theirs")
        assert caller.send("GET", f"/v1/agents/{GUIDE_AGENT}").json()["description"] == "theirs"
        assert [one["description"] for one in api.agents] == ["theirs"]
