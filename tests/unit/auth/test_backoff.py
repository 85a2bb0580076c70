"""How often a token is asked for: after a fault, after a refusal, after a fault of ours."""

import itertools
from pathlib import Path

import pytest

from exporter.config.schema import Auth
from exporter.model.exchange import Exchange, Request
from exporter.model.observation import Skip
from exporter.model.redaction import HIDDEN, redacted
from exporter.probing.admission import Permit, Terms
from tests.support.jobs import answer, fault, jobs
from tests.unit.auth.stage import SURFACE, Hand, Server, Stage, stage


def account(tmp_path: Path, kind: str = "login") -> Auth:
    """An account whose secret is in a file."""
    file = tmp_path / "secret"
    file.write_text("wrong")
    if kind == "login":
        return Auth(type="login", username="probe", password_file=str(file))
    return Auth(
        type="oauth2", token_url="http://id/t", client_id="me", client_secret_file=str(file)
    )


def change(tmp_path: Path, secret: str | None) -> None:
    """Write another secret, or take the file away."""
    file = tmp_path / "secret"
    file.unlink()
    if secret is not None:
        file.write_text(secret)


async def attempts(api: Stage, until: int, step: int = 1) -> list[float]:
    """When something is sent while somebody asks all the time."""
    found: list[float] = []
    for now in range(0, until, step):
        before = len(api.requests)
        api.clock.now = now
        await api.settle()
        await api.owner.headers(SURFACE, 1)
        if len(api.requests) > before:
            found.append(now)
    return found


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_wrong_client_secret_is_tried_at_most_five_times_an_hour(
    status: int, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("wrong")
    auth = Auth(
        type="oauth2", token_url="http://id/t", client_id="me", client_secret_file=str(file)
    )
    clock = Hand()
    async with stage(lambda _: answer({}, status=status), clock, auth) as api:
        for clock.now in range(0, 3600, 5):
            await api.owner.headers(SURFACE, 1)
    assert 1 <= len(api.requests) <= 5


async def test_an_outage_of_days_costs_no_more_than_an_attempt_a_minute() -> None:
    clock = Hand()
    async with stage(lambda _: fault("connect_refused"), clock) as api:
        for clock.now in range(0, 3 * 86400, 60):
            await api.owner.headers(SURFACE, 1)
    assert len(api.runs()) > 2000
    assert set(api.runs()) == {"connect_refused"}


async def test_a_fault_of_ours_is_a_run_and_not_silence() -> None:
    def broken(_: Request) -> Exchange:
        raise ZeroDivisionError

    async with stage(broken) as api:
        assert await api.owner.headers(SURFACE, 1) is None
    assert api.runs() == ["internal"]


async def test_the_back_off_doubles_up_to_a_minute() -> None:
    clock = Hand()
    attempts = []
    async with stage(lambda _: fault("reset"), clock) as api:
        for tenth in range(3000):
            clock.now = tenth / 10
            before = len(api.requests)
            await api.owner.headers(SURFACE, 1)
            if len(api.requests) > before:
                attempts.append(clock.now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(attempts)]
    for gap, delay in zip(gaps, (1, 2, 4, 8, 16, 32, 60, 60), strict=False):
        assert delay <= gap <= delay * 1.1 + 0.11


async def test_a_wrong_password_is_tried_at_most_five_times_an_hour() -> None:
    clock = Hand()
    server = Server(clock)
    server.password = "another"
    async with stage(server, clock) as api:
        for clock.now in range(0, 3600, 5):
            assert await api.owner.headers(SURFACE, 1) is None
    assert 1 <= server.logins <= 5


async def test_after_a_refused_password_a_new_one_is_tried_at_once(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old\n")
    auth = Auth(type="login", username="probe", password_file=str(file))
    clock = Hand()
    async with stage(Server(clock), clock, auth) as api:
        assert await api.owner.headers(SURFACE, 1) is None
        assert await api.owner.headers(SURFACE, 1) is None
        assert len(api.requests) == 1
        file.write_text("hunter2\n")
        await api.secrets.look()
        assert await api.owner.headers(SURFACE, 1) is not None


async def test_a_refused_password_whose_file_is_gone_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "password"
    file.write_text("old\n")
    auth = Auth(type="login", username="probe", password_file=str(file))
    clock = Hand()
    async with stage(Server(clock), clock, auth) as api:
        await api.owner.headers(SURFACE, 1)
        file.unlink()
        await api.secrets.look()
        for _ in range(20):
            assert await api.owner.headers(SURFACE, 0) is None
    assert [record.getMessage() for record in caplog.records] == [
        "the next login is put off",
        "cannot read the secret of the login",
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 422, 423])
@pytest.mark.parametrize("kind", ["login", "oauth2"])
async def test_a_refused_secret_is_sent_every_fifteen_minutes(
    status: int, kind: str, tmp_path: Path
) -> None:
    async with stage(lambda _: answer({}, status=status), auth=account(tmp_path, kind)) as api:
        assert await attempts(api, 3600) == [0, 900, 1800, 2700]


async def test_a_refused_refresh_token_is_not_sent_again() -> None:
    clock = Hand()
    server = Server(clock, 600)
    server.refresh_works = False
    async with stage(server, clock) as api:
        await api.owner.headers(SURFACE, 1)
        server.answers = {"/auth/login": answer({}, status=503)}
        await attempts(api, 700)
    assert server.refreshes == 1
    assert server.logins > 3


@pytest.mark.parametrize(
    ("headers", "second"),
    [
        ({"Retry-After": "40"}, 40),
        ({"X-RateLimit-Retry-After": "7"}, 7),
        ({}, 60),
        ({"Retry-After": "86400"}, 300),
        ({"Retry-After": "0"}, 2),
    ],
)
async def test_a_throttled_login_stays_away_as_long_as_it_is_asked_to(
    headers: dict[str, str], second: int
) -> None:
    async with stage(lambda _: answer({}, status=429, headers=headers)) as api:
        assert (await attempts(api, 400))[:2] == [0, second]


async def test_a_throttled_refresh_is_followed_by_no_login_and_keeps_its_token() -> None:
    clock = Hand()
    server = Server(clock, 600)
    async with stage(server, clock) as api:
        await api.owner.headers(SURFACE, 1)
        asked = {"Retry-After": "30"}
        server.answers = {"/auth/refresh": answer({}, status=429, headers=asked)}
        clock.now = 480
        await api.settle()
        server.answers = {}
        clock.now = 509
        await api.settle()
        assert len(api.requests) == 2
        clock.now = 511
        await api.settle()
    assert (server.logins, server.refreshes) == (1, 2)
    assert api.requests[1].body == api.requests[2].body


async def test_where_only_the_refresh_is_throttled_a_login_follows_once_the_token_is_over() -> None:
    clock = Hand()
    server = Server(clock, 600)
    server.answers = {"/auth/refresh": answer({}, status=429, headers={"Retry-After": "30"})}
    async with stage(server, clock) as api:
        for clock.now in range(1200):
            await api.owner.headers(SURFACE, 1)
            await api.settle()
            assert server.logins == (1 if clock.now < 600 else 2)
        assert await api.owner.headers(SURFACE, 0) is not None


async def test_a_secret_that_was_once_refused_bypasses_no_back_off(tmp_path: Path) -> None:
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock, account(tmp_path)) as api:
        await api.owner.headers(SURFACE, 1)
        server.answers = {"/auth/login": answer({}, status=503)}
        clock.now = 901
        await api.settle()
        change(tmp_path, "another")
        await api.secrets.look()
        for _ in range(3):
            await api.owner.headers(SURFACE, 1)
        assert len(api.requests) == 2


