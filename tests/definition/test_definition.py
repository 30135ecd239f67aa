"""The one spelling of a definition, its mistakes, and what two definitions have in common."""

from __future__ import annotations

import copy
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi import UNKNOWN

from pulumi_dpc._definition.comparison import as_recorded, differences, overlay
from pulumi_dpc._definition.definition import (
    canonical,
    has_unknowns,
    load_definition,
    validate,
    whole_numbers,
)
from pulumi_dpc._definition.models import S3Target
from pulumi_dpc._definition.shape import Shape, definition_shape
from pulumi_dpc.errors import ConfigurationError
from tests import DATA, PACKAGE
from tests.worlds import edited

DOCUMENTS = sorted((DATA / "definitions").glob("*.json"))
SERVER_IDS = ("projectId", "streamingPipelineId")
GUIDE = "guide_sqlserver_to_snowflake"
CANARY = "the-canary-7f3a"
PROPERTY = settings(deadline=None, max_examples=50)  # the first example loads pydantic: no time to hold it to


def document(name: str = GUIDE) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(DOCUMENTS[0].with_name(f"{name}.json").read_text())
    return content


def as_floats(value: Any) -> Any:
    """Return a value as the engine hands it on: every number a float."""
    if isinstance(value, dict):
        return {key: as_floats(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_floats(member) for member in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


ABSENT = object()


def place(definition: dict[str, Any], path: str, value: Any) -> None:
    """Set, or with ``ABSENT`` remove, what stands at a dotted path; ``tables.0`` is the first table."""
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner: Any = definition
    for part in way:
        inner = inner[part]
    if value is ABSENT:
        del inner[last]
    elif isinstance(inner, list) and last == len(inner):
        inner.append(value)
    else:
        inner[last] = value


def changed(path: str, value: Any, name: str = GUIDE) -> dict[str, Any]:
    definition = document(name)
    place(definition, path, value)
    return definition


SOURCE = "streamingSource"
CONNECTION = "streamingSource.connection"
TARGET = "streamingTarget"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_published_document_comes_out_as_it_went_in(path: Path) -> None:
    """A definition that works with the vendor's own instructions must work here, unchanged."""
    published = json.loads(path.read_text())
    checked = validate(as_floats(published))

    assert json.dumps(checked.canonical) == json.dumps(
        {k: v for k, v in published.items() if k not in SERVER_IDS}
    )
    assert checked.violations == []
    assert checked.warnings == []


def test_the_published_documents_hold_every_source_and_every_target() -> None:
    """A source or target added later must bring its document."""
    shape = definition_shape()
    seen = {
        (end, json.loads(path.read_text())[end]["type"]) for path in DOCUMENTS for end in (SOURCE, TARGET)
    }

    assert seen == {(end, kind) for end in (SOURCE, TARGET) for kind in shape.at(end).kinds}


@pytest.mark.parametrize(
    ("path", "given_value", "kept"),
    [
        (f"{SOURCE}.type", "SQLServer", "sqlserver"),
        (f"{TARGET}.connection.authentication.type", "KEY-PAIR", "key-pair"),
        (f"{CONNECTION}.password.secretType", "azure_key_vault", "AZURE_KEY_VAULT"),
        (f"{TARGET}.tablePrefixType", "None", "NONE"),
        (f"{TARGET}.transformationType", "change_log", "CHANGE_LOG"),
        (f"{TARGET}.temporalMapping", "epoch", "EPOCH"),
        ("agentId", "2734AA6F-0C64-4D2B-9406-F44DC8F1F3B6", "2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6"),
        (f"{CONNECTION}.port", 1433.0, 1433),
        (f"{CONNECTION}.username", "Streaming_User", "Streaming_User"),
        (f"{CONNECTION}.jdbcProperties", {"a": "1", "b": 2.0, "c": True}, {"a": "1", "b": 2, "c": True}),
        ("advancedProperties", {"a": {"b": [1.0, 1.5, "", {}]}}, {"a": {"b": [1, 1.5, "", {}]}}),
        ("advancedProperties", {"a": "1000", "b": True, "c": 1e300}, {"a": "1000", "b": True, "c": 1e300}),
        (f"{TARGET}.type", "iceberg", "iceberg"),
    ],
)
def test_each_value_has_one_spelling(path: str, given_value: Any, kept: Any) -> None:
    """The service reads words in any case, the engine has only floats; users' own values are left alone."""
    expected, actual = changed(path, kept), validate(changed(path, given_value)).canonical

    assert json.dumps(actual, sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize(
    ("path", "empty"),
    [
        (f"{TARGET}.stagePrefix", ""),
        (f"{TARGET}.stagePrefix", None),
        (f"{TARGET}.temporalMapping", ""),
        (f"{TARGET}.connection.authentication.passphrase", None),
        (f"{CONNECTION}.password.secretLocation", ""),
        (f"{CONNECTION}.jdbcProperties", {}),
        ("advancedProperties", {}),
        ("advancedProperties", {"a": None}),
    ],
)
def test_what_counts_as_absent_is_left_out(path: str, empty: Any) -> None:
    """A service that echoes ``prefix: ""`` must not look like drift."""
    checked = validate(changed(path, empty))

    assert checked.canonical == changed(path, ABSENT)
    assert checked.violations == []


@pytest.mark.parametrize(
    ("path", "value", "violation"),
    [
        ("name", ABSENT, "name: is required"),
        ("name", None, "name: is required"),
        ("name", "", "name: must not be empty"),
        ("name", 3, "name: must be a string"),
        ("agentId", CANARY, "agentId: must be a UUID"),
        (SOURCE, ABSENT, "streamingSource: is required"),
        (SOURCE, CANARY, "streamingSource: must be an object"),
        (SOURCE, [CANARY], "streamingSource: must be an object"),
        (f"{SOURCE}.type", ABSENT, "streamingSource.type: is required"),
        (f"{SOURCE}.type", 7, "streamingSource.type: must be a string"),
        (CONNECTION, CANARY, "streamingSource.connection: must be an object"),
        (f"{CONNECTION}.username", ABSENT, "streamingSource.connection.username: is required"),
        (f"{CONNECTION}.port", "1433", "streamingSource.connection.port: must be a whole number"),
        (f"{CONNECTION}.port", 14.5, "streamingSource.connection.port: must be a whole number"),
        (f"{CONNECTION}.port", True, "streamingSource.connection.port: must be a whole number"),
        (f"{CONNECTION}.port", 0, "streamingSource.connection.port: must be at least 1"),
        (f"{CONNECTION}.port", 65536, "streamingSource.connection.port: must be at most 65535"),
        (f"{CONNECTION}.port", math.inf, "streamingSource.connection.port: must be a whole number"),
        (f"{CONNECTION}.password", CANARY, "streamingSource.connection.password: must be an object"),
        (
            f"{CONNECTION}.password.secretType",
            CANARY,
            (
                "streamingSource.connection.password.secretType: "
                "must be 'AWS_SECRETS_MANAGER', 'AZURE_KEY_VAULT' or 'GOOGLE_SECRET_MANAGER'"
            ),
        ),
        (
            f"{CONNECTION}.jdbcProperties",
            CANARY,
            "streamingSource.connection.jdbcProperties: must be an object",
        ),
        (f"{SOURCE}.tables", [], "streamingSource.tables: must have at least one item"),
        (f"{SOURCE}.tables", CANARY, "streamingSource.tables: must be a list"),
        (f"{SOURCE}.tables", {"a": CANARY}, "streamingSource.tables: must be a list"),
        (f"{SOURCE}.tables.1", CANARY, "streamingSource.tables[1]: must be an object"),
        (f"{SOURCE}.tables.0", {"table": "t"}, "streamingSource.tables[0].schema: is required"),
        (
            f"{SOURCE}.tables.2",
            {"schema": "dbo", "table": "Customers"},
            "streamingSource.tables[2]: is the same table as tables[0]",
        ),
        (
            f"{TARGET}.connection.authentication.privateKey.secretName",
            ABSENT,
            "streamingTarget.connection.authentication.privateKey.secretName: is required",
        ),
        (f"{TARGET}.temporalMapping", CANARY, "streamingTarget.temporalMapping: must be 'NATIVE' or 'EPOCH'"),
        ("advancedProperties", CANARY, "advancedProperties: must be an object"),
        ("advancedProperties", [], "advancedProperties: must be an object"),
    ],
)
def test_a_mistake_is_one_violation_at_its_exact_path(path: str, value: Any, violation: str) -> None:
    """The same form as the service's own list; and no value, because it can be secret."""
    checked = validate(changed(path, value))

    assert checked.violations == [violation]
    assert CANARY not in violation


def test_all_mistakes_are_named_at_once() -> None:
    """The guide's incomplete definition, and more."""
    definition = changed(f"{CONNECTION}.username", ABSENT)
    for path in (f"{TARGET}.connection.authentication", "agentId"):
        place(definition, path, ABSENT)

    assert validate(definition).violations == [
        "agentId: is required",
        "streamingSource.connection.username: is required",
        "streamingTarget.connection.authentication: is required",
    ]


def modelled_paths(shape: Shape, value: Any, path: str = "") -> list[str]:
    known = shape.of(value)
    if isinstance(value, list):
        return [
            path
            for i, item in enumerate(value)
            for path in modelled_paths(shape.items or shape, item, f"{i}")
        ]
    inner = (
        [(key, f"{path}.{key}".lstrip(".")) for key in value]
        if isinstance(value, dict) and known.fields
        else []
    )
    return [way for key, full in inner for way in (full, *modelled_paths(known.at(key), value[key], full))]


@pytest.mark.parametrize(
    "path", [p for p in modelled_paths(definition_shape(), document()) if p[0].isalpha()]
)
def test_what_is_not_known_yet_passes_and_the_rest_is_checked(path: str) -> None:
    """In a preview any part may come from a resource that does not exist yet."""
    definition = changed(path, UNKNOWN)
    place(definition, "name" if path != "name" else "agentId", 5)
    checked = validate(definition)

    assert checked.violations == [f"{'name' if path != 'name' else 'agentId'}: must be a string"]
    assert checked.warnings == []
    assert has_unknowns(checked.canonical)


@pytest.mark.parametrize("path", [f"{SOURCE}.tables.1", f"{SOURCE}.tables.1.schema"])
def test_a_table_that_is_not_known_yet_passes(path: str) -> None:
    """Tables are often computed."""
    assert validate(changed(path, UNKNOWN)).violations == []


@pytest.mark.parametrize(
    ("path", "value", "warning"),
    [
        (
            f"{CONNECTION}.sslMode",
            CANARY,
            "streamingSource.connection.sslMode: is not a field this version knows",
        ),
        (
            f"{SOURCE}.tables.1.columns",
            ["a"],
            "streamingSource.tables[1].columns: is not a field this version knows",
        ),
        (f"{TARGET}.type", "iceberg", "streamingTarget.type: is none of abs, gcs, s3, snowflake"),
        (
            f"{TARGET}.connection.authentication",
            {"type": "username-password", "password": CANARY, "attempts": 3.0},
            "streamingTarget.connection.authentication.type: is none of key-pair",
        ),
    ],
)
def test_what_we_do_not_know_is_passed_on_with_a_warning(path: str, value: Any, warning: str) -> None:
    """The service may be newer than we are."""
    checked = validate(changed(path, value))

    assert checked.violations == []
    assert checked.warnings == [f"{warning}; passed on unchecked"]
    assert checked.canonical == changed(path, value)


def test_an_unknown_field_of_the_definition_itself_is_not_sent() -> None:
    assert validate(changed("a b", 1)).warnings == [
        '["a b"]: is not a field this version knows; not passed on'
    ]


def test_a_near_miss_is_told_the_field_that_is_meant() -> None:
    """Not where that field is given too: then it is another one."""
    target = {"type": "s3", "bucket": "b", "prefx": "shop"}
    hint = " (did you mean `prefix`?)"
    text = "streamingTarget.prefx: is not a field this version knows{}; passed on unchecked"
    assert validate({**document(), "streamingTarget": target}).warnings == [text.format(hint)]
    assert validate({**document(), "streamingTarget": {**target, "prefix": ""}}).warnings == [
        text.format(hint)
    ]
    assert validate({**document(), "streamingTarget": {**target, "prefix": "x"}}).warnings == [
        text.format("")
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (
            f"{SOURCE}.tables",
            [{"schema": "sales", "table": "Orders"}, {"schema": "dbo", "table": "Customers"}],
        ),
        (f"{TARGET}.temporalMapping", "native"),
        (f"{CONNECTION}.port", 1433.0),
        ("projectId", "3dda0acf-e646-4f4b-b4f6-e00449b69427"),
    ],
)
def test_another_spelling_is_no_difference(path: str, value: Any) -> None:
    """Else every preview would show a change that no update can make go away."""
    assert differences(changed(path, value), document()) == []
    assert differences(document(), changed(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("name", "other", "name"),
        (f"{SOURCE}.tables.2", {"schema": "dbo", "table": "New"}, "streamingSource.tables"),
        (f"{TARGET}.stagePrefix", ABSENT, "streamingTarget.stagePrefix"),
        (f"{TARGET}.connection.jdbcProperties", ABSENT, "streamingTarget.connection.jdbcProperties"),
        ("advancedProperties", {"max.batch.size": "10000"}, 'advancedProperties["max.batch.size"]'),
        ("advancedProperties", {"max.batch.size": 10000, "on": ""}, "advancedProperties.on"),
        (f"{CONNECTION}.host", UNKNOWN, "streamingSource.connection.host"),
        (f"{SOURCE}.tables.1", UNKNOWN, "streamingSource.tables"),
    ],
)
def test_a_difference_is_named_by_its_path(path: str, value: Any, expected: str) -> None:
    """An added property is one too: the next edit would wipe it."""
    assert differences(changed(path, value), document()) == [expected]
    assert differences(document(), changed(path, value)) == [expected]


def test_a_bool_is_no_number() -> None:
    """Python says ``True == 1``; a connector's property does not."""
    with_bool, with_number = (
        changed("advancedProperties", {"on": True}),
        changed("advancedProperties", {"on": 1}),
    )

    assert differences(with_bool, with_number) == ["advancedProperties.on"]


def test_a_field_nobody_asked_for_is_no_difference_but_one_the_program_adds_is() -> None:
    """A newer service answers with fields that an older program does not have."""
    newer = changed(f"{CONNECTION}.sslMode", "strict")

    assert differences(newer, document()) == []
    assert differences(document(), newer) == ["streamingSource.connection.sslMode"]


def test_an_edit_keeps_the_live_fields_that_the_models_do_not_have() -> None:
    """PUT replaces the whole object; what a newer service or the UI has added must survive."""
    live = changed(f"{CONNECTION}.sslMode", "strict") | {
        "streamingPipelineId": "x",
        "projectId": "y",
        "labels": ["l"],
    }
    place(live, f"{SOURCE}.tables.1.columns", ["id"])
    place(live, f"{TARGET}.stagePrefix", "theirs")
    place(live, "advancedProperties", {"theirs": 1})
    desired = document()
    desired["streamingSource"]["tables"].reverse()

    expected = changed(f"{CONNECTION}.sslMode", "strict") | {"labels": ["l"]}
    place(expected, f"{SOURCE}.tables.1.columns", ["id"])
    expected["streamingSource"]["tables"].reverse()
    assert overlay(live, desired) == expected


def test_an_edit_to_another_type_keeps_nothing_of_the_old_one() -> None:
    """The fields of one target mean nothing to another, and may have the same name."""
    live = document("postgres_to_s3")
    live["streamingTarget"]["kmsKey"] = "k"

    assert overlay(live, document())["streamingTarget"] == document()["streamingTarget"]


def test_a_refresh_keeps_the_recorded_spelling_where_nothing_changed() -> None:
    """Else the next preview would show rewritten values that nobody changed."""
    recorded = changed(f"{TARGET}.temporalMapping", "native")
    live = document() | {"projectId": "p", "streamingPipelineId": "s", "name": "renamed in the UI"}
    live["streamingSource"]["tables"].reverse()
    live["streamingTarget"]["connection"]["sslMode"] = "strict"

    assert as_recorded(live, recorded) == recorded | {"name": "renamed in the UI"}


def test_a_refresh_shows_every_property_that_was_added_or_removed() -> None:
    """The vendor's Terraform provider does not see an added one, and its next edit wipes it."""
    recorded = document() | {"labels": ["mine"]}
    live = document() | {"labels": ["theirs"], "advancedProperties": {"added": 1}}
    live["streamingTarget"]["connection"]["jdbcProperties"]["added"] = "1"
    del live["streamingTarget"]["stagePrefix"]
    live["streamingSource"]["tables"] = [
        {"schema": "new", "table": "One"},
        {"schema": "sales", "table": "Orders"},
        {"schema": "dbo", "table": "Customers"},
    ]
    read = as_recorded(live, recorded)

    assert [table["schema"] for table in read["streamingSource"]["tables"]] == ["dbo", "sales", "new"]
    assert read == live | {"streamingSource": read["streamingSource"]}


def test_a_refresh_of_nothing_recorded_takes_the_fields_of_the_models() -> None:
    """An adopted pipeline has no record yet."""
    assert as_recorded(document("reference_db2ibmi_to_abs") | {"labels": 1}, {}) == {
        key: value for key, value in document("reference_db2ibmi_to_abs").items() if key not in SERVER_IDS
    }


def scalar() -> st.SearchStrategy[Any]:
    whole = st.integers(
        -(2**53) + 1, 2**53 - 1
    )  # a larger one does not survive the engine, which has only floats
    return st.one_of(st.none(), st.booleans(), whole, st.floats(allow_nan=False), st.text(max_size=5))


def json_values() -> st.SearchStrategy[Any]:
    names = st.sampled_from(["type", "schema", "table", "connection", "tables", "prefix", "other"])
    return st.recursive(
        scalar(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=3), inner, max_size=4)
        ),
        max_leaves=12,
    )


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Return a published document of which any few places hold something else."""
    definition: dict[str, Any] = copy.deepcopy(json.loads(draw(st.sampled_from(DOCUMENTS)).read_text()))
    for _ in range(draw(st.integers(0, 3))):
        inner: Any = definition
        while draw(st.booleans()):
            inside = [member for member in inner.values() if isinstance(member, dict) and member]
            if not inside:
                break
            inner = draw(st.sampled_from(inside))
        inner[draw(st.sampled_from([*inner, "prefix", "other", "a b"]))] = draw(json_values())
    return definition


@PROPERTY
@given(definitions())
def test_checking_twice_says_the_same(definition: dict[str, Any]) -> None:
    """The check gets its own answers back as old inputs, and compares them."""
    once = validate(definition)

    assert validate(once.canonical) == once


@PROPERTY
@given(definitions())
def test_a_violation_begins_with_a_path_and_quotes_no_value(definition: dict[str, Any]) -> None:
    """Whatever is wrong, there is one line for it and it can be shown."""
    for violation in validate(definition).violations:
        assert re.fullmatch(
            r"(\w+|\[\".*\"\])(\.\w+|\[\d+\]|\[\".*\"\])*: (is|must) [^:]+?"
            r"(; `.*` is not a field: did you mean `\w+`\?)?",
            violation,
            re.DOTALL,
        )
        assert "is not valid" not in violation


@PROPERTY
@given(definitions())
def test_a_definition_read_back_is_the_recorded_one(definition: dict[str, Any]) -> None:
    """No drift where nothing happened, for recorded values in any spelling."""
    recorded = {key: value for key, value in definition.items() if key not in SERVER_IDS}

    assert as_recorded(canonical(as_floats(definition)), recorded) == recorded
    assert differences(definition, as_floats(definition)) == []


@PROPERTY
@given(definitions(), definitions())
def test_after_an_edit_nothing_differs(live: dict[str, Any], desired: dict[str, Any]) -> None:
    """What is PUT is what was the program says, whatever was there before."""
    assert differences(overlay(canonical(live), canonical(desired)), desired) == []


@PROPERTY
@given(definitions(), definitions())
def test_a_refresh_shows_exactly_the_differences(live: dict[str, Any], desired: dict[str, Any]) -> None:
    """A refresh and the next preview must agree on whether there is drift."""
    assert differences(as_recorded(live, desired), desired) == differences(live, desired)


def test_a_definition_is_loaded_from_a_file_a_mapping_or_a_model(tmp_path: Path) -> None:
    """An answer of the service, saved to a file, is a definition too."""
    path = tmp_path / "streaming-pipeline.json"
    path.write_text(
        json.dumps(document() | {"projectId": "p", "streamingPipelineId": "s"}), encoding="utf-8-sig"
    )

    assert load_definition(path) == load_definition(str(path)) == load_definition(document()) == document()
    assert load_definition({"streamingTarget": S3Target(bucket="b"), "name": None}) == {
        "streamingTarget": {"type": "s3", "bucket": "b"}
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{\n  "name": x\n}', r"pipeline\.json, line 2, column 11: not valid JSON: Expecting value"),
        (b"[]", r"pipeline\.json: must hold one JSON object, the pipeline definition"),
        (b"\xff", r"pipeline\.json: is not UTF-8 text \(byte 0\)"),
        (None, r"^/.*pipeline\.json: cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    """The file is the user's; the sentence says where to look in it."""
    path = tmp_path / "pipeline.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError, match=sentence):
        load_definition(path)


def test_whole_numbers_are_ints_again_at_any_depth() -> None:
    """JSON bodies must not say ``10000.0``."""
    bag = whole_numbers({"a": [1.0, {"b": 2.5, "c": True}], "d": UNKNOWN})

    assert json.dumps(bag["a"]) == '[1, {"b": 2.5, "c": true}]'
    assert bag["d"] is UNKNOWN


def test_comparing_definitions_loads_neither_pydantic_nor_the_engine() -> None:
    """A diff runs for every resource of every preview, and the client is a library without an engine."""
    program = (
        "import sys, types; package = types.ModuleType('pulumi_dpc'); package.__path__ = sys.argv[1:];"
        "sys.modules['pulumi_dpc'] = package; from pulumi_dpc._definition import comparison as d;"
        "d.differences(d.overlay({'name': 'a'}, {'name': 'b'}), {}); d.as_recorded({}, {});"
        "sys.exit(bool({'pydantic', 'pulumi'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program, str(PACKAGE)], check=False).returncode == 0


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_have_is_refused(number: float) -> None:
    checked = validate(edited(advancedProperties={"n": [1, number]}))
    assert checked.violations == ["advancedProperties.n[1]: must be a finite number"]
