"""What the demo shows: a screen that fits its terminal, or a line for each change."""

from textwrap import wrap
from typing import Final

import msgspec
from msgspec import Struct
from rich.console import ConsoleDimensions, Group
from rich.table import Table
from rich.text import Text

from exporter.report.status_text import HEADINGS, STATES, StatusLine, lines, quotas, summary
from exporter.status.snapshot import Snapshot

_COLOURS: Final = {
    "well": "green",
    "failing": "bold red",
    "throttled": "yellow",
    "unknown": "yellow",
    "skipped": "yellow",
}
_FROM: Final = {"Last run": 104, "For": 92, "Took": 76, "Status": 76}
"""How wide the terminal has to be for a column, so that what is wrong has room beside it."""


class DemoUrls(Struct, frozen=True):
    """Where everything is, in URLs."""

    api: str
    """Of the simulated API, with its ``/v1``."""
    page: str
    metrics: str

    @property
    def control(self) -> str:
        """Where the scenario is told and switched."""
        return self.api.removesuffix("/v1") + "/simulator/scenario"


def urls(place: DemoUrls) -> list[str]:
    """Where to look, a line each."""
    return [
        f"simulated API  {place.api}",
        f"status page    {place.page}",
        f"metrics        {place.metrics}",
    ]


def playing(scenario: str) -> str:
    """Which scenario plays, in a line."""
    return f"scenario       {scenario}"


def switching(place: DemoUrls, width: int) -> list[str]:
    """How to play another scenario: a command to be copied into a shell.

    Where it is too long for so many characters, it has several lines that the shell joins.
    """
    parts = ["curl -X PUT", place.control, """-d '{"name": "down"}'"""]
    whole = " ".join(parts)
    return [whole] if len(whole) <= width else " \\\n  ".join(parts).split("\n")


def choice(names: list[str], width: int) -> list[str]:
    """Which scenarios there are, in lines of so many characters."""
    return wrap(f"scenarios      {', '.join(names)}", width, subsequent_indent=" " * 15)


def screen(snapshot: Snapshot, place: DemoUrls, scenario: str, size: ConsoleDimensions) -> Group:
    """Everything at once, a line each; where rows are short, surfaces that are well go first."""
    above = [
        *urls(place),
        f"{playing(scenario)}; switch it with:",
        *switching(place, size.width),
        "",
        summary(snapshot),
        *(quota for target in snapshot.targets for quota in quotas(snapshot, target.name)),
        "",
    ]
    found = rows(snapshot)
    below = []
    if len(found) > _room(above, size):
        above = [line for line in above if line]
        kept = max(1, _room(above, size) - 1)
        found.sort(key=lambda row: STATES.index(row.state))
        below = [f"... {len(found) - kept} more"] if len(found) > kept else []
        found = found[:kept]
    return Group(*map(_cut, above), _table(found, size.width), *map(_cut, below))


def rows(snapshot: Snapshot) -> list[StatusLine]:
    """All surfaces in words, a line each, with their target's name where there are several."""
    names = [target.name for target in snapshot.targets]
    found = {name: lines(snapshot, name) for name in names}
    if len(names) == 1:
        return found[names[0]]
    return [
        msgspec.structs.replace(line, surface=f"{name} {line.surface}")
        for name, of in found.items()
        for line in of
    ]


def plain_line(line: StatusLine) -> str:
    """One surface as a log wants it: state, how long the last run took, status, what is wrong."""
    wrong = f"  {line.wrong}" if line.wrong else ""
    return f"{line.surface:<36} {line.state:<9} {line.took:>8} {line.status:>4}{wrong}"


def _room(above: list[str], size: ConsoleDimensions) -> int:
    """How many surfaces fit below, and below their headings."""
    return size.height - len(above) - 1


def _table(found: list[StatusLine], width: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = [width >= _FROM.get(heading, 0) for heading in HEADINGS]
    for heading, show in zip(HEADINGS, shown, strict=True):
        if show:
            # Only the last one gives way: rich shrinks what it may wrap, and its cells are cut.
            table.add_column(heading, no_wrap=heading != HEADINGS[-1], overflow="ellipsis")
    for line in found:
        cells = [_cut(cell) for cell in line.cells]
        cells[1].stylize(_COLOURS.get(line.state, "dim"))
        table.add_row(*(cell for cell, show in zip(cells, shown, strict=True) if show))
    return table


def _cut(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")
