"""The API: from a call to an answer, by way of the OpenAPI document and the store."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from . import contract
from .access import Access, Account, RateLimit
from .directory import Refused
from .operations import OPERATIONS, Work
from .reading import read_json, read_parameter
from .settings import Settings
from .wire import Answer, Call, problem

PREFIX = "/dpc"
BAD_REQUEST: Final = 400


class App:
    """The service's answers to calls; faults, sockets and records are elsewhere.

    Args:
        settings: The switches, read at each call.
        access: Who may call.
        rate: How often.
    """

    def __init__(self, settings: Settings, access: Access, rate: RateLimit) -> None:
        contract.document()  # read before the first call, whose client may be impatient
        self._settings = settings
        self._access = access
        self._rate = rate

    def handle(self, call: Call) -> Answer:
        """Carry out one call."""
        path = public_path(call.path)
        request_id = {"X-Request-Id": str(uuid.uuid4())}
        try:
            answer = self._carry_out(call, path)
        except Refused as refused:
            answer = problem(refused.status, refused.detail, path, refused.violations)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not look like a lost connection
            traceback.print_exc()
            answer = problem(500, f"The emulator made a mistake: {error!r}.", path)
        return Answer(answer.status, answer.body, request_id | dict(answer.headers))

    def _carry_out(self, call: Call, path: str) -> Answer:
        found = contract.route(call.method, path) if _is_mounted(call.path) else None
        if found is not None and not found[0].needs_token:
            return self._issue_token(call)
        account = self._admitted(call, path) if _is_below_the_api(call.path) else None
        if isinstance(account, Answer):
            return account
        if found is None or account is None:
            return problem(501, f"The emulator does not imitate {call.method} {call.path}.", path)
        operation, values = found
        given = self._parameters(operation, values, call.query)
        sent = None if operation.body is None else _json(call)
        body = None if operation.body is None else self._conform(operation.body, sent)
        with account.store.lock:
            return OPERATIONS[operation.id](Work(account.store, self._settings, given, sent, body))

    def _admitted(self, call: Call, path: str) -> Account | Answer:
        """Return whose call it is, or why it is refused whatever it asks for."""
        if wait := self._rate.wait_needed():
            return problem(429, "Too many requests.", path, headers={"Retry-After": str(wait)})
        account = self._access.account_of(call.headers.get("authorization", ""))
        if account is None:
            return problem(
                401, "The token is missing, unknown or expired.", path, headers={"WWW-Authenticate": "Bearer"}
            )
        if not account.permitted or self._is_other_account(call):
            return problem(403, "The credential lacks the permission.", path)
        return account

    def _issue_token(self, call: Call) -> Answer:
        if _media_type(call) != "application/x-www-form-urlencoded":
            return Answer(400, {"error": "invalid_request"})
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        return Answer(*self._access.issue(form, call.headers.get("authorization", "")))

    def _is_other_account(self, call: Call) -> bool:
        given = call.headers.get("account-id")
        return None not in (given, self._settings.account_id) and given != self._settings.account_id

    def _parameters(
        self, operation: contract.Operation, path: Mapping[str, str], query: Mapping[str, str]
    ) -> dict[str, Any]:
        """Read the values of the path and the query, each from its own place, as the document types them."""
        schemas = {**operation.in_path, **operation.in_query}
        given = {name: path[name] if name in operation.in_path else query.get(name) for name in schemas}
        if "size" in schemas:
            limits = {"default": self._settings.page_size, "maximum": self._settings.max_page_size}
            schemas["size"] = {**schemas["size"], **limits}
        values = {name: read_parameter(given[name], schema) for name, schema in schemas.items()}
        if self._settings.over_max == "clamp" and isinstance(values.get("size"), int):
            values["size"] = min(values["size"], self._settings.max_page_size)
        wrong = [
            f"{name}: {violation.partition(': ')[2]}"
            for name, schema in schemas.items()
            for violation in contract.violations(schema, values[name])
        ]
        if wrong:
            raise Refused(BAD_REQUEST, "Invalid request parameters.", wrong)
        return values

    def _conform(self, schema: Mapping[str, Any], body: Any) -> Any:
        """Return a body in the document's spelling, or refuse it with everything that is wrong."""
        newer = self._settings.unknown_field == "kept"
        if self._settings.null_field == "absent":
            body = contract.without_nulls(schema, body)
        wrong = contract.violations(schema, body, allow_unknown_types=newer)
        if self._settings.unknown_field == BAD_REQUEST:
            wrong += [f"{path}: is not a known field" for path in contract.unknown_fields(schema, body)]
        if wrong:
            raise Refused(BAD_REQUEST, "Invalid request content.", wrong)
        return contract.conform(schema, body, drop_unknown=not newer)


def public_path(path: str) -> str:
    """Return the path as the API's documents write it, from ``/v1``."""
    return path.removeprefix(PREFIX) if path.startswith(f"{PREFIX}/v1") else path


def _is_mounted(path: str) -> bool:
    return path.startswith((f"{PREFIX}/v1/", "/oauth/"))


def _is_below_the_api(path: str) -> bool:
    """Tell whether the service asks for a token before it says whether there is such a path."""
    return f"{path}/".startswith(f"{PREFIX}/")


def _media_type(call: Call) -> str:
    return call.headers.get("content-type", "").partition(";")[0].strip().lower()


def _json(call: Call) -> Any:
    """Read a JSON body, or refuse what is none."""
    if _media_type(call) != "application/json":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The Content-Type must be application/json.")
    return read_json(call.body)
