"""Tables: a row for each set of labels, a column for each query."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import dashboard as model

from tools.dashboards.pages import Link
from tools.dashboards.panels import CALM, About, States, Steps, dressed, meaning, now
from tools.dashboards.queries import PLACES, Query, per

LEAST: Final = 60
"""Pixels of a column. Grafana's own 150 push the last ones of a narrow table out of sight."""
NARROW: Final[Mapping[str, int]] = {
    "cluster": 90,
    "namespace": 100,
    "fault": 90,
    "reason": 120,
    "surface": 230,
    "alertname": 230,
    "component": 150,
    "rate_class": 110,
    "credential": 110,
    "slo": 110,
    "api_version": 100,
}
"""What needs no more; names of targets have what is left."""


@dataclass(frozen=True)
class Column:
    """A query whose values become a column; thresholds colour the cells, ``states`` name them.

    One that is not ``shown`` brings its labels only: those that the others do not have.
    """

    name: str
    expr: str
    unit: str
    steps: Steps = CALM
    shown: bool = True
    states: States | None = None


@dataclass(frozen=True)
class Labels:
    """Those that are columns, from left to right.

    Attributes:
        names: the labels.
        links: where a click on one leads.
        unseen: those of them that only links need.
    """

    names: Sequence[str]
    links: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    unseen: Sequence[str] = ()


@dataclass(frozen=True)
class First:
    """The column by which rows are sorted, so that what is worst stands on top."""

    column: str
    highest: bool = False


def rows(
    about: About,
    labels: Labels,
    columns: Sequence[Column],
    first: First,
) -> table.Panel:
    """A table of what is so now; where it is comes first, and is no column where nothing says it.

    Args:
        about: what every panel says.
        labels: what stands before the values.
        columns: the values.
        first: what stands on top.
    """
    queries = now(*(Query(_by_row(column, labels)) for column in columns), table=True)
    panel = (
        dressed(table.Panel(), about, queries)
        .transformations([_merged(), _arranged((*PLACES, *labels.names), columns)])
        .min_width(LEAST)
        .filterable(True)  # noqa: FBT003  # the SDK has no names for it
        .sort_by([common.TableSortByFieldState().display_name(first.column).desc(first.highest)])
    )
    for label in labels.unseen:
        panel.override_by_name(label, [model.DynamicConfigValue("custom.hidden", value=True)])
    for column in columns:
        panel.override_by_name(column.name, [*_style(column), _wide(_width(column))])
    for label in (*PLACES, *labels.names):
        if (width := NARROW.get(label)) and label not in labels.unseen:
            panel.override_by_name(label, [_wide(width)])
    for label, leads in labels.links.items():
        shown = [{"title": link.title, "url": link.url} for link in leads]
        panel.override_by_name(label, [model.DynamicConfigValue("links", shown)])
    return panel


def _by_row(column: Column, labels: Labels) -> str:
    """With the labels of the row and no others, the metric's name least of all.

    Grafana makes one row of what has the same labels: with a name that each query has for itself,
    each value would be a row.
    """
    return f"max by ({per(*labels.names)}) (\n{column.expr}\n)"


def _merged() -> model.DataTransformerConfig:
    return model.DataTransformerConfig(id_val="merge", options={})


def _arranged(labels: Sequence[str], columns: Sequence[Column]) -> model.DataTransformerConfig:
    values = {f"Value #{chr(ord('A') + n)}": column.name for n, column in enumerate(columns)}
    hidden = [field for field, column in zip(values, columns, strict=True) if not column.shown]
    # Grafana leaves the letter out where only one query was answered: the first, of what is so.
    names = {"Value": columns[0].name, **values}
    order = [*labels, *values]
    return model.DataTransformerConfig(
        id_val="organize",
        options={
            "excludeByName": dict.fromkeys(("Time", *hidden), True),
            "indexByName": {name: index for index, name in enumerate(order)},
            "renameByName": names,
        },
    )


def _width(column: Column) -> int:
    """Of a value, or of its title or a word for it where that is longer."""
    usual = 130 if column.unit.startswith("dateTime") else 80
    words = [column.name, *(word for word, _ in (column.states or {}).values())]
    return max(usual, 8 * max(len(word) for word in words) + 16)


def _wide(width: int) -> model.DynamicConfigValue:
    return model.DynamicConfigValue("custom.width", width)


def _style(column: Column) -> Iterator[model.DynamicConfigValue]:
    yield model.DynamicConfigValue("unit", column.unit)
    if column.states:
        yield model.DynamicConfigValue("mappings", [meaning(column.states)])
    if column.steps is not CALM:
        limits = [{"value": value, "color": color} for value, color in column.steps]
        yield model.DynamicConfigValue("thresholds", {"mode": "absolute", "steps": limits})
    if column.states or column.steps is not CALM:
        yield model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})
