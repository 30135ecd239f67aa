"""What a program needs of the account: credentials, a service that answers, a clock that agrees, and what is there."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_dpc._api.client import DpcClient
from pulumi_dpc._api.exchanges import Answer, NoAnswer
from pulumi_dpc._api.settings import Settings
from pulumi_dpc._api.wire import Wire, anonymous
from pulumi_dpc._definition.agent import is_streaming
from pulumi_dpc.errors import ApiError, ConfigurationError, DpcError

from .account import given_credentials, settings_of
from .findings import Finding

_MOST_SECONDS_APART = 60
_MOST_NAMES = 5
_REFUSED = (401, 403)


def of_the_account(region: str | None, api_url: str | None) -> Iterator[Finding]:
    """Find out where the account is, who asks, and what that one sees; later lines need the ones before."""
    try:
        settings = settings_of(region, api_url)
    except ConfigurationError as error:
        yield Finding("settings", "problem", str(error), "the account can be checked when that is right")
        return
    yield Finding("credentials", "ok", f"from the environment ({', '.join(given_credentials())})")
    yield Finding("address", "ok", f"{settings.api_url}, from {settings.endpoint_source}")
    answer = _asked(settings)
    if not isinstance(answer, Answer):
        fix = answer.cure or f"check the address from {settings.endpoint_source}, and the network"
        yield Finding("service", "problem", f"cannot be reached: {answer.why}", fix)
        return
    yield Finding("service", "ok", "answers")
    yield _clock(answer)
    with DpcClient(settings) as client:
        yield from _visible(client)


def _asked(settings: Settings) -> Answer | NoAnswer:
    """Ask without credentials: any answer shows that the service is there, and has its date."""
    wire = Wire(settings.timeout)
    try:
        return wire.exchange("GET", f"{settings.api_url}/v1/projects", authorize=anonymous)
    finally:
        wire.close()


def _clock(answer: Answer) -> Finding:
    sent = email.utils.parsedate_tz(answer.headers.get("date", ""))
    if sent is None:
        return Finding("clock", "warning", "the service does not say its time")
    apart = time.time() - email.utils.mktime_tz(sent)
    if abs(apart) > _MOST_SECONDS_APART:
        way = "ahead of" if apart > 0 else "behind"
        found = f"this machine is {abs(apart):.0f} s {way} the service"
        return Finding("clock", "warning", found, "set this machine's clock: tokens and waits go by it")
    return Finding("clock", "ok", "agrees with the service")


def _visible(client: DpcClient) -> Iterator[Finding]:
    try:
        projects = client.list_projects()
    except DpcError as error:
        refused = isinstance(error, ApiError) and error.status in _REFUSED
        fix = (
            "make an API credential in the account's administration, with a role that manages projects; then set"
            " DPC_CLIENT_ID and DPC_CLIENT_SECRET"
        )
        yield Finding("role", "problem", str(error), fix if refused else "")
        return
    if projects:
        yield Finding("role", "ok", f"sees {len(projects)} of the account's projects: {_names(projects)}")
    else:
        fix = "use a credential of a role that manages projects: a Super Admin's"
        yield Finding("role", "problem", "is accepted, and sees no project", fix)
    yield _agents(client)


def _agents(client: DpcClient) -> Finding:
    try:
        agents = [agent for agent in client.list_agents() if is_streaming(agent)]
    except DpcError as error:
        fix = "use a credential of a role that manages agents: Super Admin or Admin"
        return Finding("agents", "warning", str(error), fix)
    away = [agent for agent in agents if agent.get("connected") is False]
    if not agents:
        fix = "install a streaming agent: each runs one pipeline, and a batch agent runs none"
        return Finding("agents", "warning", "there is no streaming agent", fix)
    if away:
        found = f"{len(away)} of {len(agents)} streaming agents not connected: {_names(away)}"
        return Finding(
            "agents", "warning", found, "start them, or check their network: no pipeline starts there"
        )
    return Finding("agents", "ok", f"{len(agents)} streaming, all connected: {_names(agents)}")


def _names(things: Sequence[Mapping[str, Any]]) -> str:
    names = sorted(str(thing.get("name")) for thing in things)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(repr(name) for name in names[:_MOST_NAMES]) + more
