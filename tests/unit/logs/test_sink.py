"""What is logged, and what is not."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec.structs import replace

from exporter.logs.format import Level, LogFormat, configure
from exporter.logs.sink import Logs
from exporter.model.headers import Lifecycle
from exporter.model.observation import Heartbeat, IdsListed, IdsVisited, Key, Observation, Phases
from exporter.model.reasons import SkipReason
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Plan, apply_to
from tests.unit.status.factories import HEALTH, INTENTS, NOW, call, job, plan, run, skip

Lines = list[dict[str, object]]


class Log:
    """A sink with its lines, as JSON."""

    def __init__(self, level: Level = "info", planned: Plan | None = None) -> None:
        self.stream = io.StringIO()
        configure(level, "json", self.stream)
        self.now = NOW
        self.sink = Logs(lambda: self.now)
        if planned is not None:
            self.sink.apply(planned)

    def take(self, *observations: Observation) -> Lines:
        """Log them, and give the lines of just these, without time."""
        start = len(self.stream.getvalue())
        for observation in observations:
            self.now = observation.at
            self.sink(observation)
        lines = self.stream.getvalue()[start:].splitlines()
        return [{k: v for k, v in json.loads(line).items() if k != "ts"} for line in lines]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """The configuration of logging is the process's."""
    root, ours = logging.getLogger(), logging.getLogger("exporter")
    handlers, level = root.handlers[:], ours.level
    yield
    root.handlers[:] = handlers
    ours.setLevel(level)


def test_well_runs_leave_no_line() -> None:
    assert Log().take(call(), run(), run(slow=True), skip("budget"), Heartbeat(NOW, 0.5)) == []


def test_a_surface_that_goes_failing_and_recovers() -> None:
    log = Log()
    failed = run(reason="unhealthy", detail="redis", check="healthy")
    assert log.take(run(), failed) == [
        {
            "level": "warn",
            "msg": "surface is failing",
            "target": "lab",
            "surface": "monitoring.health",
            "reason": "unhealthy",
            "detail": "redis",
            "check": "healthy",
            "since": "2027-01-15T08:00:00.000Z",
            "see": "/reasons#unhealthy",
        }
    ]
    assert log.take(run(reason="dns"), run(reason="reset"), skip("circuit_open")) == []
    assert log.take(run(at=NOW + 93.25)) == [
        {
            "level": "info",
            "msg": "surface has recovered",
            "target": "lab",
            "surface": "monitoring.health",
            "failed_seconds": 93.25,
        }
    ]
    assert log.take(run(at=NOW + 100)) == []


def test_the_first_run_may_fail() -> None:
    (line,) = Log().take(run(reason="http_5xx"))
    assert line["level"] == "warn"
    assert "detail" not in line
    assert "check" not in line


def test_surfaces_are_told_apart() -> None:
    keys = [Key("lab", "x", f"x.{number}") for number in range(25)]
    lines = Log().take(*(run(key, reason="dns") for key in keys))
    assert [line["surface"] for line in lines] == [key.surface for key in keys]


@pytest.mark.parametrize("reason", ["not_leader", "no_resource"])
def test_a_failing_surface_that_is_no_longer_probed(reason: SkipReason) -> None:
    log = Log()
    log.take(run(reason="dns"))
    gone = skip(reason)
    (line,) = log.take(gone, gone)
    assert (line["level"], line["reason"]) == ("info", reason)
    (again,) = log.take(run(reason="dns"))
    assert again["msg"] == "surface is failing"


def test_what_left_the_plan_is_forgotten_and_what_stays_is_not() -> None:
    log = Log()
    log.take(run(HEALTH, reason="dns"), run(INTENTS, reason="dns"))
    log.sink.apply(plan(job(HEALTH)))
    log.sink.apply(plan())
    assert [line["surface"] for line in log.take(run(HEALTH), run(INTENTS))] == [HEALTH.surface]


LIFECYCLE: Final = {"target": "lab", "component": "monitoring"}


def told(at: float, **said: Any) -> Observation:  # noqa: ANN401  # the fields of a life cycle
    return call(at=at, lifecycle=Lifecycle(**said))


