"""Pulumi's property paths: read, brought into the API's spelling or Python's, and held against the models."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_dpc._names import INPUTS

from .fields import wire_name
from .shape import ANYTHING, Shape, definition_shape

_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]"']+)
    | \.?\[(?P<double>"(?:[^"\\]|\\.)*")\]
    | \.?\[(?P<single>'[^']*')\]
    | \.?\[(?P<index>\d+|\*)\]""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Step:
    """One step of a property path.

    Attributes:
        text: As it stands in the path, with its dot or brackets.
        key: The key of an object; None for an item of a list, by number or ``*``.
        is_all: It is ``*``, which means every member of an object as well.
    """

    text: str
    key: str | None
    is_all: bool = False

    def with_key(self, key: str) -> Step:
        """Return this step with another key, written in the same way."""
        return Step(key.join(self.text.rsplit(self.key, 1)) if self.key else self.text, key, self.is_all)


def steps_of(path: str) -> list[Step] | None:
    """Return the steps of a property path; None for what Pulumi does not read as one, and would pass over."""
    steps, end = [], 0
    for found in _STEP.finditer(path):
        if found.start() != end:
            return None
        steps.append(_step(found))
        end = found.end()
    return steps if end == len(path) else None


def _step(found: re.Match[str]) -> Step:
    text, name, single = found.group(), found["name"], found["single"]
    if found["double"] is not None:
        key = json.loads(found["double"])
    elif single is not None:  # Python's way to write it, which the engine would not read
        key, text = single[1:-1], text.replace(single, json.dumps(single[1:-1]))
    else:
        key = name if name != "*" else None
    return Step(text, key, is_all="*" in (name, found["index"], key))


@dataclass(frozen=True)
class Reading:
    """A property path, held against what the models know.

    Attributes:
        text: The path with the fields of the models in the API's spelling, up to the first key of a user's.
        steps: Its steps, spelled alike.
        stranger: How many steps lead to the one that names nothing; None where all of them name something.
        near: The field, by the API's name, that this step may mean.
    """

    text: str
    steps: tuple[Step, ...]
    stranger: int | None = None
    near: str | None = None


def resource_shape(names: Iterable[str] = INPUTS) -> Shape:
    """Return the shape of a pipeline's properties: the definition, and those of the resource beside it."""
    known = definition_shape().fields
    return Shape(fields={name: known.get(name, ANYTHING) for name in names})


def read_path(path: str, root: Shape) -> Reading | None:
    """Return a path as it is understood from this place on; None for what is no property path.

    Args:
        path: As Pulumi writes it, in Python's spelling or the API's: ``streaming_source.tables[0]["schema"]``.
        root: The object that it begins in.
    """
    steps = steps_of(path)
    if steps is None:
        return None
    places, spelled, stranger, near = [root], list(steps), None, None
    for number, step in enumerate(steps):
        known = _fields(places)
        if not known and not any(place.items for place in places):
            break  # the user's own, from here on
        if step.key is not None and wire_name(step.key) in known:
            spelled[number] = step.with_key(wire_name(step.key))
        places = _inside(places, spelled[number])
        if not places:
            stranger, near = number, near_field(step.key, known)
            break
    return Reading("".join(step.text for step in spelled), tuple(spelled), stranger, near)


def _fields(places: Iterable[Shape]) -> set[str]:
    return {name for place in places for kind in (*place.kinds.values(), place) for name in kind.fields}


def _inside(places: Iterable[Shape], step: Step) -> list[Shape]:
    """Return what may stand in a field of these places, or in an item of them."""
    found = [place.items for place in places if place.items] if step.key is None else []
    for known in (kind for place in places for kind in (*place.kinds.values(), place)):
        fields = known.fields if step.is_all else {step.key}
        found += [shape for name, shape in known.fields.items() if name in fields]
    return found


def near_field(name: str | None, known: Iterable[str]) -> str | None:
    """Return which of these fields a name may be meant for, by the API's names; None if none is near."""
    close = difflib.get_close_matches(wire_name(name or ""), sorted(known), n=1)
    return close[0] if close else None


def python_name(name: str) -> str:
    """Return Python's spelling of a field: ``agentId`` is ``agent_id``."""
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), name)


def python_path(path: str) -> str:
    """Return a path of a pipeline's properties in the spelling of the models, up to the first key of a user's."""
    places, text = [resource_shape()], ""
    steps = steps_of(path) or []
    for number, step in enumerate(steps):
        if step.key is not None and step.key not in _fields(places):
            return text + "".join(rest.text for rest in steps[number:])
        text += step.text if step.key is None else step.with_key(python_name(step.key)).text
        places = _inside(places, step)
    return text or path


def in_both_spellings(mistake: str) -> str:
    """Return a mistake, ``path: what is wrong``, with its path in Python's spelling too, where that is another one."""
    path, colon, text = mistake.partition(": ")
    spelled = python_path(path)
    return mistake if spelled == path else f"{path} ({spelled}){colon}{text}"


def spell_details(text: str) -> str:
    """Return a text with the paths of its details, indented lines below the sentence, in both spellings."""
    return "\n".join(
        f"  {in_both_spellings(line[2:])}" if line.startswith("  ") else line for line in text.split("\n")
    )
