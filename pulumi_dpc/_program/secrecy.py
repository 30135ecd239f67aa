"""Where a program's values are secrets, which the engine does not tell a dynamic provider.

The engine encrypts an output where the input of that name is a secret, but only when an operation returns outputs.
An input that becomes a secret later, with the same value, is no change to anybody else; so its path is an input too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pulumi


def secret_paths(
    properties: Mapping[str, Any], always: Iterable[str] = ()
) -> pulumi.Output[list[str] | None] | list[str] | None:
    """Return where these properties hold secrets, sorted; None where all of them are plain values.

    Args:
        properties: The resource's properties.
        always: Paths that are secret whatever stands there.
    """
    if not _has_outputs(properties):
        return sorted(set(always)) or None

    async def find() -> list[str] | None:
        return sorted({*always, *[path async for path in _secrets(properties, "")]}) or None

    def known(answer: bool) -> asyncio.Future[bool]:  # noqa: FBT001 - the value of a future
        future: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
        future.set_result(answer)
        return future

    return pulumi.Output(set(), asyncio.ensure_future(find()), known(True), known(False))


def _has_outputs(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_outputs, value.values()))
    return (
        any(map(_has_outputs, value)) if isinstance(value, list | tuple) else isinstance(value, pulumi.Output)
    )


async def _secrets(value: Any, path: str) -> AsyncIterator[str]:
    """Yield the paths of the secrets in a value; what is in a secret is not looked into."""
    if isinstance(value, pulumi.Output):
        try:
            is_secret, value = await value.is_secret(), await value.future(with_unknowns=True)
        except Exception:  # noqa: BLE001 - the property itself reports it
            return
        if is_secret:
            yield path
            return
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    for key, member in value.items() if isinstance(value, Mapping) else ():
        async for found in _secrets(member, f"{path}/{key}"):
            yield found
