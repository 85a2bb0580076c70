"""What keeps a dashboard true for two clusters, and readable for sixty targets."""

import json
import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support import promql
from tests.support.dashboards import GIVEN, Expression, Json, charts, documents, expressions

DOCUMENTS: Final = documents()
UNFILLED: Final = expressions({name: f"${name}" for name in GIVEN})
PLACES: Final = ("cluster", "namespace")
NAMES: Final = {"target", "job", "surface", "component"}
"""Labels whose values may be there in two places."""

every_dashboard = pytest.mark.parametrize("name", DOCUMENTS)
every_expression = pytest.mark.parametrize(
    "asked", UNFILLED, ids=lambda each: each.name.replace(" ", "-")
)


def of_type(name: str, *types: str) -> Iterator[Json]:
    return (panel for panel in charts(DOCUMENTS[name]) if panel["type"] in types)


def is_of_many(panel: Json) -> bool:
    """Whether there is a series for each target or exporter."""
    return any(re.search(r"{{(target|job)}}", each["legendFormat"]) for each in panel["targets"])


# --- More than one cluster, more than one namespace ----------------------------------------------


@every_expression
def test_every_query_keeps_to_the_chosen_places(asked: Expression) -> None:
    chosen: tuple[str, ...] = PLACES
    if asked.panel.startswith("variable ") and (named := asked.panel.split()[1]) in PLACES:
        chosen = PLACES[: PLACES.index(named)]  # a choice is narrowed by those before it
    free = [
        (metric, label)
        for metric, inside in promql.matchers(asked.expr)
        for label in chosen
        if not re.search(rf'\b{label}=~"\${label}\|?"', inside)
    ]
    assert free == []


@every_expression
def test_nothing_of_the_same_name_in_two_places_is_merged(asked: Expression) -> None:
    if asked.panel.startswith("variable "):
        return
    merged = [by for by in promql.groupings(asked.expr) if by & NAMES and not by >= set(PLACES)]
    assert merged == []


@every_dashboard
def test_names_say_where_they_are(name: str) -> None:
    for panel in charts(DOCUMENTS[name]):
        for asked in panel["targets"]:
            legend = asked.get("legendFormat", "")
            if re.search(r"{{(target|job)}}", legend):
                assert "{{cluster}} {{namespace}} {{" in legend, panel["title"]
    for panel in of_type(name, "table"):
        for done in panel.get("transformations", ()):
            if order := done["options"].get("indexByName"):
                assert [order[label] for label in PLACES] == [0, 1], panel["title"]


@every_dashboard
def test_all_that_is_said_of_a_row_is_in_one_row(name: str) -> None:
    """Grafana joins what has the same labels, and a metric's name is one of them."""
    for panel in of_type(name, "table"):
        for done in panel.get("transformations", ()):
            if order := done["options"].get("indexByName"):
                by_place = sorted(order, key=lambda label: int(order[label]))
                labels = [label for label in by_place if not label.startswith("Value")]
                for asked in panel["targets"]:
                    assert asked["expr"].startswith(f"max by ({', '.join(labels)}) ("), panel[
                        "title"
                    ]


# --- Numbers that mean what they say -------------------------------------------------------------


@every_expression
def test_no_count_depends_on_how_far_apart_the_points_are(asked: Expression) -> None:
    assert not re.search(r"increase\([^()]*\[\$__", asked.expr)


@every_dashboard
def test_axes_begin_where_it_is_meant(name: str) -> None:
    for panel in of_type(name, "timeseries"):
        custom, unit = (panel["fieldConfig"]["defaults"][key] for key in ("custom", "unit"))
        assert custom["axisSoftMin"] in {0, 0.9}, panel["title"]
        assert custom["axisSoftMin"] == 0 or custom["axisSoftMax"] == 1, panel["title"]
        assert (custom.get("axisSoftMax") == 1) == (unit == "percentunit"), panel["title"]


# --- Sixty targets, fifteen surfaces each --------------------------------------------------------


@every_dashboard
def test_many_lines_have_a_table_beside_them_the_worst_on_top(name: str) -> None:
    for panel in of_type(name, "timeseries"):
        legend = panel["options"]["legend"]
        if not is_of_many(panel):
            continue
        assert (legend["displayMode"], legend["placement"]) == ("table", "right"), panel["title"]
        assert {"lastNotNull", "max"} <= set(legend["calcs"]), panel["title"]
        assert (legend["sortBy"], legend["sortDesc"]) in {("Max", True), ("Min", False)}
        assert legend["sortBy"].lower() in legend["calcs"], panel["title"]
        long = re.search(r"{{(component|surface|endpoint|rate_class)}}", json.dumps(panel))
        assert panel["gridPos"]["w"] in ({24} if long else {12, 24}), panel["title"]


@every_dashboard
def test_what_is_counted_is_not_said_with_every_number(name: str) -> None:
    for panel in of_type(name, "timeseries"):
        assert not panel["fieldConfig"]["defaults"]["unit"].startswith("suffix: "), panel["title"]


@every_dashboard
def test_hundreds_of_lines_are_never_drawn(name: str) -> None:
    for panel in of_type(name, "timeseries", "state-timeline", "bargauge"):
        for asked in panel["targets"]:
            bands = panel["type"] != "timeseries" and is_of_many(panel)
            if bands or re.search(r"{{(surface|endpoint|rate_class)}}", asked["legendFormat"]):
                ranked = re.search(r"\b(topk|bottomk)\(\d+", asked["expr"])
                assert ranked or "faults_total" in asked["expr"], panel["title"]


@every_dashboard
def test_a_tile_is_one_number(name: str) -> None:
    assert [panel["title"] for panel in of_type(name, "stat") if is_of_many(panel)] == []


@every_dashboard
def test_tables_have_the_worst_on_top(name: str) -> None:
    for panel in of_type(name, "table"):
        if panel["datasource"]["type"] == "tempo":
            continue
        (by,) = panel["options"]["sortBy"]
        columns = [
            shown
            for each in panel["transformations"]
            for shown in each["options"].get("renameByName", {}).values()
        ]
        assert by["displayName"] in columns, panel["title"]


@every_dashboard
def test_a_choice_among_many_is_told(name: str) -> None:
    for panel in charts(DOCUMENTS[name]):
        for asked in panel["targets"]:
            if chosen := re.search(r"\b(?:topk|bottomk)\((\d+)", asked.get("expr", "")):
                said = panel["description"].lower()
                assert re.search(rf"of\s+many.*(the {chosen[1]}\b|those)", said), panel["title"]
