"""The OpenAPI document is whole, and every answer of the emulator is what the document promises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from pulumi_dpc.emulator.contract import document, operation_ids
from pulumi_dpc.emulator.operations import OPERATIONS
from tests import DATA
from tests.emulator.caller import GUIDE_DEFINITION, PIPELINES, Caller, definition

REGISTRY: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(document()))

DOCUMENTED = {
    "GET /v1/projects",
    "POST /v1/projects",
    "DELETE /v1/projects/{projectId}",
    "GET /v1/projects/{projectId}/environments",
    "POST /v1/projects/{projectId}/environments",
    "POST /v1/projects/{projectId}/data-platform-connections",
    "GET /v1/agents",
    "POST /v1/agents",
    "GET /v1/agents/{agentId}",
    "PATCH /v1/agents/{agentId}",
    "DELETE /v1/agents/{agentId}",
    "GET /v1/agents/{agentId}/credentials",
    "POST /v1/agents/{agentId}/credentials",
    *(f"{method} /v1/projects/{{projectId}}/streaming-pipelines" for method in ("GET", "POST")),
    *(
        f"{method} /v1/projects/{{projectId}}/streaming-pipelines/{{streamingPipelineId}}"
        for method in ("GET", "PUT", "DELETE")
    ),
    "POST /v1/projects/{projectId}/streaming-pipelines/{streamingPipelineId}/commands",
    "GET /v1/projects/{projectId}/streaming-pipelines/{streamingPipelineId}/status",
    "POST /oauth/dpc/token",
}


def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        yield from value.get("discriminator", {}).get("mapping", {}).values()
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def check_answer(operation: str, status: int | None, body: object) -> None:
    """Compare an answer with the document, by plain JSON Schema without the emulator's own leniency."""
    promised = operations()[operation]["responses"].get(str(status))
    assert promised is not None, f"{operation} answers {status}, which the document does not have"
    schema = promised.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        assert body is None
    else:
        absolute = {"$ref": "urn:api" + schema["$ref"]}
        Draft202012Validator(absolute, registry=REGISTRY).validate(body)


def test_the_document_has_every_known_endpoint_and_no_other() -> None:
    """The list is docs/api.md section 2; a forgotten endpoint would be a 501 for somebody."""
    assert set(operations()) == DOCUMENTED


def test_every_operation_is_carried_out_by_something() -> None:
    """A new path in the document without code would crash on its first call."""
    assert operation_ids() == {*OPERATIONS, "requestToken"}


def test_every_schema_is_valid_and_every_reference_leads_somewhere() -> None:
    """JSON Schema ignores what it does not understand, so a typing mistake would check nothing."""
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in set(references(document())):
        assert REGISTRY.resolver("urn:api").lookup(reference).contents


def test_every_path_names_its_parameters() -> None:
    """An undeclared one would pass unchecked."""
    for name, operation in operations().items():
        declared = {parameter["$ref"].rpartition("/")[2] for parameter in operation.get("parameters", [])}
        in_path = {part.strip("{}") for part in name.split("/") if part.startswith("{")}
        assert in_path <= declared, name


