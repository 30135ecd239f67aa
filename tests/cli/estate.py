"""Twenty pipelines of all kinds: each source with each target, every optional field, and what nobody expects."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

from pulumi_dpc.emulator import Emulator
from tests.worlds import fixed_id

Definition = dict[str, Any]

_SECRET = {"secretType": "AWS_SECRETS_MANAGER", "secretName": "s", "secretKey": "k"}
_SECRETS: list[Definition] = [
    _SECRET,
    {"secretType": "AZURE_KEY_VAULT", "secretName": "n", "secretLocation": "vault"},
    {"secretType": "GOOGLE_SECRET_MANAGER", "secretName": "n"},
    {**_SECRET, "secretLocation": "eu"},
    {"secretType": "azure_key_vault", "secretName": "n"},
]
_CONNECTION = {"host": "db", "port": 5432, "username": "u"}
_FREE = {"ssl": "require", "date format": "ymd", "n": 5, "b": True, "deep": {"l": [1, 2.5, None, "x"]}}
_SOURCES: dict[str, Definition] = {
    "postgres": {"database": "d"},
    "sqlserver": {"database": "d"},
    "mysql": {},
    "oracle": {"database": "d", "pdb": "p"},
    "db2ibmi": {},
}
_SNOWFLAKE = {
    "connection": {
        "accountName": "a",
        "username": "u",
        "authentication": {"type": "key-pair", "privateKey": _SECRET, "passphrase": _SECRET},
        "jdbcProperties": {"networkTimeout": "1"},
    },
    "role": "r",
    "warehouse": "w",
    "database": "d",
    "stageSchema": "ss",
    "stageName": "sn",
    "stagePrefix": "sp",
    "tableSchema": "ts",
    "tablePrefixType": "PREFIX",
    "transformationType": "COPY_TABLE",
    "temporalMapping": "EPOCH",
}
_TARGETS: dict[str, Definition] = {
    "snowflake": _SNOWFLAKE,
    "s3": {"bucket": "b", "prefix": "p", "decimalMapping": "LEGACY"},
    "abs": {
        "accountName": "a",
        "accountKey": _SECRET,
        "container": "c",
        "prefix": "p",
        "decimalMapping": "LOGICAL",
    },
    "gcs": {"bucket": "b", "prefix": "p", "decimalMapping": "LEGACY"},
}
NAMES = [
    *["class", "Orders", "orders", "Überblick 数据", "数据", "a\"b'c", "x" * 200, "orders ", "-", "a/b::c"],
    *["tab\tnl\n", "😀", "__main__", "..", "\\", "{x}", "orders", "import", "None", "'''"],
]
"""Odd ones: two that differ in case only, two that do not differ, keywords, and what is not ASCII."""

_ODD: dict[int, Callable[[Definition], Any]] = {
    3: lambda one: one.update(streamingTarget={"type": "iceberg", "catalog": {"a": 1}, "l": [{"x": None}]}),
    4: lambda one: one["streamingSource"].update(type="mongodb"),
    5: lambda one: one["streamingTarget"].update(newer={"a": [1]}),
    6: lambda one: one["streamingSource"]["connection"].update(newer="y"),
    8: lambda one: one.update(newer={"z": 1}),
    9: lambda one: one["streamingSource"]["tables"][0].update(columns=["a"]),
    10: lambda one: one["streamingSource"]["connection"]["password"].update(newer=1),
    12: lambda one: one["streamingTarget"]["connection"].update(authentication={"type": "oauth", "x": 1}),
    13: lambda one: one.update(advancedProperties={}),
    14: lambda one: one["streamingSource"]["connection"].pop("jdbcProperties"),
}
"""What is newer than this package, or left out."""


def definitions() -> list[Definition]:
    """Return a definition for each source and target."""
    made = []
    for number, (source, target) in enumerate(itertools.product(_SOURCES, _TARGETS)):
        connection = {**_CONNECTION, **_SOURCES[source], "password": _SECRETS[number % len(_SECRETS)]}
        one: Definition = {
            "name": NAMES[number],
            "agentId": fixed_id("agent", number),
            "streamingSource": {
                "type": source,
                "connection": {**connection, "jdbcProperties": _FREE},
                "tables": [{"schema": "a", "table": "b"}, {"schema": 'ü "x"', "table": "t'"}],
            },
            "streamingTarget": {"type": target, **_TARGETS[target]},
        }
        if number % 3:
            one["advancedProperties"] = {"max.batch.size": 10000, "q'\"": "\\n", "f": 1.5, "big": "9" * 20}
        one = copy.deepcopy(one)
        if number in _ODD:
            _ODD[number](one)
        made.append(one)
    return made


def populate(api: Emulator) -> None:
    """Put the pipelines there, half of them running, one on an agent that is away."""
    for number, definition in enumerate(definitions()):
        api.add_agent(f"agent-{number}", definition["agentId"], connected=number != 7)
        status = "STREAMING" if number % 2 else "NOT_RUNNING"
        api.add_pipeline(definition, id=fixed_id("pipeline", number), status=status)
