"""The exceptions that users can catch, and what each one means."""

from __future__ import annotations

from collections.abc import Sequence


class DpcError(Exception):
    """Stand for every failure this package raises; its text is one sentence for the operator.

    Attributes:
        maybe_applied: A write was sent and its result was never seen, so the service may have carried it out.
    """

    maybe_applied: bool = False


class ConfigurationError(DpcError, ValueError):
    """Say that settings or credentials are missing, contradictory or malformed; nothing was sent."""


class LookupFailed(DpcError, LookupError):
    """Say that a name matched nothing, or more than one thing."""


class Interrupted(DpcError):
    """Say that the user cancelled (Ctrl-C) while this process waited."""


class Unreachable(DpcError, ConnectionError):
    """Say that the API could not be reached: no request was handled."""


class OutcomeUnknown(DpcError):
    """Say that a request was sent and no usable answer came back."""

    def __init__(self, message: str, *, maybe_applied: bool = False) -> None:
        super().__init__(message)
        self.maybe_applied = maybe_applied


class ApiError(DpcError):
    """Carry what the API answered when it refused a request.

    Attributes:
        status: HTTP status code.
        violations: What the service found wrong, verbatim, one a line (``docs/api.md`` section 4).
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
    """Say that the thing asked for does not exist (404)."""


class Conflict(ApiError):
    """Say that the state of the thing forbids the request (409)."""


class InvalidDefinition(ApiError):
    """Say that the service rejected the definition (400 or 422); ``violations`` lists every issue."""


class StartFailed(DpcError):
    """Say that an accepted START did not lead to a running pipeline."""


class WaitTimedOut(DpcError, TimeoutError):
    """Say that a pipeline did not reach the wished run state in time."""
