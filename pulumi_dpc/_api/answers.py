"""What an answer of the service means: pure functions of method, path, status, headers and body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pulumi_dpc.errors import ApiError, Conflict, InvalidDefinition, NotFound

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


def is_success(status: int) -> bool:
    """Tell whether the service says that it did what it was asked."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def is_failure(status: int) -> bool:
    """Tell whether the service says that it failed, and so may have done what it was asked."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """Return the beginning of a text on one line, without characters that could act on a terminal."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the service's own id of a request, if it sent one; header names are in lower case."""
    found = next((headers[name] for name in _REQUEST_IDS if headers.get(name)), None)
    return excerpt(found, 80) if found else None


def where(method: str, path: str, status: int | None = None, id_: str | None = None) -> str:
    """Return the end of an error's sentence: which request, and what the vendor's support finds it by."""
    parts = [f"{method} {path}", str(status or ""), f"request id {id_}" if id_ else ""]
    return f"({', '.join(part for part in parts if part)})"


def error_for(
    method: str,
    path: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    hint: str = "",
    kind: type[ApiError] | None = None,
) -> ApiError:
    """Return the error that a refusing answer stands for.

    Args:
        method: HTTP method of the request.
        path: Its path, from ``/v1``.
        status: HTTP status of the answer.
        headers: Its headers, names in lower case.
        body: What there is of it: RFC 9457 with ``violations`` (``docs/api.md`` section 4), or anything.
        hint: What the operator may do about it.
        kind: Class of the error; by default the one that stands for the status.
    """
    detail, violations = _problem(body)
    id_ = request_id(headers)
    sentence = "; ".join(part for part in (_meaning(status, headers, detail), hint) if part)
    lines = [f"{sentence} {where(method, path, status, id_)}", *violations]
    return (kind or _CLASSES.get(status, ApiError))(
        "\n  ".join(lines),
        status=status,
        method=method,
        path=path,
        detail=detail,
        violations=violations,
        request_id=id_,
    )


def _meaning(status: int, headers: Mapping[str, str], detail: str) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        target = excerpt(_host(headers.get("location", ""))) or "another address"
        return f"the service redirects to {target}, which is not followed: the API URL must be the final one"
    meaning = _MEANINGS.get(status, _FAILED if is_failure(status) else _REFUSED)
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
    said = (value.get(name) for name in ("detail", "error_description", "message", "title", "error"))
    detail = next((excerpt(text) for text in said if isinstance(text, str) and text.strip()), "")
    violations = value.get("violations") or value.get("errors") or ()
    if not isinstance(violations, list):
        return detail, ()
    lines = tuple(_violation(item) for item in violations[:MOST_VIOLATIONS])
    more = len(violations) - MOST_VIOLATIONS
    return detail, (*lines, f"and {more} more") if more > 0 else lines


def _violation(item: Any) -> str:
    """Return one line, the path first: the vendor declares strings, and has been seen to mean objects."""
    if isinstance(item, str):
        return excerpt(item, _LONGEST_VIOLATION)
    if isinstance(item, Mapping):
        place = next((item[name] for name in _WHERE if isinstance(item.get(name), str)), None)
        problem = next((item[name] for name in _WHAT if isinstance(item.get(name), str)), None)
        if place and problem:
            return excerpt(f"{place}: {problem}", _LONGEST_VIOLATION)
    return excerpt(json.dumps(item, ensure_ascii=False), _LONGEST_VIOLATION)
