"""What nobody has published about the service, as switches (``docs/api.md`` section 8)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin, get_type_hints

Path: TypeAlias = tuple[str, ...]
EVERY_ITEM: Final = "*"


@dataclass
class Settings:
    """The switches of one emulator; each may be changed while it serves.

    Durations are nominal seconds (see ``Emulator``), except ``latency_seconds``, which is real.

    A path leads to a part of a definition, key by key, such as ``("streamingTarget", "prefix")``; ``"*"`` stands
    for every item of a list. A path that a definition does not have does nothing. What a POST or PUT sent is stored
    as the four switches ``dropped``, ``retyped``, ``recased`` and ``added`` leave it, applied in this order: a path
    that is both dropped and added is replaced. Pipelines that are there already stay as they are.

    Attributes:
        start_seconds: How long a pipeline is STARTING.
        stop_seconds: How long it is STOPPING.
        agent_seconds: How long after it was made through the API an agent connects; None for never.
        agent_delete_seconds: How long an agent whose DELETE was accepted is still there.
        snapshot_seconds: How long a snapshot asked for with ``Emulator.snapshot`` lasts.
        start_snapshot_seconds: How long the snapshot lasts that follows STARTING; 0 for none.
        command_status: Success status of a command.
        start_when_running: What a START of a running pipeline does.
        stop_when_stopped: What a STOP of a stopped pipeline does.
        put_when_running: Whether an edit of a running pipeline acts at its next start, now, or is refused.
        delete_when_running: Whether deleting a running pipeline stops it or is refused.
        duplicate_name: What a second pipeline of the same name in a project meets.
        second_pipeline_on_agent: Where, if anywhere, a second pipeline on one agent is refused (409).
        duplicate_agent_name: What a second agent of the same name meets.
        delete_used_agent: Whether an agent that a pipeline uses may be deleted.
        unknown_agent: What a definition meets whose agent does not exist.
        unknown_field: ``kept`` imitates a newer service: unknown fields and unknown types are stored as sent, and may
            stand in the pipelines of a seed.
        null_field: What null in place of an optional field is: as if the field were not sent, or refused.
        dropped: Paths of what is not stored.
        retyped: Paths where a number is stored as text, and the text of a whole number as a number.
        recased: Paths where a text is stored in upper case, or in lower case if it is in upper case already.
        added: What is stored, by path, where nothing was sent and the object around it is there.
        masked: Paths where a text is stored as it is, but shown as ``********`` in every answer.
        write_answer: What a successful POST or PUT answers: the stored definition, the body as it was sent (whatever
            was stored), or nothing; each with the two ids.
        page_size: Results on a page where the request does not say.
        max_page_size: The largest page.
        over_max: What a larger one meets.
        rate_limit_per_minute: API requests in any nominal minute; None for no limit.
        rate_burst_per_second: API requests in any nominal second; None for no limit.
        token_seconds: How long an issued token is valid.
        account_id: The account; a request whose ``account-id`` header names another is 403. None: ignored.
        latency_seconds: Added to every answer, in real seconds.
    """

    start_seconds: float = 5
    stop_seconds: float = 3
    agent_seconds: float | None = 5
    agent_delete_seconds: float = 0
    snapshot_seconds: float = 10
    start_snapshot_seconds: float = 0
    command_status: Literal[200, 202, 204] = 200
    start_when_running: Literal["noop", 409] = "noop"
    stop_when_stopped: Literal["noop", 409] = "noop"
    put_when_running: Literal["next-start", "at-once", 409] = "next-start"
    delete_when_running: Literal["stops", 409] = "stops"
    duplicate_name: Literal["allowed", 409, 400] = "allowed"
    second_pipeline_on_agent: Literal["start-refused", "create-refused", "allowed"] = "start-refused"
    duplicate_agent_name: Literal["allowed", 409, 400] = "allowed"
    delete_used_agent: Literal["allowed", 409] = "allowed"
    unknown_agent: Literal["accepted", 400, 404] = "accepted"
    unknown_field: Literal["ignored", "kept", 400] = "ignored"
    null_field: Literal["absent", 400] = 400
    dropped: tuple[Path, ...] = ()
    retyped: tuple[Path, ...] = ()
    recased: tuple[Path, ...] = ()
    added: Mapping[Path, Any] = field(default_factory=dict)
    masked: tuple[Path, ...] = ()
    write_answer: Literal["stored", "echo", "ids"] = "stored"
    page_size: int = 25
    max_page_size: int = 100
    over_max: Literal["clamp", 400] = 400
    rate_limit_per_minute: int | None = 1000
    rate_burst_per_second: int | None = None
    token_seconds: float = 1800
    account_id: str | None = None
    latency_seconds: float = 0

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a switch, a position or a path that cannot be, which would otherwise do nothing."""
        hints = _hints()
        if name not in hints:
            raise TypeError(f"the emulator has no setting {name!r}; it has {', '.join(hints)}")
        if get_origin(hints[name]) is Literal and value not in get_args(hints[name]):
            raise ValueError(f"{name} is one of {', '.join(map(repr, get_args(hints[name])))}, not {value!r}")
        if hints[name] == tuple[Path, ...]:
            _check_paths(name, value)
        elif hints[name] == Mapping[Path, Any]:
            _check_additions(name, value)
        super().__setattr__(name, value)


def _check_paths(name: str, paths: object) -> None:
    if not isinstance(paths, tuple):
        raise TypeError(f"{name} is a tuple of paths, not {paths!r}")
    for path in paths:
        _check_path(name, path)


def _check_additions(name: str, additions: object) -> None:
    if not isinstance(additions, Mapping):
        raise TypeError(f"{name} is a mapping from paths to what is stored there, not {additions!r}")
    for path in additions:
        _check_path(name, path)
        if path[-1] == EVERY_ITEM:
            raise ValueError(
                f"{name}: a path ends in the key to store, not in {EVERY_ITEM!r} as {path!r} does"
            )


def _check_path(name: str, path: object) -> None:
    if not isinstance(path, tuple) or not path or not all(isinstance(key, str) for key in path):
        raise TypeError(
            f"{name}: a path is a tuple of texts such as ('streamingTarget', 'prefix'), not {path!r}"
        )


@functools.cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Settings)
