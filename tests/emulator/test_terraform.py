"""What the vendor's own Terraform provider sends is answered as its acceptance suite wants it.

The suite itself needs Go and Terraform, so its requests are replayed: `tests/data/terraform/README.md`.
"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from pulumi_dpc.emulator import Emulator
from tests import DATA
from tests.emulator.caller import Caller

EXCHANGES: list[dict[str, Any]] = [
    json.loads(line) for line in (DATA / "terraform" / "acceptance.jsonl").read_text("utf-8").splitlines()
]
MADE = ("agentId", "streamingPipelineId")
SECRETS = ("clientId", "clientSecret")

STRICT: list[dict[str, Any]] = [
    {},
    {"unknown_field": 400, "duplicate_name": 409},
    {"null_field": "absent", "over_max": "clamp", "agent_seconds": None},
    {
        "second_pipeline_on_agent": "create-refused",
        "put_when_running": 409,
        "delete_when_running": 409,
        "start_when_running": 409,
        "stop_when_stopped": 409,
    },
    {"account_id": "account"},
]


class Replay:
    """The provider's requests, one after the other, with the ids that this emulator gives."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._known: dict[str, str] = {}

    def send(self, exchange: dict[str, Any]) -> tuple[int, Any]:
        """Send one request; return the status and the recorded fields of the answer, with the recorded ids."""
        path = self._translated(exchange["path"])
        answer = self._caller.send(
            exchange["method"], path, exchange.get("body"), headers={"account-id": "account"}
        )
        if not answer.content:
            return answer.status_code, None
        told = {key: value for key, value in answer.json().items() if key in exchange.get("answer", {})}
        for key in (*MADE, *SECRETS):
            if key in told:
                recorded = exchange["answer"][key]
                told[key] = (
                    recorded if self._known.setdefault(recorded, told[key]) == told[key] else told[key]
                )
        return answer.status_code, told

    def _translated(self, path: str) -> str:
        return "/".join(self._known.get(part, part) for part in path.split("/"))


@pytest.mark.parametrize("settings", STRICT, ids=lambda settings: "-".join(settings) or "default")
def test_the_vendors_terraform_provider_passes_its_acceptance_suite(settings: dict[str, Any]) -> None:
    """It is the one client whose behaviour against the real service is published, whatever that service's rules."""
    with Emulator(**settings) as api, Caller(api) as caller:
        replay = Replay(caller)
        answered = [replay.send(exchange) for exchange in EXCHANGES]
        left = api.pipelines
    assert answered == [(exchange["status"], exchange.get("answer")) for exchange in EXCHANGES]
    assert not left


def test_the_sign_in_of_the_providers_library_is_taken() -> None:
    """``golang.org/x/oauth2`` sends id and secret percent-encoded in a Basic header, and the rest as a form."""
    with Emulator(client_secret="p%a+s:s/ö") as api, Caller(api) as caller:
        pair = f"{quote_plus(api.env['DPC_CLIENT_ID'])}:{quote_plus(api.env['DPC_CLIENT_SECRET'])}"
        answer = caller.session.post(
            api.env["DPC_TOKEN_URL"],
            data={"audience": "https://api.matillion.com", "grant_type": "client_credentials"},
            headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()},
        )
    assert answer.json()["token_type"] == "Bearer"
