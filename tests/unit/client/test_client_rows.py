"""Every row of the table of faults is reached by what really happens, or it is known why not."""

import asyncio
import errno
import gzip
import resource
import socket
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
import pytest
from aiohttp import http_exceptions as http
from cryptography import x509

from exporter.client import errors
from exporter.client.errors import TABLE, FailureRow
from exporter.config.schema import Connection, Tls
from exporter.config.values import Secret
from exporter.model.exchange import Exchange, Fault, Request
from tests.support.caller import client, get
from tests.support.certificates import DAY, Authority, self_signed
from tests.support.hostile import (
    LOOPBACK,
    OK,
    Peer,
    Script,
    Step,
    ask,
    black_hole,
    close,
    drip,
    hang,
    play,
    refusing,
    reset,
    serve,
    serve_stubbornly,
    sized,
)
from tests.support.proxy import proxy

Name: TypeAlias = tuple[type[Exception], int | str | None, str | None]
Outcome: TypeAlias = Exchange | Fault

HOST: Final = "mano.example"
CERTIFICATE: Final = ssl.SSLCertVerificationError
PROXY: Final = aiohttp.ClientHttpProxyError


class Stage:
    """What a way to a row needs of its test."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = patch
        self.authority = Authority(folder)


Way: TypeAlias = Callable[[Stage], Awaitable[Outcome]]

# --- Ways ----------------------------------------------------------------------------------------


def doing(*steps: Step) -> Way:
    """A server does this to a connection."""

    async def way(_: Stage) -> Outcome:
        async with serve(play(*steps)) as server, client(server.url) as subject:
            return await get(subject)

    return way


def answering(*steps: Step) -> Way:
    """A server does this once it was asked."""
    return doing(ask, *steps, hang)


def led(*locations: str) -> Way:
    """A server over TLS redirects to here and there, and all of it is followed."""

    async def way(stage: Stage) -> Outcome:
        async def script(peer: Peer) -> None:
            for location in locations:
                await peer.request()
                await peer.send(b"HTTP/1.1 302 \r\nLocation: %b\r\n" % location.encode())
                await peer.send(sized(b""))
            await peer.gone()

        tls, token = stage.authority.tls, {"Authorization": "Bearer x"}
        async with (
            serve(script, tls=stage.authority.server()) as server,
            client(server.url, tls=tls, follow_redirects=True) as subject,
        ):
            return await subject.send(Request("GET", "/", token, 1))

    return way


def showing(make: Callable[[Stage], tuple[ssl.SSLContext, Tls]]) -> Way:
    """A server shows a certificate, and that is trusted."""

    async def way(stage: Stage) -> Outcome:
        context, tls = make(stage)
        async with serve(hang, tls=context) as server, client(server.url, tls=tls) as subject:
            return await get(subject)

    return way


def shaking(script: Script) -> Way:
    """A server does this in the TLS handshake."""

    async def way(_: Stage) -> Outcome:
        async with (
            serve(script) as server,
            client(server.url.replace("http:", "https:")) as subject,
        ):
            return await get(subject)

    return way


def demanding(stage: Stage) -> ssl.SSLContext:
    return stage.authority.demanding()


def ending(context: Callable[[Stage], ssl.SSLContext], *, shown: bool, garbage: bool) -> Way:
    """TLS breaks after the client's part of the handshake."""

    async def way(stage: Stage) -> Outcome:
        if shown:  # of another authority than the server's
            folder = stage.folder / "other"
            folder.mkdir()
            own = Authority(folder).shown(folder)
            tls = Tls(stage.authority.tls.ca_file, own.cert_file, own.key_file)
        else:
            tls = stage.authority.tls
        raw = b"garbage" if garbage else b""
        reply = OK + b"Content-Length: 9\r\n\r\nab"
        async with (
            serve_stubbornly(context(stage), reply, raw) as url,
            client(url, tls=tls) as subject,
        ):
            return await get(subject)

    return way


def resolving(error: Exception | None) -> Way:
    """The machine's resolver says this, or nothing."""

    async def way(stage: Stage) -> Outcome:
        released = threading.Event()

        def getaddrinfo(*_: object, **__: object) -> None:
            if error is not None:
                raise error
            released.wait(10)

        async with client(f"http://{HOST}:9") as subject:
            stage.patch.setattr(socket, "getaddrinfo", getaddrinfo)
            outcome = await get(subject, total=0.1)
            released.set()
            return outcome

    return way


def asking(url: str, connection: Connection | None = None, proxied: str = "") -> Way:
    """A URL that leads nowhere."""

    async def way(stage: Stage) -> Outcome:
        if proxied:
            stage.patch.setenv("http_proxy", proxied)
            stage.patch.delenv("no_proxy", raising=False)
            stage.patch.delenv("NO_PROXY", raising=False)
        async with client(url, connection=connection) as subject:
            return await get(subject)

    return way


