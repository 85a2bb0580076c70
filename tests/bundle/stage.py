"""What Prometheus would have scraped of an exporter, written down for promtool.

Times are minutes since the beginning. A scrape that is missed, and the last one of a pod that is
gone, leave the mark that Prometheus leaves: ``stale``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final, Literal, TypeAlias

Outcome: TypeAlias = Literal[
    "ok",
    "slow",
    "fail",
    "rejected",
    "throttled",
    "internal",
    "circuit_open",
    "budget",
    "overrun",
    "no_resource",
]
Value: TypeAlias = float | Literal["stale"] | None
"""``None`` is a scrape without the series."""
Labels: TypeAlias = Mapping[str, str]

SKIPS: Final = ("budget", "circuit_open", "no_resource", "overrun")
ANYWHERE: Final = ("overrun", "shutdown")
"""The skips that can occur on any surface: others have no series but where they do."""
REASONS: Final[Mapping[str, str]] = {
    "fail": "http_5xx",
    "rejected": "auth_rejected",
    "throttled": "throttled",
    "internal": "internal",
}
GAUGES: Final = ("success", "consecutive_failures", "last_run_timestamp_seconds")
LIST: Final = {"component": "vnf-operator", "surface": "vnf-operator.vnfs.list"}
LOGIN: Final = {"component": "auth", "surface": "auth.login"}
REFRESH: Final = {"component": "auth", "surface": "auth.refresh"}
HEALTH: Final = {"component": "monitoring", "surface": "monitoring.health"}


@dataclass
class Pod:
    """The series of one surface, as one process of the exporter counts them."""

    labels: Labels
    interval: int
    skips: Iterable[str]
    counters: dict[tuple[str, str, str], float] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)
    reason: str = ""

    def __post_init__(self) -> None:
        names = ("scheduled", "runs", "failures", "throttled", "internal", "slow")
        self.counters = {
            **{(f"{name}_total", "", ""): 0 for name in names},
            **{("skipped_total", "reason", reason): 0 for reason in self.skips},
            **{("duration_seconds_bucket", "le", bound): 0 for bound in ("1.0", "2.0", "+Inf")},
            ("duration_seconds_count", "", ""): 0,
        }

    def _count(self, name: str, label: str = "", value: str = "") -> None:
        self.counters[name, label, value] += 1

    def due(self, outcome: Outcome, at: float) -> None:
        """Count what became of a run that was due."""
        self._count("scheduled_total")
        if outcome in SKIPS:
            self._count("skipped_total", "reason", outcome)
            if outcome == "no_resource":
                self.gauges, self.reason = {}, ""
            return
        self._count("runs_total")
        if outcome != "internal":
            self._count("duration_seconds_count")
            for bound in ("+Inf",) if outcome == "slow" else ("1.0", "2.0", "+Inf"):
                self._count("duration_seconds_bucket", "le", bound)
        well = outcome in {"ok", "slow"}
        if outcome == "slow":
            self._count("slow_total")
        if not well:
            self._count("failures_total")
        if outcome in {"throttled", "internal"}:
            self._count(f"{outcome}_total")
        self.reason = REASONS.get(outcome, "")
        failures = 0 if well else self.gauges.get("consecutive_failures", 0) + 1
        self.gauges = dict(zip(GAUGES, (float(well), failures, at), strict=True))

    def samples(self, at: float) -> Iterator[tuple[str, float]]:
        for (name, label, value), count in self.counters.items():
            yield notation(f"oran_mano_probe_{name}", {**self.labels, label: value}), count
        asked = self.gauges.get("last_run_timestamp_seconds", at)
        lapsed = at - asked > max(2 * self.interval, 60)
        for name, gauge in self.gauges.items():
            if lapsed and (name, gauge) == ("success", 1):
                continue  # nobody knows whether it still is
            yield notation(f"oran_mano_probe_{name}", self.labels), gauge
        if self.reason:
            labels = {**self.labels, "reason": self.reason}
            yield notation("oran_mano_probe_failure_reason", labels), 1


@dataclass(frozen=True)
class Stage:
    """A time in which an exporter is scraped.

    Attributes:
        minutes: how long.
        scrape: seconds between two scrapes.
        restart: when another pod takes over, its counters at 0.
        missed: minutes in which the first scrape fails.
        where: labels that Prometheus gives to all that is scraped here.
    """

    minutes: int
    scrape: int = 30
    restart: float | None = None
    missed: tuple[float, ...] = ()
    where: Labels = field(default_factory=dict)
    series: dict[str, list[Value]] = field(default_factory=dict)

    def fresh(self) -> "Stage":
        """The same time, nothing scraped yet."""
        return replace(self, series={})

    def beside(self, other: "Stage") -> "Stage":
        """This one, and at the same time another."""
        return replace(self, series={**self.series, **other.series})

    def surface(
        self,
        outcome: Callable[[int], Outcome],
        interval: int = 30,
        *,
        of: Labels = LIST,
        target: str = "lab",
        slo: bool = True,
    ) -> "Stage":
        """A probed surface; ``outcome`` tells what becomes of a run, by the second it is due."""
        key = {"target": target, **of}
        run = iter(range(7, self.minutes * 60 + interval, interval))
        due = next(run)
        all_due = range(due, self.minutes * 60 + interval, interval)
        skips = sorted({*ANYWHERE, *({*map(outcome, all_due)} & {*SKIPS})})
        pod = Pod({**key, **self._place(0)}, interval, skips)
        for index, at in self._scrapes():
            if pod.labels["pod"] != self._place(at)["pod"]:
                pod = Pod({**key, **self._place(at)}, interval, skips)
            while due <= at:
                pod.due(outcome(due), due)
                due = next(run)
            for name, value in pod.samples(at):
                self._put(name, index, value)
        if of["component"] != "auth":  # no schedule asks for a token
            self.gauge("oran_mano_surface_interval_seconds", lambda _: interval, key)
        self.gauge("oran_mano_surface_info", lambda _: 1, key)
        self.gauge("oran_mano_target_info", lambda _: 1, {"target": target})
        if slo:
            self._objectives({"target": target, "surface": of["surface"]})
        return self

    def _objectives(self, key: Labels) -> None:
        for slo, ratio in (("availability", 0.99), ("latency", 0.95)):
            objective = "oran_mano_slo_objective_ratio"
            self.gauge(objective, lambda _, ratio=ratio: ratio, {**key, "slo": slo})  # type: ignore[misc]
        self.gauge("oran_mano_slo_latency_threshold_seconds", lambda _: 2, key)

    def gauge(
        self, name: str, value: Callable[[float], float | None], labels: Labels | None = None
    ) -> "Stage":
        """A series whose value depends on the minute."""
        for index, at in self._scrapes():
            if (now := value(at / 60)) is not None:
                self._put(notation(name, {**(labels or {}), **self._place(at)}), index, now)
        return self

    def counter(
        self, name: str, rate: Callable[[float], float], labels: Labels | None = None
    ) -> "Stage":
        """A series that grows by ``rate`` a minute, from 0 in each pod."""
        totals: dict[str, float] = {}
        for index, at in self._scrapes():
            full = notation(name, {**(labels or {}), **self._place(at)})
            self._put(full, index, totals.setdefault(full, 0))
            totals[full] += rate(at / 60) * self.scrape / 60
        return self

    def text(self) -> list[dict[str, str]]:
        """The ``input_series`` of promtool."""
        return [
            {"series": name, "values": compressed(self._marked(values))}
            for name, values in self.series.items()
        ]

    def _place(self, at: float) -> Labels:
        second = self.restart is not None and at >= self.restart * 60
        pod = "exporter-2" if second else "exporter-1"
        return {"job": "oran-mano", "instance": f"{pod}:10945", "pod": pod, **self.where}

    def _scrapes(self) -> Iterator[tuple[int, int]]:
        yield from enumerate(range(0, self.minutes * 60 + 1, self.scrape))

    def _put(self, name: str, index: int, value: float) -> None:
        count = self.minutes * 60 // self.scrape + 1
        self.series.setdefault(name, [None] * count)[index] = value

    def _marked(self, values: Sequence[Value]) -> list[Value]:
        missed = {round(minute * 60 / self.scrape) for minute in self.missed}
        kept = [None if index in missed else value for index, value in enumerate(values)]
        return [
            "stale" if value is None and index and kept[index - 1] is not None else value
            for index, value in enumerate(kept)
        ]


def notation(name: str, labels: Labels) -> str:
    """A series as PromQL spells it."""
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items() if label)
    return f"{name}{{{inside}}}"


def compressed(values: Sequence[Value]) -> str:
    """Values in promtool's notation: ``0+1x3 stale _x2``."""
    return " ".join(_pieces(values))


def _pieces(values: Sequence[Value]) -> Iterator[str]:
    for kind, group in groupby(values, lambda value: value if value in (None, "stale") else ""):
        run = list(group)
        if kind is None:
            yield f"_x{len(run)}"
        elif kind == "stale":
            yield from ("stale" for _ in run)
        else:
            yield from _steps([float(value) for value in run if value is not None])


def _steps(numbers: Sequence[float]) -> Iterator[str]:
    """Stretches that grow evenly; ``a+bxn`` are n + 1 values."""
    start = 0
    while start < len(numbers):
        step = numbers[start + 1] - numbers[start] if start + 1 < len(numbers) else 0
        end = start + 1
        while end < len(numbers) and numbers[end] - numbers[end - 1] == step:
            end += 1
        sign = "-" if step < 0 else "+"
        yield f"{numbers[start]:.12g}{sign}{abs(step):.12g}x{end - start - 1}"
        start = end