def test_a_life_cycle_without_problems_leaves_no_line() -> None:
    log = Log(planned=plan())
    assert log.take(told(NOW, version="1.0.0"), told(NOW, sunset=NOW + 86400), call()) == []


def test_a_sunset_that_moved_earlier_is_told_once_and_when_it_is_back() -> None:
    log = Log(planned=plan())
    log.take(told(NOW, sunset=NOW + 2 * 86400, version="1.0.0"))
    moved = told(NOW + 1, sunset=NOW + 86400, version="1.0.0", relations=("successor-version",))
    dates = {"api_version": "1.0.0", "links": "successor-version"}
    assert log.take(moved, moved, told(NOW + 99, sunset=NOW + 86400)) == [
        {
            **LIFECYCLE,
            **dates,
            "level": "warn",
            "msg": "API life cycle: the sunset was moved to an earlier date",
            "reason": "sunset_moved_earlier",
            "sunset": "2027-01-16T08:00:00.000Z",
            "sunset_before": "2027-01-17T08:00:00.000Z",
        }
    ]
    assert log.take(told(NOW + 100, sunset=NOW + 2 * 86400)) == [
        {
            **LIFECYCLE,
            "level": "info",
            "msg": "API life cycle: a problem is over",
            "reason": "sunset_moved_earlier",
            "sunset": "2027-01-17T08:00:00.000Z",
        }
    ]


def test_each_problem_has_a_line_of_its_own() -> None:
    said = {"deprecation": NOW - 2, "sunset": NOW - 1, "unparseable": True, "version": "2"}
    lines = Log(planned=plan()).take(told(NOW, **said))
    assert [line["reason"] for line in lines] == [
        "unparseable",
        "notice_below_policy",
        "withdrawn",
        "version_mismatch",
    ]
    assert len({line["msg"] for line in lines}) == 4
    assert {line["deprecation"] for line in lines} == {"2027-01-15T07:59:58.000Z"}


def test_a_sunset_that_passes_is_told_though_nothing_new_was_said() -> None:
    log = Log(planned=plan())
    log.take(told(NOW, sunset=NOW + 30))
    assert log.take(call(at=NOW + 59), told(NOW + 59, sunset=NOW + 30)) == []
    (line,) = log.take(*(call(at=NOW + at, status=410) for at in (60, 61, 300)))
    assert (line["reason"], line["sunset"]) == ("withdrawn", "2027-01-15T08:00:30.000Z")


def test_a_life_cycle_survives_a_reload_and_leaves_with_the_plan() -> None:
    log = Log(planned=plan())
    assert len(log.take(told(NOW, version="2"))) == 1
    log.sink.apply(plan(job(HEALTH)))
    assert log.take(told(NOW + 100, version="2")) == []
    log.sink.apply(plan(job(INTENTS)))
    log.sink.apply(plan())
    assert len(log.take(told(NOW + 200, version="2"))) == 1


def test_no_problem_of_a_former_server_is_over_at_another_one() -> None:
    log = Log(planned=plan())
    log.take(told(NOW, version="2"))
    moved = plan(url="http://lab.example/v2")
    apply_to((log.sink,), moved, plan())
    assert log.take(told(NOW + 1, version="2")) == []


def test_what_failed_at_a_former_server_is_no_failure_of_another_one() -> None:
    log = Log(planned=plan())
    log.take(run(reason="http_5xx"))
    moved = plan(url="http://lab.example/v2")
    apply_to((log.sink,), moved, plan())
    (line,) = log.take(run(at=NOW + 60, reason="dns"))
    assert (line["msg"], line["reason"]) == ("surface is failing", "dns")


def test_debug_has_every_call_run_and_skip() -> None:
    log = Log("debug")
    failed = call(INTENTS, status=None, fault="reset", phases=Phases())
    of = {"level": "debug", "target": "lab", "surface": "monitoring.health"}
    skips = (skip("budget"), skip("misfire", count=60))
    lines = log.take(call(response_bytes=312), run(), *skips, failed)
    assert lines[:4] == [
        {
            **of,
            "msg": "request",
            "method": "GET",
            "endpoint": "/monitoring/health",
            "status_code": 200,
            "duration_ms": 250.0,
            "response_size": 312,
        },
        {**of, "msg": "run", "duration_ms": 250.0},
        {**of, "msg": "run skipped", "reason": "budget"},
        {**of, "msg": "run skipped", "reason": "misfire", "count": 60},
    ]
    assert lines[4]["fault"] == "reset"
    assert "status_code" not in lines[4]


