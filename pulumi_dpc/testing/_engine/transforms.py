"""Transforms: the program's functions that change a registration before it counts.

A resource's own come first, then those of its parents, then the stack's, each given what the one before has made.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.runtime.proto import resource_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .callbacks import Callbacks

_SAME = ("protect", "provider", "hooks")
_NAMES = {
    "dependencies": "depends_on",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "version": "version",
    "aliases": "aliases",
    "customTimeouts": "custom_timeouts",
    "pluginDownloadURL": "plugin_download_url",
    "retainOnDelete": "retain_on_delete",
    "deletedWith": "deleted_with",
    "additionalSecretOutputs": "additional_secret_outputs",
    "providers": "providers",
    "importId": "import",
    "hideDiffs": "hide_diff",
    "replace_with": "replace_with",
} | {name: name for name in _SAME}
"""Each option of a registration, and what a transform knows it as."""


class TransformFailed(Exception):
    """A transform that raised, or that could not be called."""


class Transforms:
    """The transforms of the running program."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._lock = threading.Lock()
        self._of_stack: list[Any] = []
        self._of_resources: dict[str, list[Any]] = {}
        self._parents: dict[str, str] = {}

    def add(self, callback: Any) -> None:
        """Take one that is registered for the whole stack."""
        with self._lock:
            self._of_stack.append(callback)

    def remember(self, urn: str, request: Any) -> None:
        """Keep the transforms of a registered resource for its children."""
        with self._lock:
            self._of_resources[urn] = list(request.transforms)
            self._parents[urn] = request.parent

    def apply(self, request: Any) -> None:
        """Change a registration as the transforms want it.

        Raises:
            TransformFailed: One of them raised.
        """
        found = self._all(request)
        if not found:
            return
        options = _options(request)
        for callback in found:
            options = self._call(callback, request, options)
        _set_options(request, options)

    def _all(self, request: Any) -> Sequence[Any]:
        with self._lock:
            found = list(request.transforms)
            parent = request.parent
            while parent:
                found += self._of_resources.get(parent, [])
                parent = self._parents.get(parent, "")
            return found + self._of_stack

    def _call(self, callback: Any, request: Any, options: Any) -> Any:
        asked = resource_pb2.TransformRequest(
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            properties=request.object,
            options=options,
        )
        try:
            answer = self._callbacks.call(callback, asked.SerializeToString())
        except grpc.RpcError as error:
            raise TransformFailed(f"invoke transform: {error.details()}") from None
        response = resource_pb2.TransformResponse.FromString(answer)
        if response.HasField("properties"):
            request.object.CopyFrom(response.properties)
        return response.options if response.HasField("options") else options


def _options(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions()
    for ours, theirs in _NAMES.items():
        _copy(request, ours, options, theirs)
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _set_options(request: Any, options: Any) -> None:
    for ours, theirs in _NAMES.items():
        _copy(options, theirs, request, ours)
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    request.deleteBeforeReplace = options.delete_before_replace


def _copy(origin: Any, name: str, target: Any, as_name: str) -> None:
    """Copy one field between two messages; one that only newer SDKs know is left out."""
    known = origin.DESCRIPTOR.fields_by_name, target.DESCRIPTOR.fields_by_name
    if name not in known[0] or as_name not in known[1]:
        return
    target.ClearField(as_name)
    value = getattr(origin, name)
    if isinstance(value, str | bool):
        if value:
            setattr(target, as_name, value)
    elif hasattr(value, "DESCRIPTOR"):
        if origin.HasField(name):
            getattr(target, as_name).CopyFrom(value)
    elif hasattr(value, "items"):
        getattr(target, as_name).update(value)
    else:
        getattr(target, as_name).extend(value)
