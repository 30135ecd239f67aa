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
        ("streamingSource.tables[0].schema", ("streamingSource", "tables")),
        ("streamingSource.tables[*]", ("streamingSource", "tables")),
        ('advancedProperties["max.batch.size"]', ("advancedProperties", "max.batch.size")),
        ('["advancedProperties"]["a\\"b"]', ("advancedProperties", 'a"b')),
        ("*", ()),
        ("streamingTarget.*", ("streamingTarget",)),
    ],
)
def test_a_property_path_names_keys_down_to_the_first_index(path: str, keys: tuple[str, ...]) -> None:
    """An index means another item once somebody has added one, so the whole list is left alone."""
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
