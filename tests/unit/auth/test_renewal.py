"""The owner of the token: when it logs in, when it refreshes, and when it does neither."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from exporter.config.schema import Auth, ClientAuth
from exporter.model.observation import Call, Renewal, Run, Skip
from tests.support.jobs import answer, fault
from tests.unit.auth.stage import START, SURFACE, Answering, Hand, Server, stage


async def test_one_login_serves_all_who_wait() -> None:
    clock = Hand()
    async with stage(Server(clock), clock) as api:
        found = await asyncio.gather(*(api.owner.headers(SURFACE, 1) for _ in range(200)))
        later = await api.owner.headers(SURFACE, 1)
    assert len(api.requests) == 1
    assert later is not None
    assert later["Authorization"].startswith("Bearer ey")
    assert all(headers is later for headers in found)
    assert [type(each) for each in api.seen] == [Call, Renewal, Run]


async def test_a_login_is_as_the_guide_has_it_and_tells_no_secret() -> None:
    clock = Hand()
    async with stage(Server(clock), clock) as api:
        await api.owner.headers(SURFACE, 1)
    request = api.requests[0]
    assert request.essential
    assert (request.method, request.path) == ("POST", "/auth/login")
    assert request.body == b'{"username":"probe","password":"hunter2"}'
    assert "hunter2" not in repr(api.seen)
    assert "eyJ" not in repr(api.seen)


async def test_what_a_renewal_tells() -> None:
    clock = Hand()
    async with stage(Server(clock, 600, ahead=30), clock) as api:
        await api.owner.headers(SURFACE, 1)
    (renewal,) = api.renewals()
    assert (renewal.grant, renewal.reason) == ("login", None)
    assert renewal.lifetime == pytest.approx(600, abs=0.01)
    assert renewal.expires == pytest.approx(START + 600)
    assert renewal.skew == pytest.approx(30, abs=1)


async def test_nobody_waits_longer_than_his_patience() -> None:
    clock = Hand()
    async with stage(Server(clock), clock) as api:
        api.open.clear()
        assert await api.owner.headers(SURFACE, 0.01) is None
        api.open.set()
        assert await api.owner.headers(SURFACE, 1) is not None
    assert len(api.requests) == 1


async def test_near_its_end_a_token_is_used_while_it_is_refreshed() -> None:
    clock = Hand()
    server = Server(clock, 600)
    async with stage(server, clock) as api:
        first = await api.owner.headers(SURFACE, 1)
        clock.now = 479
        assert await api.owner.headers(SURFACE, 1) is first
        assert server.refreshes == 0
        clock.now = 481
        api.open.clear()
        api.ran.clear()
        assert await api.owner.headers(SURFACE, 1) is first
        api.open.set()
        await asyncio.wait_for(api.ran.wait(), 5)
        assert await api.owner.headers(SURFACE, 1) is not first
    assert (server.logins, server.refreshes) == (1, 1)
    assert api.requests[1].body == b'{"refresh_token":"r1"}'


@pytest.mark.parametrize(("lifetime", "renewed_at"), [(3600, 3300), (600, 480), (100, 80)])
async def test_the_last_part_of_a_life(lifetime: float, renewed_at: float) -> None:
    clock = Hand()
    server = Server(clock, lifetime)
    async with stage(server, clock) as api:
        await api.owner.headers(SURFACE, 1)
        for now, refreshes in ((renewed_at - 1, 0), (renewed_at + 1, 1)):
            clock.now = now
            await api.owner.headers(SURFACE, 0)
            await api.settle()
            assert len(api.requests) == 1 + refreshes


async def test_where_the_refresh_fails_a_login_follows_at_once() -> None:
    clock = Hand()
    server = Server(clock, 600)
    server.refresh_works = False
    async with stage(server, clock) as api:
        await api.owner.headers(SURFACE, 1)
        clock.now = 700
        assert await api.owner.headers(SURFACE, 1) is not None
    assert (server.logins, server.refreshes) == (2, 1)
    grants = [(each.grant, each.reason) for each in api.renewals()]
    assert grants == [("login", None), ("refresh", "auth_rejected"), ("login", None)]


@pytest.mark.parametrize("locked_for", [0, 2000])
async def test_a_refresh_that_failed_with_its_account_tells_nothing_once_that_is_let_in(
    locked_for: int,
) -> None:
    """Its token is gone; where the login works at once, the fault is the refresh's, and stays."""
    clock = Hand()
    server = Server(clock, 600)
    async with stage(server, clock) as api:
        await api.owner.headers(SURFACE, 1)
        server.refresh_works = False
        if locked_for:
            server.answers["/auth/login"] = answer({}, status=401)
        clock.now = 700
        await api.owner.headers(SURFACE, 1)
        server.answers.clear()
        clock.now += locked_for
        assert await api.owner.headers(SURFACE, 1) is not None
    moot = [(each.key.surface, each.reason) for each in api.seen if isinstance(each, Skip)]
    assert moot == [("auth.refresh", "no_resource")][: locked_for > 0]


