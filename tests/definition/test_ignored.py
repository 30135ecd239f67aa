"""What ``ignore_changes`` names is left as it is found."""

from __future__ import annotations

import pytest

from pulumi_dpc._definition.ignored import covers, keep_ignored, keys_of
from tests.worlds import DEFINITION, edited


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("name", ("name",)),
        ("streamingSource.tables", ("streamingSource", "tables")),
        ("streamingSource.tables[0].schema", None),
        ("streamingSource.tables[0]", None),
        ("streamingSource.tables[*].schema", None),
        ("streamingSource.tables[*]", ("streamingSource", "tables")),
        ('advancedProperties["max.batch.size"]', ("advancedProperties", "max.batch.size")),
        ('["advancedProperties"]["a\\"b"]', ("advancedProperties", 'a"b')),
        ("*", ()),
        ("streamingTarget.*", ("streamingTarget",)),
    ],
)
def test_a_property_path_names_keys(path: str, keys: tuple[str, ...] | None) -> None:
    """An index means another item once somebody has added one, so the engine's own rule is all that is done."""
    assert keys_of(path) == keys


LIVE = edited(
    name="theirs",
    streamingTarget={"type": "s3", "bucket": "theirs"},
    advancedProperties={"max.batch.size": 1, "added": True},
)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], DEFINITION),
        (["running", "agent"], DEFINITION),
        (["name"], edited(name="theirs")),
        (["streamingTarget"], edited(streamingTarget=LIVE["streamingTarget"])),
        (
            ["streamingTarget.prefix"],
            edited(streamingTarget={"type": "s3", "bucket": DEFINITION["streamingTarget"]["bucket"]}),
        ),
        (["*"], LIVE),
    ],
)
def test_an_edit_writes_what_is_live_where_changes_are_ignored(paths: list[str], expected: object) -> None:
    assert keep_ignored(DEFINITION, LIVE, paths) == expected


def test_an_ignored_field_of_an_object_of_another_type_is_passed_over() -> None:
    live = edited(streamingTarget={"type": "gcs", "bucket": "theirs"})
    kept = keep_ignored(edited(streamingTarget=None), live, ["streamingTarget.bucket"])
    assert "streamingTarget" not in kept


@pytest.mark.parametrize(
    ("paths", "covered"), [(["running"], True), (["*"], True), (["name"], False), (["running.x"], False)]
)
def test_a_whole_property_is_covered_by_its_own_path(paths: list[str], covered: bool) -> None:
    assert covers(paths, "running") is covered


def test_a_mask_is_never_written_in_the_place_of_an_ignored_value() -> None:
    """The service shows it instead of the value, which it would destroy."""
    desired = edited(advancedProperties={"key": "known", "other": 1})
    live = edited(advancedProperties={"key": "********", "other": 2, "theirs": "***"})
    kept = keep_ignored(desired, live, ["advancedProperties"])
    assert kept["advancedProperties"] == {"key": "known", "other": 2, "theirs": "***"}
