"""A PostgreSQL database keeps its log for a slot that nobody reads: who is told, when, and by what name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest

from pulumi_dpc._resources.operation import Done, Partial
from pulumi_dpc._resources.streaming_pipeline import slots
from tests.pipeline.direct import Front, front, inputs
from tests.worlds import DEFINITION

UNKNOWN = pulumi.output.Unknown()  # type: ignore[no-untyped-call]
SOURCE: dict[str, Any] = DEFINITION["streamingSource"]
KEEPS = "PostgreSQL keeps the write-ahead log (WAL) for it"
STOPPED = (
    "orders-pipeline (resource orders): its replication slot 'orders' stays while the pipeline is stopped, and "
    + KEEPS
)
DROP = "if no other pipeline reads it, run SELECT pg_drop_replication_slot('orders') there"


@pytest.fixture
def one() -> Iterator[Front]:
    with front() as made:
        yield made


def made(one: Front, **changes: Any) -> Done | Partial:
    result = one.create(inputs(running=True, **changes))
    assert one.warnings == []
    return result


def elsewhere(**connection: Any) -> dict[str, Any]:
    return {**SOURCE, "connection": {**SOURCE["connection"], **connection}}


def test_a_stopped_pipeline_lets_the_log_of_its_database_grow(one: Front) -> None:
    """The disk is full days later, and nothing has told anybody to start it again or to drop the slot."""
    one.diff(made(one), inputs(running=False))
    (warning,) = one.warnings
    assert warning.startswith(STOPPED)
    assert "start the pipeline again in time" in warning


def test_it_is_said_once_in_a_command(one: Front) -> None:
    """A refresh that is part of an `up` asks for a diff too."""
    result = made(one)
    for _ in range(2):
        one.diff(result, inputs(running=False))
    assert len(one.warnings) == 1


def test_a_deleted_pipeline_leaves_its_slot_behind(one: Front) -> None:
    one.delete(made(one))
    (warning,) = one.warnings
    assert "its replication slot 'orders' is not dropped by the delete" in warning
    assert warning.endswith(DROP)


def test_the_slot_of_the_default_name_is_dropped_by_that_name(one: Front) -> None:
    """The statement had `<its name>`, though the sentence before it says the name."""
    one.delete(made(one, advancedProperties=None))
    (warning,) = one.warnings
    assert "its replication slot (matillion_cdc, as no slot.name is given)" in warning
    assert "SELECT pg_drop_replication_slot('matillion_cdc')" in warning


def test_a_pipeline_that_may_never_have_run_is_not_said_to_have_a_slot(one: Front) -> None:
    one.delete(one.create(inputs(running=False)))
    (warning,) = one.warnings
    assert "if it ever ran and no other pipeline reads it, run SELECT" in warning


def test_one_that_was_deleted_by_hand_has_left_its_slot_too(one: Front) -> None:
    result = made(one)
    one.api.delete(one.pipeline.id)
    one.delete(result)
    assert [DROP in warning for warning in one.warnings] == [True]


def test_a_pipeline_that_is_replaced_hands_its_slot_on(one: Front) -> None:
    """The engine checks the new one, with nothing before it, and deletes the old one."""
    result = made(one)
    given = inputs(running=True)
    one.check(given, old=given)
    one.diff(result, given)
    one.check(given)
    one.delete(result)
    assert one.warnings == []


def test_one_that_the_user_has_replaced_does_so_too(one: Front) -> None:
    """With `--replace` the engine asks for no diff, and checks only the new one."""
    result = made(one)
    one.check(inputs(running=True))
    one.delete(result)
    assert one.warnings == []


def test_a_delete_that_fails_has_left_nothing_behind(one: Front) -> None:
    result = made(one)
    one.api.fail_next(409, match="DELETE *")
    with pytest.raises(Exception, match="was not deleted"):
        one.delete(result)
    assert one.warnings == []


@pytest.mark.parametrize(
    "changes",
    [
        {"advancedProperties": {"slot.name": "other"}},
        {"advancedProperties": None},
        {"streamingSource": elsewhere(host="other.example.com")},
        {"streamingSource": elsewhere(database="other")},
        {"streamingSource": {**SOURCE, "type": "mysql"}},
    ],
)
def test_an_edit_to_another_slot_leaves_the_old_one_behind(one: Front, changes: Mapping[str, Any]) -> None:
    one.diff(made(one), inputs(running=True, **changes))
    (warning,) = one.warnings
    assert "its replication slot 'orders' is not dropped by this change" in warning
    assert warning.endswith(DROP)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"running": True, "name": "renamed"},
        {"running": True, "streamingSource": elsewhere(username="other")},
        {"running": True, "streamingSource": elsewhere(host=UNKNOWN)},
        {"running": True, "streamingSource": UNKNOWN},
        {"running": True, "advancedProperties": UNKNOWN},
        {"running": UNKNOWN},
    ],
)
def test_one_that_goes_on_with_its_slot_is_nothing_to_warn_of(one: Front, changes: Mapping[str, Any]) -> None:
    """Nor is a value that a preview does not know yet."""
    one.diff(made(one), inputs(**changes))
    assert one.warnings == []


def test_a_pipeline_that_is_stopped_already_is_not_warned_of_again(one: Front) -> None:
    one.diff(one.create(inputs(running=False)), inputs(running=False))
    assert one.warnings == []


@pytest.mark.parametrize("running", [False, True])
def test_a_stopped_pipeline_that_is_moved_leaves_its_slot_behind_too(one: Front, running: bool) -> None:
    """The slot keeps the log whether the pipeline runs or not, and nobody looks for it under the new name."""
    result = one.create(inputs(running=False))
    one.diff(result, inputs(running=running, advancedProperties={"slot.name": "other"}))
    (warning,) = one.warnings
    assert "its replication slot 'orders' is not dropped by this change" in warning
    assert (
        "if it ever ran and no other pipeline reads it, run SELECT pg_drop_replication_slot('orders')"
        in warning
    )


@pytest.mark.parametrize("before", [None, {}, {"slot.name": None}, {"slot.name": ""}])
def test_writing_the_default_name_out_moves_no_slot(before: Mapping[str, Any] | None) -> None:
    """It was told to drop the very slot that the pipeline goes on to read."""
    named = inputs(running=True, advancedProperties={"slot.name": slots.DEFAULT_SLOT})
    unnamed = inputs(running=True, advancedProperties=before)
    assert slots.when_changed(unnamed, named, ()) is None
    assert slots.when_changed(named, unnamed, ()) is None
    assert "(matillion_cdc, as no slot.name is given)" in str(slots.when_deleted(unnamed))


def test_a_host_in_other_case_is_the_same_database() -> None:
    outputs = inputs(running=True)
    desired = inputs(running=True, streamingSource=elsewhere(host=SOURCE["connection"]["host"].upper()))
    assert slots.when_changed(outputs, desired, ()) is None


@pytest.mark.parametrize("path", ["running", "*"])
def test_a_run_state_that_is_ignored_is_not_warned_of(path: str) -> None:
    outputs = inputs(running=True)
    assert slots.when_changed(outputs, inputs(running=False), [path]) is None
    assert slots.when_changed(outputs, inputs(running=False), ["streamingSource"]) is not None


@pytest.mark.parametrize("kind", ["mysql", "sqlserver", "oracle", "db2ibmi", "newer"])
def test_another_database_keeps_no_log_for_a_pipeline(kind: str) -> None:
    outputs = inputs(running=True, streamingSource={**SOURCE, "type": kind})
    assert slots.when_deleted(outputs) is None
    assert slots.when_changed(outputs, {**outputs, "running": False}, ()) is None


@pytest.mark.parametrize(
    ("outputs", "named"),
    [
        ({"advancedProperties": {"slot.name": "my_slot_1"}}, "slot 'my_slot_1' is"),
        ({"advancedProperties": None}, "slot (matillion_cdc, as no slot.name is given) is"),
        ({"__secret_paths": ["/advancedProperties/slot.name"]}, "slot (slot.name in advanced_properties) is"),
        ({"__secret_paths": ["/advancedProperties"]}, "slot (slot.name in advanced_properties) is"),
        ({"__secrets": ["advancedProperties"]}, "slot (slot.name in advanced_properties) is"),
        ({"__secret_paths": ["/advancedProperties/slot.name.more", "/name"]}, "slot 'orders' is"),
        (
            {"advancedProperties": {"slot.name": "x'); DROP"}},
            "slot (slot.name in advanced_properties) is",
        ),
    ],
)
def test_the_slot_is_named_unless_its_name_is_a_secret(outputs: Mapping[str, Any], named: str) -> None:
    """What is no name of a slot is not repeated either: it may be anything, and would stand in a line of SQL."""
    warning = slots.when_deleted(inputs(**outputs)) or ""
    assert f"its replication {named}" in warning
    assert ("<its name>" in warning) == ("slot (slot.name" in named)
