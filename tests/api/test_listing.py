"""One listing serves many: as few requests as can be, and never an old or a missing pipeline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_dpc._api.client import DpcClient
from pulumi_dpc._api.listing import Listing
from pulumi_dpc._api.settings import Settings
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from pulumi_dpc.errors import ApiError, DpcError, NotFound, OutcomeUnknown
from tests.emulator.caller import PIPELINES
from tests.worlds import DEFINITION

PAGE = f"GET {PIPELINES}"
SOME_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator(time_scale=0.001) as emulator:
        yield emulator


@pytest.fixture
def client(api: Emulator) -> Iterator[DpcClient]:
    with DpcClient(Settings.resolve(environment=api.token_env)) as one:
        yield one


@pytest.fixture
def listing(client: DpcClient) -> Listing:
    return Listing(client)


def fill(api: Emulator, count: int) -> list[str]:
    return [api.add_pipeline({**DEFINITION, "name": f"p{i}"}) for i in range(count)]


def costs(api: Emulator) -> tuple[int, int]:
    """Return how many pages and how many single pipelines were asked for since the last time."""
    paths = [f"{request.method} {request.path}" for request in api.requests]
    api.clear_requests()
    pages = paths.count(PAGE)
    return pages, len(paths) - pages


def at_once(listing: Listing, ids: list[str], threads: int) -> list[str]:
    with ThreadPoolExecutor(threads) as pool:
        return [str(live["name"]) for live in pool.map(lambda id_: listing.find(GUIDE_PROJECT, id_), ids)]


# ---- what it costs ----


def test_a_hundred_pipelines_cost_one_page(api: Emulator, listing: Listing) -> None:
    ids = fill(api, 100)
    assert at_once(listing, ids, 16) == [f"p{i}" for i in range(100)]
    assert costs(api) == (1, 0)


def test_one_pipeline_of_five_hundred_costs_one_page_and_one_get(api: Emulator, listing: Listing) -> None:
    ids = fill(api, 500)
    assert listing.find(GUIDE_PROJECT, ids[450])["name"] == "p450"
    assert costs(api) == (1, 1)


def test_the_other_pages_are_read_when_as_many_pipelines_have_been_asked_for(
    api: Emulator, listing: Listing
) -> None:
    """Four pages are left after the first one, so three pipelines cost a GET each and the fourth one the pages."""
    ids = fill(api, 500)
    for count in (1, 2, 3):
        listing.find(GUIDE_PROJECT, ids[-count])
    assert costs(api) == (1, 3)
    listing.find(GUIDE_PROJECT, ids[-4])
    assert costs(api) == (4, 0)


def test_all_of_five_hundred_cost_five_pages(api: Emulator, listing: Listing) -> None:
    """The hundred of the first page say that the rest of the pages pays, and so do those who wait for it."""
    ids = fill(api, 500)
    at_once(listing, ids, 16)
    assert costs(api) == (5, 0)


def test_one_after_the_other_never_costs_twice_the_best(api: Emulator, listing: Listing) -> None:
    ids = fill(api, 500)
    for id_ in reversed(ids):
        listing.find(GUIDE_PROJECT, id_)
    pages, gets = costs(api)
    assert pages + gets <= 2 * 5


def test_names_are_looked_up_in_one_reading(api: Emulator, listing: Listing) -> None:
    ids = fill(api, 250)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda i: listing.find_named(GUIDE_PROJECT, f"p{i}"), range(250)))
    assert [[id_ for id_, _ in entries] for entries in found] == [[id_] for id_ in ids]
    assert costs(api) == (3, 0)


def test_projects_are_read_once(api: Emulator, listing: Listing) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: listing.is_visible(GUIDE_PROJECT), range(32)))
    assert not listing.is_visible(SOME_ID)
    assert costs(api) == (0, 1)


def test_sixteen_threads_share_the_failure_of_one_reading(api: Emulator, listing: Listing) -> None:
    """In turn, each would spend its two minutes on a service that is away."""
    api.fail_next(403, times=None)
    api.settings.latency_seconds = 0.05
    with ThreadPoolExecutor(16) as pool:
        errors = [pool.submit(listing.find_named, GUIDE_PROJECT, "x").exception() for _ in range(16)]
    assert {type(error) for error in errors} == {ApiError}
    ids = [SOME_ID] * 16
    api.clear_requests()
    api.settings.latency_seconds = 0.5  # until the last of them asks, on a busy machine too
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(listing.find, GUIDE_PROJECT, id_) for id_ in ids]
    assert all(future.exception() for future in futures)
    assert len(api.requests) <= 3


# ---- that it is right when things change ----


def test_a_missing_pipeline_is_asked_for_by_id(api: Emulator, listing: Listing) -> None:
    """It may have been made after the listing was read."""
    listing.find_named(GUIDE_PROJECT, "x")
    (id_,) = fill(api, 1)
    assert listing.find(GUIDE_PROJECT, id_)["name"] == "p0"
    assert costs(api) == (1, 1)


def test_one_that_is_nowhere_is_not_found(api: Emulator, listing: Listing) -> None:
    with pytest.raises(NotFound):
        listing.find(GUIDE_PROJECT, SOME_ID)
    assert not listing.has(GUIDE_PROJECT, SOME_ID)
    assert costs(api) == (1, 1)


def test_one_stray_404_does_not_make_it_gone(api: Emulator, listing: Listing) -> None:
    ids = fill(api, 250)
    api.fail_next(404, match=f"GET {PIPELINES}/*")
    with pytest.raises(NotFound):
        listing.find(GUIDE_PROJECT, ids[240])
    assert listing.has(GUIDE_PROJECT, ids[240])


def test_one_that_was_listed_and_then_deleted_is_gone(api: Emulator, listing: Listing) -> None:
    """The listing that still has it is read again."""
    (id_,) = fill(api, 1)
    listing.find(GUIDE_PROJECT, id_)
    api.delete(id_)
    assert not listing.has(GUIDE_PROJECT, id_)
    assert costs(api) == (2, 0)


def test_a_write_makes_the_entry_old(api: Emulator, listing: Listing) -> None:
    ids = fill(api, 2)
    listing.find(GUIDE_PROJECT, ids[0])
    listing.invalidate(GUIDE_PROJECT, ids[0], {**DEFINITION, "name": "renamed"})
    api.edit(ids[0], name="renamed")
    assert listing.find(GUIDE_PROJECT, ids[0])["name"] == "renamed"
    assert listing.find(GUIDE_PROJECT, ids[1])["name"] == "p1"
    assert [id_ for id_, _ in listing.find_named(GUIDE_PROJECT, "renamed")] == [ids[0]]
    api.delete(ids[0])
    assert listing.find_named(GUIDE_PROJECT, "p0") == []


def test_a_write_under_way_is_asked_about_under_its_old_and_its_new_name(
    api: Emulator, listing: Listing
) -> None:
    """Others' names are looked up at the same time, and must not cost a GET of every edit."""
    ids = fill(api, 1)
    listing.find_named(GUIDE_PROJECT, "x")
    listing.invalidate(GUIDE_PROJECT, ids[0], {**DEFINITION, "name": "new"})
    costs(api)
    assert listing.find_named(GUIDE_PROJECT, "other") == []
    assert costs(api) == (0, 0)
    assert [id_ for id_, _ in listing.find_named(GUIDE_PROJECT, "p0")] == ids
    assert listing.find_named(GUIDE_PROJECT, "new") == []
    assert costs(api) == (0, 2)
    listing.invalidate(GUIDE_PROJECT, ids[0], {**DEFINITION, "name": "newer"})
    api.edit(ids[0], name="new")
    assert [id_ for id_, _ in listing.find_named(GUIDE_PROJECT, "new")] == ids


