"""An estate of forty pipelines of all kinds, as a seed: what a team may have before it has any of it as code."""

from __future__ import annotations

import copy
import itertools
import uuid
from collections.abc import Callable
from typing import Any, Final

from .directory import Json

ESTATE: Final = "estate"
"""What is given for a seed to begin with it."""

SECOND_PROJECT: Final = "Überseehandel & Söhne / 数据"
_AGENT_NAMES: Final = (
    *("class", "Orders", "orders", "a b", "-", "import", "1st", "agent", "x" * 30, "a-b", "a_b", "Agent"),
    *("def_", "pulumi", "dpc", "PROJECT_ID", *(f"stream-{number}" for number in range(16, 24))),
)
"""As odd as the service lets them be, and as those of pipelines."""
_AGENTS: Final = len(_AGENT_NAMES)
_AWAY: Final = (6, 13, 20)
"""The agents that are not connected."""
_BATCH, _BATCH_AGENT = "data_productivity_cloud", "nightly"

_AWS: Final = {"secretType": "AWS_SECRETS_MANAGER", "secretName": "prod/streaming", "secretKey": "password"}
_SECRETS: Final[tuple[Json, ...]] = (
    _AWS,
    {"secretType": "AZURE_KEY_VAULT", "secretName": "streaming", "secretLocation": "vault"},
    {"secretType": "GOOGLE_SECRET_MANAGER", "secretName": "streaming"},
    {**_AWS, "secretLocation": "eu-west-1"},
    {"secretType": "AZURE_KEY_VAULT", "secretName": "streaming"},
)
_FREE: Final = {"ssl": "require", "date format": "ymd", "loginTimeout": 5, "tcpKeepAlive": True, "empty": ""}
_ADVANCED: Final = {
    "max.batch.size": 10000,
    "heartbeat.interval": 1.5,
    "q'\"": "\\n",
    "snapshot": {"modes": ["initial", None, 2.5, True]},
    "offset": "9" * 20,
    "żółć": "",
}
_SOURCES: Final[dict[str, Json]] = {
    "postgres": {"port": 5432, "database": "shop"},
    "sqlserver": {"port": 1433, "database": "erp"},
    "mysql": {"port": 3306},
    "oracle": {"port": 1521, "database": "ORCL"},
    "db2ibmi": {"port": 8471},
}
_TARGETS: Final[dict[str, Json]] = {
    "snowflake": {
        "connection": {
            "accountName": "org.eu-west-1",
            "username": "STREAMING",
            "authentication": {"type": "key-pair", "privateKey": _SECRETS[0]},
        },
        "role": "STREAMING",
        "warehouse": "WH",
        "database": "RAW",
        "stageSchema": "STAGE",
        "stageName": "CDC",
        "tableSchema": "CDC",
        "tablePrefixType": "NONE",
        "transformationType": "CHANGE_LOG",
    },
    "s3": {"bucket": "landing"},
    "abs": {"accountName": "landing", "accountKey": _SECRETS[1], "container": "cdc"},
    "gcs": {"bucket": "landing"},
}
_MORE: Final[dict[str, Json]] = {
    "snowflake": {"stagePrefix": "a/b", "tablePrefixType": "PREFIX", "temporalMapping": "EPOCH"},
    "s3": {"prefix": "shop", "decimalMapping": "LEGACY"},
    "abs": {"prefix": "shop", "decimalMapping": "LOGICAL"},
    "gcs": {"prefix": "", "decimalMapping": "LEGACY"},
}
"""The optional fields of each target, and another word where there is a choice."""

_NAMES: Final = (
    *("orders", "Orders", "orders", "orders ", "class", "None", "import", "__main__", "print", "self"),
    *("Überblick 数据", "数据", "😀", "e\u0301té", "a\"b'c", "'''", "{x}", "\\", "tab\tline\n", "x" * 200),
    *("a/b::c", "..", "-", "$&", "1", "a_b", "a-b", "a b", "naïve", "Straße 7"),
    *("shop customers", "shop-invoices", "erp.items", "erp.stock", "crm_leads", "crm_accounts"),
    *("billing", "payments", "shipping", "returns"),
)
"""Any Unicode, Python's words, two that differ in case only, and two that do not differ."""

