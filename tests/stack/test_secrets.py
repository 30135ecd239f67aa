"""No secret is shown: not when all goes well (every `World` holds that), not under any fault, not in any log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_dpc import DpcClient, Settings
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._definition.definition import validate
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from pulumi_dpc.errors import DpcError
from pulumi_dpc.testing._engine.engines import EngineName
from tests.api.raw_server import RawServer, answer, serving
from tests.stack.scenarios import succeeded
from tests.worlds import DEFINITION, SECRET_INPUT, SECRETS, MakeWorld, World, edited, leaked, resource

Spoil = Callable[[Emulator, str], None]

FAULTS: dict[str, Spoil] = {
    "refused": lambda api, _: api.down(),
    "closed": lambda api, _: api.drop_next("before", times=None),
    "answer lost": lambda api, _: api.drop_next("after", times=None),
    "400": lambda api, echo: api.fail_next(400, body={"detail": echo, "violations": [echo]}, times=None),
    "401": lambda api, echo: api.fail_next(401, body={"detail": echo}, times=None),
    "403": lambda api, echo: api.fail_next(403, body=echo, times=None),
    "404": lambda api, echo: api.fail_next(404, body=echo, times=None),
    "409": lambda api, echo: api.fail_next(409, body=echo, times=None),
    "429": lambda api, echo: api.fail_next(429, retry_after=10000, body=echo, times=None),
    "500": lambda api, echo: api.fail_next(500, body=echo, times=None),
    "html": lambda api, _: api.garble_next("html", times=None),
    "truncated": lambda api, _: api.garble_next("truncated", times=None),
    "shape": lambda api, _: api.garble_next("shape", times=None),
    "redirect": lambda api, echo: api.fail_next(
        307, headers={"Location": f"http://127.0.0.1:1/?{echo}"}, times=None
    ),
    "token refused": lambda api, echo: api.fail_next(
        401, body={"error_description": echo}, match="*/oauth/*", times=None
    ),
    "token garbled": lambda api, _: api.garble_next("shape", match="*/oauth/*", times=None),
    "token endpoint fails": lambda api, echo: api.fail_next(500, body=echo, match="*/oauth/*", times=None),
}


def secret_program(more: str = "", **arguments: Any) -> str:
    """Return a pipeline with a secret among its advanced properties."""
    secret = f"text:pulumi.Output.secret({{{more}'api.password': '{SECRET_INPUT}'}})"
    return resource(definition=edited(advancedProperties=secret), **arguments)


QUOTING = {
    "detail": f"{SECRET_INPUT} is weak",
    "violations": [f"api.password: '{SECRET_INPUT}' is too short"],
}


@pytest.mark.world(env={"DPC_DEBUG": "1"})
def test_a_service_that_quotes_a_secret_input_is_not_quoted(world: World) -> None:
    """Free properties may be secrets; a refusal is shown, and stored when an edit is left half done."""
    world.api.fail_next(400, body=QUOTING, match="POST *streaming-pipelines")
    refused = world.up(secret_program(running=True))
    assert "api.password: '[secret]' is too short" in refused.text
    assert world.up().ok
    world.api.fail_next(400, body=QUOTING, match="PUT *")
    world.api.start_fails()
    world.write(secret_program("'more': 'text', ", running=True))
    left = world.run("up")
    assert "'[secret]' is too short" in left.text
    assert any(entry.get("initErrors") for entry in world.states())


@pytest.mark.parametrize("match", ["POST *commands", "GET *status", "DELETE *"])
@pytest.mark.world(env={"DPC_DEBUG": "1"})
def test_nor_is_one_that_quotes_it_where_it_was_not_sent(match: str, world: World) -> None:
    """It knows the secret from the create; and it may quote JSON within its JSON."""
    quoted = {
        "detail": f"cannot use {SECRET_INPUT}",
        "violations": [json.dumps({"api.password": SECRET_INPUT})],
    }
    world.up(secret_program(running=False))
    world.api.fail_next(403, body=quoted, match=match, times=None)
    result = world.run("destroy") if match == "DELETE *" else world.up(secret_program(running=True))
    assert not result.ok
    assert "cannot use [secret]" in result.text


def credentials(world: World, way: str) -> dict[str, str]:
    """Return the environment in which the credentials come that way."""
    if way == "token":
        return {**world.api.token_env, "DPC_CLIENT_ID": "", "DPC_CLIENT_SECRET": "", "DPC_TOKEN_URL": ""}
    return world.api.env


@pytest.mark.parametrize("way", ["client_secret", "token"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.world(env={"DPC_DEBUG": "1"}, parallel=2)
def test_no_fault_shows_a_secret(world: World, fault: str, way: str) -> None:
    """With the tracebacks of DPC_DEBUG=1, and a service that repeats in its answers what it was sent."""
    env = {**credentials(world, way), "DPC_TIME_SCALE": "0.0001"}
    FAULTS[fault](world.api, SECRETS[way])
    result = world.up(secret_program(running=True), env=env)
    assert result.ok == (fault.startswith("token") and way == "token"), result.text


@pytest.mark.parametrize("where", ["environment", "configuration", "provider"])
def test_credentials_are_in_no_state_wherever_they_come_from(world: World, where: str) -> None:
    env, stack = world.api.env, world.stack
    assert stack is not None
    given = {key: "" for key in env if key != "DPC_TIME_SCALE"} if where != "environment" else {}
    opts, provider = "text:None", ""
    if where == "configuration":
        for key, name in (("clientId", "ID"), ("clientSecret", "SECRET")):
            stack.set_config(f"dpc:{key}", env[f"DPC_CLIENT_{name}"], secret=True)
        stack.set_config("dpc:apiUrl", env["DPC_API_URL"])
        stack.set_config("dpc:tokenUrl", env["DPC_TOKEN_URL"])
    if where == "provider":
        opts = "text:pulumi.ResourceOptions(provider=account)"
        arguments = f"api_url={env['DPC_API_URL']!r}, token={SECRETS['token']!r}"
        provider = f"account = dpc.Provider('account', {arguments})\n"
    assert world.up(provider, secret_program(running=True, opts=opts), env=given).ok
    for command in ("refresh", "preview", "destroy"):
        assert world.run(command, env=given).ok


def test_the_emulators_page_shows_no_secret() -> None:
    with Emulator(**SECRETS) as api:
        api.add_pipeline(edited(advancedProperties={"api.password": SECRET_INPUT}))
        page = requests.get(api.origin, timeout=5).text
    assert DEFINITION["name"] in page
    assert not [secret for secret in (*SECRETS.values(), SECRET_INPUT, "issued-") if secret in page]


def test_the_debug_logs_of_the_http_libraries_show_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Emulator(time_scale=0.001, **SECRETS) as api:
        for env in (api.env, api.token_env):
            with DpcClient(Settings.resolve(environment=env)) as client:
                client.list_projects()
                api.drop_next("before")
                client.list_agents()
    assert "/v1/projects" in caplog.text
    assert not [secret for secret in (*SECRETS.values(), "issued-") if secret in caplog.text]


def test_settings_and_client_do_not_print_their_credentials() -> None:
    given = Settings(region="eu1", client_id="id", client_secret=SECRETS["client_secret"])
    client = DpcClient(given)
    shown = [repr(given), str(given), f"{client}", f"{vars(client)}"]
    assert SECRETS["client_secret"] not in "".join(shown)


ANYTHING = st.sampled_from([f"{SECRET_INPUT}-text", 987654321, -98765.4321, [f"{SECRET_INPUT}-item"], {}])


@settings(deadline=None)
@given(st.data())
def test_no_mistake_in_a_definition_is_told_with_its_value(data: st.DataObject) -> None:
    """Any value may be a secret, and the engine does not hide what a provider prints."""

    def spoiled(value: Any) -> Any:
        if isinstance(value, dict) and data.draw(st.integers(0, 9)):
            return {key: spoiled(item) for key, item in value.items()}
        if isinstance(value, list) and data.draw(st.integers(0, 9)):
            return [spoiled(item) for item in value]
        return value if data.draw(st.booleans()) else data.draw(ANYTHING)

    checked = validate({key: spoiled(value) for key, value in DEFINITION.items()})
    told = "\n".join([*checked.violations, *checked.warnings])
    assert SECRET_INPUT not in told
    assert "98765" not in told


# ---- where credentials are sent ----

NOT_FOLLOWED = r"redirects to 127\.0\.0\.1, which is not followed"


@pytest.fixture
def thief() -> Iterator[RawServer]:
    """Another host, which would take whatever it is sent."""
    with serving(answer("200 OK", b'{"access_token": "stolen", "results": []}')) as server:
        yield server


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_carries_no_credentials_to_another_host(thief: RawServer, status: int) -> None:
    with serving(answer(f"{status} Redirect", Location=thief.url)) as server:
        secret = SECRETS["client_secret"]
        for given in (
            Settings(api_url=server.url, token=SECRETS["token"]),
            Settings(api_url=server.url, token_url=server.url, client_id="id", client_secret=secret),
        ):
            with DpcClient(given) as client, pytest.raises(DpcError, match=NOT_FOLLOWED) as caught:
                client.list_projects()
            assert not [secret for secret in SECRETS.values() if secret in str(caught.value)]
    assert thief.asked == []


@pytest.mark.parametrize("part", ["api", "token endpoint"])
def test_a_self_signed_server_is_refused_with_one_sentence(world: World, part: str) -> None:
    with serving(answer("200 OK", b"{}"), tls=True) as server:
        name = "DPC_API_URL" if part == "api" else "DPC_TOKEN_URL"
        result = world.up(resource(), env={name: server.url})
        (error, _) = result.errors()
        assert "127.0.0.1" in error
        assert "its TLS certificate is not trusted (self" in error
        assert "\n" not in error
        assert server.asked == []


@pytest.mark.parametrize("name", ["DPC_API_URL", "DPC_TOKEN_URL"])
@pytest.mark.parametrize(
    "host", ["api.example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1"]
)
def test_credentials_are_not_sent_in_the_clear(world: World, name: str, host: str) -> None:
    result = world.up(resource(), env={name: f"http://{host}/dpc"})
    assert (
        f"orders-pipeline (resource orders): {name} must begin with https:// (http:// is for loopback only)"
        in result.errors()
    )
    assert world.api.requests == []


def test_netrc_does_not_replace_the_token(make_world: MakeWorld, tmp_path: Path) -> None:
    """A default entry would send another service's password to the API, and the API would refuse it."""
    (tmp_path / ".netrc").write_text("default login somebody password canary-netrc\n")
    env = {"HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc")}
    world = make_world(env=env)
    result = world.up(resource(running=True))
    assert result.ok, result.text
    sent = json.dumps([dict(request.headers) for request in world.api.requests])
    assert "Basic" not in sent
    assert not leaked(result, "")


