"""Attempts that are put off: why, since when, until when, and what brings one on at once."""

import logging
from pathlib import Path
from typing import Final

import pytest

from exporter.auth.basic import BasicPassword
from exporter.auth.identity import REFUSED_FOR
from exporter.client.settings import connection_settings
from exporter.config.schema import Target
from exporter.model.put_off import PutOff
from exporter.model.redaction import HIDDEN
from tests.support.jobs import answer
from tests.support.watched_files import secrets_of
from tests.unit.auth.stage import START, SURFACE, Hand, Server, Stage, stage
from tests.unit.auth.test_backoff import account, attempts

PROBLEM: Final = {"title": "Unauthorized", "detail": "The account is locked"}


def put_off(api: Stage) -> PutOff:
    found = api.owner.put_off
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "headers", "why", "least", "most"),
    [
        (401, {}, "refused", 900, 900),
        (423, {}, "refused", 900, 900),
        (422, {"Retry-After": "5"}, "refused", 900, 900),
        (429, {"Retry-After": "40"}, "asked", 40, 40),
        (429, {}, "asked", 60, 60),
        (429, {"Retry-After": "86400"}, "asked", 300, 300),
        (503, {"Retry-After": "120"}, "asked", 120, 120),
        (503, {}, "failed", 1, 1.1),
        (200, {}, "failed", 1, 1.1),
    ],
)
async def test_why_and_until_when(
    status: int, headers: dict[str, str], why: str, least: float, most: float
) -> None:
    async with stage(lambda _: answer({}, status=status, headers=headers)) as api:
        assert api.owner.put_off is None
        await api.owner.headers(SURFACE, 1)
        found = put_off(api)
        assert (found.why, found.since) == (why, START)
        assert least <= found.left <= most
        assert found.until == pytest.approx(START + found.left)
        api.clock.now = found.left
        assert api.owner.put_off is None


async def test_it_is_over_once_a_token_came(tmp_path: Path) -> None:
    clock = Hand()
    async with stage(Server(clock), clock, account(tmp_path)) as api:
        await api.owner.headers(SURFACE, 1)
        assert put_off(api).why == "refused"
        (tmp_path / "secret").write_text("hunter2")
        await api.secrets.look()
        assert await api.owner.headers(SURFACE, 1) is not None
        assert api.owner.put_off is None


async def test_it_lasts_since_the_first_time_and_until_the_next() -> None:
    async with stage(lambda _: answer({}, status=401)) as api:
        await attempts(api, 2000, 10)
        found = put_off(api)
        assert (found.since, found.until) == (START, START + 2700)


async def test_a_step_of_the_clock_moves_only_what_it_is_called() -> None:
    async with stage(lambda _: answer({}, status=401)) as api:
        await api.owner.headers(SURFACE, 1)
        api.clock.now, api.clock.step = 100, 3600
        found = put_off(api)
        assert (found.left, found.until) == (800, START + 900 + 3600)


async def test_who_reloads_by_hand_has_it_tried_once_at_once() -> None:
    clock = Hand()
    server = Server(clock)
    server.password = "another"
    async with stage(server, clock) as api:
        await api.owner.headers(SURFACE, 1)
        clock.now = 300
        api.owner.retry()
        clock.now = 300.1  # nobody asks
        await api.settle()
        assert server.logins == 2
        assert put_off(api).since == START
        assert put_off(api).left == pytest.approx(REFUSED_FOR)
        server.password = "hunter2"  # the account was mended
        clock.now = 600
        api.owner.retry()
        clock.now = 600.1
        await api.settle()
        assert (server.logins, api.owner.put_off) == (3, None)


async def test_who_reloads_again_and_again_locks_no_account() -> None:
    async with stage(lambda _: answer({}, status=401)) as api:
        sent = []
        for tenth in range(600):
            api.clock.now = tenth / 10
            before = len(api.requests)
            await api.owner.headers(SURFACE, 1)
            api.owner.retry()
            await api.settle()
            sent += [api.clock.now] * (len(api.requests) - before)
        assert len(sent) <= 7


