"""The kinds of panels that the dashboards are made of, and how they look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, Self, TypeAlias, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as look
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heat
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from tools.dashboards.board import PROMETHEUS
from tools.dashboards.pages import Link
from tools.dashboards.queries import SHOWN, Query, called

Steps: TypeAlias = Sequence[tuple[float | None, str]]
"""From which value on which colour; the first begins at ``None``."""
States: TypeAlias = Mapping[int, tuple[str, str]]
"""What a value means, and its colour: never the colour alone."""

HALF: Final = 12
"""Half of the grid: less is too narrow for a legend beside the graph.

The whole of it is for names longer than a target's or a job's.
"""
CALM: Final[Steps] = ((None, "text"),)
ALARM: Final[Steps] = ((None, "green"), (1, "red"))
WELL: Final[States] = {0: ("failing", "red"), 1: ("well", "green")}


@dataclass(frozen=True)
class About:
    """What every panel says of itself.

    Attributes:
        title: a question or a fact.
        description: what it shows, what is normal, what to do.
        unit: one of Grafana's.
        empty: what stands there when nothing comes back.
        size: width and height, of a grid 24 wide.
        links: where a click on a value leads.
        more: links of the panel itself, runbooks for instance.
        steps: thresholds.
    """

    title: str
    description: str
    unit: str
    empty: str = "nothing known"
    size: tuple[int, int] = (8, 8)
    links: tuple[Link, ...] = ()
    more: tuple[Link, ...] = ()
    steps: Steps = CALM


class _Panel(Protocol):
    """What the SDK's builders of panels share, without saying so."""

    def title(self, title: str, /) -> Self: ...
    def description(self, description: str, /) -> Self: ...
    def unit(self, unit: str, /) -> Self: ...
    def no_value(self, no_value: str, /) -> Self: ...
    def span(self, w: int, /) -> Self: ...
    def height(self, h: int, /) -> Self: ...
    def datasource(self, datasource: model.DataSourceRef, /) -> Self: ...
    def links(self, links: list[Builder[model.DashboardLink]], /) -> Self: ...
    def data_links(self, links: list[Builder[model.DashboardLink]], /) -> Self: ...
    def thresholds(self, thresholds: Builder[model.ThresholdsConfig], /) -> Self: ...
    def targets(self, targets: list[Builder[Dataquery]], /) -> Self: ...


P = TypeVar("P", bound=_Panel)


def dressed(panel: P, about: About, queries: Sequence[Builder[Dataquery]]) -> P:
    """The panel with what every one has."""
    width, height = about.size
    return (
        panel.title(about.title)
        .description(about.description)
        .unit(about.unit)
        .no_value(about.empty)
        .span(width)
        .height(height)
        .datasource(PROMETHEUS)
        .links([_link(link) for link in about.more])
        .data_links([_link(link) for link in about.links])
        .thresholds(_thresholds(about.steps))
        .targets(list(queries))
    )


def now(*queries: Query, table: bool = False) -> list[Builder[Dataquery]]:
    """The queries, asked for the end of the time range only."""
    shape = PromQueryFormat.TABLE if table else PromQueryFormat.TIME_SERIES
    return [_query(number, query).instant().format(shape) for number, query in enumerate(queries)]


def over_time(*queries: Query) -> list[Builder[Dataquery]]:
    """The queries, asked for the whole time range."""
    return [_query(number, query).range() for number, query in enumerate(queries)]


def _query(number: int, query: Query) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .ref_id(chr(ord("A") + number))
        .datasource(PROMETHEUS)
        .expr(query.expr)
        .legend_format(query.legend)
        .exemplar(query.exemplar)
    )


def number(about: About, *queries: Query, states: States | None = None) -> stat.Panel:
    """One big number, or a few; with ``states`` a word instead."""
    panel = (
        dressed(stat.Panel(), about, now(*queries))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(
            look.BigValueColorMode.NONE
            if about.steps is CALM and states is None
            else look.BigValueColorMode.BACKGROUND
        )
        .graph_mode(look.BigValueGraphMode.NONE)
        .text_mode(look.BigValueTextMode.AUTO)
    )
    return panel.mappings([meaning(states)]) if states else panel


def words(about: About, *queries: Query) -> stat.Panel:
    """What stands in labels, as the legend puts it together."""
    return number(about, *queries).text_mode(look.BigValueTextMode.NAME)


def bars(about: About, *queries: Query) -> bargauge.Panel:
    """A bar for each series, as it is now."""
    return (
        dressed(bargauge.Panel(), about, now(*queries))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .orientation(look.VizOrientation.HORIZONTAL)
        .display_mode(look.BarGaugeDisplayMode.BASIC)
    )


@dataclass(frozen=True)
class Axis:
    """What an axis shows at least, so that small changes look small; data may go beyond."""

    low: float | None = 0
    high: float | None = None


COUNTED: Final = Axis()
SHARE: Final = Axis(0, 1)
NEARLY_ALL: Final = Axis(0.9, 1)
"""Of shares that should be 1: what is lost would not be seen on an axis from 0."""


