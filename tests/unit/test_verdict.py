"""What an exchange says of a surface, case by case."""

import math
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.job import Job
from exporter.observation import Lifecycle, RateLimit, Reason
from exporter.verdict import Sent, Verdict, judge, read_again
from exporter.wire import Exchange
from tests.support.caller import client, get
from tests.support.hostile import ask, play, serve, sized
from tests.support.jobs import answer, fault, jobs

JOBS: Final = jobs()
HEALTH: Final = {"status": "healthy", "timestamp": "2026-01-01T00:00:00Z"}

STATUSES: Final[list[tuple[int, Reason | None]]] = [
    (200, None),
    (201, None),
    (301, "redirect"),
    (304, "redirect"),
    (400, "validation"),
    (401, "auth_rejected"),
    (403, "forbidden"),
    (404, "not_found"),
    (405, "http_4xx"),
    (409, "conflict"),
    (418, "http_4xx"),
    (422, "validation"),
    (429, "throttled"),
    (500, "http_5xx"),
    (503, "http_5xx"),
    (599, "http_5xx"),
]


@pytest.mark.parametrize(("status", "reason"), STATUSES)
def test_a_status_has_its_reason(status: int, reason: Reason | None) -> None:
    verdict = judge(JOBS["orchestrator.intents.list"], answer({}, status=status))
    assert (verdict.finding.reason if verdict.finding else None) == reason
    assert verdict.call.status == status
    assert verdict.call.fault is None


BODIES: Final[list[tuple[str, object, Reason | None]]] = [
    ("monitoring.health", HEALTH, None),
    ("monitoring.health", {"status": "unhealthy"}, "unhealthy"),
    ("monitoring.health", {"status": "HEALTHY"}, "unhealthy"),
    ("monitoring.health", {}, "body_invalid"),
    ("monitoring.health", {"status": None}, "body_invalid"),
    ("monitoring.health", [], "body_invalid"),
    ("monitoring.health", "healthy", "body_invalid"),
    ("monitoring.health", b"<html>", "body_invalid"),
    ("monitoring.health", b"", "body_invalid"),
    ("monitoring.health", b"\xff\xfe", "body_invalid"),
    ("monitoring.health", b'{"status": "healthy", "x": "\\ud83d"}', None),
    ("monitoring.health", b'{"status": "healthy", "x": NaN}', None),
    ("monitoring.health", b'{"status": "healthy\xff"}', "unhealthy"),
    ("monitoring.health", b'{"status": NaN}', "body_invalid"),
    ("monitoring.health", b"[" * 100_000, "body_invalid"),
    ("monitoring.metrics", b"# HELP up Up.\nup 1\n", None),
    ("monitoring.metrics", b"up 1\n", None),
    ("monitoring.metrics", b'\n up{a="b"} 1\n', None),
    ("monitoring.metrics", b"<html>", "body_invalid"),
    ("monitoring.metrics", b"", "body_invalid"),
    ("orchestrator.intents.list", {"intents": []}, None),
    ("orchestrator.intents.list", {"intents": 7}, None),
]


async def judged(job: Job, result: Exchange) -> Verdict:
    """As it is judged at last."""
    verdict = judge(job, result)
    return await read_again(verdict, job, result) if verdict.unread else verdict


@pytest.mark.parametrize(("surface", "body", "reason"), BODIES)
async def test_a_body_has_its_reason(surface: str, body: object, reason: Reason | None) -> None:
    verdict = await judged(JOBS[surface], answer(body))
    assert (verdict.finding.reason if verdict.finding else None) == reason


async def test_what_is_odd_in_a_body_is_told_of_its_call() -> None:
    job, broken = JOBS["monitoring.health"], b'{"status": "healthy", "x": NaN, "y": "\xff"%s}'
    stamped = broken % b', "timestamp": "2026-01-01T00:00:00Z"'
    for body, stamp in ((broken % b"", None), (stamped, 1767225600)):
        verdict = await judged(job, answer(body))
        assert (verdict.finding, verdict.unread) == (None, False)
        assert (verdict.call.oddities, verdict.call.stamp) == (("number", "text"), stamp)
        assert verdict.document is not None
        assert verdict.document["y"] == "\ufffd"
    assert judge(job, answer(HEALTH)).call.oddities == ()
    refused = judge(job, answer(stamped, status=503))
    assert (refused.unread, refused.call.oddities) == (False, ())  # nobody reads it


def test_an_unhealthy_component_is_named_and_nothing_else_the_api_sent() -> None:
    body = {"status": "degraded", "components": {"redis": "unhealthy", "x\n": "unhealthy"}}
    finding = judge(JOBS["monitoring.health"], answer(body)).finding
    assert finding is not None
    assert finding.detail == "redis"


@pytest.mark.parametrize(
    ("duration", "reason", "slow"),
    [(1.9, None, False), (2.0, None, False), (2.1, None, True), (5.1, "slow", False)],
)
def test_good_slow_and_too_slow(duration: float, reason: Reason | None, slow: object) -> None:
    verdict = judge(JOBS["monitoring.health"], answer(HEALTH, duration=duration))
    assert (verdict.finding.reason if verdict.finding else None) == reason
    assert verdict.slow is slow


def test_the_first_fault_counts() -> None:
    verdict = judge(JOBS["monitoring.health"], answer(b"", status=503, duration=9))
    assert verdict.finding is not None
    assert verdict.finding.reason == "http_5xx"


def test_a_fault_of_the_wire_is_told_as_it_came() -> None:
    verdict = judge(JOBS["monitoring.health"], fault("connect_refused"))
    assert verdict.finding is not None
    assert verdict.finding.reason == verdict.call.fault == "connect_refused"
    assert verdict.call.status is None


def test_the_call_has_what_client_metrics_want() -> None:
    headers = {
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "7",
        "X-RateLimit-Reset": "30",
        "API-Version": "1.0.0",
    }
    result = answer({}, status=404, headers=headers)
    call = judge(JOBS["vnf-operator.vnfs.get"], result, Sent(queued=0.25)).call
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
    verdict = judge(JOBS["vnf-operator.vnfs.get"], result)
    call = verdict.call
    assert verdict.finding is not None
    assert (verdict.finding.reason, call.fault, call.status) == (reason, reason, 200)
    assert call.rate_limit == RateLimit(1000, 7, call.at + 30)
    assert call.lifecycle == Lifecycle("1.0.0")


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_no_body_raises(body: bytes) -> None:
    for job in JOBS.values():
        verdict = judge(job, answer(body))
        assert math.isfinite(verdict.call.duration)
