"""What nobody has published about the service, as switches (``docs/api.md`` section 8)."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass
class Settings:
    """Hold the switches of one emulator; each may be changed while it serves.

    Durations are nominal seconds (see ``Emulator``), except ``latency_seconds``, which is real.

    Attributes:
        start_seconds: How long a pipeline is STARTING.
        stop_seconds: How long it is STOPPING.
        snapshot_seconds: How long a snapshot asked for with ``Emulator.snapshot`` lasts.
        start_snapshot_seconds: How long the snapshot lasts that follows STARTING; 0 for none.
        command_status: Success status of a command.
        start_when_running: What a START of a running pipeline does.
        stop_when_stopped: What a STOP of a stopped pipeline does.
        put_when_running: Whether an edit of a running pipeline acts at its next start, now, or is refused.
        delete_when_running: Whether deleting a running pipeline stops it or is refused.
        duplicate_name: What a second pipeline of the same name in a project meets.
        second_pipeline_on_agent: Where, if anywhere, a second pipeline on one agent is refused (409).
        unknown_agent: What a definition meets whose agent does not exist.
        unknown_field: ``kept`` imitates a newer service: unknown fields and unknown types are stored as sent.
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
    snapshot_seconds: float = 10
    start_snapshot_seconds: float = 0
    command_status: Literal[200, 202, 204] = 200
    start_when_running: Literal["noop", 409] = "noop"
    stop_when_stopped: Literal["noop", 409] = "noop"
    put_when_running: Literal["next-start", "at-once", 409] = "next-start"
    delete_when_running: Literal["stops", 409] = "stops"
    duplicate_name: Literal["allowed", 409, 400] = "allowed"
    second_pipeline_on_agent: Literal["start-refused", "create-refused", "allowed"] = "start-refused"
    unknown_agent: Literal["accepted", 400, 404] = "accepted"
    unknown_field: Literal["ignored", "kept", 400] = "ignored"
    page_size: int = 25
    max_page_size: int = 100
    over_max: Literal["clamp", 400] = 400
    rate_limit_per_minute: int | None = 1000
    rate_burst_per_second: int | None = None
    token_seconds: float = 1800
    account_id: str | None = None
    latency_seconds: float = 0

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a switch or a position that does not exist, which would otherwise do nothing."""
        hints = _hints()
        if name not in hints:
            raise TypeError(f"the emulator has no setting {name!r}; it has {', '.join(hints)}")
        if get_origin(hints[name]) is Literal and value not in get_args(hints[name]):
            raise ValueError(f"{name} is one of {', '.join(map(repr, get_args(hints[name])))}, not {value!r}")
        super().__setattr__(name, value)


@functools.cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Settings)
