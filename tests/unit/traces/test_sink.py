from typing import Final

import pytest
from msgspec.structs import replace

from exporter.metrics.exposition import negotiated
from exporter.model.observation import Call, Observation, OnDemandRun, Run
from exporter.model.reasons import Reason
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Plan
from exporter.traces.otlp.record import SpanRecord
from exporter.traces.sink import TraceSink
from tests.unit.status.factories import HEALTH, INTENTS, NOW, Bench, call, plan, run, skip

MANY: Final = 100


class Outlet:
    """Takes so many spans."""

    def __init__(self, room: int = MANY) -> None:
        self.room = room
        self.records: list[SpanRecord] = []
        self.dropped = 0

    def push(self, record: SpanRecord) -> bool:
        if not self.room:
            self.dropped += 1
            return False
        self.room -= 1
        self.records.append(record)
        return True

    @property
    def ids(self) -> list[int]:
        return [record.call.context.span_id for record in self.records if record.call.context]


def traced(span_id: int, *, sampled: bool, trace_id: int = 1) -> Call:
    return call(INTENTS, context=TraceContext(trace_id, span_id, sampled))


def traces(outlet: Outlet, *, promotes: bool = True) -> TraceSink:
    sink = TraceSink(outlet, promotes=promotes)
    sink.apply(plan())
    return sink


def take(sink: TraceSink, *observations: Observation) -> None:
    for observation in observations:
        sink(observation)


WELL: Final = run(INTENTS)
FAILED: Final = run(INTENTS, reason="http_5xx")
SLOW: Final = run(INTENTS, slow=True)


@pytest.mark.parametrize(
    ("end", "sampled", "promotes", "exported", "promoted"),
    [
        (WELL, True, True, True, False),
        (FAILED, True, True, True, False),
        (WELL, False, True, False, False),
        (FAILED, False, True, True, True),
        (SLOW, False, True, True, True),
        (OnDemandRun(FAILED), False, True, True, True),
        (OnDemandRun(WELL), False, True, False, False),
        (skip("no_resource", INTENTS), True, True, True, False),
        (skip("no_resource", INTENTS), False, True, False, False),
        (FAILED, False, False, False, False),
        (SLOW, False, False, False, False),
        (FAILED, True, False, True, False),
    ],
)
def test_what_is_exported(
    end: Observation,
    sampled: bool,  # noqa: FBT001
    promotes: bool,  # noqa: FBT001
    exported: bool,  # noqa: FBT001
    promoted: bool,  # noqa: FBT001
) -> None:
    outlet = Outlet()
    calls = [traced(span_id, sampled=sampled) for span_id in (1, 2)]
    take(traces(outlet, promotes=promotes), *calls, end)
    assert outlet.ids == ([1, 2] if exported else [])
    assert {record.promoted for record in outlet.records} == ({promoted} if exported else set())
    assert {record.base for record in outlet.records} <= {"http://lab.example/v1"}


def test_a_span_knows_its_run() -> None:
    outlet = Outlet()
    take(traces(outlet), traced(1, sampled=True), FAILED)
    assert outlet.records[0].run is FAILED


def test_what_no_run_concluded_is_exported_as_it_was_promised_and_by_no_other_run() -> None:
    outlet = Outlet()
    sink = traces(outlet)
    take(sink, traced(1, sampled=True))  # and no end
    take(sink, traced(2, sampled=True, trace_id=2), WELL, WELL)
    take(sink, traced(3, sampled=True, trace_id=3), run(HEALTH, reason="http_5xx"), WELL)
    take(sink, call(INTENTS), FAILED)
    assert outlet.ids == [1, 2, 3]
    assert [record.run for record in outlet.records] == [None, WELL, None]


def test_what_left_the_plan_is_not_exported() -> None:
    outlet = Outlet()
    sink = traces(outlet)
    sink.apply(Plan(()))
    take(sink, traced(1, sampled=True), FAILED)
    assert outlet.records == []


def test_an_exemplar_leads_to_a_span_that_is_exported() -> None:
    sink = traces(Outlet())
    first, second = (TraceContext(10, span_id, sampled=True) for span_id in (1, 2))
    take(sink, call(INTENTS, context=first))
    assert sink.exemplar(first) == first
    assert sink.exemplar(second) is None
    take(sink, call(INTENTS, context=second), WELL)
    assert sink.exemplar(second) is not None
    take(sink, traced(3, sampled=False, trace_id=3))
    assert sink.exemplar(second) is None
    assert sink.exemplar(None) is None


def test_a_promoted_run_has_an_exemplar_once_it_ended() -> None:
    sink = traces(Outlet())
    context = TraceContext(1, 2)
    take(sink, call(INTENTS, context=context))
    assert sink.exemplar(context) is None
    take(sink, FAILED)
    assert sink.exemplar(context) is not None


def test_what_is_dropped_has_no_exemplar() -> None:
    outlet = Outlet(room=1)
    sink = traces(outlet)
    calls = [traced(span_id, sampled=True) for span_id in (1, 2)]
    take(sink, *calls)
    assert [sink.exemplar(one.context) is not None for one in calls] == [True, False]
    take(sink, WELL)
    assert [sink.exemplar(one.context) is not None for one in calls] == [True, False]
    assert (outlet.ids, outlet.dropped) == ([1], 1)
    promoted = traced(3, sampled=False, trace_id=3)
    take(sink, promoted, FAILED)
    assert sink.exemplar(promoted.context) is None


def exemplars(observed: Run, *, sampled: bool) -> list[str]:
    """The lines with an exemplar, after a run with one call."""
    bench, sink = Bench(), traces(Outlet())
    bench.metrics.exemplar = sink.exemplar
    context = TraceContext(0xAB, 0xCD, sampled)
    deciding = call(HEALTH, context=context)
    for observation in (deciding, replace(observed, deciding=deciding)):
        sink(observation)
        bench.take(observation)
    lines = bench.page(negotiated("application/openmetrics-text")).decode().splitlines()
    assert b"# {" not in bench.page(negotiated())  # older formats have none
    wanted = f'# {{span_id="{0xCD:016x}",trace_id="{0xAB:032x}"}} 0.25'
    found = [line for line in lines if "# {" in line]
    assert all(wanted in line for line in found)
    return [line.partition("{")[0] for line in found]


RUNS: Final = "oran_mano_probe_duration_seconds_bucket"
CALLS: Final = "oran_mano_api_request_duration_seconds_bucket"


@pytest.mark.parametrize(
    ("reason", "sampled", "shown"),
    [
        (None, True, {RUNS, CALLS}),
        (None, False, set()),
        ("http_5xx", False, {RUNS}),  # what becomes of it is not known when the call is counted
    ],
)
def test_histograms_show_exemplars(
    reason: Reason | None,
    sampled: bool,  # noqa: FBT001
    shown: set[str],
) -> None:
    observed = run(HEALTH, at=NOW, reason=reason)
    assert set(exemplars(observed, sampled=sampled)) == shown
