"""What the service stores otherwise than it was told: found, recorded, and recognised again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_dpc._definition.alteration import (
    Alteration,
    as_written,
    describe,
    find_alterations,
    from_state,
    may_be_stored_of,
    to_state,
)
from pulumi_dpc._definition.comparison import differences, value_at, with_value
from pulumi_dpc._resources.streaming_pipeline.plan import Desired, Recorded, discount_recorded, plan
from tests.worlds import DEFINITION, edited

HOST = ("streamingSource", "connection", "host")
TABLES = ("streamingSource", "tables")
BATCH = ("advancedProperties", "max.batch.size")
FREE = ("streamingTarget", "prefx")
PLACES = [HOST, TABLES, BATCH, FREE, ("streamingTarget", "prefix"), ("advancedProperties", "added")]


def changed(*changes: tuple[tuple[str, ...], Any], of: dict[str, Any] = DEFINITION) -> dict[str, Any]:
    for path, value in changes:
        of = with_value(of, path, value)
    return of


@pytest.mark.parametrize(
    ("path", "written", "stored", "words"),
    [
        (FREE, "shop", None, "dropped"),
        (("advancedProperties", "added"), None, 1, "added by the service"),
        (HOST, "DB.example.com", "db.example.com", "stored in another case"),
        (BATCH, 1, "1", "stored as another type"),
        (BATCH, 1, "********", "answered as a mask"),
        (BATCH, 1, 2, "stored as something else"),
    ],
)
def test_each_kind_of_alteration_is_named(
    path: tuple[str, ...], written: Any, stored: Any, words: str
) -> None:
    """The operator has to see whether it is a misspelt field or a service that spells values in its own way."""
    program, service = changed((path, written)), changed((path, stored))
    (alteration,) = find_alterations(service, program)
    assert alteration.path == path
    text = describe([alteration])
    assert words in text
    assert "********" not in text


def test_spelling_and_order_that_do_not_count_are_no_alteration() -> None:
    tables = list(reversed(DEFINITION["streamingSource"]["tables"]))
    assert find_alterations(changed((TABLES, tables)), DEFINITION) == ()


def test_a_field_that_nobody_asked_for_is_no_alteration() -> None:
    """The service may be newer than we are; what it adds there is kept by every edit."""
    assert find_alterations(changed((("streamingTarget", "newer"), 1)), DEFINITION) == ()


values = st.sampled_from([None, "a", "A", "b", 1, "1", True, {"k": 1}, [{"schema": "s", "table": "t"}]])
definitions = st.lists(st.tuples(st.sampled_from(PLACES), values), max_size=4).map(
    lambda changes: changed(*(one for one in changes if not (one[0] in (HOST, TABLES) and one[1] is None)))
)


@settings(deadline=None, max_examples=100)
@given(written=definitions, stored=definitions)
def test_what_the_service_made_of_a_write_is_read_back_as_it_was_written(
    written: dict[str, Any], stored: dict[str, Any]
) -> None:
    """Whatever it made of it: as long as both stay so, there is no difference, also after a way through the state."""
    recorded = from_state(json.loads(json.dumps(to_state(find_alterations(stored, written)))))
    assert differences(as_written(stored, recorded), written) == []


@settings(deadline=None, max_examples=100)
@given(written=definitions, stored=definitions, theirs=values)
def test_somebody_s_change_of_that_very_field_is_seen(
    written: dict[str, Any], stored: dict[str, Any], theirs: Any
) -> None:
    for alteration in find_alterations(stored, written):
        live = with_value(stored, alteration.path, theirs)
        seen = as_written(live, [alteration])
        is_same = not differences(with_value(stored, alteration.path, theirs), stored)
        if not is_same:
            assert value_at(seen, alteration.path) == value_at(live, alteration.path)


def test_a_value_that_every_write_stores_otherwise_is_the_service_s_own() -> None:
    """A revision that counts on would otherwise be a reason for a restart at every run."""
    path = ("advancedProperties", "revision")
    first = find_alterations(changed((path, 1)), DEFINITION)
    second = find_alterations(changed((path, 2)), DEFINITION, first)
    assert [one.is_volatile for one in (*first, *second)] == [False, True]
    assert from_state(to_state(second)) == second
    assert differences(as_written(changed((path, 3)), second), DEFINITION) == []
    (third,) = find_alterations(changed((path, 3)), DEFINITION, second)
    assert third.is_volatile


def test_another_value_that_is_stored_otherwise_is_no_reason_to_overlook_what_somebody_changes() -> None:
    first = find_alterations(changed((HOST, "db")), changed((HOST, "DB")))
    (second,) = find_alterations(changed((HOST, "db2")), changed((HOST, "DB2")), first)
    assert not second.is_volatile


def said(written: dict[str, Any], stored: dict[str, Any]) -> Recorded:
    return Recorded(written, running=True, alterations=find_alterations(stored, written))


def steps(stored: dict[str, Any], definition: dict[str, Any], recorded: Recorded) -> int:
    desired = Desired(definition, running=True)
    return len(plan(discount_recorded(stored, "STREAMING", desired, recorded), desired, recorded).steps)


def test_an_unchanged_alteration_stops_nothing() -> None:
    program = changed((FREE, "shop"))
    assert steps(DEFINITION, program, said(program, DEFINITION)) == 0


def test_a_program_that_adopts_what_is_stored_stops_nothing() -> None:
    program, stored = changed((HOST, "DB")), changed((HOST, "db"))
    assert steps(stored, stored, said(program, stored)) == 0


def test_a_program_that_says_something_else_there_is_an_edit() -> None:
    program, stored = changed((HOST, "DB")), changed((HOST, "db"))
    assert steps(stored, changed((HOST, "other")), said(program, stored)) > 0


def test_a_change_elsewhere_is_an_edit_beside_an_alteration() -> None:
    program, stored = changed((HOST, "DB")), changed((HOST, "db"))
    assert steps(changed((BATCH, 5), of=stored), program, said(program, stored)) > 0


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (changed((HOST, "DB.EXAMPLE.COM")), True),
        (changed((BATCH, "10000")), True),
        (changed((("streamingTarget", "prefix"), None)), True),
        (changed((HOST, "another.example.com")), False),
        (changed((TABLES, [{"schema": "s", "table": "t"}])), False),
        (edited(agentId="00000000-0000-4000-8000-000000000000"), False),
    ],
)
def test_a_created_pipeline_whose_answer_was_lost_is_known_by_what_it_must_have(
    stored: dict[str, Any], expected: bool
) -> None:
    """A service that alters what it stores would otherwise make every lost answer an orphan."""
    assert may_be_stored_of(stored, DEFINITION) is expected


def test_an_absent_value_survives_the_state_as_absent() -> None:
    assert to_state([Alteration(FREE, "shop")]) == [{"path": list(FREE), "written": "shop"}]
