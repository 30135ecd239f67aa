"""Where settings come from, which source wins, and what each mistake says."""

from __future__ import annotations

import pytest

from pulumi_dpc._api.settings import Settings
from pulumi_dpc.errors import ConfigurationError

TOKEN = {"DPC_TOKEN": "canary-token"}
CLIENT = {"DPC_CLIENT_ID": "canary-id", "DPC_CLIENT_SECRET": "canary-secret"}
EU = {"DPC_REGION": "eu1"}


def refusal(**sources: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings.resolve(**{"environment": {}, **sources})
    return str(caught.value)


# ---- which source wins, and that no two of them mix ----


def test_the_environment_gives_everything() -> None:
    settings = Settings.resolve(environment={**CLIENT, "DPC_REGION": "AU1", "DPC_ACCOUNT_ID": "7"})
    assert settings.api_url == "https://au1.api.matillion.com/dpc"
    assert settings.token_url == "https://id.core.matillion.com/oauth/dpc/token"
    assert (settings.client_id, settings.client_secret) == ("canary-id", "canary-secret")
    assert (settings.account_id, settings.token, settings.region) == ("7", None, "au1")


def test_arguments_beat_the_environment_which_beats_the_stack() -> None:
    sources = {
        "arguments": {"token": "from-arguments"},
        "environment": {"DPC_TOKEN": "from-environment"},
        "stack_config": {"dpc:token": "from-stack", "dpc:region": "us1"},
    }
    for winner in ("arguments", "environment", "stack"):
        settings = Settings.resolve(**{"environment": {}, **sources})
        assert settings.token == f"from-{winner}"
        sources.pop(winner, None)


def test_credentials_are_taken_whole_from_one_source() -> None:
    """A token of one account must never go out with the account id of another."""
    settings = Settings.resolve(
        arguments={"token": "mine"},
        environment={"DPC_ACCOUNT_ID": "theirs", "DPC_TOKEN_URL": "https://t/", **EU},
    )
    assert settings.account_id is None
    assert settings.token_url.startswith("https://id.core.matillion.com/")


def test_the_endpoint_is_taken_whole_from_one_source() -> None:
    """A region in the environment must not be overridden by an address that the stack configuration kept."""
    settings = Settings.resolve(
        environment={**TOKEN, **EU}, stack_config={"dpc:apiUrl": "https://old.example.com/dpc"}
    )
    assert settings.api_url == "https://eu1.api.matillion.com/dpc"


def test_credentials_and_endpoint_may_come_from_different_sources() -> None:
    settings = Settings.resolve(environment=TOKEN, stack_config={"dpc:region": "us1"})
    assert (settings.token, settings.region) == ("canary-token", "us1")


def test_an_address_overrides_a_region_of_the_same_source() -> None:
    settings = Settings.resolve(environment={**TOKEN, **EU, "DPC_API_URL": "http://127.0.0.1:80/dpc/"})
    assert settings.api_url == "http://127.0.0.1/dpc"


def test_empty_text_counts_as_not_given() -> None:
    """CI systems set the variable of a missing secret to nothing."""
    settings = Settings.resolve(
        environment={"DPC_TOKEN": "", "DPC_ACCOUNT_ID": "", **EU}, stack_config={"dpc:token": "t"}
    )
    assert settings.token == "t"


@pytest.mark.parametrize("key", ["api_url", "apiUrl", "dpc:apiUrl"])
def test_arguments_may_be_spelled_as_in_python_or_in_the_stack(key: str) -> None:
    """An explicit provider receives its arguments as configuration."""
    arguments = {key: "https://api.example.com/dpc", "token": "t"}
    assert Settings.resolve(arguments=arguments, environment={}).api_url == "https://api.example.com/dpc"


def test_the_newline_of_a_file_is_not_part_of_a_token() -> None:
    assert Settings.resolve(environment={"DPC_TOKEN": "abc\n", **EU}).token == "abc"


@pytest.mark.parametrize(
    ("sources", "text"),
    [
        ({"environment": TOKEN}, "the environment (DPC_TOKEN)"),
        ({"environment": CLIENT}, "the environment (DPC_CLIENT_ID)"),
        ({"stack_config": {"dpc:token": "t"}}, "the stack configuration (dpc:token)"),
        ({"arguments": {"clientId": "i", "clientSecret": "s"}}, "the arguments (client_id)"),
    ],
)
def test_they_remember_where_the_credentials_came_from(sources: dict[str, dict[str, str]], text: str) -> None:
    """A 401 says which of three places to look at."""
    given = {"environment": {}, **sources}
    given["stack_config"] = {"dpc:region": "eu1", **given.get("stack_config", {})}
    assert Settings.resolve(**given).credentials_source == text


# ---- what each mistake says: the name that the user wrote, and the way out ----


def test_no_credentials_names_every_way_to_give_them() -> None:
    text = refusal()
    for way in (
        "DPC_TOKEN",
        "DPC_CLIENT_ID",
        "DPC_CLIENT_SECRET",
        "dpc:token",
        "--secret",
        "Provider(token=",
    ):
        assert way in text


def test_no_endpoint_names_every_way_to_give_it() -> None:
    text = refusal(environment=TOKEN)
    for way in ("DPC_REGION", "dpc:region", "Provider(region=", "eu1, us1, au1", "DPC_API_URL"):
        assert way in text


@pytest.mark.parametrize(
    ("sources", "text"),
    [
        (
            {"environment": {"DPC_CLIENT_ID": "i"}},
            "DPC_CLIENT_ID is given without DPC_CLIENT_SECRET: set both, or DPC_TOKEN instead",
        ),
        (
            {"stack_config": {"dpc:clientSecret": "s"}},
            "dpc:clientSecret is given without dpc:clientId: set both, or dpc:token instead",
        ),
        (
            {"environment": {"DPC_ACCOUNT_ID": "7"}, "stack_config": {"dpc:token": "t"}},
            (
                "DPC_ACCOUNT_ID is given without credentials, which are all taken from one source:"
                " set DPC_TOKEN, or DPC_CLIENT_ID and DPC_CLIENT_SECRET, there too"
            ),
        ),
        (
            {"environment": {**TOKEN, **CLIENT}},
            "DPC_TOKEN and DPC_CLIENT_ID with DPC_CLIENT_SECRET are two ways to sign in: remove one of them",
        ),
        (
            {"environment": {**TOKEN, "DPC_REGION": "eu2"}},
            "DPC_REGION is 'eu2'; the regions are eu1, us1, au1",
        ),
        (
            {"environment": {"DPC_TOKEN": "two words", **EU}},
            "DPC_TOKEN must be text of printable ASCII without spaces",
        ),
        ({"environment": {**TOKEN, **EU, "DPC_TIMEOUT": "0"}}, "DPC_TIMEOUT must be a number above zero"),
        (
            {"environment": {**TOKEN, **EU, "DPC_TIMEOUT": "nan"}},
            "DPC_TIMEOUT must be a number above zero",
        ),
        (
            {"environment": {**TOKEN, **EU, "DPC_TIMEOUT": "long"}},
            "DPC_TIMEOUT must be a number above zero",
        ),
    ],
)
def test_each_has_its_sentence(sources: dict[str, dict[str, str]], text: str) -> None:
    assert refusal(**sources) == text


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (
            "https://h.example.com/dpc/v1",
            "must end in /dpc, without /v1: write https://h.example.com/dpc",
        ),
        (
            "https://h.example.com/dpc/v1/",
            "must end in /dpc, without /v1: write https://h.example.com/dpc",
        ),
        ("https://h.example.com", "must end in /dpc, without /v1: write https://h.example.com/dpc"),
        ("http://h.example.com/dpc", "must begin with https:// (http:// is for loopback only)"),
        ("http://127.0.0.1.example.com/dpc", "must begin with https:// (http:// is for loopback only)"),
        ("ftp://127.0.0.1/dpc", "must begin with https:// (http:// is for loopback only)"),
        ("h.example.com/dpc", "must be https://host/path, without user, query or fragment"),
        (
            "https://127.0.0.1\\@evil.example.com/dpc",
            "must be https://host/path, without user, query or fragment",
        ),
        (
            "https://u:canary@h.example.com/dpc",
            "must be https://host/path, without user, query or fragment",
        ),
        (
            "https://h.example.com/dpc?canary",
            "must be https://host/path, without user, query or fragment",
        ),
        ("https://h.example.com:port/dpc", "is not an address: write https://host/path"),
        ("https://[h/dpc", "is not an address: write https://host/path"),
    ],
)
def test_an_address_that_credentials_must_not_go_to_is_refused(url: str, text: str) -> None:
    assert refusal(environment={**TOKEN, "DPC_API_URL": url}) == f"DPC_API_URL {text}"


