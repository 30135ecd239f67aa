"""One request, and what came back for it, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pulumi_dpc.errors import ApiError


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A place that requests go to, in the words of error texts.

    Attributes:
        host: Its host and port.
        setting: What to check when it cannot be reached.
        prefix: What every error text begins with.
        hints: What the operator may do about a status.
        error_class: Class of every refusal; None where the status decides.
    """

    host: str = ""
    setting: str = "API URL"
    prefix: str = ""
    hints: Mapping[int, str] = field(default_factory=dict)
    error_class: type[ApiError] | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request, as far as the rules of retrying and the error texts need to know it.

    Attributes:
        method: HTTP method.
        path: Its path, from ``/v1``.
        endpoint: Where it goes.
        repeatable: It may be sent again although the service may have carried it out.
        changes: It changes something at the service, so a lost answer leaves open whether that was done.
        renewable: If its token is refused, another token can be had.
        usable: Tells whether the value of a successful answer is what it should be.
    """

    method: str
    path: str
    endpoint: Endpoint
    repeatable: bool = True
    changes: bool = False
    renewable: bool = False
    usable: Callable[[Any], bool] = lambda _value: True


@dataclass(frozen=True)
class Answer:
    """An answer of the service.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
        body: Decompressed.
        broken: Why the body is incomplete, None when it is complete.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the service says that it did what it was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_rate_limited(self) -> bool:
        """Whether the service says that there are too many requests."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS


@dataclass(frozen=True)
class NoAnswer:
    """The end of a request that got no answer.

    Attributes:
        why: A phrase for the operator, without anything that was sent.
        sent: The request may have reached the service.
        final: Another attempt would end the same way.
        cause: The error of the HTTP library, for a traceback.
        cure: What the operator may do about it; empty where only the address and the network can be checked.
    """

    why: str
    sent: bool
    final: bool = False
    cause: BaseException | None = None
    cure: str = ""


Exchange = Answer | NoAnswer


def is_failure(status: int) -> bool:
    """Tell whether the service says that it failed, so that it may or may not have done what it was asked."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR
