"""The page: what the library would write, in slices, of counts that fit together."""

import asyncio
import re
from collections.abc import Iterator
from itertools import count, cycle
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.parser import text_string_to_metric_families as parse

from exporter.metrics.counted import Counter, Counters, Histograms
from exporter.metrics.exposition import negotiated
from exporter.metrics.families.row import DURATIONS, Family
from exporter.metrics.lines import number, repeated
from exporter.model.observation import Key, Observation
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Plan
from tests.unit.status.factories import Bench, call, job, plan, run, skip, target_plan
from tests.unit.status.scenario import played

OPENMETRICS: Final = "application/openmetrics-text;version=1.0.0"
ACCEPTS: Final = (
    "text/plain;version=0.0.4",
    "text/plain;version=1.0.0;escaping=allow-utf-8",
    "text/plain;version=1.0.0;escaping=underscores",
    "text/plain;version=1.0.0;escaping=dots",
    OPENMETRICS,
    f"{OPENMETRICS};escaping=allow-utf-8",
    f"{OPENMETRICS};escaping=values",
)
ODD: Final = st.text() | st.sampled_from(["%", "%d.0", " %d.0\\n", '"', "\\", "\n", "\u2028", "{}"])
COUNTS: Final = st.integers(0, 100) | st.integers(0, 2**60) | st.sampled_from([10**6 - 1, 10**6])
_PROCESS: Final = re.compile("process_|U__process__")
COUNTER: Final = Family("oran_mano_odd_total", "counter", ("one", "two"), 'Its "help" \\ \n.')
HISTOGRAM: Final = Family(
    "oran_mano_odd_seconds", "histogram", ("kind", "zone"), "Help.", buckets=DURATIONS
)


def freeze(counter: Counter) -> None:
    counter.frozen = counter.value


def written(bench: Bench, accept: str) -> tuple[str, str]:
    """The page, and what the library writes; what the process measures of itself changes."""
    form = negotiated(accept)
    both = (bench.page(form), form.encode(bench.registry))
    first, second = (
        "\n".join(line for line in page.decode().split("\n") if _PROCESS.match(line) is None)
        for page in both
    )
    return first, second


@pytest.mark.parametrize("accept", ACCEPTS)
def test_the_page_is_what_the_library_writes(accept: str) -> None:
    bench = played()
    for _ in range(2):  # what is prepared serves again
        ours, the_librarys = written(bench, accept)
        assert ours == the_librarys


@pytest.mark.parametrize("accept", ACCEPTS)
def test_it_follows_the_plan(accept: str) -> None:
    bench = played()
    before, _ = written(bench, accept)
    one, other = plan(job(interval=7.0)), plan(job(interval=9.0))
    for planned in (plan(labels={"site": 'a %d "b"\n'}), Plan(()), one, other):
        bench.apply(planned)
        ours, the_librarys = written(bench, accept)
        assert ours == the_librarys
        assert ours != before
        before = ours


@given(st.dictionaries(st.tuples(ODD, ODD), COUNTS))
def test_counters_are_written_as_the_library_does(counts: dict[tuple[str, str], int]) -> None:
    family, registry = Counters(COUNTER), CollectorRegistry()
    registry.register(family)
    for labels, value in counts.items():
        family.labels(labels).inc(value)
        freeze(family.labels(labels))
    lines = "".join(text or "" for text in family.texts(exemplars=False))
    assert lines == _lines(negotiated().encode(registry))
    assert lines == _lines(negotiated(OPENMETRICS).encode(registry))


@given(
    st.dictionaries(
        st.tuples(ODD, ODD), st.lists(st.tuples(st.floats(0, 100), st.booleans(), COUNTS))
    )
)
def test_histograms_are_written_as_the_library_does(
    observed: dict[tuple[str, str], list[tuple[float, bool, int]]],
) -> None:
    family, registry = Histograms(HISTOGRAM), CollectorRegistry()
    registry.register(family)
    spans = (TraceContext(2**127 + number, number) for number in count(1))
    for labels, values in observed.items():
        one = family.labels(labels)
        for value, has_span, times in values:
            one.observe(value, next(spans) if has_span else None)
            one.counts[-1] += times
        one.freeze()
    for exemplars, accept in ((False, ""), (True, OPENMETRICS)):
        lines = "".join(text or "" for text in family.texts(exemplars=exemplars))
        assert lines == _lines(negotiated(accept).encode(registry))


@given(st.floats() | st.integers(-(2**60), 2**60) | st.booleans())
def test_numbers_are_written_as_the_library_does(value: float) -> None:
    registry = CollectorRegistry()
    Gauge("odd", "Help.", registry=registry).set(value)
    assert f"odd {number(value)}\n" == _lines(negotiated().encode(registry))


@given(COUNTS)
def test_counts_are_written_as_other_numbers(value: int) -> None:
    assert repeated(value) == number(value)


def test_a_series_that_began_while_the_page_is_made_is_on_the_next_one() -> None:
    family = Counters(COUNTER)
    freeze(family.labels(("a", "b")))
    family.labels(("c", "d")).inc()
    assert "".join(text or "" for text in family.texts(exemplars=False)).count("\n") == 1


def test_a_series_that_began_while_lines_are_prepared_is_on_the_next_page() -> None:
    family = Counters(COUNTER)
    for index in range(100):
        freeze(family.labels(("a", str(index))))
    writing = family.texts(exemplars=False)
    next(writing)
    freeze(family.labels(("b", "0")))
    assert "".join(text or "" for text in writing).count("\n") == 100
    assert "".join(text or "" for text in family.texts(exemplars=False)).count("\n") == 101


# --- Slices --------------------------------------------------------------------------------------


def surfaces(number: int) -> tuple[list[Key], Plan]:
    keys = [Key(f"t{index}", "monitoring", "monitoring.health") for index in range(number)]
    return keys, Plan(tuple(target_plan(job(key), name=key.target) for key in keys))


def endless(keys: list[Key]) -> Iterator[Observation]:
    """Something of each surface in turn, each time another thing."""
    kinds = cycle(("well", "failed", "internal", "skip", "new skip", "slow", "status"))
    for key, kind in zip(cycle(keys), kinds, strict=False):
        match kind:
            case "skip" | "new skip":
                yield skip("misfire" if kind == "skip" else "circuit_open", key, count=3)
            case "failed" | "internal":
                yield run(key, reason="internal" if kind == "internal" else "http_5xx")
            case "status":
                yield call(key, status=418)
            case _:
                yield run(key, slow=kind == "slow")


def counted(text: str) -> dict[str, dict[str, float]]:
    """By target and family, over all other labels."""
    found: dict[str, dict[str, float]] = {}
    for metric in parse(text):
        for sample in metric.samples:
            if sample.name.startswith("oran_mano_probe_"):
                of = found.setdefault(sample.labels["target"], {})
                name = sample.name.removeprefix("oran_mano_probe_")
                of[name] = of.get(name, 0.0) + sample.value
    return found


async def test_counts_fit_together_on_every_page_whatever_ends_while_it_is_made() -> None:
    keys, planned = surfaces(1000)
    bench, form = Bench(planned), negotiated("", "")
    happening = endless(keys)
    turns = 0

    async def live() -> None:
        nonlocal turns
        while True:
            turns += 1
            for _ in range(50):
                bench.take(next(happening))
            await asyncio.sleep(0)

    living = asyncio.create_task(live())
    pages = [b"".join(await bench.metrics.scrape(form)).decode() for _ in range(3)]
    living.cancel()
    assert turns > 100
    for page in pages:
        found = counted(page)
        assert found.keys() == {key.target for key in keys}
        for of in found.values():
            assert of["scheduled_total"] == of["runs_total"] + of["skipped_total"]
            assert of["failures_total"] + of["slow_total"] <= of["runs_total"]
            assert of["duration_seconds_count"] == of["runs_total"] - of["internal_total"]
            assert ("success" in of) == (of["runs_total"] > 0)


async def test_the_plan_may_change_while_the_page_is_made() -> None:
    keys, planned = surfaces(300)
    bench, form = Bench(planned), negotiated(OPENMETRICS)
    others = [planned, Plan(planned.targets[100:]), Plan(planned.targets[:1]), Plan(())]

    async def live() -> None:
        for other in cycle(others):
            bench.apply(other)
            for key in keys[::7]:
                bench.take(run(key), call(key))
            await asyncio.sleep(0)

    living = asyncio.create_task(live())
    for _ in range(5):
        page = b"".join(await bench.metrics.scrape(form)).decode()
        assert page.endswith("# EOF\n")
        for of in counted(page.replace("# EOF\n", "")).values():
            scheduled = of.get("scheduled_total", 0.0)
            assert scheduled == of.get("runs_total", 0.0) + of.get("skipped_total", 0.0)
    living.cancel()
    bench.apply(planned)
    ours, the_librarys = written(bench, OPENMETRICS)
    assert ours == the_librarys


async def test_two_pages_at_once_are_each_of_their_own_counts() -> None:
    keys, planned = surfaces(200)
    bench = Bench(planned)
    happening = endless(keys)

    async def live() -> None:
        while True:
            bench.take(next(happening))
            await asyncio.sleep(0)

    living = asyncio.create_task(live())
    forms = (negotiated(), negotiated(OPENMETRICS), negotiated())
    for body in await asyncio.gather(*map(bench.metrics.scrape, forms)):
        for of in counted(b"".join(body).decode().replace("# EOF\n", "")).values():
            assert of["scheduled_total"] == of["runs_total"] + of["skipped_total"]
    living.cancel()


def _lines(page: bytes) -> str:
    return "\n".join(line for line in page.decode().split("\n") if not line.startswith("#"))
