"""What keeps a connection from being made: TLS, proxies and files of certificates, with real sockets.

What will not change by itself is told at once and in one sentence, and nothing of it was sent.
"""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.settings import Settings
from pulumi_dpc._api.transport import Transport
from pulumi_dpc.emulator import Emulator
from pulumi_dpc.errors import DpcError, OutcomeUnknown, Unreachable
from tests.api.raw_server import EXAMPLE, UNTRUSTED, Answer, answer, serving, tls_with, tunnel_to

FAR = "https://api.example.com/dpc"
"""An address that is not loopback, so that the proxy is asked."""
OK = answer("200 OK", b"{}")
END = "(POST /v1/x)"
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    proxies = [name for name in os.environ if name.lower().endswith("_proxy")]
    for name in (*VARIABLES, *proxies):
        monkeypatch.delenv(name, raising=False)


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


class AtOnce(Clock):
    """Time in which nothing may wait."""

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"it waits for {seconds} s")


class Skipping(Clock):
    """Time that passes by sleeping only, and then at once."""

    seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def transport_to(url: str, clock: Clock | None = None, timeout: float = 30.0) -> Transport:
    return Transport(Settings(token="canary-token", api_url=url, timeout=timeout), clock or AtOnce())


def post(transport: Transport) -> Any:
    return transport.request("POST", "/v1/x", json={"name": "a"}, repeatable=False)


def refusal(url: str, clock: Clock | None = None, kind: type[DpcError] = Unreachable) -> str:
    """Return the error of a POST of which nothing was sent."""
    with pytest.raises(kind) as caught:
        post(transport_to(url, clock))
    assert not caught.value.maybe_applied, "nothing was sent"
    assert "canary" not in str(caught.value)
    return str(caught.value)


