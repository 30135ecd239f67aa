"""Each endpoint, listings under every reading of the documents, and bodies that are not what they should be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_dpc._api.client import DpcClient
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.paging import MOST_PAGES, PAGE_SIZE, Reading
from pulumi_dpc._api.settings import Settings
from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from pulumi_dpc.errors import ConfigurationError, DpcError, InvalidDefinition, NotFound, OutcomeUnknown
from tests.api.raw_server import answer, serving
from tests.emulator.caller import PIPELINES
from tests.worlds import DEFINITION

SOME_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


@pytest.fixture(scope="module")
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=0.0002) as emulator:
        yield emulator


@pytest.fixture
def client(api: Emulator) -> Iterator[DpcClient]:
    api.clear_faults()
    api.clear_requests()
    with DpcClient(Settings.resolve(environment=api.token_env)) as one:
        yield one


def asked(api: Emulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in api.requests]


# ---- the endpoints ----


def test_a_pipeline_lives_and_dies(api: Emulator, client: DpcClient) -> None:
    """One request each, and the definition comes back as it went in."""
    created = client.create_pipeline(GUIDE_PROJECT, DEFINITION)
    id_ = created["streamingPipelineId"]
    assert {key: created[key] for key in DEFINITION} == DEFINITION
    assert client.get_pipeline(GUIDE_PROJECT, id_) == created
    assert client.get_status(GUIDE_PROJECT, id_) == "NOT_RUNNING"
    client.send_command(GUIDE_PROJECT, id_, "START")
    assert client.poll_status(GUIDE_PROJECT, id_) in ("STARTING", "STREAMING")
    client.send_command(GUIDE_PROJECT, id_, "STOP")
    edited = {**DEFINITION, "name": "renamed"}
    assert client.update_pipeline(GUIDE_PROJECT, id_, edited)["name"] == "renamed"
    assert [pipeline["name"] for pipeline in client.list_pipelines(GUIDE_PROJECT)] == ["renamed"]
    client.delete_pipeline(GUIDE_PROJECT, id_)
    with pytest.raises(NotFound):
        client.get_pipeline(GUIDE_PROJECT, id_)
    one = f"{PIPELINES}/{id_}"
    assert asked(api) == [
        f"POST {PIPELINES}",
        f"GET {one}",
        f"GET {one}/status",
        f"POST {one}/commands",
        f"GET {one}/status",
        f"POST {one}/commands",
        f"PUT {one}",
        f"GET {PIPELINES}",
        f"DELETE {one}",
        f"GET {one}",
    ]


def test_projects_environments_and_agents_are_listed(client: DpcClient) -> None:
    assert [project["name"] for project in client.list_projects()] == ["Analytics"]
    (environment,) = client.list_environments(GUIDE_PROJECT)
    assert (environment["name"], environment["defaultAgentId"]) == ("production", GUIDE_AGENT)
    assert [agent["agentId"] for agent in client.list_agents()] == [GUIDE_AGENT]
    assert client.get_agent(GUIDE_AGENT)["connected"] is True


def test_an_incomplete_definition_shows_the_services_own_list(client: DpcClient) -> None:
    """The guide's example: username and authentication left out."""
    source = DEFINITION["streamingSource"]
    source = {**source, "connection": {**source["connection"], "username": None}}
    with pytest.raises(InvalidDefinition) as caught:
        client.create_pipeline(
            GUIDE_PROJECT, {**DEFINITION, "streamingSource": source, "streamingTarget": {}}
        )
    paths = [violation.partition(":")[0] for violation in caught.value.violations]
    assert "streamingSource.connection.username" in paths
    assert len(paths) > 1
    assert not caught.value.maybe_applied


@pytest.mark.parametrize("word", ["streaming", "Starting", " NOT_RUNNING "])
def test_a_status_is_read_in_any_case(api: Emulator, client: DpcClient, word: str) -> None:
    """The guide writes them in lower case, the reference in upper case."""
    id_ = api.add_pipeline(DEFINITION)
    api.rewrite_next(lambda _: {"status": word})
    assert client.get_status(GUIDE_PROJECT, id_) == word.strip().upper()
    api.delete(id_)


@pytest.mark.parametrize("id_", ["", ".", ".."])
def test_no_id_can_name_another_thing(api: Emulator, client: DpcClient, id_: str) -> None:
    """DELETE of the pipeline ``..`` must not be a DELETE of its project."""
    with pytest.raises(ConfigurationError, match=r"is not an id"):
        client.delete_pipeline(GUIDE_PROJECT, id_)
    assert asked(api) == []


