"""The one function that state files name.

Every resource in every user's state carries a pickle that says ``pulumi_dpc._entry.load_provider(kind)``. Refresh and
delete load the provider from it, so neither this module nor this function may move or be renamed; the classes behind
it may. ``tests/stack/test_old_state.py`` holds that.
"""

from __future__ import annotations

from pulumi.dynamic import ResourceProvider

STREAMING_PIPELINE = "gAJjcHVsdW1pX2RwYy5fZW50cnkKbG9hZF9wcm92aWRlcgpYEQAAAFN0cmVhbWluZ1BpcGVsaW5lhVIu"
"""``load_provider("StreamingPipeline")`` as state files hold it: a pickle of protocol 2, in base64.

It is written out, because the one that the SDK would make is longer and changes with the version of Python, and a
blob that changes shows as a difference of every resource.
"""
STREAMING_AGENT = "gAJjcHVsdW1pX2RwYy5fZW50cnkKbG9hZF9wcm92aWRlcgpYDgAAAFN0cmVhbWluZ0FnZW50hVIu"
"""``load_provider("StreamingAgent")``, in the same form."""


_PROVIDERS = {"StreamingPipeline": "StreamingPipelineProvider", "StreamingAgent": "StreamingAgentProvider"}
"""The class in ``_dynamic/hooks`` for each kind of resource that a state may name."""


def load_provider(kind: str) -> ResourceProvider:
    """Return the provider of one kind of resource, as the provider host unpickles it."""
    from ._dynamic import hooks  # only a provider process needs it

    if kind not in _PROVIDERS:
        raise ValueError(
            f"pulumi_dpc has no resource {kind!r}: the state was written by a newer version; upgrade"
        )
    provider: ResourceProvider = getattr(hooks, _PROVIDERS[kind])()
    return provider
