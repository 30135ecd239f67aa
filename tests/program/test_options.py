"""Resource options, in Python's spelling."""

from __future__ import annotations

import pytest

from pulumi_dpc._program.streaming_pipeline import _in_state_spelling


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("streaming_source.connection.jdbc_properties", "streamingSource.connection.jdbcProperties"),
        (
            'streaming_source.connection.jdbc_properties["my_key"].x_y',
            'streamingSource.connection.jdbcProperties["my_key"].x_y',
        ),
        ("streaming_target.table_prefix_type", "streamingTarget.tablePrefixType"),
        ("streaming_source.tables[0].schema", "streamingSource.tables[0].schema"),
        ("advanced_properties.my_key", "advancedProperties.my_key"),
        ("streamingSource.connection.jdbcProperties", "streamingSource.connection.jdbcProperties"),
        ("project_id", "projectId"),
        ("something_else", "something_else"),
    ],
)
def test_options_take_python_names_at_any_depth(path: str, spelled: str) -> None:
    assert _in_state_spelling(path) == spelled
