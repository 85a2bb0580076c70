"""What both sides count of themselves, as sums by name and label: pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

Tally: TypeAlias = Mapping[tuple[str, str], float]
"""A name and a label's value (empty where all labels are summed up), and how many so far."""

LATENESS: Final = "oran_mano_exporter_schedule_lateness_seconds_bucket"
LAG: Final = "oran_mano_exporter_event_loop_lag_seconds_bucket"
SKIPPED: Final = "oran_mano_probe_skipped_total"
SCHEDULED: Final = "oran_mano_probe_scheduled_total"
RUNS: Final = "oran_mano_probe_runs_total"
FAILED: Final = "oran_mano_probe_failures_total"
CALLS: Final = "oran_mano_api_requests_total"
SPANS: Final = "oran_mano_exporter_spans_total"
SPANS_DROPPED: Final = "oran_mano_exporter_spans_dropped_total"
SPANS_FAILED: Final = "oran_mano_exporter_spans_failed_total"
RENDERED: Final = "oran_mano_exporter_scrape_duration_seconds_count"
RENDERING: Final = "oran_mano_exporter_scrape_duration_seconds_sum"
LABELS: Final[Mapping[str, str]] = {
    LATENESS: "le",
    LAG: "le",
    SKIPPED: "reason",
    **dict.fromkeys((SCHEDULED, RUNS, FAILED, CALLS), ""),
    **dict.fromkeys((SPANS, SPANS_DROPPED, SPANS_FAILED, RENDERED, RENDERING), ""),
}
"""What is taken of the exporter's metrics, and the label by which it is."""

_LINE: Final = re.compile(rf"^({'|'.join(LABELS)})(?:\{{(.*)\}})? (\S+)", re.MULTILINE)
_PAIR: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def tally(samples: Iterable[tuple[str, Mapping[str, str], float]]) -> Tally:
    """Sum up the exporter's samples, each with its name, labels and value."""
    sums: Counter[tuple[str, str]] = Counter()
    for name, labels, value in samples:
        sums[name, labels.get(LABELS[name], "")] += value  # type: ignore[assignment]  # no int
    return sums


def read(exposition: str) -> Tally:
    """Sum up what a scrape shows; a full parser would take seconds for its 10 MB."""
    return tally(
        (name, dict(_PAIR.findall(labels)), float(value))
        for name, labels, value in _LINE.findall(exposition)
    )


def since(after: Tally, before: Tally) -> Tally:
    """What was counted between the two."""
    return {key: value - before.get(key, 0) for key, value in after.items()}


def count(counted: Tally, name: str) -> float:
    """All of one name, whatever its label."""
    return sum(value for (of, _), value in counted.items() if of == name)


def by_label(counted: Tally, name: str) -> dict[str, float]:
    """One name's values by its label."""
    return {label: value for (of, label), value in counted.items() if of == name}


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them added up."""
    sums: dict[tuple[str, str], float] = {}
    for one in tallies:
        for key, value in one.items():
            sums[key] = sums.get(key, 0) + value
    return sums
