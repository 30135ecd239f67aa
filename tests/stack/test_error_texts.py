"""The text of every error that a user can meet, as a user meets it: one sentence, no traceback, a failed command.

A sentence says what happened to which pipeline, why, and what to do (``docs/design.md`` section 8). Each stands here as
a whole, so that a change of words is seen and read by a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from pulumi_dpc.testing._engine.stack import Result
from tests.api.raw_server import answer, serving
from tests.worlds import DEFINITION, World, edited, resource

Case = Callable[[World], Result]
CASES: dict[str, tuple[Case, str]] = {}
NOWHERE = "00000000-0000-4000-8000-000000000000"
EDIT = edited(advancedProperties={"max.batch.size": 1})


def case(text: str) -> Callable[[Case], Case]:
    """Register a case with the error it ends in."""

    def register(function: Case) -> Case:
        CASES[function.__name__] = function, text
        return function

    return register


def without(env: dict[str, str], *names: str) -> dict[str, str]:
    return {**env, **dict.fromkeys(names, "")}


CREDENTIALS = ("DPC_TOKEN", "DPC_CLIENT_ID", "DPC_CLIENT_SECRET", "DPC_TOKEN_URL", "DPC_ACCOUNT_ID")


NO_NETWORK = {
    **dict.fromkeys(["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"], ""),
    "https_proxy": "",
    "no_proxy": "127.0.0.1",
}
"""Nothing of this machine's own network settings; the engine is reached without a proxy."""
ENGINES_OWN = re.compile(r"^(update|preview) failed$|program exited with non-zero exit code")


