"""What a program waits for when it does not end: the outputs and resources that never resolve, by name."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import sysconfig
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pulumi
from pulumi.runtime import get_root_resource

STREAM = 0x6470
"""Marks the message that says so, for the engine: the only one of this stream."""


_LEAST_ANSWER_SECONDS = 1.0
"""How long a loop may take to answer before its program counts as one that blocks it; a tenth of all if more."""

_LATE_SECONDS = 0.1
"""What comes this late to a loop was blocked: what the program waits for now, it has only just begun to wait for."""


class Watch:
    """Lets the program of the running loop say what it waits for, if it has not ended after some seconds.

    What blocks the loop itself is told by a thread; so is it if nothing ever comes back.
    """

    def __init__(self, seconds: float) -> None:
        self._loop, self._seconds = asyncio.get_running_loop(), seconds
        self._program = threading.get_ident()
        self._ended = threading.Event()
        context = contextvars.copy_context()
        self._look_later()
        threading.Thread(target=context.run, args=(self._listen,), name="deadline", daemon=True).start()

    def end(self) -> None:
        """Say nothing any more: the program has ended."""
        self._ended.set()

    def _look_later(self) -> None:
        self._loop.call_later(self._seconds, self._look, self._loop.time() + self._seconds)

    def _look(self, due: float) -> None:
        if self._ended.is_set():
            return
        frames = list(_registrations())
        is_at_the_engine = any("resolver" in frame.f_locals for frame in frames)  # which is not done
        if is_at_the_engine or self._loop.time() > due + _LATE_SECONDS:
            self._look_later()
        else:
            _tell(self._seconds, frames)

    def _listen(self) -> None:
        while not self._ended.wait(self._seconds):
            heard = threading.Event()
            try:
                self._loop.call_soon_threadsafe(heard.set)
            except RuntimeError:  # it is closed
                return
            is_heard = heard.wait(max(_LEAST_ANSWER_SECONDS, self._seconds / 10))
            if not is_heard and self._loop.is_running() and not self._ended.is_set():
                self.end()
                where = _place(sys._current_frames().get(self._program))
                text = (
                    f"the program has not ended after {self._seconds:g} s: it computes or blocks in {where}"
                )
                pulumi.log.error(text, stream_id=STREAM)


def _place(frame: FrameType | None) -> str:
    """Return where in the user's own files a thread is."""
    stack = traceback.extract_stack(frame)
    foreign = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), str(Path(__file__).parent), "<")
    own = [entry for entry in stack if not entry.filename.startswith(foreign)] or stack
    return f"`{own[-1].name}` ({own[-1].filename}, line {own[-1].lineno})"


def _tell(seconds: float, frames: list[FrameType]) -> None:
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