_DEPLOYMENTS: Final = (
    *(("aws", "fargate"), ("aws", "eks"), ("azure", "aci"), ("azure", "aks")),
    *(("gcp", "gke"), ("google_cloud", "gce")),
)
_NEWER: Final[dict[int, Callable[[Json], Any]]] = {
    1: lambda one: one.update(streamingTarget={"type": "iceberg", "catalog": {"a": 1}, "l": [{"x": None}]}),
    9: lambda one: one["streamingSource"].update(type="mongodb"),
    14: lambda one: one["streamingTarget"].update(newer={"a": [1]}),
    18: lambda one: one["streamingSource"]["connection"].update(newer="y"),
    21: lambda one: one.update(newer={"z": 1}),
    25: lambda one: one["streamingSource"]["tables"][0].update(columns=["a"]),
    26: lambda one: one["streamingSource"]["connection"]["password"].update(newer=1),
    32: lambda one: one["streamingTarget"]["connection"].update(authentication={"type": "oauth", "x": 1}),
    38: lambda one: one.update(advancedProperties={}),
}
"""What is newer than what is published, by the position of the pipeline; and an object that is empty."""
_OTHER_AGENTS: Final[dict[int, Callable[[Json], Any]]] = {
    28: lambda one: one.update(agentId=one["agentId"].upper()),
    29: lambda one: one.update(agentId=_id("agent", "gone")),
    30: lambda one: one.update(agentId=_id("agent", _BATCH_AGENT)),
}
"""Pipelines that name an agent in another case, one that is not there any more, and one that cannot run them."""


def estate(first_project: str) -> Json:
    """Return the seed: two projects with environments, agents of all kinds, and forty pipelines.

    Twenty pipelines have each source with each target and no field more than they must; twenty have all. Of those on
    agents of their own every second one runs; the others share agents and are stopped.

    Args:
        first_project: The id of the first project, which is called as the guide's.
    """
    return {
        "projects": [{"name": "Analytics", "id": first_project}, {"name": SECOND_PROJECT}],
        "agents": [
            *map(_agent, range(_AGENTS)),
            {"name": _BATCH_AGENT, "agentId": _id("agent", _BATCH_AGENT), "agentType": _BATCH},
            {"name": "nightly-away", "agentType": _BATCH, "connected": False},
            {"name": "spare", "newer": {"a": 1}},
        ],
        "environments": [
            {"name": "production", "project": "Analytics", "defaultAgentName": _AGENT_NAMES[0]},
            {"name": "staging", "project": "Analytics", "defaultAgentName": _BATCH_AGENT},
            {"name": "produção", "project": SECOND_PROJECT, "defaultAgentName": _AGENT_NAMES[3]},
            {"name": "empty", "project": SECOND_PROJECT},
        ],
        "pipelines": [_pipeline(number, *kind) for number, kind in enumerate(_kinds())],
    }


def _id(kind: str, key: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ESTATE}/{kind}/{key}"))


def _agent(number: int) -> Json:
    cloud, deployment = _DEPLOYMENTS[number % len(_DEPLOYMENTS)]
    agent = {
        "name": _AGENT_NAMES[number],
        "agentId": _id("agent", number),
        "cloudProvider": cloud,
        "deployment": deployment,
        "connected": number not in _AWAY,
        "restrictedAccess": number % 7 == 0,
    }
    return agent | ({"description": f"The {number}th:\n \\ \"eu\" - über 'alles'"} if number % 3 else {})


def _kinds() -> list[tuple[str, str, bool]]:
    """Return source, target and whether every optional field is there, of each pipeline."""
    return [
        (source, target, is_full)
        for is_full in (False, True)
        for source, target in itertools.product(_SOURCES, _TARGETS)
    ]


def _pipeline(number: int, source: str, target: str, is_full: bool) -> Json:  # noqa: FBT001
    secret = _SECRETS[number % len(_SECRETS)]
    connection = {"host": "db.example.com", "username": "streaming", "password": secret, **_SOURCES[source]}
    one: Json = {
        "project": "Analytics" if (number + 1) % 4 else SECOND_PROJECT,
        "streamingPipelineId": _id("pipeline", number),
        "agentId": _id("agent", number % _AGENTS),
        "status": "NOT_RUNNING" if number >= _AGENTS else ("STREAMING", "NOT_RUNNING")[number % 2],
        "name": _NAMES[number],
        "streamingSource": {
            "type": source,
            "connection": connection,
            "tables": [{"schema": "public", "table": "orders"}],
        },
        "streamingTarget": {"type": target, **_TARGETS[target]},
    }
    one = copy.deepcopy(one)
    if is_full:
        _fill(one, source, target)
    for changes in (_NEWER, _OTHER_AGENTS):
        if number in changes:
            changes[number](one)
    return one


def _fill(one: Json, source: str, target: str) -> None:
    """Add every optional field."""
    whole = dict(_SECRETS[3])
    one["advancedProperties"] = copy.deepcopy(_ADVANCED)
    one["streamingSource"]["connection"] |= {"jdbcProperties": dict(_FREE)}
    one["streamingSource"]["tables"].append({"schema": 'ü "x"', "table": "t'"})
    if source == "oracle":
        one["streamingSource"]["connection"]["pdb"] = "PDB1"
    one["streamingTarget"] |= _MORE[target]
    if target == "abs":
        one["streamingTarget"]["accountKey"] = whole
    if target == "snowflake":
        one["streamingTarget"]["connection"]["jdbcProperties"] = dict(_FREE)
        one["streamingTarget"]["connection"]["authentication"] |= {
            "privateKey": dict(whole),
            "passphrase": whole,
        }
