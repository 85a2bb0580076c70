"""A page of pixels, as wide as a screen: places for panels, and text that fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

WIDE: Final = 1920
CELL: Final = WIDE / 24
TALL: Final = 38
"""Pixels of Grafana's grid."""
GAP: Final = 8
DOTS: Final = 100
INK: Final = "#24292e"
FAINT: Final = "#6e7781"
COLOURS: Final[Mapping[str, str]] = {
    "text": INK,
    "green": "#37872d",
    "orange": "#d9730d",
    "red": "#c4162a",
    "blue": "#1f60c4",
}
PALETTE: Final = (
    *("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0"),
    *("#508642", "#cca300", "#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477"),
)


@dataclass(frozen=True)
class Box:
    """A rectangle, in pixels from the top left."""

    x: float
    y: float
    w: float
    h: float

    def inside(self, left: float, top: float, right: float = 0, bottom: float = 0) -> "Box":
        """What is left between margins."""
        return Box(self.x + left, self.y + top, self.w - left - right, self.h - top - bottom)


def cells(place: Mapping[str, int]) -> Box:
    """Where a panel of the grid is."""
    box = Box(place["x"] * CELL, place["y"] * TALL, place["w"] * CELL, place["h"] * TALL)
    return box.inside(GAP / 2, GAP / 2, GAP / 2, GAP / 2)


class Page:
    """A page to draw on."""

    def __init__(self, rows: int) -> None:
        """Make it as tall as so many rows of the grid."""
        self._tall = rows * TALL
        self._figure = Figure(
            figsize=(WIDE / DOTS, self._tall / DOTS), dpi=DOTS, facecolor="#f4f5f5"
        )

    def axes(self, box: Box) -> Axes:
        """Axes there, without a frame above and to the right."""
        axes = self._figure.add_axes(
            (
                box.x / WIDE,
                1 - (box.y + box.h) / self._tall,
                box.w / WIDE,
                box.h / self._tall,
            )
        )
        axes.tick_params(labelsize=points(12), colors=FAINT, length=0)
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(False)
        return axes

    def sheet(self, box: Box, colour: str = "white") -> Axes:
        """Axes of pixels, from the top left, on a colour."""
        axes = self.axes(box)
        axes.set_xlim(0, box.w)
        axes.set_ylim(box.h, 0)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.add_patch(Rectangle((0, 0), box.w, box.h, color=colour, lw=0))
        return axes

    def save(self, file: Path, width: int = WIDE) -> None:
        """Write it, in few colours: it is small then."""
        whole = file.with_suffix(".whole.png")
        self._figure.savefig(whole, dpi=DOTS * width / WIDE)
        with Image.open(whole) as image:
            image.convert("RGB").quantize(colors=128, dither=0).save(file, optimize=True)
        whole.unlink()


def points(pixels: float) -> float:
    """The size of a font, as printers count."""
    return pixels * 72 / DOTS
