"""The stories behind the states in ``tests/data/states``, and how they are recorded.

Users' stacks hold such states for years. `python -m tests.stack.old_states` writes those that are missing; one that is
there is never written again, because it stands for what a released version has left behind.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from pulumi_dpc.testing._engine.state import StateFile
from tests import DATA
from tests.worlds import DEFINITION, SECRET_INPUT, World, edited, resource

STATES = DATA / "states"
URL = "http://127.0.0.1:8642/dpc"
"""Stands in the recorded states for the address of the service, which differs from run to run."""

SECRET_DEFINITION = edited(advancedProperties={"api.password": SECRET_INPUT})


def plain(_: Emulator, definition: dict[str, Any], **arguments: Any) -> list[str]:
    """Return the program of most stories."""
    return [resource(definition=definition, **arguments)]


def with_secret(_: Emulator, definition: dict[str, Any]) -> list[str]:
    """Return a program whose advanced properties are a secret."""
    properties = f"text:pulumi.Output.secret({definition['advancedProperties']!r})"
    return [resource(definition={**definition, "advancedProperties": properties}, running=True)]


def with_provider(api: Emulator, definition: dict[str, Any]) -> list[str]:
    """Return a program with a `Provider`."""
    account = (
        f"account = dpc.Provider('account', api_url={api.url!r}, token={api.token_env['DPC_TOKEN']!r})\n"
    )
    opts = "text:pulumi.ResourceOptions(provider=account)"
    return [account, resource(definition=definition, running=True, opts=opts)]


Program = Callable[[Emulator, dict[str, Any]], list[str]]
PROGRAMS: dict[str, Program] = {
    "stopped": plain,
    "running": lambda api, definition: plain(api, definition, running=True),
    "given-stopped": lambda api, definition: plain(api, definition, running=False, wait=False),
    "failed-start": lambda api, definition: plain(api, definition, running=True),
    "unlucky-edit": plain,
    "secret-input": with_secret,
    "provider": with_provider,
    "imported": lambda api, definition: plain(
        api,
        definition,
        opts=f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/00000000-0000-4000-8000-000000000001")',
    ),
}


def definition_of(story: str) -> dict[str, Any]:
    """Return the definition that a story's program begins with."""
    return SECRET_DEFINITION if story == "secret-input" else DEFINITION


def tell(story: str, world: World) -> None:
    """Let a story happen; what it leaves in the state is what is recorded."""
    if story == "failed-start":
        world.api.start_fails()
    if story == "imported":
        world.api.add_pipeline(DEFINITION, id="00000000-0000-4000-8000-000000000001")
    program = PROGRAMS[story]
    world.up(*program(world.api, definition_of(story)))
    if story == "unlucky-edit":
        world.api.start(world.pipeline.id)
        world.api.fail_next(500, match="PUT *", times=None)
        world.api.fail_next(403, match="POST *commands", nth=1, times=None)
        world.up(*program(world.api, edited(advancedProperties={"max.batch.size": 1})))


def recorded(story: str, url: str) -> str:
    """Return a recorded state as if its pipelines had been made at this address."""
    return (STATES / f"{story}.json").read_text().replace(URL, url)


def _opened(value: Any, file: StateFile) -> Any:
    """Return a state with its secrets as `pulumi stack export --show-secrets` writes them."""
    if isinstance(value, dict):
        if "ciphertext" in value:
            return {**_without(value, "ciphertext"), "plaintext": json.dumps(file.decrypt(value).value)}
        return {key: _opened(item, file) for key, item in value.items()}
    return [_opened(item, file) for item in value] if isinstance(value, list) else value


def _without(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != key}


def missing() -> Iterator[str]:
    """Return the stories that have no state yet."""
    return (story for story in PROGRAMS if not (STATES / f"{story}.json").exists())


def main() -> None:
    STATES.mkdir(exist_ok=True)
    for story in missing():
        with tempfile.TemporaryDirectory() as directory, World("engine", Path(directory)) as world:
            tell(story, world)
            file = Path(directory) / "stack" / "stack.json"
            document = _opened(json.loads(file.read_text()), StateFile(file))
            text = json.dumps(document, indent=1, sort_keys=True).replace(world.api.url, URL)
            (STATES / f"{story}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