async def test_never_twice_within_ten_seconds() -> None:
    clock = Hand()
    server = Server(clock, 5)
    async with stage(server, clock) as api:
        for clock.now in range(60):
            await api.owner.headers(SURFACE, 1)
    assert server.logins + server.refreshes == 6


def expired() -> Answering:
    clock = Hand()
    return Server(clock, lifetime=-10)


BAD: Final[dict[str, tuple[Answering, str]]] = {
    "refused": (lambda _: answer({}, status=401), "auth_rejected"),
    "unavailable": (lambda _: answer({}, status=503), "http_5xx"),
    "not there": (lambda _: fault("connect_refused"), "connect_refused"),
    "no token": (lambda _: answer({}), "body_invalid"),
    "an empty token": (lambda _: answer({"access_token": ""}), "body_invalid"),
    "a number": (lambda _: answer({"access_token": 7}), "body_invalid"),
    "a header in it": (lambda _: answer({"access_token": "a\r\nX: 1"}), "body_invalid"),
    "no ASCII": (lambda _: answer({"access_token": "\u00e9"}), "body_invalid"),
    "over already": (expired(), "body_invalid"),
    "HTML": (lambda _: answer(b"<html>"), "body_invalid"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
async def test_a_login_that_gives_no_token_is_one_failed_run(case: tuple[Answering, str]) -> None:
    answering, reason = case
    async with stage(answering) as api:
        assert await api.owner.headers(SURFACE, 1) is None
        assert await api.owner.headers(SURFACE, 1) is None
    assert api.runs() == [reason]
    assert [each.reason for each in api.renewals()] == [reason]


async def test_a_login_that_is_too_slow_still_gives_its_token() -> None:
    grant = {"access_token": "t", "expires_in": 600}
    async with stage(lambda _: answer(grant, duration=9)) as api:
        assert await api.owner.headers(SURFACE, 1) is not None
    assert api.runs() == ["slow"]
    assert [each.reason for each in api.renewals()] == [None]


async def test_a_password_that_cannot_be_read_is_a_skip_and_not_a_crash(tmp_path: Path) -> None:
    auth = Auth(type="login", username="probe", password_file=str(tmp_path / "none"))
    clock = Hand()
    async with stage(Server(clock), clock, auth) as api:
        assert await api.owner.headers(SURFACE, 1) is None
    assert [each.reason for each in api.seen if isinstance(each, Skip)] == ["no_token"]
    assert api.requests == []


async def test_after_a_refresh_that_fails_it_is_the_login_that_has_no_password(
    tmp_path: Path,
) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2")
    auth = Auth(type="login", username="probe", password_file=str(file))
    clock = Hand()
    server = Server(clock, 600)
    async with stage(server, clock, auth) as api:
        assert await api.owner.headers(SURFACE, 1) is not None
        server.refresh_works = False
        file.unlink()
        clock.now = 500
        await api.settle()
    skips = [(each.key.surface, each.reason) for each in api.seen if isinstance(each, Skip)]
    assert skips == [("auth.login", "no_token")]


async def test_a_login_in_flight_at_the_end_is_a_skip() -> None:
    clock = Hand()
    async with stage(Server(clock), clock) as api:
        api.open.clear()
        await api.owner.headers(SURFACE, 0.01)
    assert [each.reason for each in api.seen if isinstance(each, Skip)] == ["shutdown"]


@pytest.mark.parametrize(
    ("client_auth", "header", "body"),
    [
        (None, "Basic bWU6cyUyMGUlM0FjcmV0", b""),  # me:s%20e%3Acret
        ("basic", "Basic bWU6cyUyMGUlM0FjcmV0", b""),
        ("basic_raw", "Basic bWU6cyBlOmNyZXQ=", b""),  # me:s e:cret
        ("body", None, b"&client_id=me&client_secret=s+e%3Acret"),
    ],
)
async def test_client_credentials_as_the_rfc_has_them_and_as_servers_do(
    client_auth: ClientAuth | None, header: str | None, body: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("s e:cret")
    auth = Auth(
        type="oauth2",
        token_url="https://id.example.net/token",
        client_id="me",
        client_secret_file=str(file),
        scopes=("a", "b"),
        client_auth=client_auth,
    )
    async with stage(lambda _: answer({"access_token": "t", "expires_in": 60}), auth=auth) as api:
        assert await api.owner.headers(SURFACE, 1) == {"Authorization": "Bearer t"}
    (request,) = api.requests
    assert request.path == "https://id.example.net/token"
    assert request.body == b"grant_type=client_credentials&scope=a+b" + body
    assert request.headers.get("Authorization") == header
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