def test_a_secret_that_the_service_repeats_in_pieces_of_json_is_taken_out() -> None:
    """JSON can spell one text in many ways."""
    secret = "canary\"<&/\\'token"
    spellings = [json.dumps({"detail": f"bad token {secret}"}), f"bad token {secret}"]
    spellings.append(spellings[0].replace("<", "\\u003c").replace("/", "\\/"))
    with Emulator(time_scale=0.001) as api:
        client = DpcClient(Settings(api_url=api.url, token=secret), clock=Clock(0.001))
        for spelling in spellings:
            api.fail_next(400, body=spelling)
            with pytest.raises(DpcError) as caught:
                client.get_status(GUIDE_PROJECT, "x")
            assert "canary" not in f"{caught.value!r} {vars(caught.value)}", spelling


@pytest.mark.parametrize(
    ("kind", "hooks"),
    [
        ("engine", "on"),
        ("engine", "off"),
        pytest.param("cli", "on", marks=pytest.mark.cli),
        pytest.param("cli", "off", marks=pytest.mark.cli),
    ],
)
def test_a_secret_that_moves_to_another_key_stays_secret_when_the_edit_fails(
    kind: EngineName, hooks: str, make_world: MakeWorld
) -> None:
    """The engine knows secrets by their keys in the new inputs, and the truth after a failure has the old ones."""
    secret = "text:pulumi.Output.secret('s3cr3t-moved')"
    before, after = (
        resource(definition=edited(advancedProperties={key: secret}), running=True) for key in ("pw", "pw2")
    )
    world = make_world(kind, env={"DPC_HOST_HOOKS": hooks})
    world.up(before)
    world.api.fail_next(500, match="PUT *", times=None)
    world.up(after)
    assert world.outputs()["__unfinished"] is True
    assert world.outputs()["__secrets"] == ["advancedProperties"]
    assert "s3cr3t-moved" not in world.stack.state_text
    world.api.clear_faults()
    assert world.run("refresh").ok
    assert "s3cr3t-moved" not in world.stack.state_text
    assert world.run("up").ok
    assert world.pipeline.definition["advancedProperties"] == {"pw2": "s3cr3t-moved"}
    assert "s3cr3t-moved" not in world.stack.state_text
    assert "__secrets" not in world.outputs()
    succeeded(world.run("preview", expect_no_changes=True))
