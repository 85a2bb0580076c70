"""A refused password: when it is tried again is told, and who wants has it tried at once."""

import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web

from tests.support.product import Exporter, Scrape
from tests.support.schemas import described
from tests.support.servers import LOOPBACK, Start, free_port, get
from tests.support.tools import ROOT

NEXT: Final = "oran_mano_token_next_attempt_timestamp_seconds"
LOCK: Final = 900
"""Seconds for which a refused password is not sent again."""
CONFIG: Final = """\
targets:
  - name: lab
    url: {url}
    auth: {{type: login, username: demo, password_file: {secret}}}
    interval: 1s
    surfaces: {{"auth.*": {{timeout: 10s}}}}
    rate_limits: {{share: 1}}
"""
EVIL: Final = "<script>alert(1)</script>"


class Api:
    """An API whose account can be locked; it counts logins, and explains what it refuses."""

    def __init__(self) -> None:
        self.password = "right"
        self.status = 401
        self.headers: dict[str, str] = {}
        self.logins = 0
        self.url = f"http://{LOOPBACK}:{free_port()}"

    async def log_in(self, request: web.Request) -> web.Response:
        self.logins += 1
        given = (await request.json())["password"]
        if given == self.password:
            return web.json_response({"access_token": "t0ken", "expires_in": 3600})
        told = {"title": "Unauthorized", "detail": f"{EVIL} {given} is not the password"}
        return web.json_response(told, status=self.status, headers=self.headers)

    async def answer(self, request: web.Request) -> web.Response:
        let_in = request.headers.get("Authorization") == "Bearer t0ken"
        status = 200 if let_in or request.path.startswith("/monitoring") else 401
        return web.json_response({"vnfs": [], "status": "healthy"}, status=status)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Api"]:
        app = web.Application()
        app.router.add_post("/auth/login", self.log_in)
        app.router.add_get("/{path:.*}", self.answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, int(self.url.rpartition(":")[2])).start()
        try:
            yield self
        finally:
            await runner.cleanup()


def is_put_off(scrape: Scrape) -> bool:
    """By a refusal: a machine that is busy may put it off for seconds."""
    return scrape.by("target", NEXT).get("lab", 0) > time.time() + LOCK / 2


async def status(exporter: Exporter) -> Any:  # noqa: ANN401  # whatever JSON it is
    _, body = await get(f"{exporter.url}/api/v1/status")
    return described("status", body)["data"]


async def refused(start: Start, folder: Path, *flags: str) -> tuple[Api, Exporter]:
    """A wrong password was tried."""
    api = await start(Api().serving())
    (folder / "secret").write_text("wr0ng")
    file = folder / "config.yaml"
    file.write_text(CONFIG.format(url=api.url, secret=folder / "secret"))
    exporter = await start(Exporter(None, "--config.file", str(file), *flags))
    await exporter.until(is_put_off)
    return api, exporter


async def test_when_the_next_attempt_comes_and_why_is_told_everywhere(
    start: Start, tmp_path: Path
) -> None:
    begun = time.time()
    api, exporter = await refused(start, tmp_path)
    scrape = await exporter.until(is_put_off)
    assert begun + LOCK <= scrape.one(NEXT) <= time.time() + LOCK
    told = await status(exporter)
    (put_off,) = told["put_off"]
    assert (put_off["target"], put_off["why"]) == ("lab", "refused")
    assert put_off["next_attempt"] == told["tokens"][0]["next_attempt"]
    assert 0 < put_off["left_seconds"] <= LOCK
    assert put_off["api_says"] == f"Unauthorized: {EVIL} <secret> is not the password"
    assert "SIGHUP" in put_off["remedy"]
    _, page = await get(f"{exporter.url}/")
    text = page.decode()
    assert "No login before " in text
    assert (
        "The API says: Unauthorized: &lt;script&gt;alert(1)&lt;/script&gt; &lt;secret&gt;" in text
    )
    assert EVIL not in text
    await exporter.process.line("the next login is put off")
    output = exporter.process.output()
    (line,) = [each for each in output.splitlines() if "the next login is put off" in each]
    for words in ("refused", "next_attempt", "since", "SIGHUP"):
        assert words in line
    for shown in (output, text, scrape.text, json.dumps(told)):
        assert "wr0ng" not in shown
    assert api.logins == 1


@pytest.mark.parametrize("way", ["SIGHUP", "HTTP"])
async def test_who_reloads_by_hand_has_the_same_password_tried_once(
    way: str, start: Start, tmp_path: Path
) -> None:
    """The account was unlocked: nothing else tells the exporter of it."""
    api, exporter = await refused(start, tmp_path, "--web.enable-lifecycle")

    async def reload() -> None:
        if way == "SIGHUP":
            exporter.process.signal(signal.SIGHUP)
        else:
            assert await post(f"{exporter.url}/-/reload") == 200

    await reload()
    scrape = await exporter.until(
        lambda scrape: scrape.sum("oran_mano_token_renewals_total") == 2 and is_put_off(scrape)
    )
    assert scrape.one("oran_mano_token_valid") == 0
    api.password = "wr0ng"  # as it is in the file
    await reload()
    scrape = await exporter.until(lambda scrape: scrape.one("oran_mano_token_valid") == 1)
    assert not is_put_off(scrape)
    assert api.logins == 3
    assert (await status(exporter))["put_off"] == []


async def test_a_changed_secret_is_tried_at_once(start: Start, tmp_path: Path) -> None:
    api, exporter = await refused(start, tmp_path)
    (tmp_path / "secret").write_text("right")
    scrape = await exporter.until(lambda scrape: scrape.one("oran_mano_token_valid") == 1)
    assert not is_put_off(scrape)
    assert api.logins == 2


async def test_a_reload_that_nobody_asked_for_tries_nothing(start: Start, tmp_path: Path) -> None:
    """Else a file that is written every minute would lock the account."""
    api, exporter = await refused(start, tmp_path, "--config.auto-reload-interval", "100ms")
    file = tmp_path / "config.yaml"
    before = (await exporter.scrape()).one(NEXT)
    for number in range(3):
        file.write_text(f"{file.read_text()}# {number}\n")
        await exporter.until(
            lambda _, number=number: (
                exporter.process.output().count(  # type: ignore[misc]
                    "the configuration is reloaded"
                )
                > number
            )
        )
    scrape = await exporter.until(
        lambda scrape: scrape.sum("oran_mano_probe_skipped_total", reason="no_token") >= 60
    )
    assert scrape.one(NEXT) == pytest.approx(before, abs=1)
    assert api.logins == 1


async def post(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.post(url) as answer:
        return answer.status


def test_the_runbook_says_so() -> None:
    text = (ROOT / "docs" / "runbooks" / "AuthenticationFailing.md").read_text()
    for words in (NEXT, "SIGHUP", "15 minutes"):
        assert words in text
