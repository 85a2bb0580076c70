"""What is told of a probe: the waterfall, the headers, what is wrong and what to do."""

import json
import re
from collections.abc import Sequence
from typing import Final, get_args

import pytest
from msgspec.structs import replace

from exporter.checks import IN_ORDER
from exporter.metrics.families import BY_NAME
from exporter.model.exchange import Exchange, Request
from exporter.model.headers import Lifecycle, RateLimit
from exporter.model.observation import Call, Key, OnDemandRun, Phases, Renewal, Run, Skip, Transport
from exporter.model.reasons import Reason, SkipReason
from exporter.model.trace_context import TraceContext
from exporter.protocol.problem import RateLimited, ServerFault
from exporter.protocol.problem_capture import ProblemCapture
from exporter.report.advice import FAILED, SKIPPED
from exporter.report.probe_json import document
from exporter.report.run_text import Step, steps, story
from exporter.report.waterfall import WIDTH, phases_of, side_by_side, waterfall
from tests.support.jobs import answer

HEALTH: Final = Key("lab", "monitoring", "monitoring.health")
LOGIN: Final = Key("lab", "auth", "auth.login")
NOW: Final = 1_800_000_000.0
DAY: Final = 86400.0
CALL: Final = Call(
    key=HEALTH,
    at=NOW,
    method="GET",
    endpoint="/monitoring/health",
    rate_class="monitoring",
    credential="anonymous",
    duration=0.1,
    phases=Phases(queue=0.0, dns=0.02, connect=0.03, send=0.01, wait=0.03, receive=0.01),
    reused=False,
    status=200,
    response_bytes=157,
    rate_limit=RateLimit(5000, 4990, NOW + 12),
    certificate_expiry=NOW + 98 * DAY,
    lifecycle=Lifecycle("1.4", NOW - 3 * DAY, NOW + 200 * DAY, relations=("sunset",)),
    path="/monitoring/health",
    context=TraceContext(7, 8, sampled=True),
    transport=Transport(6, "1.1", "TLSv1.3", 1),
    steady=100.0,
)
RUN: Final = Run(HEALTH, NOW, 0.1, deciding=CALL)


def told(*steps: Step, notes: Sequence[str] = ()) -> str:
    return "".join(f"{line.text}\n" for line in story(steps, notes))


# --- The waterfall -------------------------------------------------------------------------------


def test_phases_stand_under_each_other_from_begin_to_end() -> None:
    assert "\n".join(waterfall(CALL)) == (
        "dns       |########                                |     20.00 ms\n"
        "connect   |        ############                    |     30.00 ms\n"
        "send      |                    ####                |     10.00 ms\n"
        "wait      |                        ############    |     30.00 ms\n"
        "receive   |                                    ####|     10.00 ms\n"
        "total     |                                        |    100.00 ms"
    )


def test_what_went_before_the_last_connection_has_its_place() -> None:
    call = replace(CALL, phases=Phases(connect=0.02, wait=0.03))
    assert list(phases_of(call)) == ["before", "connect", "wait"]
    assert phases_of(call)["before"] == pytest.approx(0.05)


def test_a_wait_for_a_slot_of_ours_counts_in_no_duration() -> None:
    rows = list(waterfall(replace(CALL, phases=replace(CALL.phases, queue=0.5))))
    assert rows[0].split() == ["queue", "|", "|", "500.00", "ms"]
    assert rows[-1].endswith("100.00 ms")


@pytest.mark.parametrize("duration", [0.0, 1e-9, 0.1, 1e6])
@pytest.mark.parametrize("phase", [0.0, 1e-9, 0.1, 1e6])
def test_every_row_has_its_width(duration: float, phase: float) -> None:
    call = replace(CALL, duration=duration, phases=Phases(dns=phase, connect=phase, wait=phase))
    for row in waterfall(call):
        assert row.index("|") == 10
        assert row.rindex("|") == 10 + 1 + WIDTH


def test_calls_stand_on_one_axis_of_time() -> None:
    """By the clock that no step moves: the wall clock was set back between them."""
    later = replace(
        CALL, at=NOW - 60, steady=100.1, path="/" + "x" * 300, status=None, fault="reset"
    )
    assert list(side_by_side([later, CALL])) == [
        "GET /monitoring/health                 200 |############            |    100.00 ms",
        "GET /xxxxxxxxxx...xxxxxxxxxxxxxxxxxx reset |            ############|    100.00 ms",
    ]