def test_what_steers_the_exporter_is_not_logged() -> None:
    reading = IdsListed(INTENTS, NOW, "intent", (), ())
    assert Log("debug").take(Heartbeat(NOW, 0.1), reading, IdsVisited(INTENTS, NOW, "intent")) == []


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("debug", ["d", "i", "w", "e"]),
        ("info", ["i", "w", "e"]),
        ("warn", ["w", "e"]),
        ("error", ["e"]),
    ],
)
def test_levels(level: Level, told: list[str]) -> None:
    stream = io.StringIO()
    configure(level, "json", stream)
    log = logging.getLogger("exporter.any")
    log.debug("d")
    log.info("i")
    log.warning("w")
    log.error("e")
    assert [json.loads(line)["msg"] for line in stream.getvalue().splitlines()] == told


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_any_module_logs_with_fields(form: LogFormat) -> None:
    stream = io.StringIO()
    configure("info", form, stream)
    logging.getLogger("exporter.web").info("listening", extra={"fields": {"port": 10945}})
    line = stream.getvalue()
    assert line.endswith("\n")
    assert ('"port":10945' if form == "json" else "port=10945") in line


def test_configured_again_it_replaces_itself_and_nothing_else() -> None:
    others = logging.getLogger().handlers[:]
    first, second = io.StringIO(), io.StringIO()
    configure("info", "json", first)
    configure("info", "logfmt", second)
    logging.getLogger("exporter").info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("msg=once") == 1
    assert [handler for handler in logging.getLogger().handlers if handler in others] == others


def test_libraries_only_warn() -> None:
    stream = io.StringIO()
    configure("debug", "logfmt", stream)
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("trouble")
    (line,) = stream.getvalue().splitlines()
    assert "msg=trouble logger=some.library" in line


def test_stderr_is_where_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "logfmt")
    logging.getLogger("exporter").info("here")
    captured = capsys.readouterr()
    assert "msg=here" in captured.err
    assert captured.out == ""


def test_a_line_leads_to_its_trace() -> None:
    context = TraceContext(trace_id=0xABC, span_id=0xDEF)
    failed = run(reason="http_5xx", deciding=call(context=context))
    (line,) = Log().take(failed)
    assert (line["trace_id"], line["span_id"]) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    debug = Log("debug").take(call(context=context))[0]
    assert (debug["trace_id"], debug["span_id"]) == (line["trace_id"], line["span_id"])


def test_what_is_odd_in_answers_is_told_once_for_each_surface_and_kind() -> None:
    log = Log(planned=plan())
    odd, both = call(oddities=("text",)), call(oddities=("number", "text"))
    of = {"level": "warn", "target": "lab"}
    line = {**of, "msg": "an answer is odd, and is read all the same", "surface": HEALTH.surface}
    assert log.take(call(), odd, odd) == [{**line, "kind": "text"}]
    assert log.take(both, call(), odd) == [{**line, "kind": "number"}]
    (other,) = log.take(call(INTENTS, oddities=("text",)))
    assert other["surface"] == INTENTS.surface
    log.sink.apply(plan())
    assert log.take(odd) == []
    log.sink.apply(Plan(()))
    log.sink.apply(plan())
    assert log.take(odd) == [{**line, "kind": "text"}]


def test_ids_that_cannot_be_asked_for_are_told_once_and_not_shown() -> None:
    log = Log(planned=plan())
    reading = IdsListed(INTENTS, NOW, "intents", (), (("..",),), unusable=2)
    (line,) = log.take(replace(reading, unusable=0), reading, reading)
    assert line["msg"] == "resources are listed whose ids cannot be asked for"
    assert (line["surface"], line["kind"]) == (INTENTS.surface, "intents")