def test_an_id_stays_one_part_of_the_path() -> None:
    with serving(answer("404 Not Found")) as server:
        client = DpcClient(Settings(token="t", api_url=server.url))
        with pytest.raises(NotFound):
            client.get_pipeline("a/b", "../c?d#e")
        assert server.asked[0].startswith(
            "GET /dpc/v1/projects/a%2Fb/streaming-pipelines/..%2Fc%3Fd%23e HTTP/1.1"
        )


def test_without_settings_the_environment_counts(api: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in api.env.items():
        monkeypatch.setenv(name, value)
    with DpcClient() as client:
        assert client.list_projects()
        assert client.settings.api_url == api.url


# ---- paging ----

Server = Callable[[int, int], dict[str, Any]]


def page_of(ids: list[str], page: int, length: int, **body: Any) -> dict[str, Any]:
    results = [{"id": id_} for id_ in ids[page * length : (page + 1) * length]]
    return {"page": page, "results": results, "size": length, "total": len(ids), **body}


def read_all(server: Server) -> tuple[list[str], int]:
    """Return the ids that a reading collects and how many pages it asked for."""
    reading, ids, pages = Reading("/v1/things", "id"), [], 0
    while not reading.done:
        ids += [item["id"] for item in reading.add(server(reading.page, PAGE_SIZE))]
        pages += 1
    return ids, pages


READINGS: dict[str, Callable[[list[str]], Server]] = {
    "as documented": lambda ids: lambda page, size: page_of(ids, page, size),
    "no totals, as in the guide": lambda ids: lambda page, size: page_of(ids, page, size, size=0, total=0),
    "size is the number of results": lambda ids: (
        lambda page, size: page_of(ids, page, size, size=len(ids[page * size : (page + 1) * size]))
    ),
    "smaller pages than asked for": lambda ids: lambda page, _: page_of(ids, page, 25),
    "smaller pages, and it does not say so": lambda ids: lambda page, size: page_of(ids, page, 25, size=size),
    "counts and no fields": lambda ids: lambda page, size: {"results": page_of(ids, page, size)["results"]},
    "pages counted from 1": lambda ids: lambda page, size: page_of(ids, max(0, page - 1), size),
    "pages counted from 1, no totals": lambda ids: (
        lambda page, size: page_of(ids, max(0, page - 1), size, total=0)
    ),
    "a total that is too low": lambda ids: lambda page, size: page_of(ids, page, size, total=1),
    "a total that is too high": lambda ids: lambda page, size: page_of(ids, page, size, total=9999),
    "a size above what was asked for": lambda ids: (
        lambda page, size: page_of(ids, page, size, size=size + 1, total=0)
    ),
    "counts that are no numbers": lambda ids: (
        lambda page, size: page_of(ids, page, size, size="x", total=None)
    ),
}


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 250])
@pytest.mark.parametrize("reading", READINGS)
def test_every_reading_of_the_documents_gives_everything_once(reading: str, count: int) -> None:
    """A pipeline that a listing leaves out looks deleted."""
    ids = [f"id-{i}" for i in range(count)]
    found, pages = read_all(READINGS[reading](ids))
    assert sorted(found) == sorted(ids)
    assert pages <= count / 25 + 3


def test_a_listing_as_documented_costs_no_request_too_many() -> None:
    for count, pages in [(0, 1), (1, 1), (100, 1), (101, 2), (500, 5)]:
        ids = [f"id-{i}" for i in range(count)]
        assert read_all(lambda page, size, ids=ids: page_of(ids, page, size))[1] == pages  # type: ignore[misc]


def test_one_that_disappears_between_two_pages_does_not_end_the_listing() -> None:
    ids = [f"id-{i}" for i in range(250)]
    found, _ = read_all(lambda page, size: page_of(ids if page == 0 else ids[1:], page, size))
    assert set(found) >= set(ids) - {"id-100"}


@pytest.mark.parametrize(
    ("server", "text"),
    [
        (
            lambda _, size: page_of(["a", "b"] * 50, 0, size, total=9999),
            "repeats a page (GET /v1/things, page 2)",
        ),
        (
            lambda _, size: page_of(["a", "b"] * 50, 0, size, total=0),
            "repeats a page (GET /v1/things, page 2)",
        ),
        (
            lambda page, _: {"results": [{"id": f"id-{page}"}], "size": 0, "total": 0},
            f"does not end within {MOST_PAGES} pages (GET /v1/things, page {MOST_PAGES - 1})",
        ),
    ],
    ids=["repeats, and claims more", "repeats, and claims nothing", "always one more"],
)
def test_a_listing_without_end_is_an_error(server: Server, text: str) -> None:
    """An incomplete listing must not pass for a complete one."""
    with pytest.raises(OutcomeUnknown, match=re.escape(f"the service's listing {text}")) as caught:
        read_all(server)
    assert not caught.value.maybe_applied


