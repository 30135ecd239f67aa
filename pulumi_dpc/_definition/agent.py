"""A streaming agent as a mapping in the API's spelling: spelled in one way, checked and compared; no pydantic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_dpc._names import (
    AGENT_INPUTS,
    CLOUD_PROVIDER,
    DEPLOYMENT,
    DESCRIPTION,
    NAME,
    RESTRICTED_ACCESS,
    SECRET_PATHS,
    TRACK_NAME,
    VERSION_DETAILS,
)

from .rules import is_unknown

Bag = Mapping[str, Any]

AGENT_TYPE = "agentType"
STREAMING = "streaming"

DEPLOYMENTS = {
    "aws": ("fargate", "eks"),
    "azure": ("aci", "aks"),
    "gcp": ("gke", "gce"),
    "google_cloud": ("gke", "gce"),
}
"""Where a streaming agent can run, on each cloud (``docs/api.md`` section 2.2)."""
LONGEST_NAME = 30
LONGEST_DESCRIPTION = 500
FIXED = (CLOUD_PROVIDER, DEPLOYMENT)
"""What no PATCH changes: another value is another agent."""
NOT_OURS = (RESTRICTED_ACCESS, TRACK_NAME)
"""What is left as it is found where the program does not give it; a description that is not given is an empty one."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9\s_-]*", re.ASCII)
_SAME_CLOUD = {"google_cloud": "gcp"}


def canonical(inputs: Bag) -> dict[str, Any]:
    """Return inputs in their one spelling: the words of clouds and deployments in lower case, nothing that is empty."""
    words = {key: inputs[key].lower() for key in FIXED if isinstance(inputs.get(key), str)}
    empty = {key for key, value in inputs.items() if value is None or (key == DESCRIPTION and value == "")}
    return {key: value for key, value in {**inputs, **words}.items() if key not in empty}


def mistakes(inputs: Bag) -> list[str]:
    """Return every mistake in canonical inputs, path first; what is not known yet is none, and a secret is not told."""
    secret = {path.strip("/") for path in inputs.get(SECRET_PATHS) or ()}
    found = [f"{key}: is required" for key in (NAME, *FIXED) if key not in inputs]
    known = {key: value for key, value in inputs.items() if not is_unknown(value)}
    for key, value in known.items():
        if key in AGENT_INPUTS:
            found += [f"{key}: {text}" for text in _mistakes_of(key, value, is_secret=key in secret)]
        elif not key.startswith("__"):
            found.append(f"{key}: is not a property of a streaming agent")
    cloud, deployment = known.get(CLOUD_PROVIDER), known.get(DEPLOYMENT)
    if cloud in DEPLOYMENTS and isinstance(deployment, str) and deployment not in DEPLOYMENTS[cloud]:
        if CLOUD_PROVIDER in secret:
            text = "is none of those of its cloud"
        else:
            text = (
                f"must be {_listed(DEPLOYMENTS[cloud])} on {cloud}{_but_is(deployment, DEPLOYMENT in secret)}"
            )
        found.append(f"{DEPLOYMENT}: {text}")
    return found


def _mistakes_of(key: str, value: Any, *, is_secret: bool) -> list[str]:
    """Return what is wrong with one property by itself."""
    if key == RESTRICTED_ACCESS:
        return [] if isinstance(value, bool) else ["must be true or false"]
    if not isinstance(value, str):
        return ["must be a text"]
    if key == NAME:
        return _name_mistakes(value)
    if key == DESCRIPTION and len(value) > LONGEST_DESCRIPTION:
        return [f"may have {LONGEST_DESCRIPTION} characters, but has {len(value)}"]
    if key == CLOUD_PROVIDER and value not in DEPLOYMENTS:
        return [f"must be {_listed(DEPLOYMENTS)} for a streaming agent{_but_is(value, is_secret)}"]
    return ["must not be blank"] if key == TRACK_NAME and not value.strip() else []


def _but_is(value: str, is_secret: bool) -> str:  # noqa: FBT001 - the end of a sentence
    return "" if is_secret else f", but is {value!r}"


def _name_mistakes(name: str) -> list[str]:
    if not 1 <= len(name) <= LONGEST_NAME:
        return [f"must have 1 to {LONGEST_NAME} characters, but has {len(name)}"]
    if _NAME.fullmatch(name) is None:
        return ["may have letters, digits, spaces, `-` and `_` only, and may not begin with a space"]
    return []


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}"


def settings_of(agent: Bag) -> dict[str, Any]:
    """Return what a live agent has of the properties that a program gives, as far as the service shows them."""
    details = agent.get(VERSION_DETAILS)
    track = details.get(TRACK_NAME) if isinstance(details, Mapping) else None
    found = {key: agent.get(key) for key in AGENT_INPUTS if key != TRACK_NAME}
    shown = {**found, DESCRIPTION: agent.get(DESCRIPTION) or "", TRACK_NAME: track}
    return {key: value for key, value in shown.items() if value is not None}


def differences(given: Bag, found: Bag) -> list[str]:
    """Return the properties in which a program's inputs differ from what an agent has; what is not shown does not."""
    expected = {DESCRIPTION: "", **{key: given[key] for key in AGENT_INPUTS if given.get(key) is not None}}
    return [
        key
        for key in AGENT_INPUTS
        if key in expected and key in found and not is_same(key, expected[key], found[key])
    ]


def is_same(key: str, one: Any, other: Any) -> bool:
    """Tell whether two values of a property mean the same: ``gcp`` and ``google_cloud`` are one cloud."""
    if key in FIXED and isinstance(one, str) and isinstance(other, str):
        one, other = one.lower(), other.lower()
        return bool(_SAME_CLOUD.get(one, one) == _SAME_CLOUD.get(other, other))
    return bool(one == other)


def is_streaming(agent: Bag) -> bool:
    """Tell whether an agent says that it is a streaming one, in any case."""
    return str(agent.get(AGENT_TYPE)).lower() == STREAMING


def may_be_streaming(agent: Bag) -> bool:
    """Tell whether an agent is a streaming one, or does not say: that is no reason to refuse it, nor to list it."""
    return agent.get(AGENT_TYPE) is None or is_streaming(agent)
