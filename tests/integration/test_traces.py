"""Spans reach a real collector, and what a collector does reaches no probe."""

import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from tests.support.collector import Broken, Received, Rotel
from tests.support.hostile import sized
from tests.support.product import Exporter, Scrape, Simulator, command
from tests.support.proxy import Proxy, proxy
from tests.support.servers import LOOPBACK, Prometheus, Start, eventually, free_port, get

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: {interval}
        rate_limits: {{share: 1}}
    traces: {{sample_ratio: {ratio}}}
    """
SOON: Final = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
INTENTS: Final = "orchestrator.intents.list"
REFUSAL: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


Over = Callable[[Rotel], dict[str, str]]
AWAY: Final = "collector.invalid"
DENIED: Final = b"HTTP/1.1 407 Proxy Authentication Required\r\n" + sized(b"hunter2")


def config(simulator: Simulator, *, ratio: float = 1, interval: str = "1s") -> str:
    return CONFIG.format(url=simulator.url, ratio=ratio, interval=interval)


def over_http(port_or_rotel: Rotel | int) -> dict[str, str]:
    at = port_or_rotel.http if isinstance(port_or_rotel, Rotel) else f"{LOOPBACK}:{port_or_rotel}"
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{at}", **SOON}


def over_grpc(rotel: Rotel) -> dict[str, str]:
    endpoint = f"http://{rotel.grpc}"
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", **SOON}


async def traceparents(simulator: Simulator) -> list[str]:
    """Those of all requests that it still knows."""
    seen = await simulator.requests()
    return [request["headers"].get("traceparent", "") for request in seen["last"]]


def spans(scrape: Scrape, which: str = "") -> int:
    return int(scrape.one(f"oran_mano_exporter_spans_{which}total"))


def runs(scrape: Scrape) -> float:
    return scrape.sum("oran_mano_probe_runs_total")


@pytest.mark.parametrize(
    ("variables", "shown"), [(over_http, "(http/protobuf)"), (over_grpc, "(grpc)")]
)
async def test_a_request_and_its_span_are_one(
    variables: Callable[[Rotel], dict[str, str]], shown: str, start: Start
) -> None:
    simulator, rotel = await start(Simulator()), await start(Rotel())
    exporter = await start(Exporter(config(simulator), env=variables(rotel)))
    span = await rotel.span(oran_mano__surface=INTENTS)
    assert (span.name, span.kind) == ("GET /orchestrator/intents", "SPAN_KIND_CLIENT")
    expected = {
        "http.request.method": "GET",
        "http.response.status_code": "200",
        "url.full": f"{simulator.url}/orchestrator/intents",
        "server.address": LOOPBACK,
        "network.protocol.version": "1.1",
        "network.type": "ipv4",
        "oran_mano.target": "lab",
        "oran_mano.component": "orchestrator",
    }
    assert expected.items() <= span.attributes.items()
    assert int(span.attributes["oran_mano.rate_limit.remaining"]) < 1000
    assert span.events[-3:] == ["send", "wait", "receive"]
    sent = await traceparents(simulator)
    assert f"00-{span.trace_id}-{span.id}-01" in sent
    assert f'traces="http://{rotel.grpc if "grpc" in shown else rotel.http} {shown}, ratio 1"' in (
        exporter.process.output()
    )
    assert "demo" not in rotel.process.output()  # the password


async def test_an_exemplar_leads_from_a_bucket_to_the_trace(start: Start) -> None:
    simulator, rotel = await start(Simulator()), await start(Rotel())
    exporter = await start(Exporter(config(simulator), env=over_http(rotel)))
    prometheus = await start(Prometheus([exporter.address], scrape_interval="500ms"))

    async def exemplar(metric: str) -> tuple[str, str] | None:
        window = {"start": str(time.time() - 60), "end": str(time.time() + 60)}
        found = await prometheus.api("query_exemplars", query=metric, **window)
        labels = [one["labels"] for series in found for one in series["exemplars"]]
        return (labels[0]["trace_id"], labels[0]["span_id"]) if labels else None

    for metric in (
        f'oran_mano_probe_duration_seconds_bucket{{surface="{INTENTS}"}}',
        'oran_mano_api_request_duration_seconds_bucket{endpoint="/orchestrator/intents"}',
    ):
        trace_id, span_id = await eventually(partial(exemplar, metric), within=30)

        async def arrived(trace_id: str = trace_id, span_id: str = span_id) -> Received | None:
            mine = (span for span in rotel.spans() if span.id == span_id)
            return next((span for span in mine if span.trace_id == trace_id), None)

        span = await eventually(arrived)
        assert span.name == "GET /orchestrator/intents"


async def test_failed_runs_are_exported_though_nothing_is_sampled(start: Start) -> None:
    simulator, rotel = await start(Simulator()), await start(Rotel())
    exporter = await start(Exporter(config(simulator, ratio=0), env=over_http(rotel)))
    await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_success") > 10)
    assert rotel.spans() == []
    await simulator.play("down")
    span = await rotel.span(oran_mano__surface=INTENTS)
    assert span.status == "ERROR"
    assert span.attributes["error.type"] == "http_5xx"
    assert {one.attributes["oran_mano.promoted"] for one in rotel.spans()} == {"true"}
    sent = await traceparents(simulator)
    assert f"00-{span.trace_id}-{span.id}-00" in sent


async def test_a_sampler_of_the_environment_decides_alone(start: Start) -> None:
    simulator, rotel = await start(Simulator("down")), await start(Rotel())
    off = {"OTEL_TRACES_SAMPLER": "always_off", **over_http(rotel)}
    on = {"OTEL_TRACES_SAMPLER": "always_on", **over_http(rotel)}
    silent = await start(Exporter(config(simulator), env=off))
    scrape = await silent.until(lambda scrape: runs(scrape) > 5)
    assert (spans(scrape), rotel.spans()) == (0, [])
    assert ", sampler always_off" in silent.process.output()
    await start(Exporter(config(simulator, ratio=0), env=on))
    span = await rotel.span(error__type="http_5xx")
    assert "oran_mano.promoted" not in span.attributes


@pytest.mark.parametrize("kind", ["down", "deaf", "refusing"])
async def test_a_broken_collector_costs_spans_and_nothing_else(
    kind: str, start: Start, tmp_path: Path
) -> None:
    simulator, port = await start(Simulator()), free_port()
    small = {"OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2"}
    hasty = {"OTEL_EXPORTER_OTLP_TIMEOUT": "0.5"}
    variables = {**over_http(port), **small, **hasty}
    file = tmp_path / "config.yaml"
    file.write_text(dedent(config(simulator)))
    async with AsyncExitStack() as stack:
        if kind != "down":
            await stack.enter_async_context(Broken(REFUSAL if kind == "refusing" else b"", port))
        exporter = await start(Exporter(None, "--config.file", str(file), env=variables))
        lost = "dropped_" if kind == "deaf" else "failed_"
        await exporter.until(lambda scrape: spans(scrape, lost) > 20)
    rotel = await start(Rotel(port))
    await exporter.process.line("traces are exported again")
    file.write_text(dedent(config(simulator, interval="10m")))
    exporter.process.signal(signal.SIGHUP)

    async def settled() -> Scrape | None:
        scrape = await exporter.scrape()
        lost = spans(scrape, "dropped_") + spans(scrape, "failed_")
        return scrape if spans(scrape) == len(rotel.spans()) + lost else None

    scrape = await eventually(settled, within=20)
    assert rotel.spans()
    assert scrape.accounts_for_every_instant()
    assert scrape.sum("oran_mano_probe_skipped_total", reason="misfire") == 0
    late = "oran_mano_exporter_schedule_lateness_seconds"
    # Were an export to hold up the loop, hardly a run would be in time; the machine is for some.
    assert scrape.one(f"{late}_bucket", le="0.25") > 0.9 * scrape.one(f"{late}_count")
    output = exporter.process.output()
    assert output.count("traces cannot be exported") == 1
    assert "opentelemetry" not in output
    assert "urllib3" not in output


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
async def test_the_end_waits_for_no_collector(protocol: str, start: Start) -> None:
    simulator, deaf = await start(Simulator()), await start(Broken())
    await simulator.play("healthy", hang=["tn-manager.agents.list"])
    variables = {**over_http(deaf.port), "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    exporter = await start(Exporter(config(simulator, interval="30s"), env=variables))
    await exporter.until(lambda scrape: runs(scrape) > 5)

    async def asked() -> bool | None:
        return deaf.asked > 0 or None

    await eventually(asked)
    began = time.monotonic()
    exporter.process.signal(signal.SIGTERM)
    assert await exporter.process.wait() == 0
    assert time.monotonic() - began < 5
    output = exporter.process.output()
    assert "msg=ended cancelled_runs=1" in output
    assert "Traceback" not in output


def behind(way: Proxy, spared: str, environ: dict[str, str]) -> dict[str, str]:
    """The variables of a collector that a proxy, which wants a password, is to lead to."""
    url = way.url.replace("://", "://probe:hunter2@")
    none = {"http_proxy": url, "https_proxy": url, "no_proxy": spared, "grpc_proxy": url}
    return {**environ, **none, "OTEL_EXPORTER_OTLP_TIMEOUT": "2"}


def away(environ: dict[str, str]) -> dict[str, str]:
    """The same collector, as if it were on another machine."""
    endpoint = environ["OTEL_EXPORTER_OTLP_ENDPOINT"].replace(LOOPBACK, AWAY)
    return {**environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}


@pytest.mark.parametrize("host", [LOOPBACK, "localhost", "0.0.0.0"])
@pytest.mark.parametrize("over", [over_http, over_grpc])
async def test_no_proxy_leads_to_a_collector_on_this_machine(
    over: Over, host: str, start: Start
) -> None:
    simulator, rotel = await start(Simulator()), await start(Rotel())
    way = await start(proxy(refusal=DENIED))
    environ = behind(way, "", over(rotel))
    environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = over(rotel)["OTEL_EXPORTER_OTLP_ENDPOINT"].replace(
        LOOPBACK, host
    )
    await start(Exporter(config(simulator), env=environ))
    await rotel.span(oran_mano__surface=INTENTS)
    assert way.heads == []


@pytest.mark.parametrize("spared", ["", "r.invalid, collector.invalid:1, 127.0.0.1"])
@pytest.mark.parametrize("over", [over_http, over_grpc])
async def test_the_environments_proxy_leads_to_a_collector_elsewhere(
    over: Over, spared: str, start: Start
) -> None:
    simulator, rotel = await start(Simulator()), await start(Rotel())
    endpoint = over(rotel)["OTEL_EXPORTER_OTLP_ENDPOINT"]
    way = await start(proxy(int(endpoint.rpartition(":")[2])))
    environ = behind(way, spared, away(over(rotel)))
    exporter = await start(Exporter(config(simulator), env=environ))
    await rotel.span(oran_mano__surface=INTENTS)
    assert AWAY.encode() in way.heads[0]
    assert b"Proxy-Authorization: Basic cHJvYmU6aHVudGVyMg==" in way.heads[0]
    output = exporter.process.output()
    assert f" through {way.url}, ratio 1" in output
    assert "hunter2" not in output


@pytest.mark.parametrize("over", [over_http, over_grpc])
async def test_what_no_proxy_names_is_asked_without(over: Over, start: Start) -> None:
    simulator, rotel = await start(Simulator()), await start(Rotel())
    way = await start(proxy(refusal=DENIED))
    environ = behind(way, "other *.INVALID.", away(over(rotel)))
    exporter = await start(Exporter(config(simulator), env=environ))
    line = await exporter.process.line("traces cannot be exported.*")
    assert "proxy=" not in line[0]
    assert way.heads == []


@pytest.mark.parametrize(("over", "reason"), [(over_http, "answered 407"), (over_grpc, "UNAVAIL")])
async def test_a_failing_export_names_the_proxy_and_not_its_password(
    over: Over, reason: str, start: Start
) -> None:
    simulator, rotel = await start(Simulator()), await start(Rotel())
    way = await start(proxy(refusal=DENIED))
    exporter = await start(Exporter(config(simulator), env=behind(way, "", away(over(rotel)))))
    line = await exporter.process.line("traces cannot be exported.*")
    assert f"proxy={way.url}" in line[0]
    assert reason in line[0]
    assert "hunter2" not in exporter.process.output()


@pytest.mark.parametrize("url", ["socks5://me:hunter2@proxy:1080", "https://proxy:443", "http://"])
async def test_a_proxy_that_cannot_be_used_is_one_line(url: str) -> None:
    environ = {"ORAN_MANO_API_URL": "http://mano.invalid", "HTTP_PROXY": url, "NO_PROXY": ""}
    ended = await command(env={**environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{AWAY}:4318"})
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "environment: HTTP_PROXY: the value (not shown) is not allowed; allowed: "
        "http://[USER:PASSWORD@]HOST[:PORT], or the collector in NO_PROXY\n"
    )


async def test_the_last_spans_arrive(start: Start) -> None:
    simulator, rotel = await start(Simulator()), await start(Rotel())
    never = {"OTEL_BSP_SCHEDULE_DELAY": "3600000"}
    exporter = await start(Exporter(config(simulator), env={**over_http(rotel), **never}))
    scrape = await exporter.until(lambda scrape: runs(scrape) > 20)
    assert rotel.spans() == []
    exporter.process.signal(signal.SIGTERM)
    assert await exporter.process.wait() == 0

    async def arrived() -> bool | None:
        return len(rotel.spans()) >= spans(scrape) or None

    await eventually(arrived)


async def test_the_library_is_imported_only_where_it_is_used(start: Start) -> None:
    simulator = await start(Simulator())
    told = {"PYTHONPROFILEIMPORTTIME": "1"}
    off = await start(Exporter(config(simulator), env=told))
    on = await start(Exporter(config(simulator), env={**told, **over_http(free_port())}))
    version = await command("--version", env={**told, **over_http(free_port())})
    assert "exporter.commands.main" in off.process.output()
    assert "opentelemetry" in on.process.output()
    assert "grpc" not in on.process.output().replace("proto.grpc", "")
    assert "opentelemetry" not in off.process.output()
    assert "exporter.commands.main" in version.err
    assert "opentelemetry" not in version.err
    status, _ = await get(f"{off.url}/-/ready")
    assert status == 200
    assert "traces=off" in off.process.output()


async def test_a_bad_value_is_one_line_and_nothing_starts(start: Start) -> None:
    simulator = await start(Simulator())
    environ = {"ORAN_MANO_API_URL": simulator.url, **over_http(free_port())}
    ended = await command(env={**environ, "OTEL_TRACES_SAMPLER": "some"})
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        'environment: OTEL_TRACES_SAMPLER: "some" is not allowed; allowed: always_on, always_off, '
        "traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio\n"
    )
