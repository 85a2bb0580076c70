"""Tables: what several queries brought, merged by labels, arranged and sorted as Grafana does."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from matplotlib.patches import Rectangle

from tests.support.dashboards import Json
from tools.pictures.canvas import FAINT, INK, Box, Page, points
from tools.pictures.charts import colour_of, mapped
from tools.pictures.queries import Series, Span
from tools.pictures.words import fitted, written

ROW: Final = 36
NARROWEST: Final = 150
"""Of columns that say nothing of their width."""
Row: TypeAlias = dict[str, str | float]


def draw_table(page: Page, box: Box, panel: Json, found: Sequence[Series], span: Span) -> None:  # noqa: ARG001  # as all that draw are called
    """As many rows and columns as there is room for."""
    rows = _merged(found)
    order, names, hidden = _arrangement(panel)
    there = sorted({key for row in rows for key in row}, key=lambda key: order.get(key, 99))
    columns = [key for key in there if key not in hidden]
    (by,) = panel["options"]["sortBy"]
    rows.sort(key=lambda row: _key(row, by["displayName"], names), reverse=by["desc"])
    sheet = page.sheet(box)
    x = 0.0
    for key, width in zip(columns, _widths(panel, columns, names, box.w), strict=True):
        title = names.get(key, key)
        sheet.text(
            x + 8,
            ROW / 2,
            fitted(title, width - 8),
            size=points(13),
            color="#1f60c4",
            weight="bold",
        )
        for number, row in enumerate(rows[: int(box.h / ROW) - 1]):
            text, colour = _cell(panel, title, row.get(key))
            y = (number + 1.5) * ROW
            sheet.text(x + 8, y, fitted(text, width - 8, 13), size=points(13), color=colour)
            sheet.add_patch(Rectangle((x, y - ROW / 2), width, 0.7, color="#e3e5e7", lw=0))
        x += width
    more = len(rows) - (int(box.h / ROW) - 1)
    if more > 0:
        sheet.text(
            box.w - 8, box.h - 5, f"({more} more: scroll)", size=points(10), color=FAINT, ha="right"
        )
    if x > box.w + 1:
        sheet.text(
            8,
            box.h - 5,
            f"({x - box.w:.0f} px more to the right: scroll)",
            size=points(10),
            color=FAINT,
        )


def _merged(found: Sequence[Series]) -> list[Row]:
    """Rows with all that queries say of the same labels."""
    several = len({series.query for series in found}) > 1
    rows: list[Row] = []
    for series in found:
        value = f"Value #{chr(ord('A') + series.query)}" if several else "Value"
        labels = series.labels
        fits = [
            row
            for row in rows
            if value not in row
            and all(row.get(label, text) == text for label, text in labels.items())
            and {key for key in row if not key.startswith("Value")} & labels.keys()
            == _shared(row, labels)
        ]
        if fits:
            for row in fits[:1]:
                row.update({**labels, value: series.last})
        else:
            rows.append({**labels, value: series.last})
    return rows


def _shared(row: Row, labels: Mapping[str, str]) -> set[str]:
    return {key for key in labels if key in row}


def _arrangement(panel: Json) -> tuple[dict[str, int], dict[str, str], set[str]]:
    (options,) = (each["options"] for each in panel["transformations"] if each["id"] == "organize")
    hidden = {name for name, left_out in options["excludeByName"].items() if left_out}
    for override in panel["fieldConfig"]["overrides"]:
        if any(each["id"] == "custom.hidden" for each in override["properties"]):
            hidden.add(override["matcher"]["options"])
    return options["indexByName"], options["renameByName"], hidden


def _key(row: Row, column: str, names: Mapping[str, str]) -> float:
    (value,) = [row[key] for key in row if names.get(key, key) == column][:1] or [math.nan]
    return -math.inf if isinstance(value, str) or math.isnan(value) else value


def _properties(panel: Json, title: str) -> dict[str, Any]:
    return {
        each["id"]: each["value"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == title
        for each in override["properties"]
    }


def _widths(
    panel: Json, columns: Sequence[str], names: Mapping[str, str], whole: float
) -> list[float]:
    fixed: list[float | None] = [
        _properties(panel, names.get(key, key)).get("custom.width") for key in columns
    ]
    least = panel["fieldConfig"]["defaults"].get("custom", {}).get("minWidth", NARROWEST)
    taken = sum(each for each in fixed if each)
    free = fixed.count(None)
    share = max((whole - taken) / free, least) if free else 0
    return [each or share for each in fixed]


def _cell(panel: Json, title: str, value: str | float | None) -> tuple[str, str]:
    if value is None or isinstance(value, str):
        return value or "", INK
    wanted = _properties(panel, title)
    if known := mapped(value, wanted.get("mappings", ())):
        return known
    colour = INK
    if limits := wanted.get("thresholds"):
        colour = colour_of(value, limits["steps"])
    return written(value, str(wanted.get("unit", "short"))), colour
