"""The series of many surfaces, written down as a Prometheus would have stored them.

Recorded series lie at the interval of their group, as far back as a rule reads them; scraped ones
at half a minute, as far as a rule's range reaches. Nothing else is there: it would cost nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TextIO, get_args

from exporter.model.observation import BUCKETS
from exporter.model.reasons import SkipReason
from tests.support.rules import seconds

PER_TARGET: Final = 15
SCRAPE: Final = 30
EVALUATION: Final = 60
LOOK_BACK: Final = 300
"""Seconds: what an expression without a range sees."""
_READ: Final = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{[^}]*\})?\s*(?:\[(\w+)(?::\w*)?\])?")
_PLACE: Final = 'cluster="north",namespace="mano"'
_POD: Final = 'job="oran-mano",instance="10.42.7.19:10945",pod="oran-mano-exporter-6d5f7c9b8-x2x7q"'
SLOS: Final = ("availability", "latency")
_COUNTERS: Final = ("_total", "_bucket", "_count")
_TEXTURES: Final = 7
"""Different courses of values: equal ones would be stored too well."""


class Scraped(NamedTuple):
    """Series that are scraped: what they are, or a counter grows by, if all is well or down."""

    name: str
    well: float
    down: float
    label: str = ""
    values: Sequence[str] = ("",)


_BOUNDS: Final = (*(str(float(bound)) for bound in BUCKETS), "+Inf")
OF_SURFACES: Final = (
    Scraped("oran_mano_probe_scheduled_total", 1, 1),
    Scraped("oran_mano_probe_runs_total", 1, 1),
    Scraped("oran_mano_probe_failures_total", 0, 1),
    Scraped("oran_mano_probe_throttled_total", 0, 0),
    Scraped("oran_mano_probe_internal_total", 0, 0),
    Scraped("oran_mano_probe_slow_total", 0, 0),
    Scraped("oran_mano_probe_skipped_total", 0, 0, "reason", get_args(SkipReason)),
    Scraped("oran_mano_probe_duration_seconds_bucket", 1, 1, "le", _BOUNDS),
    Scraped("oran_mano_probe_duration_seconds_count", 1, 1),
    Scraped("oran_mano_probe_success", 1, 0),
    Scraped("oran_mano_probe_consecutive_failures", 0, 100),
    Scraped("oran_mano_surface_interval_seconds", 30, 30),
    Scraped("oran_mano_surface_info", 1, 1),
    Scraped("oran_mano_slo_latency_threshold_seconds", 2, 2),
    Scraped("oran_mano_slo_objective_ratio", 0.99, 0.99, "slo", SLOS),
)
OF_TARGETS: Final = (
    Scraped("oran_mano_target_info", 1, 1),
    Scraped("oran_mano_token_valid", 1, 1),
    Scraped("oran_mano_token_renewal_overdue", 0, 0),
)


class Series(NamedTuple):
    """One series: ``name{labels}``, seconds between samples, how many seconds back, what it is
    about, and by what it grows from sample to sample."""

    name: str
    step: int
    reach: int
    level: float
    growth: float = 0


def reaches(files: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many seconds back any rule reads each series."""
    found: dict[str, int] = {}
    for rule in _rules(files):
        for name, window in _READ.findall(rule["expr"]):
            back = round(seconds(window)) if window else LOOK_BACK
            found[name] = max(found.get(name, LOOK_BACK), back)
    return found


def _rules(files: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for file in files:
        for group in file["groups"]:
            yield from group["rules"]


def interval(group: Mapping[str, Any]) -> int:
    """Seconds between two evaluations of a group."""
    return round(seconds(group["interval"])) if "interval" in group else EVALUATION


def _recorded(files: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Each recorded name, and the seconds between two of its samples."""
    return {
        rule["record"]: interval(group)
        for file in files
        for group in file["groups"]
        for rule in group["rules"]
        if "record" in rule
    }


def series(
    files: Sequence[Mapping[str, Any]], surfaces: int, history: int, *, down: bool
) -> Iterator[Series]:
    """Everything that the rules read of so many surfaces.

    Args:
        files: rule files, as YAML reads them.
        surfaces: how many, ``PER_TARGET`` of them each target's.
        history: seconds, of which no series has more.
        down: every run fails; else all is well.
    """
    back = {name: min(reach, history) for name, reach in reaches(files).items()}
    for surface in range(surfaces):
        yield from _scraped(surface, back, down=down)
        yield from _derived(surface, _recorded(files), back, bad=float(down))


def _derived(
    surface: int, steps: Mapping[str, int], back: Mapping[str, int], *, bad: float
) -> Iterator[Series]:
    for name, step in steps.items():
        reach = back.get(name, LOOK_BACK)
        level = bad if "bad" in name or "burn" in name else 1
        if "target_" in name:
            if surface % PER_TARGET == 0:
                yield Series(f"{name}{{{_target(surface)}}}", step, reach, level)
        elif ":slo_" in name:
            for slo in SLOS:
                yield Series(f'{name}{{{_key(surface)},slo="{slo}"}}', step, reach, level)
        else:
            yield Series(f"{name}{{{_key(surface)}}}", step, reach, level)


def _scraped(surface: int, back: Mapping[str, int], *, down: bool) -> Iterator[Series]:
    yield from _each(OF_SURFACES, f"{_key(surface)},{_POD}", back, down=down)
    if surface % PER_TARGET == 0:
        yield from _each(OF_TARGETS, f"{_target(surface)},{_POD}", back, down=down)


def _each(
    rows: Iterable[Scraped], labels: str, back: Mapping[str, int], *, down: bool
) -> Iterator[Series]:
    for row in rows:
        if row.name not in back:
            continue
        value = row.down if down else row.well
        counter = row.name.endswith(_COUNTERS)
        reach = back[row.name] + 2 * SCRAPE
        for text in row.values:
            name = f'{labels},{row.label}="{text}"' if row.label else labels
            level, growth = (0, value) if counter else (value, 0)
            yield Series(f"{row.name}{{{name}}}", SCRAPE, reach, level, growth)


def _target(surface: int) -> str:
    return f'{_PLACE},target="site-{surface // PER_TARGET:03}"'


def _key(surface: int) -> str:
    nth = surface % PER_TARGET
    part = f"component-{nth % 6}"
    return f'{_target(surface)},component="{part}",surface="{part}.resources-{nth}.list"'


# --- As OpenMetrics ------------------------------------------------------------------------------


def write(file: TextIO, all_series: Iterator[Series], first: int, last: int, end: int) -> int:
    """Write what of the series lies between two instants.

    Args:
        file: where to.
        all_series: what there is.
        first: seconds since 1970.
        last: the same; not included.
        end: of all series: they reach back from here.

    Returns:
        How many samples that are.
    """
    kept: dict[tuple[Series, int], list[str]] = {}
    samples = 0
    for index, each in enumerate(all_series):
        kind = (each._replace(name=""), index % _TEXTURES)
        if kind not in kept:
            kept[kind] = list(_values(*kind, first, last, end))
        if values := kept[kind]:
            file.write("".join(each.name + value for value in values))
            samples += len(values)
    file.write("# EOF\n")
    return samples


def _values(series: Series, texture: int, first: int, last: int, end: int) -> Iterator[str]:
    _, step, reach, level, growth = series
    begin = max(first, end - reach)
    for at in range(begin + (3 * texture - begin) % step, min(last, end), step):
        nth = at // step
        wave = 1 + (nth * (texture + 3) % 11) / 90 if step != SCRAPE else 1
        yield f" {nth * growth + level * wave:.10g} {at}\n"
