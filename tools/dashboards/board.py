"""A dashboard: its variables, its links to the others, and a row for each question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from tools.dashboards.pages import Page
from tools.dashboards.queries import COMPONENT, PLACE, PLACES, TARGET

TAG: Final = "oran-mano"
PROMETHEUS: Final = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
TEMPO: Final = model.DataSourceRef(type_val="tempo", uid="${traces}")
EVERYTHING: Final = model.VariableOption(selected=True, text=["All"], value=["$__all"])

Panel: TypeAlias = Builder[model.Panel]


@dataclass(frozen=True)
class Row:
    """One question, and the panels that answer it; ``closed`` asks nothing until it is opened."""

    question: str
    panels: Sequence[Panel]
    closed: bool = False


@dataclass(frozen=True)
class Board:
    """A dashboard before it becomes Grafana's.

    Attributes:
        page: its name.
        purpose: which question brings a reader here.
        rows: from top to bottom.
        surfaces: whether a reader may choose surfaces.
        traces: whether it asks a trace data source, too.
        since: how far back it looks at first.
    """

    page: Page
    purpose: str
    rows: Sequence[Row]
    surfaces: bool = False
    traces: bool = False
    since: str = "now-6h"


def dashboard(board: Board) -> model.Dashboard:
    """As Grafana imports it."""
    made = (
        build.Dashboard(f"O-RAN MANO / {board.page.title}")
        .uid(board.page.uid)
        .description(board.purpose)
        .tags([TAG])
        .time(board.since, "now")
        .refresh("30s")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .links([_link(page) for page in Page if page is not board.page])
        .variables(list(_variables(board)))
        .annotations([])
    )
    for row in board.rows:
        header = build.Row(row.question).collapsed(row.closed)
        for panel in row.panels if row.closed else ():
            header.with_panel(panel)
        made.with_row(header)
        for panel in () if row.closed else row.panels:
            made.with_panel(panel)
    return _numbered(made.build())


def _link(page: Page) -> Builder[model.DashboardLink]:
    return (
        build.DashboardLink(page.title)
        .type(model.DashboardLinkType.LINK)
        .icon("dashboard")
        .url(f"/d/{page.uid}")
        .keep_time(True)  # noqa: FBT003  # the SDK has no names for it
        .include_vars(True)  # noqa: FBT003
    )


def _variables(board: Board) -> Iterator[Builder[model.VariableModel]]:
    yield build.DatasourceVariable("datasource").label("Data source").type("prometheus")
    if board.traces:
        yield build.DatasourceVariable("traces").label("Traces").type("tempo")
    for number, place in enumerate(PLACES):
        within = ", ".join(f'{label}=~"${label}"' for label in PLACES[:number])
        yield _choice(place, "oran_mano_exporter_build_info" + (within and f"{{{within}}}"))
    # Not target_info: it has the labels that a configuration gives a target, `cluster` perhaps.
    yield _choice("target", f"oran_mano_surface_info{{{PLACE}}}")
    yield _choice("component", f"oran_mano_surface_info{{{TARGET}}}")
    if board.surfaces:
        yield _choice("surface", f"oran_mano_surface_info{{{COMPONENT}}}")


def _choice(label: str, source: str) -> Builder[model.VariableModel]:
    """Any number of the values of a label; all of them are also those that come later.

    ``.*`` also matches a label that is not there: where nothing has a cluster, the only choice is
    *All*, and it is everything. (Grafana hides a variable always or never.)
    """
    return (
        build.QueryVariable(label)
        .label(label.capitalize())
        .datasource(PROMETHEUS)
        .query(f"label_values({source}, {label})")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)  # noqa: FBT003
        .include_all(True)  # noqa: FBT003
        .all_value(".*")
        .current(EVERYTHING)
    )


def _numbered(made: model.Dashboard) -> model.Dashboard:
    """Give every panel a number: links to a single panel need it."""
    number = 0
    for panel in made.panels or []:
        number += 1
        panel.id_val = number
        for inner in panel.panels if isinstance(panel, model.RowPanel) else ():
            number += 1
            inner.id_val = number
    return made