def test_the_token_url_is_held_to_the_same() -> None:
    """The client secret goes there."""
    text = refusal(environment={**CLIENT, **EU, "DPC_TOKEN_URL": "http://id.example.com/token"})
    assert text == "DPC_TOKEN_URL must begin with https:// (http:// is for loopback only)"


@pytest.mark.parametrize(
    ("url", "spelling"),
    [
        ("https://EU1.api.matillion.com:443/dpc/", "https://eu1.api.matillion.com/dpc"),
        ("http://localhost:8642/dpc", "http://localhost:8642/dpc"),
        ("http://127.8.9.1:8642/dpc", "http://127.8.9.1:8642/dpc"),
        ("http://[::1]:8642/dpc//", "http://[::1]:8642/dpc"),
        ("https://proxy.example.com/a/dpc", "https://proxy.example.com/a/dpc"),
    ],
)
def test_one_api_has_one_spelling(url: str, spelling: str) -> None:
    """State files record it, and another spelling of the same place must not look like another place."""
    assert Settings(token="t", api_url=url).api_url == spelling


def test_nothing_secret_is_printed() -> None:
    for credentials in (TOKEN, CLIENT):
        settings = Settings.resolve(environment={**credentials, **EU})
        assert "canary" not in f"{settings!r} {settings}"
    with pytest.raises(ConfigurationError) as caught:
        Settings(token="canary with spaces", region="eu1")
    assert "canary" not in str(caught.value)


def test_time_runs_faster_only_on_loopback() -> None:
    """A variable left over from a test must not make the real service see a hundred times the requests."""
    fast = {**TOKEN, "DPC_TIME_SCALE": "0.01"}
    assert Settings.resolve(environment={**fast, "DPC_API_URL": "http://127.0.0.1/dpc"}).time_scale == 0.01
    assert Settings.resolve(environment={**fast, **EU}).time_scale == 1.0
    with pytest.raises(ConfigurationError, match=r"^time_scale: only an emulator"):
        Settings(token="t", region="eu1", time_scale=0.01)


def test_built_by_hand_they_are_checked_as_well() -> None:
    with pytest.raises(ConfigurationError, match=r"^client_id is given without client_secret"):
        Settings(region="eu1", client_id="i")
    with pytest.raises(ConfigurationError, match=r"^no credentials are given"):
        Settings(region="eu1")
    with pytest.raises(ConfigurationError, match=r"^no region is given"):
        Settings(token="t")
