"""The error hooks of a program: it serves them itself, and is asked whether a failed operation is tried again."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from pulumi.runtime.proto import resource_pb2

from .host import InitFailed, ProviderError
from .values import to_wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from .callbacks import Callbacks
    from .state import State

T = TypeVar("T")
ON_ERROR = "OnError"
"""The word for these hooks in the state file."""
MAX_RETRIES = 100
ARE_KNOWN = hasattr(resource_pb2, "ErrorHookRequest")
"""Older SDKs know other hooks only."""


_GONE = "rpc error: code = Unavailable desc = error reading from server: EOF"


class HookFailed(Exception):
    """A hook that could not be asked, or that raised."""


@dataclass(frozen=True)
class Failed:
    """An operation that has failed, as a hook is told of it.

    Attributes:
        operation: create, update or delete.
        subject: The resource whose hooks count: the new one, or the one to be deleted.
        new: What was to become of it, if it was to live.
        old: What was there before, if it was.
    """

    operation: str
    subject: State
    new: State | None = None
    old: State | None = None

    def to_request(self, errors: list[str]) -> Any:
        """Return what the engine sends; the options, which the SDK does not pass on, are left out."""
        request = resource_pb2.ErrorHookRequest(
            urn=self.subject.urn,
            id=self.subject.id,
            name=self.subject.name,
            type=self.subject.type,
            failed_operation=self.operation,
            errors=errors,
        )
        if self.new is not None:
            request.new_inputs.CopyFrom(to_wire(self.new.inputs, keep_secrets=True))
        if self.old is not None:
            request.old_inputs.CopyFrom(to_wire(self.old.inputs, keep_secrets=True))
            request.old_outputs.CopyFrom(to_wire(self.old.outputs, keep_secrets=True))
        return request


class ErrorHooks:
    """The hooks that the running program has registered, by name."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._lock = threading.Lock()
        self._program = callbacks
        self._callbacks: dict[str, Any] = {}
        self._is_cut_off = False

    def cut_off(self) -> None:
        """Let nobody be asked any more: an interrupt ends the program at once, and with it its hooks."""
        self._is_cut_off = True

    def register(self, name: str, callback: Any) -> None:
        """Take a hook and where it is served."""
        with self._lock:
            if name in self._callbacks:
                raise HookFailed(f'resource hook already registered for name "{name}"')
            self._callbacks[name] = callback

    def ask(self, failed: Failed, errors: list[str]) -> bool:
        """Tell whether one of the resource's hooks wants the operation again; all are asked."""
        names = failed.subject.resource_hooks.get(ON_ERROR, [])
        answers = [self._ask(name, failed, errors) for name in names]
        return any(answers)

    def _ask(self, name: str, failed: Failed, errors: list[str]) -> bool:
        callback = self._callbacks.get(name)
        if callback is None:
            raise HookFailed(f'error hook "{name}" was not registered')
        if self._is_cut_off:
            raise HookFailed(f'error hook "{name}" failed: {_GONE}')
        try:
            answer = self._program.call(callback, failed.to_request(errors).SerializeToString())
        except grpc.RpcError:
            raise HookFailed(f'error hook "{name}" failed: {_GONE}') from None
        response = resource_pb2.ErrorHookResponse.FromString(answer)
        if response.error:
            raise HookFailed(f'error hook "{name}" failed: {response.error}')
        return bool(response.retry)


def with_retries(
    hooks: ErrorHooks, failed: Failed, operation: Callable[[], T], warn: Callable[[str, str], None]
) -> T:
    """Call an operation until it succeeds or no hook asks for another try; raise what it has failed with then.

    A hook that fails takes the place of the error, unless something is there that must be recorded, or was to be
    deleted.
    """
    errors: list[str] = []
    is_partial = False
    while True:
        try:
            return operation()
        except ProviderError as error:
            errors.insert(0, str(error))
            is_partial = is_partial or isinstance(error, InitFailed)
            if len(errors) >= MAX_RETRIES and is_partial:
                # The real engine stores such a resource without its id and cannot go on with that state.
                raise ProviderError(
                    "pulumi_dpc.testing does not support so many initialization failures"
                ) from None
            if len(errors) >= MAX_RETRIES:
                warn(failed.subject.urn, f"maximum number of error hook retries ({MAX_RETRIES}) reached")
                raise ProviderError("maximum number of error hook retries reached") from None
            try:
                is_wanted = hooks.ask(failed, errors)
            except HookFailed as wrong:
                if isinstance(error, InitFailed) or failed.operation == "delete":
                    raise error from None
                raise ProviderError(f"error hooks execution failed: {wrong}") from None
            if not is_wanted:
                raise
            text = f"retrying {failed.operation} due to on-error hook request ({len(errors)}/{MAX_RETRIES})"
            warn(failed.subject.urn, text)
