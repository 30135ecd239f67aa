"""The rules as plain functions of properties: a sentence for each breach. They import nothing of Pulumi.

The properties are named as the preview shows them, in the spelling of Matillion's API. Any value may be a secret,
in plain text, so no sentence repeats one. What is missing is a mistake that the provider reports: the rules about two
pipelines pass it.
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
            yield f"{path} is in a vault that is not allowed; allowed are {', '.join(vaults)}"
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
    for one, other in _equal(pipelines, lambda found: str(found.get("agentId") or "").lower()):
        yield f"'{one}' and '{other}' use one agent: give each its own agent_id"


def share_a_slot(pipelines: Pipelines) -> Iterator[str]:
    """Yield a breach for each two that read one replication slot: each would miss what the other has read."""
    for one, other in _equal(pipelines, _slot):
        yield (
            f"'{one}' and '{other}' read one replication slot of one database: give each its own slot.name in"
            f" advanced_properties (without one it is {DEFAULT_SLOT})"
        )


def _slot(properties: Properties) -> str:
    """Return what tells a slot from others; empty where a part of it is missing, and for other databases."""
    source = _object(properties.get("streamingSource"))
    connection = _object(source.get("connection"))
    host, port, database = (connection.get(key) for key in ("host", "port", "database"))
    if str(source.get("type")).lower() != "postgres" or not (host and port and database):
        return ""
    name = _object(properties.get("advancedProperties")).get("slot.name") or DEFAULT_SLOT
    return f"{name!r} of {str(host).lower()}:{str(port).removesuffix('.0')}/{database}"


def share_a_prefix(pipelines: Pipelines) -> Iterator[str]:
    """Yield a breach for each two of which one writes where the other does, or below that."""
    places = [(name, place) for name, found in pipelines if (place := _place(found))]
    for (one, first), (other, second) in combinations(places, 2):
        if first.startswith(second) or second.startswith(first):
            yield f"'{one}' and '{other}' write to one place, or one below the other: give each its own prefix"


def _place(properties: Properties) -> str:
    """Return where a pipeline writes, with a slash at the end; empty for a target that is not known or not whole."""
    target = _object(properties.get("streamingTarget"))
    kind = str(target.get("type")).lower()
    if kind not in PLACES:
        return ""
    names, prefix = PLACES[kind]
    below = str(target.get(prefix) or "").strip("/")
    parts = [_at(target, name) for name in names]
    if not all(parts):
        return ""
    place = "/".join(map(str, parts))
    return f"{kind}://{place}/{below}/" if below else f"{kind}://{place}/"


def _at(value: Properties, path: str) -> Any:
    found: Any = value
    for key in path.split("."):
        found = _object(found).get(key)
    return found


def _object(value: Any) -> Properties:
    return value if isinstance(value, Mapping) else {}


def _equal(pipelines: Pipelines, key: Any) -> Iterator[tuple[str, str]]:
    """Yield each two pipelines that have one key; an empty one is none."""
    keys: Iterable[tuple[str, str]] = [(name, key(found)) for name, found in pipelines]
    for (one, first), (other, second) in combinations(keys, 2):
        if first and first == second:
            yield one, other
