"""The page that is scraped: its formats, and how one is chosen."""

import gzip
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.metrics.exposition import isal_gzip, negotiated, render
from tests.unit.status.factories import Bench, plan
from tests.unit.status.scenario import played

TEXT = "text/plain; version=0.0.4; charset=utf-8"
# What Prometheus 2.42 sends, and 3.x.
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def openmetrics(text: str) -> Iterable[Metric]:
    families: Iterable[Metric] = parse_openmetrics(text)  # type: ignore[no-untyped-call]  # the library's
    return families


def page(
    bench: Bench, accept: str = "", accept_encoding: str = ""
) -> tuple[bytes, Mapping[str, str]]:
    form = negotiated(accept, accept_encoding)
    return bench.page(form), form.headers


def values(metrics: Iterable[Metric]) -> Values:
    """All samples of ours; those of the process differ between two scrapes."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in metrics
        for sample in metric.samples
        if sample.name.startswith("oran_mano_")
    }


@pytest.mark.parametrize("accept", ["", "*/*", "text/html", "text/plain", "nonsense;;=,", "a;b=c"])
def test_text_is_the_default(accept: str) -> None:
    bench = played()
    body, headers = page(bench, accept)
    assert headers["Content-Type"] == TEXT
    assert "Content-Encoding" not in headers
    assert values(parse_text(body.decode())) == values(bench.registry.collect())


@pytest.mark.parametrize("accept", [PROMETHEUS_2, PROMETHEUS_3, "application/openmetrics-text"])
def test_openmetrics_where_it_is_asked_for(accept: str) -> None:
    bench = played()
    body, headers = page(bench, accept)
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")
    assert values(openmetrics(body.decode())) == values(bench.registry.collect())


@pytest.mark.parametrize("version", ["x", "1.x", "1.0.0x", "", "-", "1..0"])
def test_a_version_that_is_none_is_no_fault_of_ours(version: str) -> None:
    _, headers = render(CollectorRegistry(), f"application/openmetrics-text;version={version}")
    assert headers["Content-Type"]


@given(st.text(), st.text())
def test_whatever_is_accepted_gets_an_answer(accept: str, accept_encoding: str) -> None:
    body, headers = render(CollectorRegistry(), accept, accept_encoding)
    assert isinstance(body, bytes)
    assert headers["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize(
    ("accept_encoding", "compressed"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, identity", False),
        ("*", True),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("gzip, *;q=0", True),
        ("identity", False),
        ("br", False),
        ("gzip;q=x", False),
        ("xgzip", False),
        (",,;", False),
    ],
)
def test_gzip_only_where_it_is_accepted(accept_encoding: str, *, compressed: bool) -> None:
    bench = Bench()
    body, headers = page(bench, "", accept_encoding)
    assert headers.get("Content-Encoding") == ("gzip" if compressed else None)
    text = gzip.decompress(body) if compressed else body
    assert values(parse_text(text.decode())) == values(bench.registry.collect())


def test_gzip_is_worth_it() -> None:
    bench = played()
    plain, _ = page(bench)
    packed, _ = page(bench, "", "gzip")
    assert len(packed) < len(plain) / 5


def test_isal_compresses_the_same_page() -> None:
    bench, form = played(), negotiated("", "gzip")
    by_zlib = bench.page(form)
    bench.metrics.page.gzip = isal_gzip
    by_isal = bench.page(form)
    assert by_isal != by_zlib
    pages = (values(parse_text(gzip.decompress(body).decode())) for body in (by_isal, by_zlib))
    assert next(pages) == next(pages)


def test_labels_of_the_configuration_are_escaped() -> None:
    label = 'a "quoted"\nline \\ and ü'
    bench = Bench(plan(labels={"site": label}))
    for accept, parse in (("", parse_text), (PROMETHEUS_2, openmetrics)):
        body, _ = page(bench, accept)
        found = [
            sample.labels["site"]
            for metric in parse(body.decode())
            for sample in metric.samples
            if sample.name == "oran_mano_target_info"
        ]
        assert found == [label]


def test_two_scrapes_without_events_are_the_same_but_for_the_process() -> None:
    bench = played()
    first, second = (values(parse_text(page(bench)[0].decode())) for _ in range(2))
    assert first == second
