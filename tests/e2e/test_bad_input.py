"""Two dozen APIs that are broken each in its own way, and one that is well, in one process."""

import gzip
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from exporter.model.exchange import MAX_JSON
from tests.support.certificates import DAY, Authority, self_signed
from tests.support.hostile import (
    OK,
    Server,
    Step,
    answer,
    ask,
    black_hole,
    close,
    drip,
    flood,
    hang,
    play,
    refusing,
    reset,
    serve,
    sized,
)
from tests.support.product import Exporter, Scrape, Simulator
from tests.support.punctuality import Machine, late
from tests.support.servers import Start

JSON: Final = OK + b"Content-Type: application/json\r\n"
ENDLESS: Final = JSON + b"\r\n"
LONG: Final = JSON + b"Content-Length: 1000\r\n\r\n"
HEALTHY: Final = b'{"status":"healthy"}'
BOMB: Final = gzip.compress(bytes(16 * MAX_JSON))

SPOKEN: Final[Mapping[str, tuple[str, tuple[Step, ...]]]] = {
    "resets-at-the-first-byte": ("reset", (reset,)),
    "resets-in-the-head": ("reset", (ask, b"HTTP/1.1 200", reset)),
    "resets-in-the-body": ("reset", (ask, LONG + b"{", reset)),
    "closes-in-the-body": ("reset", (ask, LONG + b"{", close)),
    "says-nothing": ("read_timeout", (ask, hang)),
    "drips-headers": ("read_timeout", (ask, OK, drip(b"A: b\r\n", 0.2))),
    "drips-a-body": ("read_timeout", (ask, LONG, drip(b" ", 0.2))),
    "has-an-endless-body": ("too_large", (ask, ENDLESS, flood(b" " * 65_536))),
    "packs-a-bomb": ("too_large", (ask, JSON + b"Content-Encoding: gzip\r\n" + sized(BOMB), close)),
    "has-a-header-of-1-MB": ("too_large", (ask, OK + b"A: " + b"x" * 1_000_000, hang)),
    "has-endless-headers": ("too_large", (ask, OK, flood(b"A: b\r\n" * 10))),
    "speaks-another-protocol": ("protocol", (ask, b"SSH-2.0-OpenSSH_9.2\r\n", hang)),
    "has-a-status-of-its-own": ("protocol", (ask, b"HTTP/1.1 999 X\r\n" + sized(HEALTHY), close)),
    "has-invalid-JSON": ("body_invalid", (ask, JSON + sized(b'{"status":'), close)),
    "has-nested-JSON": ("body_invalid", (ask, JSON + sized(b"[" * 100_000), close)),
    "has-a-page": ("body_invalid", (ask, OK + sized(b"<html>It works!</html>"), close)),
    "has-nothing": ("body_invalid", (ask, JSON + sized(b""), close)),
    "has-a-fault": ("http_5xx", (ask, b"HTTP/1.1 503 X\r\n" + sized(b"{}"), close)),
    "does-not-speak-TLS": ("tls_handshake", (b"HTTP/1.1 400 X\r\n" + sized(b""), hang)),
    "does-not-shake-hands": ("tls_handshake", (hang,)),
}
"""By name: the reason, and what happens on each connection."""


NO_METRICS: Final[Mapping[str, bytes]] = {
    "says-OK-for-metrics": b"OK",
    "has-a-sentence-for-metrics": b"# status\n\nAll systems are operational.\n",
    "has-a-proxys-page-for-metrics": b"upstream connect error or disconnect/reset before headers",
    "has-no-sample-in-its-metrics": b"# HELP up Up.\n",
}
"""By name: what is answered to who asks for metrics, and is none."""


class Case(NamedTuple):
    """One target: why its runs fail, and its keys in the configuration."""

    reason: str
    keys: dict[str, Any]


def moved(location: str) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: " + location.encode() + b"\r\n" + sized(b"")


