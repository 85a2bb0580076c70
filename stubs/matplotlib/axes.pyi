from collections.abc import Sequence

from matplotlib.patches import Patch

class Spine:
    def set_visible(self, b: bool) -> None: ...

class Axes:
    spines: dict[str, Spine]
    def add_patch(self, p: Patch) -> Patch: ...
    def axhline(self, y: float, *, color: str, lw: float, ls: str = "-") -> object: ...
    def bar(
        self,
        x: Sequence[float],
        height: Sequence[float],
        *,
        width: float,
        bottom: Sequence[float],
        color: str,
    ) -> object: ...
    def fill_between(
        self,
        x: Sequence[float],
        y1: Sequence[float],
        y2: Sequence[float],
        *,
        color: str,
        alpha: float,
    ) -> object: ...
    def grid(self, visible: bool, *, color: str, lw: float) -> None: ...
    def pcolormesh(
        self,
        x: Sequence[float],
        y: Sequence[float],
        c: Sequence[Sequence[float]],
        *,
        cmap: str,
    ) -> object: ...
    def plot(
        self,
        x: Sequence[float],
        y: Sequence[float],
        *,
        color: str,
        lw: float,
        marker: str,
        ms: float,
    ) -> object: ...
    def set_axisbelow(self, b: bool) -> None: ...
    def set_xlim(self, left: float, right: float) -> object: ...
    def set_ylim(self, bottom: float, top: float) -> object: ...
    def set_xticks(self, ticks: Sequence[float], labels: Sequence[str] = ...) -> object: ...
    def set_yticks(self, ticks: Sequence[float], labels: Sequence[str] = ...) -> object: ...
    def get_yticks(self) -> Sequence[float]: ...
    def get_ylim(self) -> tuple[float, float]: ...
    def text(
        self,
        x: float,
        y: float,
        s: str,
        *,
        size: float,
        color: str,
        ha: str = "left",
        va: str = "center",
        weight: str = "normal",
    ) -> object: ...
    def tick_params(self, *, labelsize: float, colors: str, length: float) -> None: ...