def text_of(world: World, result: Result) -> str:
    """Return the errors of a command, without the engine's own words, and with words for what varies."""
    text = "\n".join(error for error in result.errors() if not ENGINES_OWN.search(error))
    for value, word in [
        (world.api.url, "<api>"),
        (world.api.url.removeprefix("http://").removesuffix("/dpc"), "<host>"),
        (GUIDE_PROJECT, "<project>"),
        (GUIDE_AGENT, "<agent>"),
        (NOWHERE, "<nowhere>"),
        ("urn:pulumi:dev::proj::pulumi-python:dynamic/dpc:StreamingPipeline::", "<urn>::"),
        (str(world.directory / "stack"), "<directory>"),
    ]:
        text = text.replace(value, word)
    text = re.sub(r"request id [0-9a-f-]{36}", "request id <request>", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>", text)
    text = re.sub(r"\b[0-9]+ s\b", "<n> s", text)
    return re.sub(r"^1 error occurred:\s+\* ", "", text)


def renamed(result: Result, text: str, word: str) -> Result:
    """Return a result with a word for what varies."""
    for diagnostic in result.diagnostics:
        object.__setattr__(diagnostic, "text", diagnostic.text.replace(text, word))
    return result


# ---- credentials and endpoint ----


@case(
    "orders-pipeline (resource orders): no credentials are given: set DPC_TOKEN, or DPC_CLIENT_ID and "
    "DPC_CLIENT_SECRET, in the environment; or dpc:token, or dpc:clientId and dpc:clientSecret, "
    "with `pulumi config set --secret`; or use Provider(token=...) or Provider(client_id=..., "
    "client_secret=...)"
)
def no_credentials(world: World) -> Result:
    return world.up(resource(), env=without(world.api.env, *CREDENTIALS))


@case(
    "orders-pipeline (resource orders): DPC_CLIENT_ID is given without DPC_CLIENT_SECRET: set both, "
    "or DPC_TOKEN instead"
)
def half_a_credential(world: World) -> Result:
    return world.up(resource(), env=without(world.api.env, "DPC_CLIENT_SECRET"))


@case(
    "orders-pipeline (resource orders): no region is given: set DPC_REGION in the environment, run `pulumi config "
    "set dpc:region`, or use Provider(region=...), with one of eu1, us1, au1; DPC_API_URL, "
    "dpc:apiUrl or Provider(api_url=...) name another address"
)
def no_endpoint(world: World) -> Result:
    return world.up(resource(), env=without(world.api.env, "DPC_API_URL"))


@case("orders-pipeline (resource orders): DPC_REGION is 'eu2'; the regions are eu1, us1, au1")
def unknown_region(world: World) -> Result:
    return world.up(resource(), env={**without(world.api.env, "DPC_API_URL"), "DPC_REGION": "eu2"})


@case(
    "orders-pipeline (resource orders): DPC_API_URL must end in /dpc, without /v1: write https://eu1.api.matillion.com/dpc"
)
def api_url_without_dpc(world: World) -> Result:
    return world.up(resource(), env={"DPC_API_URL": "https://eu1.api.matillion.com/dpc/v1"})


@case(
    "orders-pipeline (resource orders): could not get a token: the service refused the credentials: Unknown client "
    "id or wrong secret; the client id and secret come from the environment (DPC_CLIENT_ID) "
    "(POST /oauth/dpc/token, 401, request id <request>)"
)
def wrong_client_secret(world: World) -> Result:
    return world.up(resource(), env={"DPC_CLIENT_SECRET": "another-secret"})


@case(
    "orders-pipeline (resource orders): the service refused the credentials: The token is missing, unknown or "
    "expired; they come from the environment (DPC_TOKEN) (GET "
    "/v1/projects/<project>/streaming-pipelines, 401, request id <request>)"
)
def wrong_token(world: World) -> Result:
    return world.up(resource(), env={**without(world.api.env, *CREDENTIALS), "DPC_TOKEN": "wrong"})


@case(
    "orders-pipeline (resource orders): the service refused the credentials: The token is missing, unknown or "
    "expired; they come from the stack configuration (dpc:token) (GET "
    "/v1/projects/<project>/streaming-pipelines, 401, request id <request>)"
)
def wrong_token_in_the_configuration(world: World) -> Result:
    world.stack.set_config("dpc:token", "wrong", secret=True)
    return world.up(resource(), env=without(world.api.env, *CREDENTIALS))


@case(
    "orders-pipeline (resource orders): the service refused the credentials: The token is missing, unknown or "
    "expired; they come from the stack configuration (dpc:token) (GET "
    "/v1/projects/<project>/streaming-pipelines, 401, request id <request>). A refresh or destroy sees the stack "
    "configuration and the providers of the last `pulumi up`: if they were changed since then, run `pulumi up "
    "--refresh=false` or `pulumi refresh --run-program` first"
)
def wrong_token_in_the_configuration_of_the_last_up(world: World) -> Result:
    world.stack.set_config("dpc:token", "wrong", secret=True)
    world.up(resource())
    return world.run("refresh", env=without(world.api.env, *CREDENTIALS))


@case(
    "orders-pipeline (resource orders): the service does not allow this: The credential lacks the permission; the "
    "credentials from the environment (DPC_CLIENT_ID) may lack the role, the account's IP allow "
    "list may leave this machine out, or the account may live elsewhere than at <api> (GET "
    "/v1/projects/<project>/streaming-pipelines, 403, request id <request>)"
)
def role_without_rights(world: World) -> Result:
    return world.up(resource(), env=world.api.powerless_account())


@case(
    "orders-pipeline (resource orders): <host> cannot be reached: the connection was refused; check the API URL "
    "from the environment (DPC_API_URL) and the network (GET /v1/projects/<project>/streaming-pipelines)"
)
def unreachable(world: World) -> Result:
    world.api.down()
    return world.up(
        resource(), env={**without(world.api.env, *CREDENTIALS), "DPC_TOKEN": "t", "DPC_TIME_SCALE": "0.0001"}
    )


@case(
    "orders-pipeline (resource orders): could not get a token: 127.0.0.1:9 cannot be reached: the connection was "
    "refused; check the token URL and the network (POST /token)"
)
def unreachable_token_endpoint(world: World) -> Result:
    return world.up(resource(), env={"DPC_TIME_SCALE": "0.0001", "DPC_TOKEN_URL": "http://127.0.0.1:9/token"})


# ---- the network ----

FAR = {**dict.fromkeys(CREDENTIALS, ""), "DPC_TOKEN": "t", "DPC_API_URL": "https://api.example.com/dpc"}
END = "(GET /v1/projects/<project>/streaming-pipelines)"


@case(
    "orders-pipeline (resource orders): api.example.com cannot be reached: SSL_CERT_FILE names /nowhere/ca.pem, which "
    f"cannot be read: No such file or directory; correct or unset it {END}"
)
def ca_file_that_is_missing(world: World) -> Result:
    return world.up(resource(), env={**FAR, **NO_NETWORK, "SSL_CERT_FILE": "/nowhere/ca.pem"})


@case(
    "orders-pipeline (resource orders): api.example.com cannot be reached: the proxy 127.0.0.1:<port> (https_proxy) "
    "answered 407 Proxy Authentication Required; give its user and password in https_proxy, as "
    f"http://user:password@host:port {END}"
)
def proxy_that_wants_a_password(world: World) -> Result:
    with serving(answer("407 Proxy Authentication Required")) as proxy:
        env = {**FAR, **NO_NETWORK, "https_proxy": f"http://127.0.0.1:{proxy.port}"}
        result = world.up(resource(), env=env)
    return renamed(result, f":{proxy.port}", ":<port>")


@case(
    "orders-pipeline (resource orders): api.example.com cannot be reached: https_proxy is not the address of a "
    f"proxy; write http://host:port {END}"
)
def malformed_proxy(world: World) -> Result:
    return world.up(resource(), env={**FAR, **NO_NETWORK, "https_proxy": "proxy.example.com:port"})


# ---- lookups in the program ----

LOOKUP = "project = dpc.get_project({!r})\nenvironment = dpc.get_environment(project.id, {!r})\n"


@case(
    "no credentials are given: set DPC_TOKEN, or DPC_CLIENT_ID and DPC_CLIENT_SECRET, in the "
    "environment; or dpc:token, or dpc:clientId and dpc:clientSecret, with `pulumi config set "
    "--secret`; or use Provider(token=...) or Provider(client_id=..., client_secret=...)"
)
def lookup_without_credentials(world: World) -> Result:
    return world.up(LOOKUP.format("Analytics", "production"), env=without(world.api.env, *CREDENTIALS))


@case("no project 'Analytic' at <api>; there is: 'Analytics', 'Sales'")
def unknown_project(world: World) -> Result:
    world.api.add_project("Sales")
    return world.up(LOOKUP.format("Analytic", "production"))


@case("no project 'Analytics' at <api>; there is: none that these credentials may see")
def lookup_of_an_account_that_sees_nothing(world: World) -> Result:
    return world.up(LOOKUP.format("Analytics", "production"), env=world.api.other_account())


@case("2 projects are named 'Analytics' at <api> (<project>, <nowhere>): use the id of the one you mean")
def project_name_twice(world: World) -> Result:
    world.api.add_project("Analytics", NOWHERE)
    return world.up(LOOKUP.format("Analytics", "production"))


@case("no environment 'staging' in the project <project>; there is: 'production'")
def unknown_environment(world: World) -> Result:
    return world.up(LOOKUP.format("Analytics", "staging"))


@case("several environments in the project <project>: say which one by its name: 'production', 'staging'")
def several_environments(world: World) -> Result:
    world.api.add_environment(GUIDE_PROJECT, "staging")
    return world.up(LOOKUP.format("Analytics", None))


@case(
    "the service does not have it: There is no project <nowhere> (GET "
    "/v1/projects/<nowhere>/environments, 404, request id <request>)"
)
def environment_of_an_unknown_project(world: World) -> Result:
    return world.up(f"dpc.get_environment({NOWHERE!r})\n")


@case("no agent 'streaming' at <api>; there is: 'streaming-agent'")
def unknown_agent(world: World) -> Result:
    return world.up("dpc.get_agent(name='streaming')\n")


@case("no agent <nowhere> at <api>; there is: 'streaming-agent' (<agent>)")
def unknown_id_of_an_agent(world: World) -> Result:
    return world.up(f"dpc.get_agent(id={NOWHERE!r})\n")


@case("2 agents are named 'streaming-agent' at <api> (<agent>, <nowhere>): use the id of the one you mean")
def agent_name_twice(world: World) -> Result:
    world.api.add_agent("streaming-agent", NOWHERE)
    return world.up("dpc.get_agent(name='streaming-agent')\n")


@case("no streaming pipeline 'orders' in the project <project>; there is: 'orders-pipeline'")
def unknown_pipeline(world: World) -> Result:
    world.api.add_pipeline(DEFINITION)
    return world.up(f"dpc.get_streaming_pipeline({GUIDE_PROJECT!r}, name='orders')\n")


@case("no streaming pipeline <nowhere> in the project <project>; there is: 'orders-pipeline' (<agent>)")
def unknown_id_of_a_pipeline(world: World) -> Result:
    world.api.add_pipeline(DEFINITION, GUIDE_PROJECT, GUIDE_AGENT)
    return world.up(f"dpc.get_streaming_pipeline({GUIDE_PROJECT!r}, id={NOWHERE!r})\n")


@case(
    "2 streaming pipelines are named 'orders-pipeline' in the project <project> (<agent>, <nowhere>): "
    "use the id of the one you mean"
)
def pipeline_name_twice(world: World) -> Result:
    for id_ in (GUIDE_AGENT, NOWHERE):
        world.api.add_pipeline(DEFINITION, GUIDE_PROJECT, id_)
    return world.up(f"dpc.get_streaming_pipeline({GUIDE_PROJECT!r}, name='orders-pipeline')\n")


# ---- the definition ----


def from_file(name: str) -> str:
    return f"dpc.StreamingPipeline.from_definition('orders', {name!r}, project_id={GUIDE_PROJECT!r})\n"


@case("<directory>/streaming-pipeline.json: cannot be read: No such file or directory")
def missing_file(world: World) -> Result:
    return world.up(from_file("streaming-pipeline.json"))


@case("broken.json, line 2, column 11: not valid JSON: Expecting value")
def file_that_is_not_json(world: World) -> Result:
    (world.directory / "stack" / "broken.json").write_text('{\n  "name": }')
    return world.up(from_file("broken.json"))


@case(
    "pulumi-python:dynamic/dpc:StreamingPipeline resource 'orders' has a problem: agentId "
    "(agent_id): must be a UUID\n"
    "pulumi-python:dynamic/dpc:StreamingPipeline resource 'orders' has a problem: "
    "streamingTarget.bucket (streaming_target.bucket): is required"
)
def mistakes_in_the_definition(world: World) -> Result:
    wrong = edited(agentId="agent", streamingTarget={"type": "s3"})
    return world.up(resource(definition=wrong))


@case(
    "orders: streaming_source.tables is of type set: write a list, such as list(value)\n"
    'orders: advanced_properties["ca.file"] is of type FileAsset: write the text itself, because no file can be sent'
)
def values_that_cannot_be_sent(world: World) -> Result:
    source = {**DEFINITION["streamingSource"], "tables": "text:{dpc.Table('public', 'orders')}"}
    free = {"ca.file": "text:pulumi.FileAsset('ca.pem')"}
    return world.up(resource(definition=edited(streamingSource=source, advancedProperties=free)))


@case("orders: project_id is of type Project: write project_id=project.id")
def a_project_for_its_id(world: World) -> Result:
    return world.up(resource(project_id="text:pulumi.Output.from_input(dpc.Project('p', 'Analytics'))"))


@case(
    "orders-pipeline (resource orders): the service rejected the request as invalid: Invalid request content (POST "
    "/v1/projects/<project>/streaming-pipelines, 400)\n"
    "  name: too long"
)
def definition_rejected_by_the_service(world: World) -> Result:
    world.api.fail_next(
        400,
        match="POST */streaming-pipelines",
        body={"detail": "Invalid request content.", "violations": ["name: too long"]},
    )
    return world.up(resource())


# ---- create and adopt ----


@case(
    "orders-pipeline (resource orders): the project <project> has a pipeline of this name already (<id>), so "
    "nothing was created. If this resource was renamed or moved in the program, add on this "
    "resource itself, not on its component, "
    'opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="<its old name>")]), or '
    'aliases=["<its old URN>"] as `pulumi stack --show-urns` lists it. If it is a '
    "pipeline that Pulumi does not manage yet, adopt it with "
    'opts=pulumi.ResourceOptions(import_="<project>/<id>"). If both may exist, give this one '
    "another name than 'orders-pipeline'"
)
def name_taken(world: World) -> Result:
    world.api.add_pipeline(DEFINITION)
    return world.up(resource())


def importing(id_: str, **arguments: Any) -> str:
    return resource(opts=f'text:pulumi.ResourceOptions(import_="{id_}")', **arguments)


@case(
    "pulumi-python:dynamic/dpc:StreamingPipeline resource 'orders' has a problem: the pipeline "
    "<id> named by import_ differs from the program, so it was not adopted and nothing was "
    "changed; make the program equal to it first:\n"
    '  advancedProperties["max.batch.size"] (advanced_properties["max.batch.size"]): the program and '
    "the live pipeline differ\n"
    '  advancedProperties["slot.name"] (advanced_properties["slot.name"]): the program and the live '
    "pipeline differ\n"
    "  running: False in the program, but the live pipeline is STREAMING"
)
def import_differs(world: World) -> Result:
    living = world.api.add_pipeline(EDIT, status="STREAMING")
    return world.up(importing(f"{GUIDE_PROJECT}/{living}", running=False))


@case(
    "orders-pipeline (resource orders): the pipeline <nowhere> named by import_ does not exist: remove `import_`; "
    "the pipeline of that name in the project is <project>/<id>"
)
def import_of_nothing(world: World) -> Result:
    world.api.add_pipeline(DEFINITION)
    return world.up(importing(f"{GUIDE_PROJECT}/{NOWHERE}"))


@case(
    "pulumi-python:dynamic/dpc:StreamingPipeline resource 'orders' has a problem: import_: "
    "'orders-pipeline' is not an id of a streaming pipeline: write '<project id>/<streaming "
    "pipeline id>'"
)
def import_id_that_is_none(world: World) -> Result:
    return world.up(importing("orders-pipeline"))


@case(
    "orders-pipeline (resource second): the pipeline <id> is managed already, by the resource <urn>::first of this "
    "program: two resources cannot manage one pipeline; remove one of them, or run "
    "`pulumi up` again if that one is being renamed"
)
def import_of_what_another_resource_manages(world: World) -> Result:
    world.up(resource("first"))
    living = world.pipeline.id
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{living}", depends_on=[first])'
    second = resource("second", opts=opts)
    return world.up(resource("first"), second)


@case("there is no streaming pipeline '<project>/<nowhere>'")
def get_of_nothing(world: World) -> Result:
    return world.up(f'dpc.StreamingPipeline.get("orders", "{GUIDE_PROJECT}/{NOWHERE}")\n')


@case(
    "orders-pipeline (resource orders): <host> gave no answer: the connection was lost (POST "
    "/v1/projects/<project>/streaming-pipelines). It could not be looked up whether the pipeline "
    "was created; run `pulumi up` again: it does not make a second one, and if the pipeline is "
    "there it says how to adopt it"
)
def create_whose_answer_is_lost_and_cannot_be_looked_up(world: World) -> Result:
    world.api.drop_next("after", match="POST */streaming-pipelines")
    world.api.fail_next(403, match="GET */streaming-pipelines", nth=1, times=None)
    return world.up(resource())


@case(
    "orders-pipeline (resource orders): <host> gave no answer: the connection was lost (POST "
    "/v1/projects/<project>/streaming-pipelines). Whether the pipeline was created is not known: "
    "none of this name is there now; run `pulumi up` again"
)
def create_that_was_lost_on_the_way(world: World) -> Result:
    world.api.drop_next("before", match="POST */streaming-pipelines")
    return world.up(resource())


# ---- run state ----


@case(
    "orders-pipeline (resource orders): was created, but stopped again: it is NOT_RUNNING <n> s after START was "
    "accepted. The API gives no reason; the pipeline's log in the Matillion UI does. Run `pulumi "
    "up` again once the cause is fixed. It is stopped."
)
def start_that_fails(world: World) -> Result:
    world.api.settings.start_seconds = 60  # long enough to be seen on a loaded machine
    world.api.start_fails()
    return world.up(resource(running=True))


@case(
    "orders-pipeline (resource orders): was created, but did not begin to start: it is NOT_RUNNING <n> s after "
    "START was accepted. The API gives no reason; the pipeline's log in the Matillion UI does. "
    "Run `pulumi up` again once the cause is fixed. It is stopped."
)
def start_that_does_not_begin(world: World) -> Result:
    world.api.start_fails(after="NOT_RUNNING")
    return world.up(resource(running=True))


@case(
    "orders-pipeline (resource orders): was created, but could not be started, because its agent runs the "
    "pipeline 'other' (<id>), and one agent runs one pipeline. Stop that one, or choose another agent "
    "with agent_id, and run `pulumi up` again; if it is removed from this program, "
    "`pulumi up --continue-on-error` deletes it first. The service said: the service "
    "refused the request because of a conflict: Agent <agent> already runs streaming pipeline <id> (POST "
    "/v1/projects/<project>/streaming-pipelines/<id>/commands, 409, request id <request>). It is stopped."
)
def start_that_is_refused(world: World) -> Result:
    busy = world.api.add_pipeline(edited(name="other"), status="STREAMING")
    assert busy
    return world.up(resource(running=True))


@case(
    "orders-pipeline (resource orders): was created, but is UNKNOWN after <n> s of starting, because its agent "
    "'streaming-agent' (<agent>) is not connected. Start that agent, or give the pipeline another one with "
    "agent_id, and run `pulumi up` again. Its status is UNKNOWN."
)
def start_whose_agent_is_away(world: World) -> Result:
    world.api.agent_offline(GUIDE_AGENT)
    return world.up(resource(running=True), env={"DPC_TIME_SCALE": "0.001"})


@case(
    "orders-pipeline (resource orders): was created, but is STARTING after <n> s of starting; custom_timeouts "
    "allows a longer wait. It is starting."
)
def start_that_takes_too_long(world: World) -> Result:
    opts = "text:pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create='5s'))"
    world.api.settings.start_seconds = 100
    return world.up(resource(running=True, opts=opts))


@case(
    "orders-pipeline (resource orders): is STOPPING after <n> s of stopping; custom_timeouts allows a longer wait. "
    "It is stopping."
)
def stop_that_takes_too_long(world: World) -> Result:
    opts = "text:pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(update='5s'))"
    world.up(resource(running=True, opts=opts))
    world.api.settings.stop_seconds = 100
    return world.up(resource(running=False, opts=opts))


@case(
    "orders-pipeline (resource orders): a snapshot is running, and the change would interrupt it, which can cost "
    "hours or days of work; nothing was changed. Wait until the snapshot is over, or allow it "
    "with interrupt_snapshot=True"
)
def snapshot_is_not_interrupted(world: World) -> Result:
    world.up(resource(running=True))
    world.api.snapshot(world.pipeline.id, 86400)
    return world.up(resource(definition=EDIT, running=True))


# ---- edits, refreshes and deletes ----


@case(
    "orders-pipeline (resource orders): the service rejected the request as invalid (PUT "
    "/v1/projects/<project>/streaming-pipelines/<id>, 400). It is running.\n"
    "  streamingTarget.bucket (streaming_target.bucket): does not exist"
)
def edit_rejected(world: World) -> Result:
    world.up(resource(running=True))
    world.api.fail_next(400, match="PUT *", body={"violations": ["streamingTarget.bucket: does not exist"]})
    return world.up(resource(definition=EDIT, running=True))


@case(
    "orders-pipeline (resource orders): the service rejected the request as invalid: An injected failure (PUT "
    "/v1/projects/<project>/streaming-pipelines/<id>, 400). It is stopped. It should run: the next `pulumi up` "
    "starts it."
)
def edit_and_resume_fail(world: World) -> Result:
    world.up(resource(running=True))
    world.api.fail_next(400, match="PUT *")
    world.api.start_fails()
    return world.up(resource(definition=EDIT, running=True))


@case(
    "orders-pipeline (resource orders): was deleted outside Pulumi; run `pulumi up --refresh` to create it again"
)
def edit_of_a_deleted_pipeline(world: World) -> Result:
    world.up(resource())
    world.api.delete(world.pipeline.id)
    return world.up(resource(definition=EDIT))


@case(
    "orders-pipeline (resource orders): the service failed: An injected failure (GET "
    "/v1/projects/<project>/streaming-pipelines/<id>, 503)"
)
def service_that_fails_for_ever(world: World) -> Result:
    world.up(resource())
    world.api.fail_next(503, times=None)
    return world.up(resource(definition=EDIT), env={"DPC_TIME_SCALE": "0.0001"})


@case(
    "orders-pipeline (resource orders): the service still says that there are too many requests: An injected "
    "failure (GET /v1/projects/<project>/streaming-pipelines/<id>, 429)"
)
def too_many_requests_for_longer_than_is_waited(world: World) -> Result:
    world.up(resource())
    world.api.fail_next(429, retry_after=3600, times=None)
    return world.up(resource(definition=EDIT))


@case(
    "orders-pipeline (resource orders): the service gave no usable answer: its body is not JSON (GET "
    "/v1/projects/<project>/streaming-pipelines/<id>, 200, request id <request>)"
)
def answers_that_are_no_json(world: World) -> Result:
    world.up(resource())
    world.api.garble_next("html", times=None)
    return world.up(resource(definition=EDIT), env={"DPC_TIME_SCALE": "0.0001"})


@case(
    "orders-pipeline (resource orders): the project <project> of the pipeline <id> is not visible at <api> with "
    "these credentials: use those of the account that it was made with; if it is really gone, "
    "drop it with: pulumi state delete '<urn>::orders'"
)
def other_account(world: World) -> Result:
    world.up(resource())
    return world.run("refresh", env=world.api.other_account())


@case(
    "orders-pipeline (resource orders): the pipeline <id> was made at <api>, but this command uses <other api>: "
    "set the region or API URL, or the provider, back to that account; if it is really gone, "
    "drop it with: pulumi state delete '<urn>::orders'"
)
def other_region(world: World) -> Result:
    world.up(resource())
    with Emulator(time_scale=0.01) as region:
        return renamed(world.run("destroy", env=region.env), region.url, "<other api>")


@case(
    "orders-pipeline (resource orders): the service does not have it: An injected failure (GET "
    "/v1/projects/<project>/streaming-pipelines/<id>/status, 404)"
)
def stray_404(world: World) -> Result:
    world.up(resource())
    world.api.fail_next(404, match="GET */status")
    return world.run("destroy")


@case(
    "orders-pipeline (resource orders): was not deleted: the service refused the request because of a conflict: An "
    "injected failure (DELETE /v1/projects/<project>/streaming-pipelines/<id>, 409). It is "
    "running."
)
def delete_rejected(world: World) -> Result:
    world.up(resource(running=True))
    world.api.fail_next(409, match="DELETE *")
    return world.run("destroy")


@case(
    "orders-pipeline (resource new): the project <project> has a pipeline of this name already (<id>), so "
    "nothing was created. If this resource was renamed or moved in the program, add on this "
    "resource itself, not on its component, "
    'opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="<its old name>")]), or '
    'aliases=["<its old URN>"] as `pulumi stack --show-urns` lists it. If it is a '
    "pipeline that Pulumi does not manage yet, adopt it with "
    'opts=pulumi.ResourceOptions(import_="<project>/<id>"). If both may exist, give this one '
    "another name than 'orders-pipeline'\n"
    "orders-pipeline (resource old): was not deleted, because a create in this command failed that may be about "
    "this very pipeline (a renamed resource?). Fix that one first: "
    "aliases=[pulumi.Alias(name=...)] keeps this pipeline under the new name"
)
def renamed_without_an_alias(world: World) -> Result:
    world.up(resource("old"))
    return world.up(resource("new"), continue_on_error=True)


@case(
    "orders-pipeline (resource two): the pipeline <id> is managed already, by the resource <urn>::one of this "
    "program: two resources cannot manage one pipeline; remove one of them, or run "
    "`pulumi up` again if that one is being renamed"
)
def two_resources_of_one_name(world: World) -> Result:
    return world.up(resource("one"), resource("two", opts="text:pulumi.ResourceOptions(depends_on=[one])"))


@pytest.mark.parametrize("name", CASES)
def test_the_error_says(world: World, name: str) -> None:
    act, expected = CASES[name]
    result = act(world)
    assert result.exit_code == 1
    text = text_of(world, result)
    assert "Traceback" not in result.text
    assert text == expected
