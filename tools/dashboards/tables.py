"""Tables: a row for each set of labels, a column for each query."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models import dashboard as model

from tools.dashboards.pages import Link
from tools.dashboards.panels import CALM, About, Steps, dressed, now
from tools.dashboards.queries import Query


@dataclass(frozen=True)
class Column:
    """A query whose values become a column; thresholds colour the cells.

    One that is not ``shown`` brings its labels only: those that the others do not have.
    """

    name: str
    expr: str
    unit: str
    steps: Steps = CALM
    shown: bool = True


def rows(
    about: About,
    labels: Sequence[str],
    columns: Sequence[Column],
    *,
    links: dict[str, tuple[Link, ...]] | None = None,
) -> table.Panel:
    """A table of what is so now.

    Args:
        about: what every panel says.
        labels: those that are columns, from left to right, before the values.
        columns: the values.
        links: where a click on a label leads.
    """
    queries = now(*(Query(column.expr) for column in columns), table=True)
    panel = (
        dressed(table.Panel(), about, queries)
        .transformations([_merged(), _arranged(labels, columns)])
        .filterable(True)  # noqa: FBT003  # the SDK has no names for it
    )
    for column in columns:
        panel.override_by_name(column.name, list(_style(column)))
    for label, leads in (links or {}).items():
        shown = [{"title": link.title, "url": link.url} for link in leads]
        panel.override_by_name(label, [model.DynamicConfigValue("links", shown)])
    return panel


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


def _style(column: Column) -> Sequence[model.DynamicConfigValue]:
    unit = model.DynamicConfigValue("unit", column.unit)
    if column.steps is CALM:
        return [unit]
    limits = [{"value": value, "color": color} for value, color in column.steps]
    return [
        unit,
        model.DynamicConfigValue("thresholds", {"mode": "absolute", "steps": limits}),
        model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}),
    ]
