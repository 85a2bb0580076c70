"""The client against servers that cannot be trusted, or do not speak TLS."""

import ssl
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from exporter.client.errors import Phase
from exporter.config.schema import Tls
from exporter.model.reasons import Reason
from tests.support.caller import CONNECT, READ, SLACK, check, client, get, seconds
from tests.support.certificates import DAY, NOW, Authority, self_signed
from tests.support.hostile import (
    OK,
    Script,
    answer,
    ask,
    close,
    flood,
    hang,
    play,
    reset,
    serve,
    serve_stubbornly,
    sized,
)

JSON: Final = answer(OK + sized(b"{}"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def refusal(
    context: ssl.SSLContext, tls: Tls, reason: Reason, words: str, *, expiry: datetime
) -> None:
    async with serve(JSON, tls=context) as server, client(server.url, tls=tls) as subject:
        fault = check(await get(subject), reason, "tls")
        assert words in fault.detail
        assert fault.timing.reused is None
        assert fault.timing.certificate_expiry == expiry.timestamp()
        await server.left()


# --- Certificates that are refused ---------------------------------------------------------------


async def test_expired(authority: Authority) -> None:
    context = authority.server(ends=-DAY / 2)
    await refusal(context, authority.tls, "tls_expired", "expired", expiry=NOW - DAY / 2)


async def test_not_valid_yet(authority: Authority) -> None:
    context = authority.server(begins=DAY, ends=2 * DAY)
    await refusal(context, authority.tls, "tls_verify", "not valid yet", expiry=NOW + 2 * DAY)


async def test_wrong_name(authority: Authority) -> None:
    context = authority.server("other.example")
    await refusal(context, authority.tls, "tls_verify", "another address", expiry=NOW + DAY)
    tls = Tls(ca_file=authority.tls.ca_file, server_name="mano.example")
    await refusal(context, tls, "tls_verify", "another name", expiry=NOW + DAY)


async def test_self_signed(authority: Authority, tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    await refusal(context, authority.tls, "tls_verify", "self-signed", expiry=NOW + DAY)


async def test_unknown_issuer(authority: Authority, tmp_path: Path) -> None:
    context = Authority(tmp_path).server()
    await refusal(context, authority.tls, "tls_verify", "issuer is unknown", expiry=NOW + DAY)


async def test_the_systems_authorities_do_not_know_it(authority: Authority) -> None:
    context = authority.server()
    await refusal(context, Tls(), "tls_verify", "issuer is unknown", expiry=NOW + DAY)


# --- Handshakes that fail ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (hang, "did not end within the connect time-out of 0.25 s"),
        (close, "ended in the TLS handshake"),
        (reset, "ended in the TLS handshake"),
        (play(b"HTTP/1.1 400 Bad Request\r\n\r\n", hang), "does not speak TLS"),
        (play(b"SSH-2.0-OpenSSH_9.2\r\n", hang), "does not speak TLS"),
        (play(b"\x15\x03\x03\x00\x02\x02\x28", hang), "handshake failed"),
        (play(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", hang), "handshake failed"),
    ],
    ids=["silence", "closed", "reset", "plain HTTP", "SSH", "alert", "garbage"],
)
async def test_handshake(script: Script, words: str) -> None:
    async with serve(script) as server:
        url = server.url.replace("http:", "https:")
        async with client(url, tls=Tls(insecure_skip_verify=True)) as subject:
            fault = check(await get(subject, total=10), "tls_handshake", "tls")
            assert words in fault.detail
            assert fault.timing.certificate_expiry is None
            if script is hang:
                assert CONNECT <= fault.timing.duration < CONNECT + SLACK
                assert seconds(fault.timing.phases)["tls"] > 0.5 * CONNECT
            await server.left()


@pytest.mark.parametrize(
    ("version", "reached"), [(ssl.TLSVersion.TLSv1_2, "tls"), (ssl.TLSVersion.TLSv1_3, "wait")]
)
async def test_a_client_certificate_that_is_missing(
    authority: Authority, version: ssl.TLSVersion, reached: Phase
) -> None:
    """With TLS 1.3 the client's handshake is over by then (RFC 8446, section 4.4.2.4)."""
    context = authority.server()
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)

    async with (
        serve_stubbornly(context, b"") as url,
        client(url, tls=authority.tls) as subject,
    ):
        fault = check(await get(subject), "tls_handshake", reached)
        assert fault.timing.certificate_expiry == (NOW + DAY).timestamp()


async def test_ciphers_that_do_not_meet(authority: Authority) -> None:
    context = authority.server()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # and the key is none of RSA
    async with serve(JSON, tls=context) as server, client(server.url, tls=authority.tls) as subject:
        check(await get(subject), "tls_handshake", "tls")


# --- After the handshake -------------------------------------------------------------------------


async def test_faults_in_the_answer_are_those_without_tls(authority: Authority) -> None:
    context = authority.server()
    chunks = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    cases: list[tuple[Script, Reason, int | None]] = [
        (play(ask, hang), "read_timeout", None),
        (play(ask, reset), "reset", None),
        (play(ask, close), "reset", None),
        (play(ask, OK + b"Content-Length: 9\r\n\r\nab", reset), "reset", 200),
        (play(ask, OK + b"Content-Length: 9\r\n\r\nab", close), "reset", 200),
        (play(ask, OK + b"\r\n", flood(bytes(65_536))), "too_large", 200),
        (play(ask, chunks, b"zz\r\n", hang), "protocol", 200),
    ]
    for script, reason, status in cases:
        async with (
            serve(script, tls=context) as server,
            client(server.url, tls=authority.tls) as subject,
        ):
            reached: Phase = "wait" if status is None else "receive"
            fault = check(await get(subject), reason, reached)
            assert fault.timing.duration < READ + SLACK
            assert fault.timing.certificate_expiry == (NOW + DAY).timestamp()
            await server.left()


async def test_nobody_waits_for_a_server_to_agree_to_the_end(authority: Authority) -> None:
    reply = OK + b"Content-Length: 9\r\n\r\nab"
    async with (
        serve_stubbornly(authority.server(), reply) as url,
        client(url, tls=authority.tls) as subject,
    ):
        check(await get(subject), "read_timeout", "receive")
