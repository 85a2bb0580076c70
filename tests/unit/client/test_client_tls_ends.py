"""However a connection over TLS ends, its answer counts, and what is told of it is known."""

import asyncio
import ssl
from typing import Final

import pytest

from exporter.client.client import Client
from exporter.config.schema import Connection, Timeouts
from exporter.config.values import Duration, Secret
from exporter.model.exchange import Exchange, Fault, Request
from exporter.model.observation import Transport
from tests.support.caller import client
from tests.support.certificates import Authority
from tests.support.hostile import OK, Peer, Script, ask, close, play, serve, sized
from tests.support.proxy import proxy
from tests.support.tls_endings import BODY, Ending, Reply, serve_until

TIMES: Final = 15
PATIENT: Final = Timeouts()
"""How an answer ends is looked at, not when: many handshakes at once may take their time."""
NAMES: Final = {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}
CLOSES: Final = OK + b"Connection: close\r\n"
ALL: Final = (
    Request("GET", "/", {}, 10),  # on a kept connection, where there is one
    Request("GET", "/", {}, 10, fresh=True),  # as `probe` and /probe
    Request("POST", "/", {}, 10, b"{}", essential=True),  # as a login
    Request("GET", "/", {}, 10),
)

versions = pytest.mark.parametrize("version", NAMES, ids=NAMES.values())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def speaking(authority: Authority, version: ssl.TLSVersion) -> ssl.SSLContext:
    """The context of a server with this version alone."""
    context = authority.server()
    context.minimum_version = context.maximum_version = version
    return context


async def outcomes(subject: Client) -> list[Exchange | Fault]:
    """What comes of many requests: one after the other, and then all at once."""
    single = [await subject.send(request) for _ in range(TIMES) for request in ALL]
    return single + await asyncio.gather(*[subject.send(each) for each in ALL * 5])


def all_well(found: list[Exchange | Fault], version: ssl.TLSVersion, redirects: int = 0) -> None:
    """Each was answered, and of each it is known how it was carried."""
    for outcome in found:
        assert isinstance(outcome, Exchange), outcome
        assert (outcome.status, outcome.body) == (200, BODY)
        assert outcome.timing.transport == Transport(4, "1.1", NAMES[version], redirects)
        assert outcome.timing.certificate_expiry is not None


@versions
@pytest.mark.parametrize("ending", ["agreed", "silent"])
@pytest.mark.parametrize(
    ("reply", "answers"),
    [("sized", 1), ("sized", 3), ("told to close", 1), ("without a length", 1)],
)
async def test_pythons_own_server(
    authority: Authority, version: ssl.TLSVersion, ending: Ending, reply: Reply, answers: int
) -> None:
    with serve_until(speaking(authority, version), reply, ending, answers=answers) as url:
        async with client(url, tls=authority.tls, timeouts=PATIENT) as subject:
            all_well(await outcomes(subject), version)


@versions
@pytest.mark.parametrize("answers", [1, 3])
async def test_a_reset_after_the_answer_is_a_reset_at_most(
    authority: Authority, version: ssl.TLSVersion, answers: int
) -> None:
    with serve_until(speaking(authority, version), "sized", "reset", answers=answers) as url:
        async with client(url, tls=authority.tls, timeouts=PATIENT) as subject:
            for outcome in await outcomes(subject):
                assert isinstance(outcome, Exchange) or outcome.reason == "reset"


@versions
@pytest.mark.parametrize(
    "script",
    [
        play(ask, OK + sized(BODY), close),
        play(ask, OK + sized(BODY), ask, OK + sized(BODY), close),
        play(ask, CLOSES + sized(BODY), close),
        play(ask, CLOSES + b"\r\n" + BODY, close),
        play(ask, CLOSES + sized(BODY), Peer.gone),
    ],
    ids=["closed", "closed later", "told to close", "without a length", "left to the client"],
)
async def test_asyncios_server(
    authority: Authority, version: ssl.TLSVersion, script: Script
) -> None:
    async with (
        serve(script, tls=speaking(authority, version)) as server,
        client(server.url, tls=authority.tls, timeouts=PATIENT) as subject,
    ):
        all_well(await outcomes(subject), version)
        await subject.close()
        await server.left()


@versions
async def test_redirects_whose_connections_end(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    async def script(peer: Peer) -> None:
        if b"GET / " in await peer.request():
            await peer.send(b"HTTP/1.1 302 \r\nConnection: close\r\nLocation: /a\r\n" + sized(b""))
        else:
            await peer.send(CLOSES + sized(BODY))
        await peer.close()

    async with (
        serve(script, tls=speaking(authority, version)) as server,
        client(server.url, tls=authority.tls, timeouts=PATIENT, follow_redirects=True) as subject,
    ):
        gets = [each for each in ALL if each.method == "GET"]
        found = [await subject.send(each) for _ in range(TIMES) for each in gets]
        all_well(found, version, redirects=1)


@versions
async def test_through_a_proxy(authority: Authority, version: ssl.TLSVersion) -> None:
    async with (
        serve(play(ask, CLOSES + sized(BODY), close), tls=speaking(authority, version)) as server,
        proxy(server.port) as there,
        client(
            server.url, tls=authority.tls, timeouts=PATIENT, proxy_url=Secret(there.url)
        ) as subject,
    ):
        all_well(await outcomes(subject), version)


@versions
async def test_connections_that_are_too_old_when_they_are_closed(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    with serve_until(speaking(authority, version), "told to close", "agreed") as url:
        old = Connection(max_age=Duration(1e-6))
        async with client(url, tls=authority.tls, timeouts=PATIENT, connection=old) as subject:
            all_well(await outcomes(subject), version)


@versions
async def test_garbage_before_the_end_is_no_answer(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    """What the parser refuses it refuses again while the connection is being closed."""
    script = play(ask, b"SSH-2.0-OpenSSH_9.2\r\n" * 5000, close)
    async with (
        serve(script, tls=speaking(authority, version)) as server,
        client(server.url, tls=authority.tls, timeouts=PATIENT) as subject,
    ):
        for outcome in await outcomes(subject):
            assert isinstance(outcome, Fault)
            assert outcome.reason == "protocol"
        await server.left()
