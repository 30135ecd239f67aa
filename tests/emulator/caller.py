"""A plain HTTP client for the tests of the emulator, so that none of our own client code vouches for it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import requests

from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from tests import DATA

PIPELINES = f"/v1/projects/{GUIDE_PROJECT}/streaming-pipelines"

GUIDE_DEFINITION: dict[str, Any] = json.loads(
    (DATA / "definitions" / "guide_sqlserver_to_snowflake.json").read_text()
)


class HandClock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time, as the emulator asks for it."""
        return self.seconds


class Caller:
    """Send requests to an emulator over one kept connection."""

    def __init__(self, api: Emulator, token: str | None = None) -> None:
        self.api = api
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token or api.token_env['DPC_TOKEN']}"

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def send(self, method: str, path: str, body: object = None, **options: Any) -> requests.Response:
        """Send one request; a path from ``/v1``."""
        return self.session.request(method, self.api.url + path, json=body, **{"timeout": 5, **options})

    def token(self, **form: str) -> requests.Response:
        """Ask for a token."""
        known = {"client_id": "emulator-client", "client_secret": "emulator-secret"}
        grant = {"grant_type": "client_credentials", "audience": "https://api.matillion.com"}
        return self.session.post(
            self.api.env["DPC_TOKEN_URL"], data={**grant, **known, **form}, auth=lambda r: r
        )

    def make(self, **fields: Any) -> str:
        """Make a pipeline and return its path."""
        answer = self.send("POST", PIPELINES, definition(**fields))
        assert answer.status_code == 201, answer.text
        return f"{PIPELINES}/{answer.json()['streamingPipelineId']}"

    def command(self, path: str, word: str) -> requests.Response:
        """Send START or STOP."""
        return self.send("POST", f"{path}/commands", {"command": word})

    def status(self, path: str) -> str:
        """Read the status word."""
        return str(self.send("GET", f"{path}/status").json()["status"])


def definition(**fields: Any) -> dict[str, Any]:
    """Return the guide's definition, with other top-level fields."""
    return {**copy.deepcopy(GUIDE_DEFINITION), **fields}


def without(value: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return a copy that lacks the field at a dotted path."""
    result = copy.deepcopy(dict(value))
    *parents, last = path.split(".")
    holder = result
    for name in parents:
        holder = holder[name]
    del holder[last]
    return result