# ---- files of certificates ----


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_certificate_that_the_environment_names_is_trusted(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """SSL_CERT_FILE is what the Pulumi CLI reads: what works there works here."""
    monkeypatch.setenv(variable, str(UNTRUSTED))
    with serving(OK, tls=True) as server:
        assert post(transport_to(server.url)) == {}
        assert len(server.asked) == 1


def test_a_directory_of_certificates_that_the_environment_names_is_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ce275665.0").write_bytes(UNTRUSTED.read_bytes())  # the hash of its subject, CN=localhost
    for variable in ("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(tmp_path))
        with serving(OK, tls=True) as server:
            assert post(transport_to(server.url)) == {}
        monkeypatch.delenv(variable)


def test_a_company_s_certificate_is_added_to_the_usual_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the CLI; a bundle of requests replaces them, as for every program that uses requests."""
    from pulumi_dpc._api import trust

    usual = len(trust.tls_context().get_ca_certs())
    assert usual > 50
    monkeypatch.setenv("SSL_CERT_FILE", str(UNTRUSTED))
    assert len(trust.tls_context().get_ca_certs()) == usual + 1
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(EXAMPLE))
    assert len(trust.tls_context().get_ca_certs()) == 1


CONTENTS = {
    "missing": (None, "cannot be read: No such file or directory"),
    "empty": (b"", "holds no certificates"),
    "garbage": (b"not a certificate\n", "holds no certificates"),
    "cut": (UNTRUSTED.read_bytes()[:-200], "holds no certificates"),
    "binary": (bytes(range(256)), "holds no certificates"),
}


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize("kind", CONTENTS)
def test_a_ca_file_that_cannot_be_used_is_one_sentence_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, kind: str
) -> None:
    """It was an OSError, a traceback, or two minutes of "the connection was lost"."""
    content, why = CONTENTS[kind]
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(variable, str(path))
    with serving(OK, tls=True) as server:
        text = refusal(server.url)
        host = f"127.0.0.1:{server.port}"
        assert (
            text
            == f"{host} cannot be reached: {variable} names {path}, which {why}; correct or unset it {END}"
        )
        assert server.connections == 0


def test_a_ca_file_that_is_a_directory_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    assert f"SSL_CERT_FILE names {tmp_path}, which cannot be read: Is a directory" in refusal(FAR)


def test_a_ca_file_is_not_read_for_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with serving(OK) as server:
        assert post(transport_to(server.url)) == {}


# ---- TLS ----


def test_an_untrusted_certificate_names_the_variable_that_would_trust_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(OK, tls=True) as server:
        text = refusal(server.url)
        assert "its TLS certificate is not trusted (self-signed certificate" in text.replace(
            "self signed", "self-signed"
        )
        assert "name the file of the authority that signed it in SSL_CERT_FILE (POST" in text
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(EXAMPLE))
        assert (
            "the file that REQUESTS_CA_BUNDLE names must hold the authority that signed it (POST"
            in refusal(server.url)
        )


def test_a_certificate_of_another_host_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(EXAMPLE))
    with serving(OK, tls=tls_with(EXAMPLE)) as server:
        text = refusal(server.url)
    assert "its TLS certificate is not trusted (IP address mismatch" in text
    assert "SSL_CERT_FILE" not in text, "the authority is known"


def test_https_to_a_plain_port_is_one_sentence() -> None:
    with Emulator() as api:
        text = refusal(api.url.replace("http:", "https:"))
    assert "it does not answer with TLS (" in text
    assert text.endswith(f"); check the port of the address {END}")


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail.example.com ready\r\n", b"\0" * 64]
)
def test_https_to_a_port_of_another_protocol_is_one_sentence(greeting: bytes) -> None:
    with serving(lambda connection: connection.sendall(greeting), hears_http=False) as server:
        assert "it does not answer with TLS (" in refusal(f"https://127.0.0.1:{server.port}/dpc")


def test_an_old_tls_version_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(UNTRUSTED))
    context = tls_with(UNTRUSTED)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with serving(OK, tls=context) as server:
        text = refusal(server.url)
    assert "it offers no version of TLS that is safe (" in text
    assert text.endswith(f"); it must offer TLS 1.2 or newer {END}")


def test_no_common_cipher_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(UNTRUSTED))
    context = tls_with(UNTRUSTED)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA256")  # needs an RSA key, which this certificate has not
    with serving(OK, tls=context) as server:
        text = refusal(server.url)
    assert "it refuses the TLS connection (" in text
    assert (
        "it may want a client certificate, which cannot be given, or offer only ciphers that are not safe"
        in text
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_is_wanted_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, version: ssl.TLSVersion
) -> None:
    """With TLS 1.3 the refusal comes when the request is under way, but before the server has read it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(UNTRUSTED))
    context = tls_with(UNTRUSTED)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(UNTRUSTED)
    context.minimum_version = context.maximum_version = version
    with serving(OK, tls=context) as server:
        assert "client certificate, which cannot be given" in refusal(server.url)
        assert server.asked == []


def test_a_handshake_that_is_cut_short_may_pass_and_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer does so while it restarts; it was called lost, and a POST perhaps done."""
    clock = Skipping()
    with serving(hang_up, hears_http=False) as server:
        text = refusal(f"https://127.0.0.1:{server.port}/dpc", clock)
        assert server.connections > 1
    assert "cannot be reached: the TLS connection was closed; " in text
    assert clock.seconds <= 15


def test_a_handshake_without_an_answer_was_not_sent() -> None:
    """The port accepts and is silent; a POST was called perhaps done."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"https://127.0.0.1:{listener.getsockname()[1]}/dpc"
    with listener, pytest.raises(Unreachable, match="no answer came in time") as caught:
        post(transport_to(url, Skipping(), timeout=0.05))
    assert not caught.value.maybe_applied


# ---- proxies ----


def test_a_request_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(EXAMPLE))
    with serving(OK, tls=tls_with(EXAMPLE)) as service, serving(tunnel_to(service.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://canary-user:canary-word@127.0.0.1:{proxy.port}")
        assert post(transport_to(FAR)) == {}
        assert len(service.asked) == 1
        assert proxy.asked[0].startswith("CONNECT api.example.com:443 ")
        assert "Proxy-Authorization: Basic " in proxy.asked[0]


def test_loopback_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by the CLI: an emulator is on this machine, where no company's proxy can reach it."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(OK) as server:
        assert post(transport_to(server.url)) == {}


def test_no_proxy_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from pulumi_dpc._api.proxies import proxy_for

    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", ".example.com")
    assert proxy_for(FAR) is None
    assert str(proxy_for("https://example.org/")) == "the proxy 127.0.0.1:1 (HTTPS_PROXY)"


REFUSALS = [
    (
        "407 Proxy Authentication Required",
        "give its user and password in HTTPS_PROXY, as http://user:password@host:port",
    ),
    ("403 Forbidden", "have it let this address through, or name the address in NO_PROXY"),
    ("400 Bad Request", "check HTTPS_PROXY, or name the address in NO_PROXY"),
    ("404 Not Found", "check HTTPS_PROXY, or name the address in NO_PROXY"),
    ("405 Method Not Allowed", "check HTTPS_PROXY, or name the address in NO_PROXY"),
    ("501 Not Implemented", "check HTTPS_PROXY, or name the address in NO_PROXY"),
]


@pytest.mark.parametrize(("status", "cure"), REFUSALS)
def test_a_proxy_that_refuses_is_one_sentence_with_its_status(
    monkeypatch: pytest.MonkeyPatch, status: str, cure: str
) -> None:
    """It was two minutes of attempts, and then "the connection was lost"."""
    with serving(answer(status)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://canary-user:canary-word@127.0.0.1:{proxy.port}")
        text = refusal(FAR)
        assert len(proxy.asked) == 1
    named = f"the proxy 127.0.0.1:{proxy.port} (HTTPS_PROXY)"
    assert text == f"api.example.com cannot be reached: {named} answered {status}; {cure} {END}"


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
def test_a_proxy_that_cannot_reach_the_service_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    clock = Skipping()
    with serving(answer(status)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        text = refusal(FAR, clock)
        assert len(proxy.asked) > 2
    assert f"answered {status}; check HTTPS_PROXY" in text
    assert clock.seconds <= 15


def test_what_a_proxy_says_is_cut_and_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer("403 \x1b[31m" + "x" * 500)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        text = refusal(FAR)
    assert "\x1b" not in text
    assert len(text) < 350


@pytest.mark.parametrize(
    "script", [hang_up, lambda connection: connection.sendall(b"220 mail.example.com ready\r\n")]
)
def test_a_proxy_that_is_none_was_not_sent_the_request(
    monkeypatch: pytest.MonkeyPatch, script: Answer
) -> None:
    with serving(script) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert f"the proxy 127.0.0.1:{proxy.port} (HTTPS_PROXY)" in refusal(FAR, Skipping())


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "127.0.0.1:1")
    clock = Skipping()
    text = refusal(FAR, clock)
    assert text == (
        "api.example.com cannot be reached: the proxy 127.0.0.1:1 (https_proxy) could not be reached: the connection"
        f" was refused; check https_proxy {END}"
    )
    assert 1 <= clock.seconds <= 15


def test_an_https_proxy_that_takes_no_tls_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer("400 Bad Request"), hears_http=False) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{proxy.port}")
        text = refusal(FAR)
    assert (
        f"the proxy 127.0.0.1:{proxy.port} (HTTPS_PROXY) could not be reached: it does not answer with TLS"
        in text
    )
    assert "; if it takes no TLS itself, write http:// in HTTPS_PROXY (POST" in text


def test_an_https_proxy_whose_certificate_is_trusted_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(UNTRUSTED))
    with serving(answer("403 Forbidden"), tls=True) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{proxy.port}")
        assert "answered 403 Forbidden" in refusal(FAR)


@pytest.mark.parametrize(
    "value",
    [
        "nonsense://canary-user@127.0.0.1:1",
        "ftp://127.0.0.1:1",
        "http://",
        "http://:3128",
        "http://127.0.0.1:canary",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://pröxy.example.com:1",
        "http://canary wörd@h:1",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_malformed_proxy_is_one_sentence_at_once(
    monkeypatch: pytest.MonkeyPatch, value: str, variable: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert refusal(FAR) == (
        f"api.example.com cannot be reached: {variable} is not the address of a proxy; write http://host:port {END}"
    )


def test_a_socks_proxy_without_its_package_is_one_sentence_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:1")
    assert refusal(FAR) == (
        "api.example.com cannot be reached: ALL_PROXY names a SOCKS proxy, which needs the package PySocks; run"
        f" `pip install pysocks` in the environment of the program, or name an HTTP proxy {END}"
    )


def test_a_failure_behind_a_proxy_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that opens TLS is the usual reason for a certificate that nobody knows."""
    with serving(OK, tls=tls_with(EXAMPLE)) as service, serving(tunnel_to(service.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        text = refusal(FAR)
    assert f") through the proxy 127.0.0.1:{proxy.port} (HTTPS_PROXY); if it is your company's" in text


@pytest.mark.parametrize("ending", [hang_up, answer("200 OK", b"{")])
def test_a_post_that_was_sent_through_a_proxy_may_have_been_done(
    monkeypatch: pytest.MonkeyPatch, ending: Answer
) -> None:
    """The library says that the proxy could not be reached; sent again, it would make a second pipeline."""
    monkeypatch.setenv("SSL_CERT_FILE", str(EXAMPLE))
    with serving(ending, tls=tls_with(EXAMPLE)) as service, serving(tunnel_to(service.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(OutcomeUnknown) as caught:
            post(transport_to(FAR))
        assert caught.value.maybe_applied
        assert len(service.asked) == 1


# ---- a service that was never reached ----


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/dpc", "the connection was refused"),
        ("https://no.such.host.invalid/dpc", "its name cannot be resolved"),
    ],
)
def test_a_wrong_address_is_told_within_fifteen_seconds(url: str, why: str) -> None:
    """It took 131 s, and 165 s for a name."""
    clock = Skipping()
    assert why in refusal(url, clock)
    assert 1 <= clock.seconds <= 15


def test_a_wrong_address_of_the_api_is_told_within_fifteen_seconds_though_there_is_a_token() -> None:
    clock = Skipping()
    with serving(answer("200 OK", b'{"access_token": "t"}')) as server:
        settings = Settings(
            client_id="i",
            client_secret="s",
            token_url=f"http://127.0.0.1:{server.port}/t",
            api_url="http://127.0.0.1:1/dpc",
        )
        with pytest.raises(Unreachable, match="the connection was refused"):
            post(Transport(settings, clock))
    assert 1 <= clock.seconds <= 15


def test_a_service_that_has_answered_is_waited_for_two_minutes() -> None:
    clock = Skipping()
    with serving(OK) as server:
        transport = transport_to(server.url, clock)
        post(transport)
        transport.close()
    with pytest.raises(Unreachable):
        post(transport)
    assert 90 < clock.seconds < 160
