"""`/probe`: what may be asked, what is answered, and what never is."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import aiohttp
import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from exporter.config.schema import Auth, Target
from exporter.config.values import Secret
from exporter.model.observation import Call, Observation, Phases, Run, Skip, Transport
from exporter.model.trace_context import TraceContext, trace_context_of
from exporter.probing.on_demand import NotAskableError, OnDemandResult
from exporter.protocol.problem_capture import ProblemCapture
from exporter.web.listen_address import ListenAddress
from exporter.web.server import Pages, Server
from tests.support.jobs import jobs
from tests.support.pages import no_metrics
from tests.support.servers import LOOPBACK

JOB: Final = jobs()["monitoring.health"]
CALL: Final = Call(
    key=JOB.key,
    at=1000.0,
    method="GET",
    endpoint="/monitoring/health",
    rate_class="monitoring",
    credential="anonymous",
    duration=0.25,
    phases=Phases(queue=9.0, dns=0.01, connect=0.02, tls=0.03, send=0.04, wait=0.05, receive=0.06),
    reused=False,
    status=200,
    response_bytes=157,
    certificate_expiry=2_000_000_000.0,
    path="/monitoring/health",
    context=TraceContext(7, 8),
    transport=Transport(4, "1.1", "TLSv1.3", 2),
)
RUN: Final = Run(JOB.key, 1000.0, 0.25, deciding=CALL)
SECRET: Final = "hunter2-and-more"
TARGET: Final = Target(
    name="lab",
    url="https://lab.example/v1",
    auth=Auth("login", "probe", Secret(SECRET)),
    headers={"X-Tenant": Secret(SECRET), "X-Key_file": SECRET},
    proxy_url=Secret(f"http://me:{SECRET}@proxy:3128"),
)
SCRAPE_TIMEOUT: Final = "X-Prometheus-Scrape-Timeout-Seconds"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str


class Door:
    """The page, behind which stands whoever the test wants."""

    def __init__(self, last: Observation | Exception) -> None:
        self.last = last
        self.asked: list[tuple[str, str, float | None, TraceContext | None]] = []
        self.listened: list[bool] = []
        self.url = ""

    async def ask(
        self,
        target: str,
        surface: str,
        patience: float | None,
        parent: TraceContext | None,
        capture: ProblemCapture | None,
    ) -> OnDemandResult:
        self.listened.append(capture is not None)
        self.asked.append((target, surface, patience, parent))
        if isinstance(self.last, Exception):
            raise self.last
        return OnDemandResult(JOB, TARGET, [CALL, self.last])

    async def get(self, query: str = "surface=s", *, method: str = "GET", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession(headers=named) as session,
            session.request(method, f"{self.url}/probe?{query}") as response,
        ):
            return Answer(response.status, response.headers, await response.text())


@asynccontextmanager
async def opened(last: Observation | Exception = RUN) -> AsyncIterator[Door]:
    door = Door(last)
    pages = Pages(
        metrics=no_metrics,
        status=lambda: str,
        unhealthy=lambda: None,
        unready=lambda: None,
        ask=door.ask,
    )
    server = Server(pages, "/metrics")
    door.url = f"http://{await server.open(ListenAddress(LOOPBACK, 0))}"
    try:
        yield door
    finally:
        await server.close()


def samples(text: str) -> dict[str, float]:
    """By name, with what labels there are."""
    return {
        "/".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# --- What is answered ----------------------------------------------------------------------------


async def test_a_well_run_under_the_names_of_blackbox_exporter() -> None:
    async with opened() as door:
        status, headers, text = await door.get()
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    seen = samples(text)
    assert seen.pop("probe_http_duration_seconds/processing") == pytest.approx(0.09)
    assert seen == {
        "probe_success": 1,
        "probe_duration_seconds": 0.25,
        "probe_http_duration_seconds/resolve": 0.01,
        "probe_http_duration_seconds/connect": 0.02,
        "probe_http_duration_seconds/tls": 0.03,
        "probe_http_duration_seconds/transfer": 0.06,
        "probe_dns_lookup_time_seconds": 0.01,
        "probe_http_status_code": 200,
        "probe_http_ssl": 1,
        "probe_http_version": 1.1,
        "probe_http_redirects": 2,
        "probe_http_uncompressed_body_length": 157,
        "probe_ip_protocol": 4,
        "probe_tls_version_info/TLS 1.3": 1,
        "probe_ssl_earliest_cert_expiry": 2_000_000_000,
    }


async def test_what_was_not_reached_is_0_and_what_was_not_seen_is_absent() -> None:
    refused = replace(
        CALL,
        fault="connect_refused",
        status=None,
        phases=Phases(dns=0.01, connect=0.02),
        response_bytes=None,
        certificate_expiry=None,
        transport=None,
    )
    run = replace(RUN, reason="connect_refused", deciding=refused)
    async with opened(run) as door:
        seen = samples((await door.get()).text)
    assert seen["probe_success"] == 0
    assert seen["probe_http_status_code"] == 0
    assert seen["probe_http_duration_seconds/processing"] == 0
    assert "probe_ssl_earliest_cert_expiry" not in seen
    assert not any(name.startswith("probe_tls_version_info") for name in seen)


async def test_a_run_without_a_call_has_a_verdict_all_the_same() -> None:
    async with opened(replace(RUN, reason="internal", deciding=None)) as door:
        seen = samples((await door.get()).text)
    assert (seen["probe_success"], seen["probe_http_status_code"]) == (0, 0)


async def test_openmetrics_and_gzip_are_negotiated() -> None:
    accept = "application/openmetrics-text;version=1.0.0"
    async with opened() as door:
        status, headers, text = await door.get(Accept=accept, Accept_Encoding="gzip")
    assert status == 200
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert headers["Content-Encoding"] == "gzip"
    assert "probe_success" in {
        family.name
        for family in openmetrics(text)  # type: ignore[no-untyped-call]
    }


async def test_debug_tells_the_whole_story_and_then_the_metrics() -> None:
    async with opened(replace(RUN, reason="slow", detail="took 9 s")) as door:
        status, headers, text = await door.get("surface=s&debug=true")
    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    told, _, metrics = text.partition("Metrics that would have been returned:\n")
    assert "monitoring.health of lab failed: slow\n" in told
    assert "slow: took 9 s" in told
    assert "latency.bad" in told
    assert samples(metrics)["probe_success"] == 0
    assert door.listened == [True]


@pytest.mark.parametrize("last", [RUN, Skip(JOB.key, 1000.0, "overrun")])
async def test_debug_tells_the_planned_job_without_a_secret(last: Run | Skip) -> None:
    async with opened(last) as door:
        text = (await door.get("surface=s&debug=true")).text
    planned = text.partition("Planned job:\n")[2].partition("\nMetrics that would")[0].rstrip()
    assert planned.splitlines() == [
        "  surface       monitoring.health of lab, component monitoring",
        "  request       GET /monitoring/health",
        "  mode          read",
        "  interval      30s",
        "  time-out      27s in all, connect 10s, read 30s",
        "  latency       good up to 2s, bad above 5s",
        "  essential     yes",
        "  rate class    monitoring (anonymous)",
        "  url           https://lab.example/v1",
        "  auth          login",
        "  connections   concurrency 10, kept for 5m, ip_protocol auto",
        "  tls           verified",
        "  proxy         as proxy_url says",
        "  redirects     not followed",
        "  headers       X-Tenant, X-Key",
    ]
    assert SECRET not in text


async def test_without_debug_nothing_is_told_of_the_job() -> None:
    async with opened() as door:
        assert "Planned job" not in (await door.get()).text


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("debug", ["", "&debug=true"])
@pytest.mark.parametrize(
    ("reason", "again"), [("no_token", "10"), ("overrun", "1"), ("no_resource", "30")]
)
async def test_what_was_not_probed_has_no_verdict(reason: str, again: str, debug: str) -> None:
    skip = Skip(JOB.key, 1000.0, reason)  # type: ignore[arg-type]
    async with opened(skip) as door:
        status, headers, text = await door.get(f"surface=s{debug}")
    assert (status, headers["Retry-After"]) == (503, again)
    assert f"not probed: {reason}" in text
    assert "probe_success" not in text


async def test_what_cannot_be_asked_for_is_one_line() -> None:
    async with opened(NotAskableError("unknown surface")) as door:
        status, _, text = await door.get()
    assert (status, text) == (400, "unknown surface\n")


@pytest.mark.parametrize(
    "query", ["surface=a&module=b", "surface=a&surface=b", "surface=a&target=x&target=y"]
)
async def test_one_thing_is_asked_for_at_a_time(query: str) -> None:
    async with opened() as door:
        assert (await door.get(query)).status == 400
    assert door.asked == []


async def test_a_head_asks_for_nothing() -> None:
    async with opened() as door:
        assert (await door.get(method="HEAD")).status == 405
        assert (await door.get(method="POST")).status == 405
    assert door.asked == []


# --- What is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "target", "surface"),
    [
        ("target=lab&surface=s", "lab", "s"),
        ("module=s&target=http://lab/v1", "http://lab/v1", "s"),
        ("module=s&surface=s", "", "s"),
        ("", "", ""),
    ],
)
async def test_who_and_what(query: str, target: str, surface: str) -> None:
    async with opened() as door:
        await door.get(query)
    assert door.asked == [(target, surface, None, None)]


@pytest.mark.parametrize(("told", "patience"), [("10", 9.5), ("0.8", 0.4), ("1", 0.5)])
async def test_the_time_of_the_scrape_less_the_way_back(told: str, patience: float) -> None:
    async with opened() as door:
        await door.get(**{SCRAPE_TIMEOUT: told})
    assert door.asked[0][2] == pytest.approx(patience)


@pytest.mark.parametrize("told", ["", "x", "-1", "0", "nan", "inf"])
async def test_a_time_that_is_none_is_refused(told: str) -> None:
    async with opened() as door:
        assert (await door.get(**{SCRAPE_TIMEOUT: told})).status == 400
    assert door.asked == []


async def test_the_trace_of_who_asks_goes_on() -> None:
    header = f"00-{7:032x}-{8:016x}-01"
    async with opened() as door:
        await door.get(traceparent=header)
        await door.get(traceparent="nonsense")
    assert [asked[3] for asked in door.asked] == [trace_context_of(header), None]


async def test_two_are_answered_at_once() -> None:
    async with opened() as door:
        answers = await asyncio.gather(door.get(), door.get())
    assert [answer.status for answer in answers] == [200, 200]
