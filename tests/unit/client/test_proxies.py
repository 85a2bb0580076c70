"""Which proxy leads where."""

from pathlib import Path
from typing import Final

import pytest
from yarl import URL

from exporter.client.errors import ProxyUrlError
from exporter.client.proxies import Proxies
from exporter.config.schema import Auth
from exporter.config.values import Secret
from exporter.model.exchange import Exchange, Fault, Request
from exporter.protocol.token_request import login_request
from tests.support.caller import client, get, well
from tests.support.certificates import Authority
from tests.support.hostile import OK, answer, serve, sized
from tests.support.proxy import proxy

JSON: Final = OK + sized(b"{}")
NAME: Final = "mano.example"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def test_the_environments(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        serve(answer(JSON)) as plain,
        serve(answer(JSON), tls=authority.server(NAME)) as secure,
        proxy(plain.port) as way,
        proxy(secure.port) as tunnel,
    ):
        environment.setenv("HTTP_PROXY", way.url.replace("://", "://probe:p%40ss@"))
        environment.setenv("https_proxy", tunnel.url.removeprefix("http://"))
        auth = Auth(type="oauth2", token_url=f"https://{NAME}/token")
        async with client(f"http://{NAME}", tls=authority.tls, auth=auth) as subject:
            await well(subject)
            outcome = await subject.send(Request("POST", f"https://{NAME}/token", {}, 5))
            assert isinstance(outcome, Exchange)
        assert b"Proxy-Authorization: Basic cHJvYmU6cEBzcw==" in way.heads[0]
        assert tunnel.heads[0].startswith(b"CONNECT mano.example:443 ")


async def test_this_machine_is_asked_without(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_asked_without_however_it_is_written(
    environment: pytest.MonkeyPatch, host: str
) -> None:
    async with serve(answer(JSON)) as server, proxy(server.port) as way:
        environment.setenv("HTTP_PROXY", way.url)
        async with client(f"http://{host}:{server.port}") as subject:
            await well(subject)
        assert way.heads == []


@pytest.mark.parametrize(
    "spared",
    [
        *("*.mano.invalid", "other, *", "mano.invalid.", "api.mano.invalid:80", "x .mano.invalid"),
        *("API.mano.INVALID.", "mano.invalid:80"),
    ],
)
async def test_a_password_for_what_is_spared_goes_to_no_proxy(
    environment: pytest.MonkeyPatch, spared: str
) -> None:
    async with serve(answer(JSON)) as server, proxy(server.port) as way:
        environment.setenv("HTTP_PROXY", way.url)
        environment.setenv("NO_PROXY", spared)
        login = login_request("/auth/login", "probe", "hunter2", 5)
        async with client("http://api.mano.invalid") as subject:
            outcome = await subject.send(login)
        assert way.heads == []
        assert isinstance(outcome, Fault)
        assert outcome.reason == "dns"  # it was looked up here, as there is no such name


@pytest.mark.parametrize(
    ("names", "proxied"),
    [
        ({"HTTP_PROXY": "http://proxy:1"}, True),
        ({"http_proxy": "http://proxy:1"}, True),
        ({"http_proxy": "", "HTTP_PROXY": "http://proxy:1"}, False),
        ({"HTTP_PROXY": " http://proxy:1\n"}, True),
        ({"HTTP_PROXY": "http://proxy:1", "REQUEST_METHOD": "GET"}, False),
        ({"http_proxy": "http://proxy:1", "REQUEST_METHOD": "GET"}, True),
        ({"HTTPS_PROXY": "http://proxy:1"}, False),
        ({"ALL_PROXY": "http://proxy:1"}, False),
        ({"HTTP_PROXY": "http://proxy:1", "NO_PROXY": "*"}, False),
        ({"HTTP_PROXY": "http://proxy:1", "NO_PROXY": "*", "no_proxy": ""}, True),
    ],
)
def test_which_variable_counts(names: dict[str, str], proxied: object) -> None:
    way = Proxies(None, names).way_to(URL("http://mano.example"))
    assert (way is not None) is proxied


async def test_one_that_cannot_be_used(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTP_PROXY", "socks5://probe:hunter2@127.0.0.1:1")
    async with client(f"http://{NAME}") as subject:
        fault = await get(subject)
        assert isinstance(fault, Fault)
        assert fault.reason == "connect_refused"
        assert "hunter2" not in repr(fault)


@pytest.mark.parametrize(
    ("spared", "url"),
    [
        ("*", "http://mano.example"),
        ("mano.example", "http://mano.example"),
        ("other, .example", "http://mano.example"),
        ("MANO.example", "http://mano.EXAMPLE/v1"),
        ("mano.example:8080", "http://mano.example:8080/v1"),
        ("10.1.2.3", "http://10.1.2.3/v1"),
        (".svc,10.0.0.0/8", "http://10.1.2.3/v1"),
        ("2001:db8::/32", "http://[2001:db8::1]/v1"),
        ("", "http://127.9.9.9"),
        ("", "http://localhost:8080"),
        ("", "http://[::1]/v1"),
    ],
)
def test_spared(environment: pytest.MonkeyPatch, spared: str, url: str) -> None:
    environment.setenv("HTTP_PROXY", "http://proxy:3128")
    environment.setenv("NO_PROXY", spared)
    assert Proxies(Secret("")).way_to(URL(url)) is None
    assert Proxies(Secret("http://own:3128")).way_to(URL(url)) is not None


@pytest.mark.parametrize(
    "url", ["http://mano.example:8080", "http://xmano.example.org", "http://11.1.2.3"]
)
def test_not_spared(environment: pytest.MonkeyPatch, url: str) -> None:
    environment.setenv("HTTP_PROXY", "http://proxy:3128")
    environment.setenv("NO_PROXY", "mano.example:80, 10.0.0.0/8,, nonsense/99, a.b")
    way = Proxies(Secret("")).way_to(URL(url))
    assert way is not None
    assert str(way.url) == "http://proxy:3128"
    assert Proxies(Secret("")).way_to(URL(url.replace("http:", "https:"))) is None


@pytest.mark.parametrize(
    "text", ["http://", "https://proxy:1", "http://[::1", "http://a:99999", ":"]
)
def test_no_proxy_at_all(environment: pytest.MonkeyPatch, text: str) -> None:
    environment.setenv("HTTP_PROXY", text)
    with pytest.raises(ProxyUrlError):
        Proxies(Secret("")).way_to(URL("http://mano.example"))


def test_a_password_is_in_no_repr() -> None:
    way = Proxies(Secret("http://probe:hunter2@[::1]:3128")).way_to(URL("http://mano.example"))
    assert way is not None
    assert "hunter2" not in repr(way)
    assert "probe" not in repr(way)
    assert str(way.url) == "http://[::1]:3128"
    assert "Proxy-Authorization" in way.headers
    assert way.reveal() == "http://probe:hunter2@[::1]:3128"  # for who has to hand it on
