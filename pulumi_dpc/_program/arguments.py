"""What a lookup may be given, or the sentence that says what to write instead."""

from __future__ import annotations

import pulumi

from pulumi_dpc.errors import ConfigurationError

from .found import Agent, ListedStreamingPipeline, Project

_IDS: tuple[tuple[type, str], ...] = (
    (Project, "a Project: write project.id"),
    (Agent, "an Agent: write agent.id"),
    (ListedStreamingPipeline, "a whole pipeline: write pipeline.streaming_pipeline_id"),
)
"""What was given in place of an id, and what to write."""


def require_text(function: str, argument: str, value: object) -> None:
    """Raise unless an argument is a text.

    Raises:
        ConfigurationError: It is something else; the sentence says what to write.
    """
    if isinstance(value, str):
        return
    _refuse_output(function, argument, value)
    if isinstance(value, pulumi.Resource):
        raise ConfigurationError(
            f"{function}: {argument} is a resource: write its id, which is an Output that {function}_output takes"
        )
    for kind, text in _IDS:
        if isinstance(value, kind):
            raise ConfigurationError(f"{function}: {argument} is {text}")
    raise ConfigurationError(f"{function}: {argument} must be a text, but is {value!r}")


def require_flag(function: str, argument: str, value: object) -> None:
    """Raise unless an argument is True, False or None.

    Raises:
        ConfigurationError: It is something else.
    """
    _refuse_output(function, argument, value)
    if value is not None and not isinstance(value, bool):
        raise ConfigurationError(f"{function}: {argument} must be True, False or None, but is {value!r}")


def require_name_or_id(function: str, kind: str, name: object, id_: object) -> None:
    """Raise unless exactly one of the two is given, and is a text.

    Raises:
        ConfigurationError: None is given, both are, or the one is no text.
    """
    if name is None and id_ is None:
        raise ConfigurationError(f"{function}: say which {kind} is meant, by name= or by id=")
    if name is not None and id_ is not None:
        raise ConfigurationError(f"{function}: name and id are both given: leave one of them out")
    require_text(function, *(("id", id_) if name is None else ("name", name)))


def _refuse_output(function: str, argument: str, value: object) -> None:
    if isinstance(value, pulumi.Output):
        raise ConfigurationError(f"{function}: {argument} is an Output, which {function}_output takes")