def test_what_this_process_wrote_is_known_without_asking(api: Emulator, listing: Listing) -> None:
    (id_,) = fill(api, 1)
    listing.find_named(GUIDE_PROJECT, "x")
    api.clear_requests()
    listing.store(GUIDE_PROJECT, SOME_ID, {**DEFINITION, "name": "made"})
    listing.store(GUIDE_PROJECT, id_, None)
    assert [found for found, _ in listing.find_named(GUIDE_PROJECT, "made")] == [SOME_ID]
    assert listing.find_named(GUIDE_PROJECT, "p0") == []
    assert costs(api) == (0, 0)


def test_a_write_while_a_page_is_on_its_way_counts_for_more(api: Emulator, listing: Listing) -> None:
    """The page was made before it."""
    ids = fill(api, 2)
    asked, written = threading.Event(), threading.Event()

    def wait_for_the_write(request: object) -> None:
        asked.set()
        written.wait(5)

    api.on_request(wait_for_the_write)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(listing.find_named, GUIDE_PROJECT, "p0")
        assert asked.wait(5)
        listing.store(GUIDE_PROJECT, ids[0], {**DEFINITION, "name": "renamed"})
        listing.store(GUIDE_PROJECT, ids[1], None)
        written.set()
        assert found.result() == []
    assert [name["name"] for _, name in listing.find_named(GUIDE_PROJECT, "renamed")] == ["renamed"]
    assert listing.find_named(GUIDE_PROJECT, "p1") == []


