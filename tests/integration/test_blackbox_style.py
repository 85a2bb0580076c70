"""`/probe` beside the real blackbox_exporter, and scraped by a real Prometheus as that one is."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support import tools
from tests.support.certificates import DAY, NOW, Authority
from tests.support.hostile import OK, answer, serve, sized
from tests.support.product import Exporter, Scrape
from tests.support.servers import (
    LOOPBACK,
    Process,
    Prometheus,
    Start,
    answers,
    free_port,
    get,
)

BODY: Final = b'{"status": "healthy"}'
HEALTHY: Final = answer(OK + b"Content-Type: application/json\r\n" + sized(BODY))
UNHEALTHY: Final = answer(
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n" + sized(b"{}")
)
CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        tls: {{ca_file: {ca}}}
        interval: 1h
        surfaces: {{"*": {{mode: off}}, "monitoring.health": {{mode: read}}}}
    """
SAME: Final = (
    "probe_success",
    "probe_http_status_code",
    "probe_http_ssl",
    "probe_http_version",
    "probe_http_redirects",
    "probe_http_uncompressed_body_length",
    "probe_ssl_earliest_cert_expiry",
    "probe_tls_version_info",
)
"""Families whose values have to be the same, too; the others are measured anew by each."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@asynccontextmanager
async def api(what: str, authority: Authority) -> AsyncIterator[str]:
    """The URL of an API that is so."""
    if what == "refusing":
        yield f"http://{LOOPBACK}:{free_port()}"
    elif what == "without a name":
        yield "http://nosuch.invalid"
    else:
        script = UNHEALTHY if what == "failing" else HEALTHY
        tls = authority.server(ends=30 * DAY) if what == "with TLS" else None
        async with serve(script, tls=tls) as server:
            yield server.url


async def blackbox(start: Start, authority: Authority, folder: Path) -> str:
    """The address of a real one, which asks for what ours asks."""
    http = {"preferred_ip_protocol": "ip4", "tls_config": {"ca_file": authority.tls.ca_file}}
    file = folder / "blackbox.json"
    file.write_text(json.dumps({"modules": {"m": {"prober": "http", "http": http}}}))
    address = f"{LOOPBACK}:{free_port()}"
    argv = [str(tools.blackbox()), f"--config.file={file}", f"--web.listen-address={address}"]
    await start(Process(argv, ready=answers(f"http://{address}/-/healthy")))
    return address


async def probed(address: str, **parameters: str) -> Scrape:
    status, body = await get(f"http://{address}/probe", parameters)
    assert status == 200, body
    return Scrape(body.decode())


def shape(scrape: Scrape) -> dict[str, tuple[str, set[tuple[tuple[str, str], ...]]]]:
    """What there is: of each family its type, and the labels of its samples."""
    return {
        name: (family.type, {tuple(sorted(sample.labels.items())) for sample in family.samples})
        for name, family in scrape.families.items()
    }


def values(scrape: Scrape) -> Mapping[str, list[float]]:
    return {
        name: [sample.value for sample in scrape.families[name].samples]
        for name in SAME
        if name in scrape.families
    }


@pytest.mark.parametrize("what", ["plain", "with TLS", "failing", "refusing", "without a name"])
async def test_names_types_and_labels_are_those_of_blackbox_exporter(
    what: str, start: Start, authority: Authority, tmp_path: Path
) -> None:
    peer = await blackbox(start, authority, tmp_path)
    async with api(what, authority) as url:
        ca = authority.tls.ca_file
        ours = await start(Exporter(CONFIG.format(url=url, ca=ca)))
        mine = await probed(ours.address, target=url, module="monitoring.health")
        theirs = await probed(peer, target=f"{url}/monitoring/health", module="m")
    known = shape(theirs)
    assert len(shape(mine)) >= 10
    assert shape(mine) == {name: known.get(name) for name in shape(mine)}
    assert values(mine) == values(theirs)


async def test_the_certificate_is_known_also_where_it_is_not_trusted(
    start: Start, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other")
    async with serve(HEALTHY, tls=authority.server(ends=30 * DAY)) as server:
        ca = stranger.tls.ca_file
        exporter = await start(Exporter(CONFIG.format(url=server.url, ca=ca)))
        seen = await probed(exporter.address, surface="monitoring.health")
    assert seen.one("probe_success") == 0
    assert seen.one("probe_ssl_earliest_cert_expiry") == (NOW + 30 * DAY).timestamp()


def job(exporter: str, *targets: str) -> Mapping[str, object]:
    """As everybody scrapes blackbox_exporter."""
    return {
        "job_name": "mano",
        "metrics_path": "/probe",
        "params": {"module": ["monitoring.health"]},
        "static_configs": [{"targets": [*targets]}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": exporter},
        ],
    }


async def test_prometheus_scrapes_it_as_it_scrapes_blackbox_exporter(
    start: Start, authority: Authority
) -> None:
    async with serve(HEALTHY, tls=authority.server(ends=30 * DAY)) as server:
        ca = authority.tls.ca_file
        exporter = await start(Exporter(CONFIG.format(url=server.url, ca=ca)))
        configs = [job(exporter.address, server.url, "nobody")]
        prometheus = await start(Prometheus(scrape_configs=configs))
        (success,) = await prometheus.wait_for("probe_success")
        assert (success.labels["instance"], success.value) == (server.url, 1)
        (expiry,) = await prometheus.wait_for("probe_ssl_earliest_cert_expiry")
        assert expiry.value == (NOW + 30 * DAY).timestamp()
        phases = await prometheus.wait_for("probe_http_duration_seconds")
        seen = {sample.labels["phase"]: sample.value for sample in phases}
        assert set(seen) == {"resolve", "connect", "tls", "processing", "transfer"}
        assert all(seen[phase] > 0 for phase in ("connect", "tls", "processing"))
        assert seen["transfer"] >= 0  # none, where all of it came with the head
        down = await prometheus.wait_for("up == 0")
        assert [sample.labels["instance"] for sample in down] == ["nobody"]
    (lost,) = await prometheus.wait_for("probe_success == 0")
    assert lost.labels["instance"] == server.url


async def test_its_calls_are_counted_and_its_runs_are_not(
    start: Start, authority: Authority
) -> None:
    async with serve(HEALTHY) as server:
        ca = authority.tls.ca_file
        exporter = await start(Exporter(CONFIG.format(url=server.url, ca=ca)))
        before = await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_runs_total"))
        for _ in range(3):
            await probed(exporter.address, surface="monitoring.health")
        after = await exporter.scrape()
        assert server.connections == 4
    requests = [scrape.sum("oran_mano_api_requests_total") for scrape in (before, after)]
    runs = [scrape.sum("oran_mano_probe_runs_total") for scrape in (before, after)]
    scheduled = [scrape.sum("oran_mano_probe_scheduled_total") for scrape in (before, after)]
    assert (requests, runs, scheduled) == ([1, 4], [1, 1], [1, 1])
