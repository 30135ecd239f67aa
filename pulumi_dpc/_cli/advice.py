"""What a person should know of a pipeline before its program is used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_dpc._api.redaction import FREE_PROPERTIES
from pulumi_dpc._definition.definition import validate
from pulumi_dpc._definition.shape import path_text

from .existing import ExistingPipeline

_SECRET = re.compile("passw|passphrase|secret|token|credential|private.?key|api.?key", re.IGNORECASE)


def advice(pipeline: ExistingPipeline) -> Iterator[str]:
    """Yield a sentence for everything that a later preview will refuse, and for what may be a secret in plain text."""
    for mistake in validate(pipeline.definition).violations:
        yield f"{pipeline.label!r}: a preview of its next change will refuse {mistake}"
    for path in map(path_text, _secret_paths(pipeline.definition)):
        yield (
            f"{pipeline.label!r}: {path} may be a secret, and stands in the files as plain text: put it into the"
            " configuration, and delete import.json after the import"
        )


def _secret_paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the places among the free properties whose names are those of secrets."""
    for key, member in value.items() if isinstance(value, Mapping) else ():
        if isinstance(member, str) and not set(FREE_PROPERTIES).isdisjoint(path) and _SECRET.search(key):
            yield (*path, key)
        yield from _secret_paths(member, (*path, key))
