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


AGENT_NAMES = [
    *["class", "Orders", "orders", "a b", "-", "import", "1st", "agent", "x" * 30, "a-b", "a_b", "Agent"],
    *["def_", "pulumi", "dpc", "PROJECT_ID"],
]
"""Of the first agents: as odd as the service lets them be, and as those of pipelines."""
NO_RESOURCE = {3: "nobody", 7: "batch", 11: "refused"}
"""Pipelines whose agents become no resources: not there, not a streaming one, of a name that may not be given."""
UPPER, SHARED = 5, (16, 18)
"""A pipeline that spells its agent's id otherwise, and two on one agent, of which neither runs."""


def agent_of(number: int) -> str:
    """Return the id of the agent of a pipeline, as the service spells it."""
    return fixed_id("agent", SHARED[0] if number in SHARED else number)


def _add_agent(api: Emulator, number: int) -> None:
    name = AGENT_NAMES[number] if number < len(AGENT_NAMES) else f"agent-{number}"
    what = NO_RESOURCE.get(number)
    if what == "nobody" or agent_of(number) != fixed_id("agent", number):
        return
    kind = "data_productivity_cloud" if what == "batch" else "streaming"
    given = "of a name that is too long for a program" if what == "refused" else name
    api.add_agent(given, agent_of(number), kind, connected=number % 5 != 2)
    kinds: list[dict[str, Any]] = [
        {},
        {"cloudProvider": "gcp", "deployment": "gke", "description": "Überblick \n\"'\\"},
        {"cloudProvider": "google_cloud", "deployment": "gce", "restrictedAccess": True},
        {"cloudProvider": "aws", "deployment": "fargate", "newer": {"a": 1}},
    ]
    api.edit_agent(agent_of(number), **kinds[number % len(kinds)])


def populate(api: Emulator) -> None:
    """Put the pipelines there, half of them running, and their agents, one of them away."""
    for number, definition in enumerate(definitions()):
        _add_agent(api, number)
        agent_id = agent_of(number)
        definition["agentId"] = agent_id.upper() if number == UPPER else agent_id
        status = "STREAMING" if number % 2 else "NOT_RUNNING"
        api.add_pipeline(definition, id=fixed_id("pipeline", number), status=status)
    api.add_agent("idle", fixed_id("agent", 99))