# --- The story -----------------------------------------------------------------------------------


def test_what_the_answer_said_of_itself() -> None:
    lines = told(Step(RUN, (CALL,))).splitlines()
    assert lines[0] == "monitoring.health of lab is well"
    assert "  GET /monitoring/health: 200, 157 bytes" in lines
    facts = {line[2:16].strip(): line[16:] for line in lines if line[2:3].strip()}
    assert facts["connection"] == "new, IPv6, HTTP/1.1, TLS 1.3, redirects followed: 1"
    assert facts["certificate"] == "ends 2027-04-23 08:00:00 UTC, in 98 days"
    assert facts["rate limit"] == "monitoring (anonymous): 4990 of 5000 left, resets in 12 s"
    assert facts["API version"] == "1.4"
    assert facts["deprecated"] == "2027-01-12 08:00:00 UTC, 3 days ago"
    assert facts["sunset"] == "2027-08-03 08:00:00 UTC, in 200 days"
    assert facts["trace id"] == f"{7:032x}"
    assert facts["traceparent"] == f"00-{7:032x}-{8:016x}-01"
    assert facts["checked"] == ", ".join(IN_ORDER["monitoring.health"])


def test_what_was_not_measured_is_not_told() -> None:
    bare = Call(HEALTH, NOW, "GET", "/x", "standard", "account", 0.1, Phases(), fault="dns")
    text = told(Step(Run(HEALTH, NOW, 0.1, "dns", deciding=bare, detail="no such name"), (bare,)))
    assert "GET /x: dns\n" in text
    assert not any(word in text for word in ("rate limit", "certificate", "trace", "None"))
    assert "checked" not in text  # no answer came


def test_of_the_checks_those_are_told_that_were_asked() -> None:
    text = told(Step(replace(RUN, reason="unhealthy", check="media"), (CALL,)))
    assert "  checked       status, media\n" in text


def test_a_date_beyond_all_calendars_is_told() -> None:
    far = replace(CALL, certificate_expiry=1e18)
    assert "1000000000000000000 (Unix time)" in told(Step(replace(RUN, deciding=far), (far,)))


def test_a_failure_says_what_it_means_and_where_to_look() -> None:
    text = told(
        Step(replace(RUN, reason="http_5xx", detail="answered 503", check="status"), (CALL,))
    )
    assert text.startswith("monitoring.health of lab failed: http_5xx\n")
    assert "wrong         http_5xx: answered 503 (check: status)\n" in text
    assert FAILED["http_5xx"].means in text
    assert FAILED["http_5xx"].then in text


async def captured(context: TraceContext | None, status: int, **said: object) -> ProblemCapture:
    async def send(_: Request) -> Exchange:
        return answer(said, status=status)

    capture = ProblemCapture()
    assert context is not None
    await capture.through(send)(Request("GET", "/x", {}, 1, traceparent=context.traceparent))
    return capture


async def test_what_the_api_said_is_told() -> None:
    field = {"field": "slice_type", "message": "unknown", "code": "ENUM_ERROR"}
    said = {"title": "Invalid", "detail": "see the fields", "type": "about:blank"}
    run = replace(RUN, reason="validation", detail="answered 422")
    capture = await captured(CALL.context, 422, **said, errors=[field, {"code": "X"}])
    (step,) = steps([CALL, OnDemandRun(run)], capture)
    lines = [line.strip() for line in told(step).splitlines()]
    at = lines.index("wrong         validation: answered 422")
    assert lines[at + 1 : at + 4] == [
        "the API says  Invalid: see the fields",
        "the API says  slice_type: unknown: ENUM_ERROR",
        "the API says  X",
    ]
    seen = json.loads(document([step]))["problem"]
    assert (seen["title"], seen["detail"], seen["type"]) == (
        "Invalid",
        "see the fields",
        "about:blank",
    )
    assert seen["errors"][0] == {"field": "slice_type", "message": "unknown", "code": "ENUM_ERROR"}


async def test_a_page_in_the_place_of_a_problem_is_not_read() -> None:
    capture = await captured(CALL.context, 503, title="long", more="x" * 65536)
    (step,) = steps([replace(RUN, reason="http_5xx")], capture)
    assert step.problem == ServerFault(503)