def connecting(code: int) -> Way:
    """The kernel's answer to a connect; of all there are, few can be had without being root."""

    class Refused(socket.socket):
        def connect(self, address: object, /) -> None:
            raise OSError(code, f"no way to {address}")

    async def way(stage: Stage) -> Outcome:
        stage.patch.setattr(socket, "socket", Refused)
        async with client(f"http://{LOOPBACK}:9") as subject:
            return await get(subject)

    return way


def through(*refusal: bytes) -> Way:
    """A proxy answers this to CONNECT."""

    async def way(_: Stage) -> Outcome:
        async with (
            proxy(refusal=b"".join(refusal)) as there,
            client(f"https://{HOST}", proxy_url=Secret(there.url)) as subject,
        ):
            return await get(subject)

    return way


async def without_files(_: Stage) -> Outcome:
    """No file can be opened any more, until the limit is as it was."""
    async with serve(hang) as server, client(server.url) as subject:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as next_one:
            lowest = next_one.fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        try:
            return await get(subject)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def shaking_too_long(stage: Stage) -> Outcome:
    """Python's own patience with a handshake ends first."""
    stage.patch.setattr(asyncio.constants, "SSL_HANDSHAKE_TIMEOUT", 0.01)
    return await shaking(hang)(stage)


async def into_a_black_hole(_: Stage) -> Outcome:
    with black_hole() as url:
        async with client(url) as subject:
            return await get(subject)


async def where_nobody_listens(_: Stage) -> Outcome:
    with refusing() as url:
        async with client(url) as subject:
            return await get(subject)


async def while_closing(_: Stage) -> Outcome:
    """The client is closed while it connects."""
    async with serve(hang) as server, client(server.url) as subject:
        asked = asyncio.create_task(get(subject))
        await asyncio.sleep(0)
        await subject.close()
        return await asked


def chain(stage: Stage) -> tuple[ssl.SSLContext, Tls]:
    """The server presents its authority along."""
    folder = stage.folder / "other"
    folder.mkdir()
    other = Authority(folder)
    leaf = other.issue_cert(LOOPBACK)
    file = folder / "chain.pem"
    file.write_bytes(leaf.private_key_and_cert_chain_pem.bytes() + other.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, stage.authority.tls


def of_a_client(stage: Stage) -> tuple[ssl.SSLContext, Tls]:
    """The certificate is trusted, and yet no server's."""
    usage = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH])
    context = self_signed(stage.folder, usage)
    return context, Tls(ca_file=str(stage.folder / "self.pem"))


def elsewhere(stage: Stage) -> tuple[ssl.SSLContext, Tls]:
    (folder := stage.folder / "elsewhere").mkdir()
    return Authority(folder).server(), stage.authority.tls


def issued(name: str = LOOPBACK, begins: int = -1, ends: int = 1, asked: str | None = None) -> Way:
    """By whom is trusted, for this name, from so many days to so many."""

    def make(stage: Stage) -> tuple[ssl.SSLContext, Tls]:
        context = stage.authority.server(name, begins=begins * DAY, ends=ends * DAY)
        return context, Tls(stage.authority.tls.ca_file, server_name=asked)

    return showing(make)


# --- Rows ----------------------------------------------------------------------------------------

CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SIZED: Final = OK + b"Content-Length: 9\r\n\r\n"
GZIP: Final = OK + b"Content-Encoding: gzip\r\n"
REFUSED: Final = b" \r\n" + sized(b"")

