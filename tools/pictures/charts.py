"""Panels that are drawn over time, and the few that are a number or bars."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from tests.support.dashboards import Json
from tools.pictures.canvas import COLOURS, FAINT, INK, PALETTE, Box, Page, points
from tools.pictures.queries import Series, Span
from tools.pictures.words import fitted, legend, written

CELL: Final = 66
"""Of a value in a legend."""
ROW: Final = 22
"""Pixels of a line of a legend."""
CALCS: Final[Mapping[str, tuple[str, Callable[[Series], float]]]] = {
    "lastNotNull": ("Last *", lambda series: series.last),
    "min": ("Min", lambda series: min(series.points.values())),
    "max": ("Max", lambda series: max(series.points.values())),
}


def name(series: Series) -> str:
    """As the legend has it."""
    return legend(series.pattern, series.labels) or "value"


def colour_of(value: float, steps: Sequence[Json]) -> str:
    """The colour of the highest threshold that a value reaches."""
    reached = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    return COLOURS[reached[-1]]


def mapped(value: float, mappings: Sequence[Json]) -> tuple[str, str] | None:
    """The word and the colour of a value, where it has them."""
    for mapping in mappings:
        if found := mapping["options"].get(f"{value:.0f}"):
            return found["text"], COLOURS[found["color"]]
    return None


def draw_lines(page: Page, box: Box, panel: Json, found: Sequence[Series], span: Span) -> None:
    """Lines, areas or bars, with their legend."""
    options, defaults = panel["options"]["legend"], panel["fieldConfig"]["defaults"]
    custom, unit = defaults["custom"], defaults["unit"]
    right = options["placement"] == "right"
    beside = min(options.get("width", 0), box.w * 0.6) if right else 0
    plot = box.inside(62, 10, beside + 16, 26 if right else 26 + ROW)
    axes = page.axes(plot)
    colours = [PALETTE[number % len(PALETTE)] for number in range(len(found))]
    if custom["stacking"]["mode"] == "normal":
        top = _stack(axes, found, colours, span, bars=custom.get("drawStyle") == "bars")
    else:
        for series, colour in zip(found, colours, strict=True):
            at, values = _gapped(series, span)
            axes.plot(at, values, color=colour, lw=1, marker=".", ms=1.5)
        top = max((v for s in found for v in s.points.values() if math.isfinite(v)), default=0)
    low = min((v for s in found for v in s.points.values() if math.isfinite(v)), default=0)
    limits = [s["value"] for s in defaults["thresholds"]["steps"] if s["value"] is not None]
    bottom, top = min(custom["axisSoftMin"], low), max(top, custom.get("axisSoftMax") or 0)
    top = top if top > bottom else bottom + 1
    axes.set_ylim(bottom, top + (top - bottom) * 0.05)
    if custom["thresholdsStyle"]["mode"] == "dashed":
        for limit, step in zip(limits, defaults["thresholds"]["steps"][1:], strict=True):
            if bottom <= limit <= top * 1.05:
                axes.axhline(limit, color=COLOURS[step["color"]], lw=1.2, ls="--")
    _frame(axes, span, unit)
    if label := custom.get("axisLabel"):
        page.sheet(Box(box.x, box.y, 4, 1)).text(6, 0, label, size=points(11), color=FAINT)
    if right:
        place = Box(box.x + box.w - beside, box.y, beside, box.h)
        _table(page, place, panel, list(zip(found, colours, strict=True)))
    else:
        _list(
            page,
            Box(box.x, box.y + box.h - ROW, box.w, ROW),
            [(name(s), c) for s, c in zip(found, colours, strict=True)],
        )


def _gapped(series: Series, span: Span) -> tuple[list[float], list[float]]:
    at = [
        span.begin - span.begin % span.step + n * span.step
        for n in range(int((span.end - span.begin) / span.step) + 2)
    ]
    return at, [series.points.get(each, math.nan) for each in at]


def _stack(
    axes: Axes, found: Sequence[Series], colours: Sequence[str], span: Span, *, bars: bool
) -> float:
    base: list[float] = []
    for series, colour in zip(found, colours, strict=True):
        at, gapped = _gapped(series, span)
        values = [0 if math.isnan(value) else value for value in gapped]
        base = base or [0.0] * len(at)
        above = [under + value for under, value in zip(base, values, strict=True)]
        if bars:
            axes.bar(at, values, width=span.step * 0.8, bottom=base, color=colour)
        else:
            axes.fill_between(at, base, above, color=colour, alpha=0.5)
        base = above
    return max(base, default=0)


def _frame(axes: Axes, span: Span, unit: str | None) -> None:
    axes.set_xlim(span.begin, span.end)
    ticks = [span.begin + (span.end - span.begin) * part / 4 for part in range(1, 4)]
    axes.set_xticks(ticks, [time.strftime("%H:%M:%S", time.gmtime(each)) for each in ticks])
    if unit is not None:
        low, high = axes.get_ylim()
        marks = [each for each in axes.get_yticks() if low <= each <= high]
        axes.set_yticks(marks, [written(round(each, 9), unit) for each in marks])
    axes.grid(visible=True, color="#e3e5e7", lw=0.6)
    axes.set_axisbelow(True)


def _table(page: Page, box: Box, panel: Json, found: list[tuple[Series, str]]) -> None:
    options, unit = panel["options"]["legend"], panel["fieldConfig"]["defaults"]["unit"]
    calcs = [CALCS[each] for each in options["calcs"]]
    by = dict(calcs)[options["sortBy"]]
    found = sorted(found, key=lambda each: _order(by(each[0])), reverse=options["sortDesc"])
    sheet = page.sheet(box)
    for number, (title, _) in enumerate(reversed(calcs)):
        sheet.text(
            box.w - 10 - CELL * number,
            12,
            title,
            size=points(12),
            color=INK,
            ha="right",
            weight="bold",
        )
    room = int((box.h - 24) / ROW)
    for number, (series, colour) in enumerate(found[:room]):
        y = 24 + (number + 0.5) * ROW
        sheet.add_patch(Rectangle((4, y - 2), 14, 4, color=colour, lw=0))
        text = fitted(name(series), box.w - 30 - CELL * len(calcs))
        sheet.text(24, y, text, size=points(12), color=INK)
        for column, (_, calc) in enumerate(reversed(calcs)):
            value = written(calc(series), unit)
            sheet.text(
                box.w - 10 - CELL * column,
                y,
                fitted(value, CELL + 6),
                size=points(12),
                color=INK,
                ha="right",
            )
    if len(found) > room:
        sheet.text(
            24, box.h - 5, f"({len(found) - room} more: scroll)", size=points(10), color=FAINT
        )


def _order(value: float) -> float:
    return -math.inf if math.isnan(value) else value


def _list(page: Page, box: Box, entries: Sequence[tuple[str, str]]) -> None:
    sheet, x = page.sheet(box), 8.0
    for text, colour in entries:
        width = 24 + len(text) * 12 * 0.56 + 16
        if x + width > box.w:
            sheet.text(x, 10, "…", size=points(12), color=INK)
            return
        sheet.add_patch(Rectangle((x, 8), 14, 4, color=colour, lw=0))
        sheet.text(x + 20, 10, text, size=points(12), color=INK)
        x += width


def draw_bands(page: Page, box: Box, panel: Json, found: Sequence[Series], span: Span) -> None:
    """A band for each series."""
    mappings = panel["fieldConfig"]["defaults"]["mappings"]
    longest = max((len(name(series)) for series in found), default=0) * 12 * 0.55
    left = min(longest + 12, box.w * 0.5)
    axes = page.axes(box.inside(left, 6, 16, 26 + ROW))
    tall = len(found)
    axes.set_ylim(tall, 0)
    for row, series in enumerate(found):
        for at, value in series.points.items():
            known = mapped(value, mappings)
            colour = known[1] if known else FAINT
            axes.add_patch(Rectangle((at, row + 0.1), span.step, 0.8, color=colour, lw=0))
    axes.set_xlim(span.begin, span.end)
    _frame(axes, span, None)
    axes.set_yticks(
        [row + 0.5 for row in range(tall)], [fitted(name(each), left) for each in found]
    )
    words = [
        (each["text"], COLOURS[each["color"]])
        for mapping in mappings
        for each in mapping["options"].values()
    ]
    _list(page, Box(box.x, box.y + box.h - ROW, box.w, ROW), words)


def draw_buckets(page: Page, box: Box, panel: Json, found: Sequence[Series], span: Span) -> None:
    """A histogram over time: what is in a bucket, and not in the one below."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    ordered = sorted(found, key=lambda series: float(series.labels["le"]))
    rows, below = [], [0.0] * len(_gapped(ordered[0], span)[1])
    for series in ordered:
        values = [0 if math.isnan(each) else each for each in _gapped(series, span)[1]]
        rows.append([max(v - b, 0) ** 0.5 for v, b in zip(values, below, strict=True)])
        below = values
    axes = page.axes(box.inside(70, 6, 16, 26))
    at = _gapped(ordered[0], span)[0]
    edges = [*at, at[-1] + span.step]
    axes.pcolormesh(edges, list(range(len(rows) + 1)), rows, cmap="Blues")
    axes.set_ylim(0, len(rows))
    _frame(axes, span, None)
    marks = range(0, len(ordered), max(len(ordered) // 8, 1))
    axes.set_yticks(
        [mark + 1 for mark in marks],
        [written(float(ordered[mark].labels["le"]), unit) for mark in marks],
    )


def draw_number(page: Page, box: Box, panel: Json, found: Sequence[Series], span: Span) -> None:  # noqa: ARG001  # as all that draw are called
    """A big number, or the names of what there is."""
    defaults = panel["fieldConfig"]["defaults"]
    filled = panel["options"]["colorMode"] == "background"
    part = box.h / len(found)
    for row, series in enumerate(found):
        colour = colour_of(series.last, defaults["thresholds"]["steps"])
        sheet = page.sheet(
            Box(box.x, box.y + row * part, box.w, part), colour if filled else "white"
        )
        named = panel["options"]["textMode"] == "name"
        text = name(series) if named else written(series.last, defaults["unit"])
        size = min(part * 0.5, 1.5 * box.w / max(len(text), 1), 44)
        sheet.text(
            box.w / 2,
            part / 2,
            text,
            size=points(size),
            color="white" if filled else INK,
            ha="center",
        )


def draw_bars(page: Page, box: Box, panel: Json, found: Sequence[Series], span: Span) -> None:  # noqa: ARG001  # as all that draw are called
    """A bar for each series."""
    defaults = panel["fieldConfig"]["defaults"]
    sheet = page.sheet(box)
    left = min(max(len(name(each)) for each in found) * 12 * 0.55 + 16, box.w * 0.45)
    values = [series.last for series in found]
    low, high = min(0, *values), max(0, *values)
    tall = min((box.h - 8) / len(found), 40)
    for row, series in enumerate(found):
        share = (series.last - low) / ((high - low) or 1)
        colour = colour_of(series.last, defaults["thresholds"]["steps"])
        y = 4 + row * tall
        sheet.add_patch(
            Rectangle((left, y + 2), share * (box.w - left - 90), tall - 4, color=colour, lw=0)
        )
        sheet.text(
            left - 8,
            y + tall / 2,
            fitted(name(series), left),
            size=points(12),
            color=INK,
            ha="right",
        )
        sheet.text(
            box.w - 8,
            y + tall / 2,
            written(series.last, defaults["unit"]),
            size=points(13),
            color=colour,
            ha="right",
        )
