"""The error that each failed exchange stands for: its class and its sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pulumi_dpc.errors import (
    ApiError,
    Conflict,
    DpcError,
    InvalidDefinition,
    NotFound,
    OutcomeUnknown,
    Unreachable,
)

from .exchanges import Answer, NoAnswer, Request, is_failure
from .json_body import decode

EXCERPT = 200
MOST_VIOLATIONS = 100
_LONGEST_VIOLATION = 500

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\s]+")
_REQUEST_IDS = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray")
_CLASSES: dict[int, type[ApiError]] = {
    400: InvalidDefinition,
    404: NotFound,
    409: Conflict,
    422: InvalidDefinition,
}
_MEANINGS = {
    400: "the service rejected the request as invalid",
    401: "the service refused the credentials",
    403: "the service does not allow this",
    404: "the service does not have it",
    409: "the service refused the request because of a conflict",
    422: "the service rejected the request as invalid",
    429: "the service still says that there are too many requests",
}
_REFUSED, _FAILED = "the service refused the request", "the service failed"
_WHERE = ("path", "field", "property", "propertyPath", "pointer", "name")
_WHAT = ("message", "detail", "reason", "description", "title")


def no_answer(request: Request, missing: NoAnswer) -> DpcError:
    """Return the error for a request that got no answer."""
    endpoint, where = request.endpoint, _where(request)
    error: DpcError
    if missing.sent:
        error = OutcomeUnknown(f"{endpoint.prefix}{endpoint.host} gave no answer: {missing.why} {where}")
        error.shared = endpoint.prefix and f"{endpoint.prefix}{endpoint.host} gave no answer"
    else:
        cure = missing.cure or f"check the {endpoint.setting} and the network"
        error = Unreachable(
            f"{endpoint.prefix}{endpoint.host} cannot be reached: {missing.why}; {cure} {where}"
        )
        error.shared = f"{endpoint.prefix}{endpoint.host} cannot be reached"
    error.__cause__ = missing.cause
    return error


def unusable(request: Request, answer: Answer, why: str) -> OutcomeUnknown:
    """Return the error for a success whose body cannot be used, for that reason."""
    return OutcomeUnknown(
        f"{request.endpoint.prefix}the service gave no usable answer: {why} {_where(request, answer)}"
    )


def refusal(request: Request, answer: Answer) -> ApiError:
    """Return the error for an answer that is no success.

    Its body is expected to be RFC 9457 with ``violations`` (``docs/api.md`` section 4), but may be anything.
    """
    endpoint = request.endpoint
    detail, violations = _problem(answer.body)
    hint = endpoint.hints.get(answer.status, "")
    sentence = "; ".join(part for part in (_meaning(request, answer, detail), hint) if part)
    lines = [f"{endpoint.prefix}{sentence} {_where(request, answer)}", *violations]
    error = (endpoint.error_class or _CLASSES.get(answer.status, ApiError))(
        "\n  ".join(lines),
        status=answer.status,
        method=request.method,
        path=request.path,
        detail=detail,
        violations=violations,
        request_id=_request_id(answer),
    )
    if endpoint.prefix or answer.status == HTTPStatus.UNAUTHORIZED:
        error.shared = f"{endpoint.prefix}{_meaning(request, answer, '')}"
    return error


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """Return the beginning of a text on one line, without characters that could act on a terminal."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _where(request: Request, answer: Answer | None = None) -> str:
    """Return the end of an error's sentence: which request, and the id by which the vendor's support finds it."""
    parts = [f"{request.method} {request.path}"]
    if answer is not None:
        id_ = _request_id(answer)
        parts += [str(answer.status), *([f"request id {id_}"] if id_ else [])]
    return f"({', '.join(parts)})"


def _request_id(answer: Answer) -> str | None:
    """Return the service's own id of a request, if it sent one."""
    found = next((answer.headers[name] for name in _REQUEST_IDS if answer.headers.get(name)), None)
    return excerpt(found, 80) if found else None


def _meaning(request: Request, answer: Answer, detail: str) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        target = excerpt(_host(answer.headers.get("location", ""))) or "another address"
        setting = request.endpoint.setting
        return (
            f"the service redirects to {target}, which is not followed: the {setting} must be the final one"
        )
    meaning = _MEANINGS.get(answer.status, _FAILED if is_failure(answer.status) else _REFUSED)
    return f"{meaning}: {detail.rstrip('.')}" if detail else meaning


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _problem(body: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the service's sentence and its violations; an excerpt of what is not JSON."""
    try:
        value = decode(body)
    except ValueError:
        return excerpt(body[: 8 * EXCERPT].decode("utf-8", "replace")), ()
    if not isinstance(value, Mapping):
        return "" if value is None else excerpt(json.dumps(value)[: 8 * EXCERPT]), ()
    sentences = (value.get(name) for name in ("detail", "error_description", "message", "title", "error"))
    detail = next((excerpt(text) for text in sentences if isinstance(text, str) and text.strip()), "")
    violations = value.get("violations") or value.get("errors") or ()
    if not isinstance(violations, list):
        return detail, ()
    lines = tuple(_violation(item) for item in violations[:MOST_VIOLATIONS])
    more = len(violations) - MOST_VIOLATIONS
    return detail, (*lines, f"and {more} more") if more > 0 else lines


def _violation(item: Any) -> str:
    """Return one line, the path first: the vendor documents strings, but objects have been seen too."""
    if isinstance(item, str):
        return excerpt(item, _LONGEST_VIOLATION)
    if isinstance(item, Mapping):
        place = next((item[name] for name in _WHERE if isinstance(item.get(name), str)), None)
        problem = next((item[name] for name in _WHAT if isinstance(item.get(name), str)), None)
        if place and problem:
            return excerpt(f"{place}: {problem}", _LONGEST_VIOLATION)
    return excerpt(json.dumps(item, ensure_ascii=False), _LONGEST_VIOLATION)
