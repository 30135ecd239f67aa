"""Names for what is generated: safe in a URN, in Python and on every file system, and the same at every run."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

_LONGEST = 60
_LONGEST_VARIABLE = 40


def safe_name(text: str, otherwise: str) -> str:
    """Return a name of ASCII letters, digits, ``-``, ``_`` and ``.`` that is like the text."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-.")[:_LONGEST].strip("-.") or otherwise


def resource_names(labels: Mapping[str, str], otherwise: str) -> dict[str, str]:
    """Return a name for each resource of a kind, by its id.

    Where names are alike, also where only their case differs, every one of them ends in a part of its id: which one
    came first may be another at the next run.

    Args:
        labels: What each is called after, by its id.
        otherwise: The name where nothing of a label is safe.
    """
    return _told_apart({id_: safe_name(label, otherwise) for id_, label in labels.items()}, "-")


def variables(names: Mapping[str, str], noun: str) -> dict[str, str]:
    """Return a Python variable for each resource, by its id, which has the noun in it and so is no keyword.

    Args:
        names: The name of each resource, by its id.
        noun: What every one of them is.
    """
    return _told_apart({id_: _variable(name, noun) for id_, name in names.items()}, "_")


def _variable(name: str, noun: str) -> str:
    word = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII)[:_LONGEST_VARIABLE].strip("_")
    has_noun = f"_{noun}_" in f"_{word}_"
    return ("_" if word[:1].isdigit() else "") + (word if has_noun else f"{word}_{noun}".lstrip("_"))


def _told_apart(names: Mapping[str, str], mark: str) -> dict[str, str]:
    """Return names of which no two are alike: what is like another ends in a part of its id."""
    told = dict(names)
    for length in (8, 36):
        times = Counter(name.lower() for name in told.values())
        told = {
            id_: name if times[name.lower()] == 1 else f"{name}{mark}{_part(id_)[:length].replace('-', mark)}"
            for id_, name in told.items()
        }
    return told


def _part(id_: str) -> str:
    return id_.rpartition("/")[2].lower()
