"""The one function that state files name.

Every resource in every user's state carries a pickle that says ``pulumi_dpc._entry.load_provider(kind)``. Refresh and
delete load the provider from it, so neither this module nor this function may move or be renamed; the classes behind
it may. ``tests/test_persisted_names.py`` holds that.
"""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import ResourceProvider


def load_provider(kind: str) -> ResourceProvider:
    """Return the provider of one kind of resource, as the provider host unpickles it."""
    if kind != "StreamingPipeline":
        raise ValueError(
            f"pulumi_dpc has no resource {kind!r}: the state was written by a newer version; upgrade"
        )
    from .provider import StreamingPipelineProvider

    return StreamingPipelineProvider()


class ProviderReference(ResourceProvider):
    """Stand in a program for the provider, and pickle as a call of `load_provider`."""

    serialize_as_secret_always = (
        False  # a reference holds no secret, and a secret blob is noise in every diff
    )

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    def __reduce__(self) -> tuple[Any, ...]:
        return load_provider, (self._kind,)
