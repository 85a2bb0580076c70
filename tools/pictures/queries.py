"""Asks a Prometheus what Grafana would ask it for a panel."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.support.dashboards import GIVEN, Json, filled

Points: TypeAlias = dict[float, float]
POINTS: Final = 150
"""How many points a line has."""


@dataclass(frozen=True)
class Series:
    """What one query of a panel brought, by labels."""

    query: int
    pattern: str
    labels: Mapping[str, str]
    points: Points

    @property
    def last(self) -> float:
        """Its newest value."""
        return self.points[max(self.points)]


@dataclass(frozen=True)
class Span:
    """The time range that a board shows."""

    begin: float
    end: float
    scrape: float

    @property
    def step(self) -> float:
        """Seconds between two points."""
        return max(round((self.end - self.begin) / POINTS), self.scrape)

    def given(self) -> dict[str, str]:
        """Grafana's own variables for it."""
        return {
            **GIVEN,
            "__rate_interval": f"{max(4 * self.scrape, self.step + self.scrape):.0f}s",
            "__interval": f"{self.step:.0f}s",
            "__range": f"{self.end - self.begin:.0f}s",
        }


@dataclass(frozen=True)
class Source:
    """A Prometheus, and the seconds between two scrapes of it."""

    url: str
    scrape: float

    def span(self, seconds: float) -> Span:
        """The last so many seconds."""
        now = time.time()
        return Span(now - seconds, now, self.scrape)

    def series(self, panel: Json, span: Span) -> list[Series]:
        """What all queries of a panel bring."""
        found: list[Series] = []
        for number, asked in enumerate(panel["targets"]):
            if "expr" in asked:
                expr = filled(asked["expr"], span.given())
                found += [
                    Series(number, asked.get("legendFormat", ""), labels, points)
                    for labels, points in self._answer(
                        expr, span, instant=asked.get("instant", False)
                    )
                ]
        return found

    def _answer(
        self, expr: str, span: Span, *, instant: bool
    ) -> list[tuple[dict[str, str], Points]]:
        if instant:
            answer = self._post("query", query=expr, time=f"{span.end}")
            return [(each["metric"], _points([each["value"]])) for each in answer]
        step, begin = span.step, span.begin - span.begin % span.step
        answer = self._post(
            "query_range", query=expr, start=f"{begin}", end=f"{span.end}", step=f"{step}"
        )
        return [(each["metric"], _points(each["values"])) for each in answer]

    def _post(self, path: str, **form: str) -> Any:  # noqa: ANN401 - whatever JSON it is
        request = Request(f"{self.url}/api/v1/{path}", data=urlencode(form).encode())  # noqa: S310  # of a Prometheus of ours
        with urlopen(request, timeout=150) as answer:  # noqa: S310  # the same
            return json.load(answer)["data"]["result"]


def _points(values: list[tuple[float, str]]) -> Points:
    return {at: float(value) for at, value in values}