async def listening(stack: AsyncExitStack, folder: Path) -> dict[str, Case]:
    """What misbehaves as a server of HTTP or TLS."""

    async def listen(*steps: Step, **how: Any) -> Server:  # noqa: ANN401  # as serve takes it
        return await stack.enter_async_context(serve(play(*steps), **how))

    cases = {}
    for name, (reason, steps) in SPOKEN.items():
        url = (await listen(*steps)).url
        secure = reason == "tls_handshake"
        cases[name] = Case(reason, {"url": url.replace("http:", "https:") if secure else url})
    for name, body in NO_METRICS.items():
        url = (await listen(ask, OK + sized(body), close)).url
        asked = {"*": {"mode": "off"}, "monitoring.metrics": {"mode": "read"}}
        cases[name] = Case("body_invalid", {"url": url, "surfaces": asked})
    authority = Authority(folder)
    reply = answer(JSON + sized(HEALTHY))
    for name, reason, tls in (
        ("certificate-expired", "tls_expired", authority.server(begins=-2 * DAY, ends=-DAY)),
        ("certificate-of-another", "tls_verify", authority.server("another.example")),
        ("certificate-self-signed", "tls_verify", self_signed(folder)),
    ):
        server = await stack.enter_async_context(serve(reply, tls=tls))
        trust = {"ca_file": authority.tls.ca_file}
        cases[name] = Case(reason, {"url": server.url, "tls": trust})
    return cases


async def leading(stack: AsyncExitStack, elsewhere: str) -> dict[str, Case]:
    """What leads to somewhere else, or to nowhere."""
    circle = await stack.enter_async_context(serve(answer(moved("/a"))))
    away = await stack.enter_async_context(serve(answer(moved(elsewhere))))
    account = {"type": "basic", "username": "demo", "password": "demo"}
    listed = {"*": {"mode": "off"}, "orchestrator.intents.list": {"mode": "read"}}
    follow = {"follow_redirects": True}
    return {
        "leads-in-a-circle": Case("redirect", follow | {"url": circle.url}),
        "leads-away": Case("redirect", {"url": away.url, "auth": account, "surfaces": listed}),
        "leads-a-token-away": Case(
            "redirect", follow | {"url": away.url, "auth": account, "surfaces": listed}
        ),
        "refuses": Case("connect_refused", {"url": stack.enter_context(refusing())}),
        "is-a-black-hole": Case("connect_timeout", {"url": stack.enter_context(black_hole())}),
        "has-no-address": Case("dns", {"url": "http://mano.invalid"}),
    }


def configured(cases: Mapping[str, Case], well: str) -> str:
    """The configuration (JSON is YAML too): every target is asked for one thing, every 2 s."""
    common = {
        "interval": "2s",
        "timeouts": {"connect": "500ms", "read": "1s", "total": "1500ms"},
        "surfaces": {"*": {"mode": "off"}, "monitoring.health": {"mode": "read"}},
    }
    targets = [common | {"name": name} | case.keys for name, case in cases.items()]
    return json.dumps({"targets": [*targets, common | {"name": "well", "url": well}]})


def reasons(scrape: Scrape) -> dict[str, str]:
    """By target, why it fails."""
    samples = scrape.families["oran_mano_probe_failure_reason"].samples
    return {sample.labels["target"]: sample.labels["reason"] for sample in samples}


async def test_whatever_comes_in_each_has_its_reason_and_who_is_well_notices_nothing(
    start: Start, tmp_path: Path
) -> None:
    machine, simulator = await start(Machine()), await start(Simulator())
    elsewhere = await start(serve(answer(JSON + sized(HEALTHY))))
    stack = await start(AsyncExitStack())
    cases = await listening(stack, tmp_path) | await leading(stack, elsewhere.url)
    exporter = await start(Exporter(configured(cases, simulator.url)))

    def seen_enough(scrape: Scrape, times: int) -> bool:
        failures = scrape.by("target", "oran_mano_probe_failures_total")
        runs = scrape.by("target", "oran_mano_probe_runs_total")
        return all(failures[name] >= times for name in cases) and runs["well"] >= times + 1

    begun = await exporter.until(lambda scrape: seen_enough(scrape, 1))
    scrape = await exporter.until(lambda scrape: seen_enough(scrape, 3))
    assert reasons(scrape) == {name: case.reason for name, case in cases.items()}
    assert scrape.sum("oran_mano_probe_failures_total", target="well") == 0
    assert scrape.sum("oran_mano_probe_skipped_total", target="well") == 0
    assert late(scrape, machine, since=begun) < 0.05
    assert exporter.memory < 120
    assert "Traceback" not in exporter.process.output()
    assert elsewhere.connections == 0