def test_every_answer_is_what_the_document_promises() -> None:
    """Other tools are generated from this document; an answer beside it would mislead them."""
    project = f"/v1/projects/{GUIDE_PROJECT}"
    agent_request = {"agentType": "STREAMING", "cloudProvider": "azure", "deployment": "aci", "name": "new"}
    with Emulator() as api, Caller(api) as caller:
        made = caller.make()
        spare = api.add_agent("spare", id="3fa85f64-5717-4562-b3fc-2c963f66afa6")
        calls = [
            ("GET", "/v1/projects", None),
            ("POST", "/v1/projects", {"name": "Other", "warehouse": "snowflake"}),
            ("GET", f"{project}/environments", None),
            ("POST", f"{project}/environments", {"name": "test", "defaultAgentId": GUIDE_AGENT}),
            ("POST", f"{project}/data-platform-connections", {}),
            ("GET", "/v1/agents", None),
            ("POST", "/v1/agents", agent_request),
            ("GET", f"/v1/agents/{GUIDE_AGENT}", None),
            ("PATCH", f"/v1/agents/{GUIDE_AGENT}", {"description": "ours", "trackName": "stable"}),
            ("DELETE", f"/v1/agents/{spare}", None),
            ("GET", f"/v1/agents/{GUIDE_AGENT}/credentials", None),
            ("POST", f"/v1/agents/{GUIDE_AGENT}/credentials", {"action": "SECRET_REFRESH"}),
            ("GET", PIPELINES, None),
            ("POST", PIPELINES, definition(name="b")),
            ("GET", made, None),
            ("PUT", made, definition()),
            ("POST", f"{made}/commands", {"command": "START"}),
            ("GET", f"{made}/status", None),
            ("DELETE", made, None),
            ("DELETE", project, None),
        ]
        for method, path, body in calls:
            caller.send(method, path, body)
        caller.token()
        answers = api.requests[1:-1]
        token = caller.token()
    names = []
    for request in answers:
        pattern = request.path.replace(GUIDE_PROJECT, "{projectId}").replace(
            made[-36:], "{streamingPipelineId}"
        )
        pattern = pattern.replace(GUIDE_AGENT, "{agentId}").replace(spare, "{agentId}")
        names.append(f"{request.method} {pattern}")
        check_answer(names[-1], request.status, request.answer)
    check_answer("POST /oauth/dpc/token", token.status_code, token.json())
    assert {*names, "POST /oauth/dpc/token"} == DOCUMENTED


@pytest.mark.parametrize("word", ["stored", "echo", "ids"])
def test_every_answer_of_a_write_is_what_the_document_promises(word: str) -> None:
    """No property of it is required, so an answer of ids alone is one, and a generated client takes it."""
    with Emulator(write_answer=word) as api, Caller(api) as caller:
        caller.send("PUT", caller.make(), definition())
        answers = [(request.status, request.answer) for request in api.requests]
    path = "/v1/projects/{projectId}/streaming-pipelines"
    for method, answer in zip((f"POST {path}", f"PUT {path}/{{streamingPipelineId}}"), answers, strict=True):
        check_answer(method, *answer)


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ({"enableAutoUpdates": True}, "enableAutoUpdates: must be False"),
        ({"cloudProvider": "snowflake"}, "cloudProvider: must be one of aws, azure, gcp, google_cloud"),
        ({"name": "x" * 31}, "name: must be at most 30 characters long"),
        ({"name": " x"}, r"name: must match ^[A-Za-z0-9_-][A-Za-z0-9\s_-]*$"),
    ],
)
def test_a_streaming_agent_has_rules_of_its_own(change: dict[str, Any], violation: str) -> None:
    """They are published, so a client that breaks them fails here first."""
    request = {"agentType": "streaming", "cloudProvider": "azure", "deployment": "aci", "name": "new"}
    with Emulator() as api, Caller(api) as caller:
        assert caller.send("POST", "/v1/agents", {**request, **change}).json()["violations"] == [violation]


def published_definitions() -> list[Path]:
    return sorted((DATA / "definitions").rglob("*.json"))


@pytest.mark.parametrize("path", published_definitions(), ids=lambda path: path.stem)
def test_every_published_definition_is_accepted_and_comes_back_equal(path: Path) -> None:
    """The one proof we have that the document is not stricter than the service."""
    published = json.loads(path.read_text("utf-8"))
    ids = ("projectId", "streamingPipelineId")
    sent = {key: value for key, value in published.items() if key not in ids}
    with Emulator() as api, Caller(api) as caller:
        answer = caller.send("POST", PIPELINES, sent)
        assert answer.status_code == 201, answer.text
        assert {key: value for key, value in answer.json().items() if key not in ids} == sent


def test_the_guides_definition_is_valid_without_the_emulators_leniency() -> None:
    """Plain JSON Schema tools must come to the same verdict on the published example."""
    schema = {"$ref": "urn:api#/components/schemas/DefinitionRequest"}
    Draft202012Validator(schema, registry=REGISTRY).validate(GUIDE_DEFINITION)
