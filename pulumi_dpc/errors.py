"""The exceptions that users can catch, and what each one means."""

from __future__ import annotations

from collections.abc import Sequence


class DpcError(Exception):
    """A failure of any kind that this package raises; its text is a sentence for the operator.

    Attributes:
        maybe_applied: A write was sent and its result was never seen, so the service may have carried it out.
        shared: What every request would meet now, in a few words; empty where this is about one request.
    """

    maybe_applied: bool = False
    shared: str = ""


class ConfigurationError(DpcError, ValueError):
    """A mistake in settings, credentials or arguments: missing, contradictory or malformed; nothing was changed."""


class LookupFailed(DpcError, LookupError):
    """A name that matches nothing, or more than one thing."""


class Interrupted(DpcError):
    """A wait that the user ended with Ctrl-C."""


class Unreachable(DpcError, ConnectionError):
    """A service that could not be reached: the request was not sent."""


class OutcomeUnknown(DpcError):
    """A request that was sent and got no usable answer; ``maybe_applied`` tells whether it was a write."""

    def __init__(self, message: str, *, maybe_applied: bool = False) -> None:
        super().__init__(message)
        self.maybe_applied = maybe_applied


class ApiError(DpcError):
    """A request that the service refused, or failed to handle, and what it answered.

    Attributes:
        status: HTTP status code.
        violations: What the service found wrong, in its own words, one text each.
        request_id: The service's own id of the request, where it sent one.
        method: HTTP method of the request.
        path: Path of the request, from ``/v1``.
        detail: The service's own sentence, or a short excerpt of an answer that was not JSON.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        method: str = "",
        path: str = "",
        detail: str = "",
        violations: Sequence[str] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.method = method
        self.path = path
        self.detail = detail
        self.violations = tuple(violations)
        self.request_id = request_id


class NotFound(ApiError):
    """A thing that does not exist (404)."""


class Conflict(ApiError):
    """A request that the present state of the thing forbids (409)."""


class InvalidDefinition(ApiError):
    """A request that the service rejected as invalid (400 or 422); ``violations`` lists every problem it named."""


class StartFailed(DpcError):
    """A START that was accepted and did not lead to a running pipeline."""


class WaitTimedOut(DpcError, TimeoutError):
    """A pipeline that did not reach the desired run state in time."""
