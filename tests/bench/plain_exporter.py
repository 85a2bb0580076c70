"""A peer: an exporter by the documented use of the same libraries, and nothing beyond it.

It probes the same targets at the same times with aiohttp's ClientSession, scheduled by APScheduler,
and shows what a user would want to know with prometheus_client: runs, failures by reason, how long
they took, the last answer, its health and its quota. With traces each run is a span of
OpenTelemetry's SDK. It has no overrun accounting, no phases, no budget, no tokens, no reload.

    python -m tests.bench.plain_exporter CONFIG.json
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import prometheus_client
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import Counter, Gauge, Histogram

from exporter.model.observation import BUCKETS

SURFACE: Final = ("target", "component", "surface")
RUNS: Final = Counter("plain_probe_runs", "Runs of probes.", SURFACE)
FAILURES: Final = Counter("plain_probe_failures", "Failed runs.", (*SURFACE, "reason"))
DURATION: Final = Histogram("plain_probe_duration_seconds", "Of runs.", SURFACE, buckets=BUCKETS)
SUCCESS: Final = Gauge("plain_probe_success", "Whether the last run was well.", SURFACE)
STATUS: Final = Gauge("plain_probe_http_status_code", "Of the last answer.", SURFACE)
SIZE: Final = Gauge("plain_probe_response_bytes", "Of the last answer.", SURFACE)
LAST: Final = Gauge("plain_probe_last_run_timestamp_seconds", "When it ended.", SURFACE)
HEALTHY: Final = Gauge("plain_healthy", "By the last answer.", ("target", "part"))
LIMIT: Final = Gauge("plain_rate_limit_requests", "That are allowed.", ("target",))
REMAINING: Final = Gauge("plain_rate_limit_remaining_requests", "That are left.", ("target",))
RESET: Final = Gauge("plain_rate_limit_reset_timestamp_seconds", "End of window.", ("target",))
REQUESTS: Final = Counter(
    "plain_requests", "On the wire.", ("target", "method", "endpoint", "status_code")
)
REQUEST_DURATION: Final = Histogram(
    "plain_request_duration_seconds",
    "On the wire.",
    ("target", "method", "endpoint"),
    buckets=BUCKETS,
)
PATH: Final = "/monitoring/health"


class Prober:
    """Probes one target after the other's schedule, with one session for all of them."""

    def __init__(self, session: aiohttp.ClientSession, config: Mapping[str, Any]) -> None:
        self._session = session
        self._server_name = config["server_name"]
        self._tracer = _tracer() if config["traced"] else None

    async def probe(self, name: str, url: str) -> None:
        """One run, and what is to be told of it."""
        labels = (name, "monitoring", "monitoring.health")
        began = time.perf_counter()
        reason = ""
        try:
            with self._span(name, url) as span:
                await self._ask(name, url, labels)
                if span is not None:
                    span.set_attribute("http.response.status_code", 200)
        except TimeoutError:
            reason = "timeout"
        except aiohttp.ClientResponseError:
            reason = "status"
        except aiohttp.ClientError:
            reason = "connection"
        except ValueError:
            reason = "body"
        RUNS.labels(*labels).inc()
        DURATION.labels(*labels).observe(time.perf_counter() - began)
        SUCCESS.labels(*labels).set(not reason)
        LAST.labels(*labels).set_to_current_time()
        if reason:
            FAILURES.labels(*labels, reason).inc()

    async def _ask(self, name: str, url: str, labels: tuple[str, str, str]) -> None:
        began = time.perf_counter()
        async with self._session.get(
            f"{url}{PATH}", headers=self._headers(), server_hostname=self._server_name
        ) as answer:
            body = await answer.read()
        REQUESTS.labels(name, "GET", PATH, answer.status).inc()
        REQUEST_DURATION.labels(name, "GET", PATH).observe(time.perf_counter() - began)
        STATUS.labels(*labels).set(answer.status)
        SIZE.labels(*labels).set(len(body))
        answer.raise_for_status()
        told = json.loads(body)
        HEALTHY.labels(name, "all").set(told["status"] == "healthy")
        for part, state in told["components"].items():
            HEALTHY.labels(name, part).set(state == "healthy")
        LIMIT.labels(name).set(float(answer.headers["X-RateLimit-Limit"]))
        REMAINING.labels(name).set(float(answer.headers["X-RateLimit-Remaining"]))
        RESET.labels(name).set(float(answer.headers["X-RateLimit-Reset"]))

    def _span(self, name: str, url: str) -> Any:  # noqa: ANN401  # of a library that is loaded late
        if self._tracer is None:
            return nullcontext()
        from opentelemetry.trace import SpanKind  # noqa: PLC0415  # where there are traces

        attributes = {
            "http.request.method": "GET",
            "url.full": f"{url}{PATH}",
            "url.template": PATH,
            "server.address": url.split("/")[2].partition(":")[0],
            "target": name,
            "component": "monitoring",
            "surface": "monitoring.health",
        }
        return self._tracer.start_as_current_span(
            f"GET {PATH}", kind=SpanKind.CLIENT, attributes=attributes
        )

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        if self._tracer is not None:
            from opentelemetry import propagate  # noqa: PLC0415  # where there are traces

            propagate.inject(headers)
        return headers


def _tracer() -> Any:  # noqa: ANN401  # of a library that is loaded late
    """As the SDK's documentation has it; where to is in its own variables."""
    from opentelemetry import trace  # noqa: PLC0415  # where there are traces
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # where there are traces
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # where there are traces
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # where there are traces

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return trace.get_tracer("plain-exporter")


async def _metrics(_: web.Request) -> web.Response:
    headers = {"Content-Type": prometheus_client.CONTENT_TYPE_LATEST}
    return web.Response(body=prometheus_client.generate_latest(), headers=headers)


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="well\n")


async def _run(config: Mapping[str, Any]) -> None:
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # has no types
    tls = ssl.create_default_context(cafile=config["authority"])
    connector = aiohttp.TCPConnector(limit=0, ssl=tls, force_close=not config["kept"])
    timeout = aiohttp.ClientTimeout(total=config["interval"])
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        prober = Prober(session, config)
        scheduler = AsyncIOScheduler(timezone=UTC)
        apart = 1 / len(config["targets"])
        for number, url in enumerate(config["targets"]):
            first = datetime.now(UTC) + timedelta(seconds=1 + number * apart)
            name = url.split("/")[2].replace(".", "-").replace(":", "-")
            scheduler.add_job(
                prober.probe,
                "interval",
                args=(name, url),
                seconds=config["interval"],
                next_run_time=first,
            )
        scheduler.start()
        app = web.Application()
        app.add_routes([web.get("/metrics", _metrics), web.get("/-/healthy", _healthy)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        host, _, port = config["listen"].partition(":")
        await web.TCPSite(runner, host, int(port)).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run(json.loads(Path(sys.argv[1]).read_text())))
