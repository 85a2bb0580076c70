"""A dashboard as a page: each panel in its place, drawn from what its own queries bring."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from tests.support.dashboards import Json, panels
from tools.pictures.canvas import FAINT, INK, Box, Page, cells, points
from tools.pictures.charts import draw_bands, draw_bars, draw_buckets, draw_lines, draw_number
from tools.pictures.queries import Series, Source, Span
from tools.pictures.tables import draw_table
from tools.pictures.words import fitted

Draw: TypeAlias = Callable[[Page, Box, Json, Sequence[Series], Span], None]
DRAWN: Final[Mapping[str, Draw]] = {
    "timeseries": draw_lines,
    "stat": draw_number,
    "table": draw_table,
    "bargauge": draw_bars,
    "heatmap": draw_buckets,
    "state-timeline": draw_bands,
}
TITLE: Final = 34


def drawn(document: Json, source: Source, seconds: float) -> Page:
    """The whole board, over the last so many seconds; a closed row stays closed."""
    shown = [panel for panel in panels(document) if not _is_closed(document, panel)]
    page = Page(max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in shown))
    span = source.span(seconds)
    for panel in shown:
        box = cells(panel["gridPos"])
        if panel["type"] == "row":
            sheet = page.sheet(box, "#f4f5f5")
            sheet.text(
                6, box.h / 2, f"⌄ {panel['title']}", size=points(15), color=INK, weight="bold"
            )
            continue
        sheet = page.sheet(box)
        title = fitted(panel["title"], box.w - 16, 14)
        sheet.text(10, TITLE / 2, title, size=points(14), color=INK, weight="bold")
        found = source.series(panel, span)
        inner = box.inside(6, TITLE, 6, 4)
        if found:
            DRAWN[panel["type"]](page, inner, panel, found, span)
        else:
            text = fitted(panel["fieldConfig"]["defaults"]["noValue"], inner.w, 13)
            sheet.text(
                box.w / 2, (box.h + TITLE) / 2, text, size=points(13), color=FAINT, ha="center"
            )
    return page


def _is_closed(document: Json, panel: Json) -> bool:
    return any(panel in row.get("panels", ()) for row in document["panels"])
