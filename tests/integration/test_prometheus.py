"""A real Prometheus scrapes the exporter, and what it answers is what the API is."""

import asyncio
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.support.product import Exporter, Simulator
from tests.support.servers import Prometheus, Sample, Start

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        labels: {{site: north}}
        auth: {{type: login, username: demo, password: demo}}
        interval: 2s
        rate_limits: {{share: 1}}
    """
PROBED: Final = 13
"""Scheduled surfaces that have a run: all safe reads but the unknown deployments."""


async def watched(start: Start) -> tuple[Simulator, Prometheus]:
    simulator = await start(Simulator())
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    return simulator, await start(Prometheus([exporter.address], scrape_interval="500ms"))


def is_value(value: float) -> Callable[[list[Sample]], bool]:
    return lambda samples: [sample.value for sample in samples] == [value]


async def test_what_prometheus_sees_of_a_healthy_api(start: Start) -> None:
    _, prometheus = await watched(start)
    await prometheus.wait_for("count(oran_mano_probe_runs_total > 0)", is_value(PROBED + 1))
    await prometheus.wait_for("count(oran_mano_probe_success == 1)", is_value(PROBED + 1))

    async def by(label: str, expr: str) -> dict[str, Sample]:
        return {sample.labels[label]: sample for sample in await prometheus.query(expr)}

    limits = await by("rate_class", 'oran_mano_rate_limit_limit_requests{credential="account"}')
    assert {name: sample.value for name, sample in limits.items()} == {
        "standard": 1000,
        "monitoring": 5000,
    }
    remaining = await prometheus.query(
        "oran_mano_rate_limit_remaining_requests < oran_mano_rate_limit_limit_requests"
    )
    assert len(remaining) == 4
    # Of the anonymous ones a login alone tells, once: their window may be over long since.
    reset = await prometheus.query("oran_mano_rate_limit_reset_timestamp_seconds - time()")
    assert len(reset) == 4
    assert all(sample.value <= 60 for sample in reset)
    assert all(s.value > -5 for s in reset if s.labels["credential"] == "account")
    (info,) = await prometheus.query("oran_mano_target_info")
    assert (info.labels["target"], info.labels["site"]) == ("lab", "north")
    statuses = await by("status_code", "sum by (status_code) (oran_mano_api_requests_total)")
    assert set(statuses) == {"200"}
    (age,) = await prometheus.query(
        "time() - oran_mano_exporter_schedule_heartbeat_timestamp_seconds"
    )
    assert age.value < 5


async def test_an_outage_shows_within_two_intervals_and_passes(start: Start) -> None:
    simulator, prometheus = await watched(start)
    probed = 'sum(oran_mano_probe_success{component!="auth"})'
    await prometheus.wait_for(probed, is_value(PROBED))
    await simulator.play("down")
    await prometheus.wait_for(probed, is_value(0), within=4 + 1.5)
    (failing,) = await prometheus.query(
        'count(oran_mano_probe_failure_reason{reason="http_5xx"} == 1)'
    )
    assert failing.value == PROBED
    await simulator.play("healthy")
    await prometheus.wait_for(probed, is_value(PROBED), within=4 + 1.5)
    unaccounted = await prometheus.query(
        "oran_mano_probe_scheduled_total - oran_mano_probe_runs_total"
        " - on (surface) sum by (surface) (oran_mano_probe_skipped_total) != 0"
    )
    assert unaccounted == []


async def test_promtool_finds_nothing_to_mend(start: Start, promtool: Path) -> None:
    simulator = await start(Simulator("failing_component"))
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    scrape = await exporter.until(lambda scrape: scrape.reasons())
    process = await asyncio.create_subprocess_exec(
        *(promtool, "check", "metrics"), stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    told, _ = await process.communicate(scrape.text.encode())
    assert (process.returncode, told.decode()) == (0, "")
