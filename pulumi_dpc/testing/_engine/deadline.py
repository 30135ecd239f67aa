"""What a program waits for when it does not end: the outputs and resources that never resolve, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pulumi
from pulumi.runtime import get_root_resource

STREAM = 0x6470
"""Marks the message that says so, for the engine: the only one of this stream."""


def watch(seconds: float) -> None:
    """Let the program of the running loop say what it waits for, if it has not ended by then."""
    asyncio.get_running_loop().call_later(seconds, _tell, seconds)


def _tell(seconds: float) -> None:
    frames = list(_registrations())
    if any("resolver" in frame.f_locals for frame in frames):  # the engine has it, and is not done
        watch(seconds)
        return
    names = [*_outputs(), *map(_input_of, frames)]
    what = ", ".join(dict.fromkeys(names)) or "something that it waits for"
    text = f"the program has not ended after {seconds:g} s: {what} never resolves"
    pulumi.log.error(text, stream_id=STREAM)


def _outputs() -> list[str]:
    exported = getattr(get_root_resource(), "outputs", {})
    return [f"the stack output `{name}`" for name, value in exported.items() if _is_open(value)]


def _is_open(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_open, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_open, value))
    # An output has one future of all its parts, or in older SDKs one for each of them.
    parts = list(vars(value).values()) if isinstance(value, pulumi.Output) else [value]
    return any(isinstance(part, asyncio.Future) and not part.done() for part in parts)


def _registrations() -> Iterator[FrameType]:
    """Yield the frame of each registration that is under way, in the SDK."""
    for task in asyncio.all_tasks():
        waiting: Any = task.get_coro()
        while waiting is not None:
            frame = getattr(waiting, "cr_frame", None)
            if frame is not None and frame.f_code.co_name == "do_register" and "name" in frame.f_locals:
                yield frame
            waiting = getattr(waiting, "cr_await", None)


def _input_of(frame: FrameType) -> str:
    return f"an input of `{frame.f_locals['name']}` ({frame.f_locals.get('ty')})"