def test_after_an_unknown_outcome_the_listing_is_read_again(
    api: Emulator, client: DpcClient, listing: Listing
) -> None:
    """What was read before the POST cannot say whether it worked."""
    assert listing.find_named(GUIDE_PROJECT, "p0") == []
    since = client.clock.now()
    fill(api, 1)
    assert listing.find_named(GUIDE_PROJECT, "p0") == []
    assert [live["name"] for _, live in listing.find_named(GUIDE_PROJECT, "p0", since=since)] == ["p0"]
    assert costs(api) == (2, 0)


def test_a_create_whose_answer_was_lost_is_found_by_its_name(
    api: Emulator, client: DpcClient, listing: Listing
) -> None:
    """The listing that showed the name to be free is read again, and a second POST is never sent."""
    assert listing.find_named(GUIDE_PROJECT, DEFINITION["name"]) == []
    api.drop_next("after", match="POST *")
    with pytest.raises(OutcomeUnknown) as caught:
        client.create_pipeline(GUIDE_PROJECT, DEFINITION)
    assert caught.value.maybe_applied
    (made,) = api.pipelines
    found = listing.find_named(GUIDE_PROJECT, DEFINITION["name"], since=client.clock.now())
    assert [id_ for id_, _ in found] == [made.id]
    assert sum(request.method == "POST" for request in api.requests) == 1


def test_an_account_that_sees_no_project_sees_not_this_one(api: Emulator) -> None:
    """Nothing is gone because of it: the caller says that the project is not visible."""
    with DpcClient(Settings.resolve(environment={**api.other_account(), "DPC_TOKEN": ""})) as client:
        assert client.list_projects() == []
        assert not Listing(client).is_visible(GUIDE_PROJECT)


def test_an_abridged_listing_is_completed_by_id(api: Emulator, listing: Listing) -> None:
    """A service that lists summaries must not make every definition look changed."""
    (id_,) = fill(api, 1)
    api.rewrite_next(lambda body: {**body, "results": [{"streamingPipelineId": id_, "name": "p0"}]})
    assert listing.find(GUIDE_PROJECT, id_)["streamingTarget"] == DEFINITION["streamingTarget"]
    assert [found for found, _ in listing.find_named(GUIDE_PROJECT, "p0")] == [id_]