async def test_what_was_not_heard_is_not_told() -> None:
    run = replace(RUN, reason="validation", deciding=replace(CALL, context=TraceContext(7, 9)))
    of_another = await captured(CALL.context, 503, title="of another call")
    for capture in (ProblemCapture(), of_another):
        (step,) = steps([run], capture)
        assert step.problem is None
        assert "the API says" not in told(step)
    assert "the API says" not in told(Step(run, problem=ServerFault(503)))


def test_how_long_a_429_asks_to_wait_is_told_to_programs() -> None:
    step = Step(replace(RUN, reason="throttled"), problem=RateLimited(429, delay=1))
    seen = json.loads(document([step]))
    assert seen["problem"]["wait_seconds"] == 1


def test_well_and_slow_is_said() -> None:
    assert told(Step(replace(RUN, slow=True))).startswith("monitoring.health of lab is well, but s")


def test_a_scheduled_run_that_was_joined_is_said() -> None:
    assert "scheduled run was in flight" in told(Step(replace(RUN, lateness=0.0), (CALL,)))
    assert "scheduled" not in told(Step(RUN, (CALL,)))


def test_what_had_to_happen_first_is_told_at_length_only_where_it_failed() -> None:
    login = replace(CALL, key=LOGIN, at=NOW - 1, method="POST", path="/auth/login")
    skip = Step(Skip(HEALTH, NOW, "no_token"))
    well = told(Step(Run(LOGIN, NOW, 0.1, deciding=login), (login,)), Step(RUN, (CALL,)))
    bad = told(Step(Run(LOGIN, NOW, 0.1, "auth_rejected", deciding=login), (login,)), skip)
    assert well.count("POST /auth/login") == 1
    assert well.count("traceparent") == 1
    assert "auth.login failed: auth_rejected" in bad
    assert FAILED["auth_rejected"].then in bad
    assert SKIPPED["no_token"].means in bad


def test_calls_belong_to_the_run_that_they_made() -> None:
    login = replace(CALL, key=LOGIN)
    renewal = Renewal(LOGIN, NOW, "login")
    found = steps([login, renewal, Run(LOGIN, NOW, 0.1), CALL, CALL, OnDemandRun(RUN)])
    assert [(step.key, len(step.calls)) for step in found] == [(LOGIN, 1), (HEALTH, 2)]


def test_every_reason_has_its_advice() -> None:
    assert set(FAILED) == set(get_args(Reason))
    assert set(SKIPPED) == set(get_args(SkipReason))


def test_metrics_that_are_to_be_looked_at_exist() -> None:
    named = set(re.findall(r"oran_mano_\w+", f"{FAILED} {SKIPPED}"))
    assert named
    assert named <= BY_NAME.keys()


# --- For programs --------------------------------------------------------------------------------


def test_the_same_as_json() -> None:
    login = Step(Run(LOGIN, NOW, 0.1), ())
    seen = json.loads(document([login, Step(RUN, (CALL,))], ["a note"]))
    assert (seen["target"], seen["surface"], seen["result"]) == ("lab", HEALTH.surface, "well")
    assert seen["notes"] == ["a note"]
    assert [step["surface"] for step in seen["steps"]] == ["auth.login", "monitoring.health"]
    (call,) = seen["calls"]
    assert call["phases_seconds"] == phases_of(CALL)
    assert call["transport"]["tls_version"] == "TLSv1.3"
    assert call["rate_limit"]["remaining"] == 4990
    assert call["lifecycle"]["sunset"] == "2027-08-03T08:00:00.000Z"
    assert call["traceparent"] == f"00-{7:032x}-{8:016x}-01"


@pytest.mark.parametrize(
    ("conclusion", "result", "look"),
    [
        (replace(RUN, slow=True), "slow", None),
        (replace(RUN, reason="dns"), "failed", FAILED["dns"].then),
        (Skip(HEALTH, NOW, "no_resource"), "skipped", SKIPPED["no_resource"].then),
    ],
)
def test_results(conclusion: Run | Skip, result: str, look: str | None) -> None:
    seen = json.loads(document([Step(conclusion)]))
    assert (seen["result"], seen["look_next"]) == (result, look)
    assert (seen["duration_seconds"] is None) == isinstance(conclusion, Skip)
