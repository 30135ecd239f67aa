"""Runs a user's program against a monitor, as the language host of the CLI does, by `python -m`.

Arguments: one JSON object with monitor, engine, project, stack, parallel, dry_run, config, secret_keys and seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pulumi
import pulumi.runtime

from .deadline import Watch

USER_ERROR_WAS_SHOWN = 32


def configure(settings: dict[str, Any]) -> None:
    pulumi.runtime.set_all_config(settings["config"], settings["secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=settings["monitor"],
            engine=settings["engine"],
            project=settings["project"],
            stack=settings["stack"],
            parallel=settings["parallel"],
            dry_run=settings["dry_run"],
            organization="organization",
            root_directory=os.getcwd(),
        )
    )


def users_traceback() -> str:
    """Return the traceback from the first frame of the user's program on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if os.path.abspath(frame.filename) == os.path.abspath("__main__.py"):
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()


def _run_path(program: str, seconds: float) -> None:
    Watch(seconds)  # until the process ends
    runpy.run_path(program, run_name="__main__")


def _drop(*_: Any, **__: Any) -> None:
    """Take the place of `pulumi.log.debug`: each message is a call to the engine, and no command shows one."""


def run(parallel: int, seconds: float) -> int:
    """Run `__main__.py` of the working directory; return the exit code."""
    program = os.path.abspath("__main__.py")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * 4)
    loop.set_default_executor(executor)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    pulumi.log.debug = _drop
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _run_path(program, seconds)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:  # noqa: BLE001 - whatever the user's program raises is reported to the user
        pulumi.log.error("Program failed with an unhandled exception:\n" + users_traceback())
        return USER_ERROR_WAS_SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()
    return 0


def main() -> None:
    settings = json.loads(sys.argv[1])
    sys.argv = ["__main__.py"]
    configure(settings)
    sys.exit(run(settings["parallel"], settings["seconds"]))


if __name__ == "__main__":
    main()