async def test_what_the_api_asked_for_is_kept_all_the_same() -> None:
    headers = {"Retry-After": "40"}
    async with stage(lambda _: answer({}, status=429, headers=headers)) as api:
        await api.owner.headers(SURFACE, 1)
        api.clock.now = 20
        api.owner.retry()
        await api.owner.headers(SURFACE, 1)
        assert (len(api.requests), put_off(api).left) == (1, 20)


async def test_a_back_off_ends_by_hand_too() -> None:
    async with stage(lambda _: answer({}, status=503)) as api:
        await attempts(api, 100)
        before, left = len(api.requests), put_off(api).left
        assert left > 15
        api.clock.now += 12
        api.owner.retry()
        await api.owner.headers(SURFACE, 1)
        assert len(api.requests) == before + 1


@pytest.mark.parametrize("owner", ["fresh", "well"])
async def test_where_nothing_is_put_off_nothing_is_done(owner: str) -> None:
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock) as api:
        if owner == "well":
            await api.owner.headers(SURFACE, 1)
        clock.now = 100
        api.owner.retry()
        clock.now = 101
        await api.settle()
        assert server.logins == (owner == "well")


# --- What is told of it -------------------------------------------------------------------------


async def test_the_log_says_why_since_when_until_when_and_what_to_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with stage(lambda _: answer({}, status=401)) as api:
        await attempts(api, 1000, 10)
    lines = [record for record in caplog.records if "put off" in record.getMessage()]
    assert [line.levelno for line in lines] == [logging.WARNING] * 2
    fields = [line.__dict__["fields"] for line in lines]
    assert [each["target"] for each in fields] == ["lab", "lab"]
    assert {each["reason"] for each in fields} == {"refused"}
    assert [each["since"][11:19] for each in fields] == ["08:00:00", "08:00:00"]
    assert [each["next_attempt"][11:19] for each in fields] == ["08:15:00", "08:30:00"]
    assert "SIGHUP" in fields[0]["remedy"]


async def test_an_outage_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async with stage(lambda _: answer({}, status=503)) as api:
        await attempts(api, 600, 5)
    assert [record.getMessage() for record in caplog.records].count(
        "the next login is put off"
    ) == 1


async def test_what_the_api_says_is_of_one_line_bounded_and_without_what_was_sent(
    tmp_path: Path,
) -> None:
    auth = account(tmp_path)
    (tmp_path / "secret").write_text("pw1")
    detail = "no\r\n<b>pw1</b> Bearer abcdefghij " + "x" * 9999
    told = answer({**PROBLEM, "detail": detail}, status=401)
    async with stage(lambda _: told, auth=auth) as api:
        await api.owner.headers(SURFACE, 1)
        said = put_off(api).said
    assert said.startswith(f"Unauthorized: no  <b>{HIDDEN}</b> Bearer {HIDDEN} xxx")
    assert "pw1" not in said
    assert len(said) < 600
    assert said.isprintable()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"detail": 7', b"{" * 100_000])
async def test_an_api_that_explains_nothing_is_quoted_with_nothing(body: bytes) -> None:
    async with stage(lambda _: answer(body, status=401)) as api:
        await api.owner.headers(SURFACE, 1)
        assert put_off(api).said == ""


# --- A password that goes with every request ----------------------------------------------------


async def test_a_password_that_nothing_accepts_is_put_off_and_tried_again_by_hand(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    auth = account(tmp_path)
    target = Target("lab", "http://lab", auth=auth)
    clock = Hand()
    owner = BasicPassword("lab", connection_settings(target), secrets_of(auth), clock)
    sent = await owner.headers(SURFACE, 0)
    assert sent is not None
    await owner.renewed(sent, SURFACE, 0)
    owner.left(sent)
    found = owner.put_off
    assert found is not None
    assert (found.why, found.since, found.left) == ("refused", START, REFUSED_FOR)
    assert [record.getMessage() for record in caplog.records] == [
        "the password is not sent for a while"
    ]
    clock.now = 60
    assert await owner.headers(SURFACE, 0) is None
    owner.retry()
    assert await owner.headers(SURFACE, 0) == sent
