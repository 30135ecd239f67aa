"""The rules as plain functions of properties: a sentence for each breach. They import nothing of Pulumi.

The properties are named as the preview shows them, in the spelling of Matillion's API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

TYPE = "pulumi-python:dynamic/dpc:StreamingPipeline"
"""The type of a streaming pipeline, as a whole: a part of it would meet resources of other packages too."""

Properties = Mapping[str, Any]
FREE = ("advancedProperties", "jdbcProperties")
"""Where users write names and values of their own."""
_SECRET_NAME = re.compile(r"passw|passphrase|secret|token|credential|private.?key|api.?key", re.IGNORECASE)
DEFAULT_SLOT = "matillion_cdc"
"""The slot of a pipeline without a `slot.name`, as the vendor documents it for the earlier product."""
PLACES = {
    "s3": (("bucket",), "prefix"),
    "gcs": (("bucket",), "prefix"),
    "abs": (("accountName", "container"), "prefix"),
    "snowflake": (("connection.accountName", "database", "stageSchema", "stageName"), "stagePrefix"),
}
"""What names the place that each target writes to, and the prefix in it."""


def stack_of(urn: str) -> str:
    """Return the stack that a URN names: ``urn:pulumi:<stack>::<project>::<type>::<name>``."""
    return urn.partition("::")[0].rpartition(":")[2]


# ---- one pipeline ----


def says_whether_it_runs(properties: Properties) -> Iterator[str]:
    """Yield a breach if the program does not say `running`: nobody would notice that it is stopped."""
    if properties.get("running") is None:
        yield "`running` is not given, so a pipeline that was stopped stays stopped: write running=True, or False"


def is_protected(*, protect: bool) -> Iterator[str]:
    """Yield a breach if a merge that removes the resource would stop and delete the pipeline."""
    if not protect:
        yield "it is not protected: write opts=pulumi.ResourceOptions(protect=True)"


def keeps_secrets_in_vaults(properties: Properties, vaults: Sequence[str]) -> Iterator[str]:
    """Yield a breach for each secret that is in another vault, or that may be written into the definition.

    Args:
        properties: Those of the pipeline.
        vaults: The allowed ones: a type of vault, or a type, a slash and the name of the vault.
    """
    for path, reference in _references(properties, ""):
        kind, location = reference.get("secretType"), reference.get("secretLocation")
        if kind not in vaults and f"{kind}/{location}" not in vaults:
            vault = f"{kind}/{location}" if location else str(kind)
            yield f"{path} is in the vault {vault}; allowed are {', '.join(vaults)}"
    for path in _free_secrets(properties, "", free=False):
        yield f"{path} may be a secret, and would stand in the definition: keep it in a vault that the agent reads"


def _references(value: Any, path: str) -> Iterator[tuple[str, Properties]]:
    """Yield every reference to a secret, which is what has a `secretName`."""
    if not isinstance(value, Mapping):
        return
    if "secretName" in value:
        yield path, value
        return
    for key, member in _known(value):
        if key not in FREE:
            yield from _references(member, f"{path}.{key}" if path else key)


def _free_secrets(value: Any, path: str, *, free: bool) -> Iterator[str]:
    """Yield the paths of free properties whose names are those of secrets; values are never repeated."""
    if not isinstance(value, Mapping):
        return
    for key in value:
        if free and _SECRET_NAME.search(key):
            yield f"{path}.{key}"
    for key, member in _known(value):
        here = f"{path}.{key}" if path else key
        yield from _free_secrets(member, here, free=free or key in FREE)


def _known(value: Properties) -> Iterator[tuple[str, Any]]:
    """Yield the members that are known; a preview does not know what depends on a resource that is not made yet.

    Pulumi ends a policy that touches such a value, and the rest would not be looked at. The update asks again.
    """
    for key in value:
        try:
            member = value[key]
        except Exception as error:
            if type(error).__name__ != "UnknownValueError":
                raise
        else:
            if not key.startswith("__"):
                yield key, member


# ---- all pipelines of a stack: names, and the properties of each ----

Pipelines = Sequence[tuple[str, Properties]]


def share_an_agent(pipelines: Pipelines) -> Iterator[str]:
    """Yield a breach for each two on one agent, which runs one pipeline only."""
    for one, other, agent in _equal(pipelines, lambda found: str(found.get("agentId") or "").lower()):
        yield f"'{one}' and '{other}' use the agent {agent}: give each its own"


def share_a_slot(pipelines: Pipelines) -> Iterator[str]:
    """Yield a breach for each two that read one replication slot: each would miss what the other has read."""
    for one, other, slot in _equal(pipelines, _slot):
        yield f"'{one}' and '{other}' read the replication slot {slot}: give each its own advanced_properties slot.name"


def _slot(properties: Properties) -> str:
    source = properties.get("streamingSource") or {}
    if str(source.get("type")).lower() != "postgres":
        return ""
    connection = source["connection"]
    name = (properties.get("advancedProperties") or {}).get("slot.name") or DEFAULT_SLOT
    host, port = str(connection["host"]).lower(), int(float(connection["port"]))
    return f"{name!r} of {host}:{port}/{connection['database']}"


def share_a_prefix(pipelines: Pipelines) -> Iterator[str]:
    """Yield a breach for each two of which one writes where the other does, or below that."""
    places = [(name, place) for name, found in pipelines if (place := _place(found))]
    for (one, first), (other, second) in combinations(places, 2):
        if first.startswith(second) or second.startswith(first):
            yield f"'{one}' writes to {first} and '{other}' to {second}: give each a prefix outside the other's"


def _place(properties: Properties) -> str:
    """Return where a pipeline writes, with a slash at the end; empty for a target that is not known here."""
    target = properties.get("streamingTarget") or {}
    kind = str(target.get("type")).lower()
    if kind not in PLACES:
        return ""
    names, prefix = PLACES[kind]
    below = str(target.get(prefix) or "").strip("/")
    place = "/".join(str(_at(target, name)) for name in names)
    return f"{kind}://{place}/{below}/" if below else f"{kind}://{place}/"


def _at(value: Properties, path: str) -> Any:
    for key in path.split("."):
        value = value[key]
    return value


def _equal(pipelines: Pipelines, key: Any) -> Iterator[tuple[str, str, str]]:
    """Yield each two pipelines that have one key, and the key; an empty one is none."""
    keys: Iterable[tuple[str, str]] = [(name, key(found)) for name, found in pipelines]
    for (one, first), (other, second) in combinations(keys, 2):
        if first and first == second:
            yield one, other, first