def draft(name: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what makes of a listing, or of a definition, one whose pipeline has no agent yet."""

    def rewrite(body: dict[str, Any]) -> dict[str, Any]:
        unfinished = {"agentId": None, "name": name}
        if "results" not in body:
            return {**body, **unfinished}
        return {**body, "results": [{**body["results"][0], **unfinished}, *body["results"][1:]]}

    return rewrite


def test_the_pipelines_of_an_agent_are_found_in_the_whole_listing(api: Emulator, listing: Listing) -> None:
    """An agent that runs another pipeline refuses a START, and its user should read which one that is."""
    agent = api.add_agent("another")
    used = [api.add_pipeline({**DEFINITION, "name": f"p{i}", "agentId": agent}) for i in range(2)]
    fill(api, 150)
    assert sorted(id_ for id_, _ in listing.on_agent(GUIDE_PROJECT, agent.upper())) == sorted(used)
    assert costs(api) == (2, 0)
    listing.invalidate(GUIDE_PROJECT, used[0], DEFINITION)
    assert [id_ for id_, _ in listing.on_agent(GUIDE_PROJECT, agent)] == [used[1]]


def test_an_unfinished_draft_does_not_keep_other_names_from_being_looked_up(
    api: Emulator, listing: Listing
) -> None:
    """Every create of the project would ask for it, two minutes long, and fail."""
    fill(api, 3)
    api.rewrite_next(draft("a draft"), times=None)
    assert listing.find_named(GUIDE_PROJECT, "new") == []
    assert [live["name"] for _, live in listing.find_named(GUIDE_PROJECT, "p1")] == ["p1"]
    assert costs(api) == (1, 0)


@pytest.mark.parametrize("fault", ["a body that is no definition", "500", "no answer"])
def test_the_name_of_an_unfinished_draft_is_taken(api: Emulator, listing: Listing, fault: str) -> None:
    """Its GET never has a usable answer, and a second pipeline of that name would be made."""
    (id_,) = fill(api, 1)
    api.rewrite_next(draft(DEFINITION["name"]), match=PAGE)
    one = {"match": f"{PAGE}/*", "times": None}
    {
        "a body that is no definition": lambda: api.rewrite_next(draft(DEFINITION["name"]), **one),
        "500": lambda: api.fail_next(500, **one),
        "no answer": lambda: api.drop_next("after", **one),
    }[fault]()
    assert listing.find_named(GUIDE_PROJECT, DEFINITION["name"]) == [(id_, {"name": DEFINITION["name"]})]


@pytest.mark.parametrize("name", [None, 7])
def test_a_draft_without_a_name_to_read_is_asked_for(api: Emulator, listing: Listing, name: object) -> None:
    (id_,) = fill(api, 1)
    api.rewrite_next(draft(name), match=PAGE)
    assert [found for found, _ in listing.find_named(GUIDE_PROJECT, "p0")] == [id_]
    assert costs(api) == (1, 1)


def test_a_pipeline_whose_name_cannot_be_had_is_not_taken_for_another(
    api: Emulator, listing: Listing
) -> None:
    """It may have the name."""
    fill(api, 1)
    api.rewrite_next(draft(None), times=None)
    with pytest.raises(DpcError, match="its body is not what it should be"):
        listing.find_named(GUIDE_PROJECT, "p0")


def test_a_refused_look_at_a_pipeline_of_the_name_is_said(api: Emulator, listing: Listing) -> None:
    """A role that may list and not read is the operator's to mend."""
    fill(api, 1)
    api.rewrite_next(draft(DEFINITION["name"]), match=PAGE)
    api.fail_next(403, match=f"{PAGE}/*")
    with pytest.raises(ApiError, match="does not allow this"):
        listing.find_named(GUIDE_PROJECT, DEFINITION["name"])


def test_an_id_in_capitals_is_the_same_pipeline(api: Emulator, listing: Listing) -> None:
    """An id that was copied from elsewhere must not look deleted, nor cost a listing of its own."""
    first, second, third = fill(api, 3)
    project = GUIDE_PROJECT.upper()
    assert listing.find(GUIDE_PROJECT, first)["name"] == "p0"
    assert listing.find(project, first.upper())["name"] == "p0"
    assert costs(api) == (1, 0)
    listing.store(GUIDE_PROJECT, second, None)
    listing.store(project, first.upper(), {**DEFINITION, "name": "renamed"})
    assert listing.find_named(project, "p1") == []
    assert [live["name"] for _, live in listing.find_named(GUIDE_PROJECT, "renamed")] == ["renamed"]
    assert listing.find_named(GUIDE_PROJECT, "p0") == []
    listing.invalidate(project, third.upper(), DEFINITION)
    assert listing.find(GUIDE_PROJECT, third)["name"] == "p2"
    assert costs(api) == (0, 1)
    assert listing.has(project, third.upper())
    assert listing.is_visible(project)


def test_a_project_that_is_not_there_is_said_by_its_listing(listing: Listing) -> None:
    with pytest.raises(NotFound, match=rf"\(GET /v1/projects/{SOME_ID}/streaming-pipelines, 404"):
        listing.find(SOME_ID, SOME_ID)