def test_a_project_of_many_pages_is_read_to_its_end(api: Emulator, client: DpcClient) -> None:
    project = api.add_project("large")
    ids = {api.add_pipeline({**DEFINITION, "name": f"p{i}"}, project) for i in range(205)}
    assert {pipeline["streamingPipelineId"] for pipeline in client.list_pipelines(project)} == ids
    assert len(asked(api)) == 3
    assert client.pipelines_page(project, 2)["total"] == 205


def test_a_service_that_repeats_a_page_is_found_out(api: Emulator, client: DpcClient) -> None:
    ids = [f"id-{i}" for i in range(100)]
    api.rewrite_next(lambda _: {**page_of(ids, 0, 100), "total": 300}, times=None)
    with pytest.raises(OutcomeUnknown, match=r"repeats a page \(GET /v1/projects, page 2\)"):
        client.list_projects()


# ---- bodies that are not what they should be ----

CALLS: dict[str, Callable[[DpcClient, str], Any]] = {
    "list_projects": lambda client, _: client.list_projects(),
    "list_environments": lambda client, _: client.list_environments(GUIDE_PROJECT),
    "list_agents": lambda client, _: client.list_agents(),
    "get_agent": lambda client, _: client.get_agent(GUIDE_AGENT),
    "list_pipelines": lambda client, _: client.list_pipelines(GUIDE_PROJECT),
    "pipelines_page": lambda client, _: client.pipelines_page(GUIDE_PROJECT, 0),
    "create_pipeline": lambda client, _: client.create_pipeline(GUIDE_PROJECT, DEFINITION),
    "get_pipeline": lambda client, id_: client.get_pipeline(GUIDE_PROJECT, id_),
    "update_pipeline": lambda client, id_: client.update_pipeline(GUIDE_PROJECT, id_, DEFINITION),
    "get_status": lambda client, id_: client.get_status(GUIDE_PROJECT, id_),
}
SHAPES: st.SearchStrategy[Any] = st.sampled_from(
    [None, [], 0, "x", {"results": None}, {"results": [None]}, {"results": [{"id": 1}]}]
)
BODIES = SHAPES | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["results", "size", "total", "status", "name", "agentId", "streamingPipelineId", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_no_body_is_more_than_a_clear_error(api: Emulator, client: DpcClient, call: str, body: Any) -> None:
    """Whatever comes back, the caller gets a value of the right shape or one of our errors."""
    id_ = api.add_pipeline(DEFINITION)
    api.rewrite_next(lambda _: body, times=None)
    try:
        CALLS[call](client, id_)
    except DpcError as error:
        assert re.search(r"\((GET|POST|PUT) /v1/\S+, (20\d|page \d+)", str(error))  # noqa: PT017 - either is right
    finally:
        api.clear_faults()
        api.clear_requests()
        api.delete(id_)


@pytest.mark.parametrize("id_", ["", ".", "..", "a/b", "/", 7, None])
def test_a_created_pipeline_with_an_id_that_is_none_leaves_the_outcome_unknown(
    api: Emulator, client: DpcClient, id_: object
) -> None:
    """A resource's id is made of it, and no later request could name the pipeline: it has to be looked up."""
    api.rewrite_next(lambda body: {**body, "streamingPipelineId": id_})
    with pytest.raises(OutcomeUnknown, match=r"its body is not what it should be \(POST") as caught:
        client.create_pipeline(GUIDE_PROJECT, DEFINITION)
    assert caught.value.maybe_applied
    for pipeline in api.pipelines:
        api.delete(pipeline.id)


def test_another_pipeline_than_the_one_asked_for_is_no_answer(api: Emulator, client: DpcClient) -> None:
    """Its definition would be written into the wrong resource."""
    id_ = api.add_pipeline(DEFINITION)
    api.rewrite_next(lambda body: {**body, "streamingPipelineId": SOME_ID}, times=None)
    with pytest.raises(OutcomeUnknown, match=r"its body is not what it should be \(GET"):
        client.get_pipeline(GUIDE_PROJECT, id_)
    api.delete(id_)


def test_a_clock_can_be_given(api: Emulator) -> None:
    clock = Clock(0.001)
    assert DpcClient(Settings.resolve(environment=api.token_env), clock=clock).clock is clock
