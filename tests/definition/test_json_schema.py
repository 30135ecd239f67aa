"""The JSON Schema: it refuses what the models refuse, and the published one is that of the models.

``python -m tests.definition.test_json_schema`` writes the published one (``make tables``).
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pulumi_dpc._definition.definition import validate
from pulumi_dpc._definition.json_schema import definition_schema
from tests import DATA, REPOSITORY
from tests.worlds import DEFINITION

PUBLISHED = REPOSITORY / "docs" / "_static" / "streaming-pipeline.schema.json"
FILES = sorted((DATA / "definitions").glob("*.json"))
VALIDATOR = jsonschema.Draft202012Validator(definition_schema())
ABSENT: Any = object()

SNOWFLAKE: dict[str, Any] = json.loads((DATA / "definitions" / "oracle_to_snowflake.json").read_text())


def published() -> str:
    return json.dumps(definition_schema(), indent=2) + "\n"


def changed(definition: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the definition with another value at a path of keys with dots between them."""
    result = copy.deepcopy(definition)
    *above, last = path.split(".")
    place: Any = result
    for key in above:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if value is ABSENT:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return result


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(definition_schema())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_the_service_takes_is_valid(file: Path) -> None:
    VALIDATOR.validate(json.loads(file.read_text()))


CASES = [
    *[
        (DEFINITION, path, value)
        for path, value in [
            ("name", ""),
            ("agentId", "agent"),
            ("agentId", DEFINITION["agentId"].upper()),
            ("streamingSource", ABSENT),
            ("streamingSource", {}),
            ("streamingSource", "postgres"),
            ("streamingSource.type", "POSTGRES"),
            ("streamingSource.type", 1),
            ("streamingSource.type", "a type of tomorrow"),
            ("streamingSource.tables", []),
            ("streamingSource.tables", "orders"),
            ("streamingSource.tables.0", "orders"),
            ("streamingSource.tables.0.schema", ABSENT),
            ("streamingSource.connection.port", 0),
            ("streamingSource.connection.port", 65536),
            ("streamingSource.connection.port", "5432"),
            ("streamingSource.connection.port", 54.5),
            ("streamingSource.connection.port", True),
            ("streamingSource.connection.host", ABSENT),
            ("streamingSource.connection.host", ""),
            ("streamingSource.connection.database", 1),
            ("streamingSource.connection.password", "hunter2"),
            ("streamingSource.connection.password.secretType", "aws_secrets_manager"),
            ("streamingSource.connection.password.secretType", "VAULT"),
            ("streamingSource.connection.password.secretKey", None),
            ("streamingSource.connection.password.secretKey", ""),
            ("streamingSource.connection.password.secretKey", 1),
            ("streamingSource.connection.unknown", "passes"),
            ("streamingSource.connection.jdbcProperties", {"any": ["thing", 1]}),
            ("streamingSource.connection.jdbcProperties", "ssl=require"),
            ("streamingTarget.prefix", None),
            ("streamingTarget.decimalMapping", "logical"),
            ("streamingTarget.decimalMapping", ""),
            ("streamingTarget.decimalMapping", "exact"),
            ("advancedProperties", None),
            ("advancedProperties", []),
            ("unknown", {"passes": 1}),
        ]
    ],
    (SNOWFLAKE, "streamingTarget.connection.authentication", {"type": "password"}),
    (SNOWFLAKE, "streamingTarget.connection.authentication", {"type": "key-pair"}),
    (SNOWFLAKE, "streamingTarget.transformationType", "copy_table"),
    (SNOWFLAKE, "streamingTarget.transformationType", ABSENT),
    (SNOWFLAKE, "streamingTarget.temporalMapping", None),
]


@pytest.mark.parametrize(
    ("definition", "path", "value"),
    CASES,
    ids=[f"{path}={'absent' if value is ABSENT else value}" for _, path, value in CASES],
)
def test_it_refuses_what_the_models_refuse(definition: dict[str, Any], path: str, value: Any) -> None:
    """Two sets of rules would be one too many: what an editor underlines is what a preview refuses."""
    given = changed(definition, path, value)
    assert VALIDATOR.is_valid(given) == (not validate(given).violations)


def test_a_file_may_leave_out_what_the_program_gives() -> None:
    VALIDATOR.validate({key: value for key, value in DEFINITION.items() if key not in ("name", "agentId")})


def test_every_field_is_described() -> None:
    def undescribed(schema: Any, path: str = "") -> list[str]:
        fields = schema.get("properties", {}).items() if "description" in schema else ()
        return [f"{path}.{name}" for name, field in fields if not field.get("description")]

    schema = definition_schema()
    assert [*undescribed(schema), *(one for d in schema["$defs"].values() for one in undescribed(d))] == []


def test_the_published_schema_is_up_to_date() -> None:
    """``make tables`` writes it."""
    assert PUBLISHED.read_text() == published()


if __name__ == "__main__":
    PUBLISHED.write_text(published())
