"""A token that is put into a file, and a password with every request, as the exporter has them."""

import base64
import json
from pathlib import Path
from textwrap import dedent
from typing import Final

import aiohttp
import jwt
import pytest

from tests.support.hostile import OK, Peer, hang, serve, sized
from tests.support.product import Exporter, Scrape, Simulator, command
from tests.support.servers import LOOPBACK, Start, free_port

BEARER: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: bearer, token_file: {file}}}
        interval: 1s
        timeouts: {{total: 1s}}
        rate_limits: {{share: 1}}
    """
ONLY_LISTS: Final = """
        surfaces:
          "*": {{mode: "off"}}
          orchestrator.intents.list: {{mode: read}}
          vnf-operator.vnfs.list: {{mode: read}}
          tn-manager.agents.list: {{mode: read}}
          o2-client.deployment-managers.list: {{mode: read}}
    """
BASIC: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: basic, username: probe, password: hunter2}}
        interval: 1s
        timeouts: {{total: 1s}}
        rate_limits: {{share: 1}}
    """
LISTS: Final = (
    "orchestrator.intents.list",
    "vnf-operator.vnfs.list",
    "tn-manager.agents.list",
    "o2-client.deployment-managers.list",
)


OAUTH2: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{token_url: "{issuer}/token", client_id: me, client_secret_file: {file}{how}}}
    """
SECRET: Final = "s/3+c=ret"
SHOWN: Final = {
    "basic": b"Basic " + base64.b64encode(b"me:s%2F3%2Bc%3Dret"),
    "basic_raw": b"Basic " + base64.b64encode(b"me:s/3+c=ret"),
    "body": b"client_id=me&client_secret=s%2F3%2Bc%3Dret",
}
"""What a server that takes one of them looks for."""


async def token_of(url: str) -> str:
    account = {"username": "demo", "password": "demo"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/auth/login", json=account) as answer,
    ):
        return str((await answer.json())["access_token"])


def replace(file: Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(file)


def let_in(scrape: Scrape) -> bool:
    return scrape.sum("oran_mano_token_valid") == 1


def shut_out(scrape: Scrape) -> bool:
    return scrape.sum("oran_mano_token_valid") == 0


async def test_a_token_that_left_its_file_is_seen_as_missing(tmp_path: Path, start: Start) -> None:
    file = tmp_path / "token"
    simulator = await start(Simulator())
    good = await token_of(simulator.url)
    replace(file, good)
    exporter = await start(Exporter(BEARER.format(url=simulator.url, file=file)))
    scrape = await exporter.until(let_in)
    over = jwt.decode(good, options={"verify_signature": False})
    expired = jwt.encode({**over, "iat": 1_000_000_000, "exp": 1_000_003_600}, "k" * 32)
    for spoiled in (None, "", "   ", f"Bearer {good}", expired):
        file.unlink() if spoiled is None else replace(file, spoiled)
        scrape = await exporter.until(shut_out)
        assert scrape.one("oran_mano_token_consecutive_renewal_failures") == 1
        assert scrape.one("oran_mano_token_rejections_total") == 0
        assert "oran_mano_token_expiry_timestamp_seconds{" not in scrape.text
        replace(file, good)
        scrape = await exporter.until(let_in)
        assert scrape.one("oran_mano_token_consecutive_renewal_failures") == 0
    assert good not in exporter.process.output() + scrape.text
    assert good.split(".")[2] not in exporter.process.output()


def all_ran(scrape: Scrape) -> bool:
    runs = scrape.by("surface", "oran_mano_probe_runs_total")
    return all(runs.get(surface, 0) >= 3 for surface in LISTS)


@pytest.mark.parametrize(
    ("scenario", "reason"), [("down", "http_5xx"), ("", "connect_refused")], ids=["503", "refused"]
)
async def test_an_outage_does_not_look_like_a_missing_password(
    scenario: str, reason: str, start: Start
) -> None:
    nobody = f"http://{LOOPBACK}:{free_port()}"
    url = (await start(Simulator(scenario))).url if scenario else nobody
    exporter = await start(Exporter(BASIC.format(url=url)))
    scrape = await exporter.until(all_ran)
    reasons = scrape.reasons()
    assert {surface: reasons[surface] for surface in LISTS} == dict.fromkeys(LISTS, reason)
    runs = sum(scrape.sum("oran_mano_probe_runs_total", surface=surface) for surface in LISTS)
    skipped = sum(
        scrape.sum("oran_mano_probe_skipped_total", surface=surface, reason="no_token")
        for surface in LISTS
    )
    assert skipped < runs / 2


async def test_where_nothing_is_answered_each_surface_has_its_turn(start: Start) -> None:
    """As above, but a password that nobody accepts takes a second of one surface at a time."""
    hanging = await start(serve(hang))
    basic = BASIC.format(url=hanging.url).rstrip() + ONLY_LISTS.format()
    exporter = await start(Exporter(basic))
    scrape = await exporter.until(all_ran, within=60)
    reasons = scrape.reasons()
    assert {surface: reasons[surface] for surface in LISTS} == dict.fromkeys(LISTS, "read_timeout")
    runs = scrape.by("surface", "oran_mano_probe_runs_total")
    assert max(runs[surface] for surface in LISTS) <= 2 * min(runs[surface] for surface in LISTS)


async def test_a_wrong_password_is_shown_once(start: Start) -> None:
    """The simulator takes no password at all, and answers 401."""
    simulator = await start(Simulator())
    exporter = await start(Exporter(BASIC.format(url=simulator.url)))

    def given_up(scrape: Scrape) -> bool:
        skipped = scrape.by("surface", "oran_mano_probe_skipped_total", reason="no_token")
        return all(skipped.get(surface, 0) >= 2 for surface in LISTS)

    scrape = await exporter.until(given_up)
    assert list(scrape.reasons().values()) == ["auth_rejected"]
    asked = (await simulator.requests())["counts"]
    assert sum(row["requests"] for row in asked if row["surface"] in LISTS) == 1


@pytest.mark.parametrize("wanted", SHOWN)
async def test_a_client_shows_its_secret_as_the_server_wants_it(
    wanted: str, tmp_path: Path, start: Start
) -> None:
    """Each server takes one way alone, so each of the others is refused by it."""
    simulator = await start(Simulator())
    given = json.dumps({"access_token": await token_of(simulator.url), "expires_in": 600}).encode()

    async def issue(peer: Peer) -> None:
        request = await peer.request()
        status = OK if SHOWN[wanted] in request else b"HTTP/1.1 401 Unauthorized\r\n"
        await peer.send(status + b"Content-Type: application/json\r\n" + sized(given))

    file = tmp_path / "config.yaml"
    (tmp_path / "secret").write_text(SECRET)
    async with serve(issue) as issuer:
        for how in ("", *(f", client_auth: {way}" for way in SHOWN)):
            file.write_text(
                dedent(OAUTH2.format(url=simulator.url, issuer=issuer.url, file="secret", how=how))
            )
            ended = await command("probe", "orchestrator.intents.list", "--config.file", str(file))
            assert ended.code == int((how.rpartition(" ")[2] or "basic") != wanted), ended
            assert SECRET not in ended.out + ended.err