async def test_once_a_new_secret_was_accepted_the_refusal_delays_nothing(tmp_path: Path) -> None:
    clock = Hand()
    server = Server(clock, 300)
    async with stage(server, clock, account(tmp_path)) as api:
        await api.owner.headers(SURFACE, 1)
        change(tmp_path, "hunter2")
        await api.secrets.look()
        assert await api.owner.headers(SURFACE, 1) is not None
        clock.now = 241  # nobody asks
        await api.settle()
    assert (server.logins, server.refreshes) == (2, 1)


async def test_a_file_that_went_is_no_new_secret(tmp_path: Path) -> None:
    clock = Hand()
    async with stage(Server(clock), clock, account(tmp_path)) as api:
        await api.owner.headers(SURFACE, 1)
        change(tmp_path, None)
        await api.secrets.look()
        for clock.now in range(0, 890, 10):
            assert await api.owner.headers(SURFACE, 1) is None
        assert len(api.requests) == 1
        assert not any(isinstance(each, Skip) for each in api.seen)


async def test_a_refusal_is_remembered_where_another_takes_the_place(tmp_path: Path) -> None:
    clock, auth, former = Hand(), account(tmp_path), None
    server = Server(clock)
    for clock.now in range(0, 100, 10):
        async with stage(server, clock, auth, former) as api:
            former = api.owner
            assert await former.headers(SURFACE, 1) is None
    assert server.logins == 1
    change(tmp_path, "hunter2")
    async with stage(server, clock, auth, former) as api:
        assert await api.owner.headers(SURFACE, 1) is not None


async def test_after_a_fault_of_ours_it_backs_off_too() -> None:
    def broken(_: Request) -> Exchange:
        raise ZeroDivisionError

    async with stage(broken) as api:
        assert len(await attempts(api, 300)) <= 10
    assert set(api.runs()) == {"internal"}


async def test_a_login_takes_one_of_the_essential_slots() -> None:
    clock = Hand()
    async with stage(Server(clock), clock) as api:
        for _ in range(10):
            ordinary = await api.line.admit(jobs()["monitoring.metrics"], Terms(patience=0))
            assert isinstance(ordinary, Permit)
        assert await api.owner.headers(SURFACE, 1) is not None


async def test_every_token_that_comes_is_known_for_redaction() -> None:
    clock = Hand()
    server = Server(clock, 600)
    server.opaque = True
    grants = [
        {"access_token": f"opaque-{count}-{id(clock)}", "refresh_token": f"again-{id(clock)}"}
        for count in range(2)
    ]
    async with stage(server, clock) as api:
        for count, path in enumerate(("/auth/login", "/auth/refresh")):
            server.answers[path] = answer({**grants[count], "expires_in": 600})
            await api.owner.headers(SURFACE, 1)
            clock.now += 480
            await api.settle()
    for grant in grants:
        for token in grant.values():
            assert redacted(f"<{token}>") == f"<{HIDDEN}>"