REACHED: Final[Mapping[Name, Way]] = {
    (OSError, errno.EMFILE, None): without_files,
    (errors.TooLargeError, None, None): answering(OK + b"Content-Length: 99999999\r\n\r\n"),
    (http.HttpProcessingError, "Got more than", None): answering(
        OK + b"A: " + b"x" * 100_000 + b"\r\n\r\n"
    ),
    (http.HttpProcessingError, "Too many", None): answering(OK + b"A: b\r\n" * 200 + b"\r\n"),
    (errors.CodingError, None, None): answering(GZIP + sized(gzip.compress(b"{}")[:-1])),
    (zlib.error, None, None): answering(GZIP + sized(b"no gzip at all")),
    (errors.StatusError, None, None): answering(b"HTTP/1.1 999 X\r\n" + sized(b"{}")),
    (errors.RedirectError, "loop", None): led("/a", "/"),
    (errors.RedirectError, "many", None): led("/a", "/b", "/c", "/d", "/e", "/f"),
    (errors.RedirectError, "plain", None): led("http://127.0.0.1/"),
    (errors.RedirectError, "bound", None): led("https://mano.example/"),
    (errors.RedirectError, "invalid", None): led("http://["),
    (CERTIFICATE, 9, None): issued(begins=1, ends=2),
    (CERTIFICATE, 10, None): issued(begins=-2, ends=-1),
    (CERTIFICATE, 18, None): showing(lambda s: (self_signed(s.folder), s.authority.tls)),
    (CERTIFICATE, 19, None): showing(chain),
    (CERTIFICATE, 20, None): showing(elsewhere),
    (CERTIFICATE, 62, None): issued("other.example", asked=HOST),
    (CERTIFICATE, 64, None): issued("other.example"),
    (CERTIFICATE, None, None): showing(of_a_client),
    (TimeoutError, None, "dns"): resolving(None),
    (TimeoutError, None, "connect"): into_a_black_hole,
    (TimeoutError, None, "tls"): shaking(hang),
    (ConnectionAbortedError, None, "tls"): shaking_too_long,
    (TimeoutError, None, "wait"): answering(),
    (aiohttp.SocketTimeoutError, None, "receive"): answering(SIZED),
    (TimeoutError, None, "receive"): answering(OK + b"\r\n", drip(b"x")),
    (ssl.SSLError, "WRONG_VERSION_NUMBER", None): shaking(play(b"HTTP/1.1 400 \r\n\r\n", hang)),
    (ssl.SSLError, errors.NO_CERTIFICATE, None): ending(demanding, shown=False, garbage=False),
    (ssl.SSLError, None, "receive"): ending(
        lambda stage: stage.authority.server(), shown=False, garbage=True
    ),
    (ssl.SSLError, None, "tls"): shaking(play(b"\x15\x03\x03\x00\x02\x02\x28", hang)),
    (ssl.SSLError, None, None): ending(demanding, shown=True, garbage=False),
    (OSError, None, "tls"): shaking(reset),
    (socket.gaierror, socket.EAI_NONAME, None): resolving(socket.gaierror(socket.EAI_NONAME, "x")),
    (socket.gaierror, socket.EAI_NODATA, None): resolving(socket.gaierror(socket.EAI_NODATA, "x")),
    (socket.gaierror, socket.EAI_AGAIN, None): resolving(socket.gaierror(socket.EAI_AGAIN, "x")),
    (OSError, None, "dns"): resolving(socket.gaierror(socket.EAI_FAIL, "x")),
    (errors.UrlError, None, None): asking("http://x:99999"),
    (errors.FamilyError, None, None): asking("http://[::1]:9", Connection(ip_protocol="ip4")),
    (UnicodeError, None, "dns"): resolving(UnicodeError("x")),
    (aiohttp.InvalidURL, None, None): asking("http://127.1"),
    (ConnectionRefusedError, None, None): where_nobody_listens,
    (OSError, errno.EHOSTUNREACH, None): connecting(errno.EHOSTUNREACH),
    (OSError, errno.ENETUNREACH, None): connecting(errno.ENETUNREACH),
    (OSError, errno.EACCES, None): connecting(errno.EACCES),
    (OSError, errno.EPERM, None): connecting(errno.EPERM),
    (OSError, errno.EADDRNOTAVAIL, None): connecting(errno.EADDRNOTAVAIL),
    (OSError, None, "connect"): connecting(errno.EINVAL),
    (ConnectionResetError, None, "connect"): connecting(errno.ECONNRESET),
    (OSError, errno.ENOTCONN, "connect"): connecting(errno.ENOTCONN),
    (errors.ProxyUrlError, None, None): asking(f"http://{HOST}", proxied="socks5://127.0.0.1:9"),
    (PROXY, 407, None): through(b"HTTP/1.1 407", REFUSED),
    (PROXY, 504, None): through(b"HTTP/1.1 504", REFUSED),
    (PROXY, None, None): through(b"HTTP/1.1 502", REFUSED),
    (http.ContentLengthError, None, None): doing(ask, SIZED + b"ab", close),
    (http.TransferEncodingError, None, None): doing(ask, CHUNKED + b"5\r\nab", close),
    (http.HttpProcessingError, None, None): answering(b"SSH-2.0-OpenSSH_9.2\r\n"),
    (aiohttp.ServerDisconnectedError, None, None): doing(ask, close),
    (OSError, None, "receive"): doing(ask, OK + b"\r\nab", reset),
    (OSError, None, None): doing(ask, reset),
    (aiohttp.ClientError, None, None): while_closing,
}
UNREACHED: Final[Mapping[Name, str]] = {
    (OSError, errno.ENFILE, None): "it would take the files of the whole machine",
    (TimeoutError, None, "send"): "aiohttp waits for nothing while it sends: what comes is next",
    (TimeoutError, None, None): "nothing is waited for before a name is asked for or a socket made",
    (aiohttp.ClientResponseError, None, None): "those that it raises have the parser's error below",
    (aiohttp.ClientPayloadError, None, None): "likewise",
}


def name_of(row: FailureRow) -> Name:
    return row.error, row.code, row.phase


def test_of_each_row_it_is_known_how_it_is_reached() -> None:
    names = [name_of(row) for row in TABLE]
    assert len(set(names)) == len(names)
    assert not REACHED.keys() & UNREACHED.keys()
    assert REACHED.keys() | UNREACHED.keys() == set(names)


@pytest.mark.parametrize(
    ("name", "way"), REACHED.items(), ids=[f"{e.__name__} {c} {p}" for e, c, p in REACHED]
)
async def test_a_row_is_reached(
    name: Name, way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = tuple(row._replace(detail=str(name_of(row))) for row in TABLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exporter.client.failure_reasons.TABLE", marked)
        outcome = await way(Stage(tmp_path, monkeypatch))
    assert isinstance(outcome, Fault), outcome
    assert outcome.detail == str(name)