def lines(
    about: About,
    *queries: Query,
    stacked: bool = False,
    axis: Axis = COUNTED,
    low_is_bad: bool = False,
) -> timeseries.Panel:
    """Values over time; what was not measured is a gap, never a line across it."""
    # What is counted stands at the axis once, not behind each value of the legend.
    counted = about.unit.removeprefix("suffix: ") if about.unit.startswith("suffix: ") else ""
    about = replace(about, unit="short") if counted else about
    about = replace(about, description=_with_choice(about.description, queries))
    stacking = look.StackingMode.NORMAL if stacked else look.StackingMode.NONE
    style = (
        look.GraphThresholdsStyleMode.OFF
        if about.steps is CALM
        else look.GraphThresholdsStyleMode.DASHED
    )
    panel = (
        dressed(timeseries.Panel(), about, over_time(*queries))
        .fill_opacity(30 if stacked else 5)
        .stacking(common.StackingConfig().mode(stacking).group("A"))
        .axis_label(counted)
        .span_nulls(False)  # noqa: FBT003  # the SDK has no names for it
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
        .legend(_ranking(about, low_is_bad=low_is_bad) if _are_many(queries) else _legend())
        .tooltip(
            common.VizTooltipOptions()
            .mode(look.TooltipDisplayMode.MULTI)
            .sort(look.SortOrder.DESCENDING)
        )
    )
    if axis.low is not None:
        panel = panel.axis_soft_min(axis.low)
    return panel if axis.high is None else panel.axis_soft_max(axis.high)


def events(about: About, *queries: Query) -> timeseries.Panel:
    """How often something happens, by time."""
    return (
        lines(about, *queries, stacked=True)
        .draw_style(look.GraphDrawStyle.BARS)
        .line_width(0)
        .fill_opacity(80)
    )


def timeline(about: About, *queries: Query, states: States) -> statetimeline.Panel:
    """A band for each series: since when, and how often before."""
    return (
        dressed(statetimeline.Panel(), about, over_time(*queries))
        .mappings([meaning(states)])
        .merge_values(True)  # noqa: FBT003
        .show_value(look.VisibilityMode.NEVER)
        .row_height(0.8)
        .legend(_legend())
    )


def buckets(about: About, query: Query) -> heatmap.Panel:
    """How a histogram's observations spread, over time."""
    asked = _query(0, query).range().format(PromQueryFormat.HEATMAP)
    return (
        dressed(heatmap.Panel(), about, [asked])
        .calculate(False)  # noqa: FBT003  # Prometheus has filled the buckets
        .y_axis(heatmap.YAxisConfig().unit(about.unit))
        .rows_frame(heatmap.RowsHeatmapOptions().layout(look.HeatmapCellLayout.AUTO))
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heat.HeatmapColorMode.SCHEME)
            .scheme("Blues")
            .fill("dark-blue")
            .exponent(0.5)
            .steps(64)
        )
        .cell_values(heatmap.CellValues().unit("short"))
        .exemplars_color("orange")
        .mode(look.TooltipDisplayMode.SINGLE)
        .show_y_histogram()
        .show_legend()
    )


def meaning(states: States) -> model.ValueMap:
    """The words for the values."""
    return model.ValueMap(
        options={
            str(value): model.ValueMappingResult(text=text, color=color, index=index)
            for index, (value, (text, color)) in enumerate(states.items())
        }
    )


def _are_many(queries: Sequence[Query]) -> bool:
    """Whether there is a line for each target or job: nobody knows how many."""
    return any(called() in query.legend for query in queries)


def _with_choice(description: str, queries: Sequence[Query]) -> str:
    """The description, which says that not all may be there, in its own words or in these."""
    chosen = any("topk(" in query.expr or "bottomk(" in query.expr for query in queries)
    if not chosen or "of many" in description.lower():
        return description
    return f"{description} Of many, the {SHOWN} that were worst."


def _ranking(about: About, *, low_is_bad: bool) -> common.VizLegendOptions:
    """A table beside the graph, the worst on top."""
    return (
        common.VizLegendOptions()
        .display_mode(look.LegendDisplayMode.TABLE)
        .placement(look.LegendPlacement.RIGHT)
        .show_legend(True)  # noqa: FBT003  # as the SDK has it
        .width(600 if about.size[0] > HALF else 380)
        .calcs(["lastNotNull", *(["min"] if low_is_bad else []), "max"])
        .sort_by("Min" if low_is_bad else "Max")
        .sort_desc(not low_is_bad)
    )


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(look.LegendDisplayMode.LIST)
        .placement(look.LegendPlacement.BOTTOM)
        .show_legend(True)  # noqa: FBT003  # as the SDK has it
        .calcs([])
    )


def _link(link: Link) -> Builder[model.DashboardLink]:
    return build.DashboardLink(link.title).url(link.url).type(model.DashboardLinkType.LINK)


def _thresholds(steps: Steps) -> Builder[model.ThresholdsConfig]:
    limits = [model.Threshold(value=value, color=color) for value, color in steps]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(limits)
