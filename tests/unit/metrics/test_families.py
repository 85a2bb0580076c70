"""The table: how families are named, and that what is exposed is what stands in it."""

import re

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from exporter.config.schema import LabelName
from exporter.metrics.families import BY_NAME, TABLE
from exporter.metrics.families.row import Family
from exporter.metrics.gauges import VIEWS
from tests.unit.status.scenario import played

OURS = [family for family in TABLE if family.name.startswith("oran_mano_")]
RESERVED = ("_created", "_bucket", "_count", "_sum", "_milliseconds", "_percent", "_bits", "_mbps")


_RELOAD = "oran_mano_exporter_config_last_reload"
DIRECT = {
    "oran_mano_exporter_build_info",
    f"{_RELOAD}_successful",
    f"{_RELOAD}_success_timestamp_seconds",
}
"""Gauges that are set, and no view of what is now."""


def exposed(registry: CollectorRegistry) -> dict[str, Metric]:
    """Families with a sample, by the name that the text format gives them."""
    return {
        metric.name + ("_total" if metric.type == "counter" else ""): metric
        for metric in registry.collect()
        if metric.samples
    }


@pytest.mark.parametrize("family", TABLE, ids=lambda family: family.name)
def test_naming_conventions(family: Family) -> None:
    assert re.fullmatch("[a-z][a-z0-9_]*", family.name)
    assert not family.name.endswith(RESERVED)
    assert family.name.endswith("_total") == (family.kind == "counter")
    if family.name.endswith("_info"):
        assert family.kind == "gauge"
    if "timestamp" in family.name or family.kind == "histogram":
        assert family.unit == "seconds"
    assert "until" not in family.name


@pytest.mark.parametrize("family", OURS, ids=lambda family: family.name)
def test_each_row_is_complete(family: Family) -> None:
    assert family.name.startswith("oran_mano_")
    assert family.help.endswith(".")
    assert len(family.help) > 20
    assert set(family.closed) <= set(family.labels)
    assert all(re.fullmatch("[a-z][a-z_]*", label) for label in family.labels)
    assert not {"le", "quantile", "job", "instance"} & set(family.labels)
    assert (family.buckets != ()) == (family.kind == "histogram")


def test_no_name_stands_twice() -> None:
    assert len(BY_NAME) == len(TABLE)


def test_gauges_are_views_and_views_are_gauges() -> None:
    gauges = {family.name for family in OURS if family.kind == "gauge"}
    assert set(VIEWS) == gauges - DIRECT


def test_exposed_families_are_those_of_the_table() -> None:
    assert set(exposed(played().registry)) == set(BY_NAME)


def test_exposed_families_are_as_their_rows_say() -> None:
    for name, metric in exposed(played().registry).items():
        row = BY_NAME[name]
        assert metric.type == row.kind
        if row in OURS:
            assert metric.documentation == row.help
            assert metric.unit == row.unit
        for sample in metric.samples:
            labels = set(sample.labels) - {"le"}
            assert labels >= set(row.labels) if row.varying else labels == set(row.labels)
            for label, values in row.closed.items():
                assert sample.labels[label] in values


def test_nothing_is_exposed_beside_the_samples_of_the_rows() -> None:
    for name, metric in exposed(played().registry).items():
        endings = ("_bucket", "_count", "_sum") if metric.type == "histogram" else ("",)
        assert {sample.name for sample in metric.samples} == {name + end for end in endings}


def test_configured_labels_may_differ_between_targets() -> None:
    samples = exposed(played().registry)["oran_mano_target_info"].samples
    assert [sample.labels for sample in samples] == [
        {"target": "lab", "region": "n", "transport": "http"},
        {"target": "south", "site": "s", "transport": "http"},
    ]


def test_a_configured_label_cannot_take_the_place_of_the_target() -> None:
    pattern = next(meta.pattern for meta in LabelName.__metadata__)  # type: ignore[attr-defined]  # Annotated's
    assert re.search(pattern, "target") is None
    assert re.search(pattern, "site") is not None
