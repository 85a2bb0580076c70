"""What an exchange says of a surface, case by case."""

import math
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.checks.judge import Sent
from exporter.model.exchange import Exchange
from exporter.model.headers import Lifecycle, RateLimit
from exporter.model.reasons import Reason
from tests.support.caller import client, get
from tests.support.hostile import ask, play, serve, sized
from tests.support.jobs import answer, fault, jobs, judged

JOBS: Final = jobs()
HEALTH: Final = {"status": "healthy", "timestamp": "2026-01-01T00:00:00Z"}


async def test_what_is_odd_in_a_body_is_told_of_its_call() -> None:
    job, broken = JOBS["monitoring.health"], b'{"status": "healthy", "x": NaN, "y": "\xff"%s}'
    stamped = broken % b', "timestamp": "2026-01-01T00:00:00Z"'
    for body, stamp in ((broken % b"", None), (stamped, 1767225600)):
        verdict = await judged(job, answer(body))
        assert verdict.finding is None
        assert (verdict.call.oddities, verdict.call.stamp) == (("number", "text"), stamp)
        assert verdict.document is not None
        assert verdict.document["y"] == "\ufffd"
    assert (await judged(job, answer(HEALTH))).call.oddities == ()
    assert (await judged(job, answer(stamped, status=503))).call.oddities == ()  # nobody reads it


ORDER: Final[list[tuple[str, Exchange, str]]] = [
    ("monitoring.health", answer(b"<html>", status=503, duration=9), "status"),
    ("monitoring.health", answer(b"<html>", duration=9), "media"),
    ("monitoring.health", answer(b"", duration=9), "body"),
    ("monitoring.health", answer({}, duration=9), "healthy"),
    ("monitoring.health", answer(HEALTH, duration=9), "duration"),
    ("monitoring.metrics", answer(b"<html>", duration=9), "media"),
    ("monitoring.metrics", answer(b"", duration=9), "exposition"),
    ("monitoring.metrics", answer(b"up 1\n", duration=9), "duration"),
]


@pytest.mark.parametrize(("surface", "result", "check"), ORDER)
async def test_the_first_fault_counts(surface: str, result: Exchange, check: str) -> None:
    verdict = await judged(JOBS[surface], result)
    assert verdict.finding is not None
    assert verdict.finding.check == check
    assert verdict.slow is False
    assert (verdict.document is None) == (surface == "monitoring.metrics" or check != "duration")


async def test_a_fault_of_the_wire_is_told_as_it_came() -> None:
    verdict = await judged(JOBS["monitoring.health"], fault("connect_refused"))
    assert verdict.finding is not None
    assert verdict.finding.reason == verdict.call.fault == "connect_refused"
    assert verdict.finding.check == ""
    assert verdict.call.status is None


async def test_the_call_has_what_client_metrics_want() -> None:
    headers = {
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "7",
        "X-RateLimit-Reset": "30",
        "API-Version": "1.0.0",
    }
    result = answer({}, status=404, headers=headers)
    call = (await judged(JOBS["vnf-operator.vnfs.get"], result, sent=Sent(queued=0.25))).call
    assert (call.method, call.endpoint) == ("GET", "/vnf-operator/vnfs/{vnfId}")
    assert (call.credential, call.rate_class) == ("account", "standard")
    assert call.rate_limit == RateLimit(1000, 7, 1030.0)
    assert call.lifecycle == Lifecycle("1.0.0")
    assert (call.phases.queue, call.phases.dns) == (0.25, None)
    assert call.response_bytes == 2


RATES: Final = b"X-RateLimit-Limit: 1000\r\nX-RateLimit-Remaining: 7\r\nX-RateLimit-Reset: 30\r\n"


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b"Content-Length: 9\r\n\r\n{}", "reset"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}", "reset"),
        (b"Content-Length: 1000000000\r\n\r\n", "too_large"),
        (b"Content-Encoding: gzip\r\n" + sized(b"{}"), "body_invalid"),
    ],
    ids=["cut", "cut in a chunk", "too large", "in a broken coding"],
)
async def test_the_quota_is_known_of_an_answer_whose_body_failed(
    rest: bytes, reason: Reason
) -> None:
    script = play(ask, b"HTTP/1.1 200 OK\r\nAPI-Version: 1.0.0\r\n" + RATES + rest)
    async with serve(script) as server, client(server.url) as subject:
        result = await get(subject)
    verdict = await judged(JOBS["vnf-operator.vnfs.get"], result)
    call = verdict.call
    assert verdict.finding is not None
    assert (verdict.finding.reason, call.fault, call.status) == (reason, reason, 200)
    assert call.rate_limit == RateLimit(1000, 7, call.at + 30)
    assert call.lifecycle == Lifecycle("1.0.0")


@given(st.binary(max_size=200) | st.text().map(str.encode))
async def test_no_body_raises(body: bytes) -> None:
    for job in JOBS.values():
        verdict = await judged(job, answer(body))
        assert math.isfinite(verdict.call.duration)
