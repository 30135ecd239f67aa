"""Names for what is generated: safe in a URN and on every file system, and the same at every run."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

_LONGEST = 60


def safe_name(text: str, otherwise: str) -> str:
    """Return a name of ASCII letters, digits, ``-``, ``_`` and ``.`` that is like the text."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-.")[:_LONGEST].strip("-.") or otherwise


def resource_names(pipelines: Mapping[str, str]) -> dict[str, str]:
    """Return a name for each pipeline, by its id.

    Where names are alike, also where only their case differs, every one of them ends in a part of its id: which one
    came first may be another at the next run.

    Args:
        pipelines: The name of each pipeline, by its id.
    """
    wanted = {id_: safe_name(name, "pipeline") for id_, name in pipelines.items()}
    for length in (8, 36):
        times = Counter(name.lower() for name in wanted.values())
        wanted = {
            id_: name if times[name.lower()] == 1 else f"{name}-{id_[:length].lower()}"
            for id_, name in wanted.items()
        }
    return wanted
