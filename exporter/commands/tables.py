"""What `check` and `surfaces` print: a table for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from exporter.catalog import CATALOG
from exporter.config.values import Duration
from exporter.planning.job import Job, Plan, TargetPlan
from exporter.planning.worst_case import worst_case
from exporter.process.file_descriptors import needed


class Report(Struct):
    """Rows under headings, with a sentence below."""

    headings: tuple[str, ...]
    rows: list[tuple[str | float | bool | None, ...]]
    closing: str = ""

    def print(self, output: Literal["table", "json"]) -> None:
        """Write it to standard output; ``json`` is a list with an object for each row."""
        if output == "json":
            names = [heading.lower().replace(" ", "_") for heading in self.headings]
            objects = [dict(zip(names, row, strict=True)) for row in self.rows]
            sys.stdout.write(json.dumps(objects, indent=2) + "\n")
            return
        from rich.box import SIMPLE_HEAD  # for people alone: megabytes
        from rich.table import Table

        from exporter.commands.console import PlainConsole

        # Not on a terminal nothing is cut: the table is as wide as it has to be.
        console = PlainConsole() if sys.stdout.isatty() else PlainConsole(width=200)
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in self.headings:
            table.add_column(heading, overflow="fold")
        for row in self.rows:
            table.add_row(*(_cell(value) for value in row))
        console.print(table)
        if self.closing:
            console.print(self.closing, soft_wrap=True, highlight=False)


def check_report(plan: Plan, source: str) -> tuple[Report, bool]:
    """The worst-case traffic of each target in each rate class, and the open files of all.

    Besides, whether all of it is within the shares.
    """
    rows = [row for target in plan.targets for row in worst_case(target)]
    over = [row for row in rows if row.over]
    closing = f"{source}: the configuration is valid, and within its share of every rate class."
    if over:
        where = ", ".join(f"{row.target} in {row.rate_class}" for row in over)
        closing = (
            f"{source}: the configuration is valid, but own requests may exceed their share "
            f"({where}): lengthen intervals, lower resources.max or raise rate_limits.share."
        )
    closing += f" It may need {needed(plan)} open files (ulimit -n)."
    headings = ("Target", "Rate class", "Requests per minute", "Allowed per minute", "Within")
    table: list[tuple[str | float | bool | None, ...]] = [
        (row.target, row.rate_class, round(row.requests, 1), round(row.allowed, 1), not row.over)
        for row in rows
    ]
    return Report(headings, table, closing), not over


def surfaces_report(plan: Plan) -> Report:
    """Every surface of every target: what would be done with it."""
    headings = ("Target", "Surface", "Mode", "Every", "Rate class", "Asks", "Request")
    rows = [row for target in plan.targets for row in _surface_rows(target)]
    probed = sum(row[2] != "off" for row in rows)
    return Report(headings, rows, f"{probed} of {len(rows)} surfaces are probed.")


def _surface_rows(target: TargetPlan) -> Iterable[tuple[str | float | bool | None, ...]]:
    jobs = {job.key.surface: job for job in target.every}
    for surface in CATALOG:
        job = jobs.get(surface.id)
        yield (
            target.target.name,
            surface.id,
            "off" if job is None else "passive" if surface.passive else job.mode,
            None if job is None or surface.passive else str(Duration(job.interval)),
            surface.rate_class,
            _asks(job, target.target.resources.max),
            f"{surface.method} {surface.path if job is None else job.endpoint}",
        )


def _asks(job: Job | None, most: int) -> str | None:
    if job is None:
        return None
    if job.surface.passive:
        return "when a token is needed"
    if job.surface.ids is None:
        return "once"
    kind = job.surface.ids.kind.replace("_", " ")
    each = job.surface.ids.fan_out == "each"
    return f"each of up to {most} {kind}" if each else f"one of the {kind} in turn"


def _cell(value: str | float | bool | None) -> str:  # noqa: FBT001  # a cell may be one
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
