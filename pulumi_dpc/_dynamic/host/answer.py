"""How a call ends: with one sentence as its error, or with a resource that exists although the operation failed."""

from __future__ import annotations

import contextlib
import functools
import os
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from .call import Call, current_call

Hook = TypeVar("Hook", bound=Callable[..., Any])

_PROVIDER_KEY = "__provider"
_UNKNOWN = 2  # google.rpc.Code of the host's own errors; the engine ignores a trailer with another code


class Failure(Exception):
    """What the user should read, as the whole text of the error."""


class InitFailed(Exception):
    """A resource that exists although the operation failed: the engine keeps it and goes on next time.

    Args:
        id: The resource's id.
        properties: Its outputs as far as they are known, JSON-like; the serialised provider is added here.
        reason: The whole story in one text, because the engine shows nothing else.
    """

    def __init__(self, id: str, properties: Mapping[str, Any], reason: str) -> None:  # noqa: A002 - Pulumi's word
        super().__init__(reason)
        self.id = id
        self.properties = properties
        self.reason = reason


def can_init_fail() -> bool:
    """Tell whether an ``InitFailed`` raised now would reach the engine as one."""
    return _can_answer(current_call()) and _serialized_provider(current_call().request) is not None


def boundary(hook: Hook) -> Hook:
    """Turn whatever a hook raises into an answer that reads as one error of the resource.

    ``SystemExit`` and its like included: one that leaves the hook ends the call without an answer, and the
    engine waits for ever (``docs/pulumi-host.md`` section 1).
    """

    @functools.wraps(hook)
    def answered(*args: Any, **kwargs: Any) -> Any:
        try:
            return hook(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - see the docstring
            _answer(error)

    return answered  # type: ignore[return-value]


def _answer(error: BaseException) -> NoReturn:
    """End the call with this error; the trailer, where there can be one, decides what the engine reads of it.

    The host ends the call with the traceback as its message, or, before SDK 3.260, "Exception calling
    application: …"; it keeps the trailer (``docs/pulumi-host.md`` sections 1 and 1b).
    """
    text, call = _sentence(error), current_call()
    with contextlib.suppress(Exception):  # then the host's own rendering remains
        if _can_answer(call):
            details = [_init_failed(error, text, call.request)] if isinstance(error, InitFailed) else []
            call.context.set_trailing_metadata((("grpc-status-details-bin", _status(text, details)),))
    raise Failure(text) from error


def _sentence(error: BaseException) -> str:
    """Return what the user reads, with the traceback where ``DPC_DEBUG=1`` asks for it."""
    text = str(error)
    if not isinstance(error, (Failure, InitFailed)):
        summary = "".join(traceback.format_exception_only(error)).strip()
        text = f"unexpected error in pulumi_dpc: {summary} (please report; set DPC_DEBUG=1 for the traceback)"
    if os.environ.get("DPC_DEBUG") == "1":
        text += "\n" + "".join(traceback.format_exception(error))
    return text


def _can_answer(call: Call) -> bool:
    try:
        from pulumi.runtime.proto.provider_pb2 import ErrorResourceInitFailed  # noqa: F401
        from pulumi.runtime.proto.status_pb2 import Status  # noqa: F401
    except ImportError:
        return False
    return call.context is not None


def _status(message: str, details: list[Any]) -> bytes:
    """Encode the error that the engine prefers to the one the host sends."""
    from google.protobuf.any_pb2 import Any as AnyMessage
    from pulumi.runtime.proto.status_pb2 import Status

    status = Status(code=_UNKNOWN, message=message)
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status.SerializeToString()


def _init_failed(failed: InitFailed, reason: str, request: Any) -> Any:
    """Return the detail that makes the engine keep id and properties (``docs/pulumi-host.md`` section 1b)."""
    from google.protobuf.struct_pb2 import Struct
    from pulumi.runtime.proto.provider_pb2 import ErrorResourceInitFailed

    properties = Struct()
    properties.update(_without_none(failed.properties))
    properties.fields[_PROVIDER_KEY].CopyFrom(_serialized_provider(request))
    return ErrorResourceInitFailed(id=failed.id, properties=properties, reasons=[reason])


def _serialized_provider(request: Any) -> Any:
    """Return the provider as the engine sent it, which every stored output must repeat."""
    for field in ("news", "properties", "inputs"):
        fields = getattr(getattr(request, field, None), "fields", {})
        if _PROVIDER_KEY in fields:
            return fields[_PROVIDER_KEY]
    return None


def _without_none(value: Any) -> Any:
    """Drop None from mappings but not from lists, as the host does with the outputs of a success."""
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(item) for item in value]
    return value
