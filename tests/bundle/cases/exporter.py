"""Cases of ``exporter.rules.yaml``."""

from collections.abc import Callable, Iterator
from typing import Final

from tests.bundle.case import Case, Play, cases
from tests.bundle.cases.api import LAB, PAGE, TICKET, always, every, nothing, state, within
from tests.bundle.stage import LIST, Stage

JOB: Final = {"job": "oran-mano"}
INFO: Final = "oran_mano_exporter_build_info"
Rate = Callable[[float], float]


def busy(rate: float, otherwise: float) -> Rate:
    """A rate from minute 20 to 80, and another one else."""
    return lambda at: rate if 20 <= at < 80 else otherwise


def absence() -> Iterator[Case]:
    def away(last: int) -> Play:
        return lambda stage: stage.gauge(INFO, lambda at: None if 20 <= at < last else 1)

    def stranger(stage: Stage) -> Stage:
        labels = {"job": "another", "instance": "db:9100", "pod": "db"}
        stage.gauge(INFO, lambda _: 1)
        stage.series[f'up{{job="{labels["job"]}",instance="db:9100"}}'] = [0] * 241
        return stage

    critical = {"severity": "critical"}
    yield from cases("ExporterAbsent", critical, (30, 79), (away(80), away(29), stranger))
    labels = {**critical, **JOB}
    scraped = crashing(Stage(120))
    yield Case("ExporterAbsent", "fires", scraped, labels, (34, 86), why="it ends again and again")
    two = crashing(Stage(120)).gauge(INFO, lambda _: 1).gauge("up", lambda _: 1)
    yield Case("ExporterAbsent", "below", two, labels, why="one of two")
    update = Stage(120, restart=60).gauge(INFO, lambda _: 1)
    yield Case("ExporterAbsent", "restart", update, critical, why="a rolling update")


def crashing(stage: Stage) -> Stage:
    """One more exporter that from minute 20 to 80 is up for one scrape in ten.

    Never exactly half of what is compared with a half: versions of Prometheus round differently.
    """
    place = '{job="oran-mano",instance="other:10945"}'
    up = [float(not 40 <= index < 161 or index % 10 == 5) for index in range(241)]
    stage.series[f"up{place}"] = list(up)
    stage.series[f"{INFO}{place}"] = [value or None for value in up]
    return stage


def pods() -> Iterator[Case]:
    labels = {**JOB, "severity": "warning"}

    def missing(minutes: int) -> Play:
        def up(at: float) -> float:
            return 0 if 20 <= at < 20 + minutes else 1

        return lambda stage: stage.gauge(INFO, lambda _: 1).gauge("up", up)

    histories = (missing(60), missing(6), nothing)
    yield from cases("ExporterPodDown", labels, (33, 86), histories, missed=(32, 87))
    two = crashing(Stage(120)).gauge(INFO, lambda _: 1).gauge("up", lambda _: 1)
    yield Case("ExporterPodDown", "fires", two, labels, (34, 86), why="one of two")


def watched() -> Iterator[Case]:
    def away(last: int) -> Play:
        return lambda stage: stage.gauge(
            "oran_mano_target_info", lambda at: None if 20 <= at < last else 1, LAB
        )

    labels = {**JOB, **PAGE}
    histories = (away(75), away(32), nothing)
    yield from cases("TargetNotWatched", labels, (35, 74), histories)
    moved = Stage(120, restart=60)
    yield Case(
        "TargetNotWatched", "below", nothing(moved), labels, why="another exporter takes it over"
    )


def schedule() -> Iterator[Case]:
    def planned(rate: Rate) -> Play:
        key = {**LAB, **LIST}
        return lambda stage: stage.gauge(
            "oran_mano_surface_interval_seconds", lambda _: 300, key
        ).counter("oran_mano_probe_scheduled_total", rate, key)

    def passive(stage: Stage) -> Stage:
        return stage.counter("oran_mano_probe_scheduled_total", busy(0, 2), {**LAB, **LIST})

    pause = planned(lambda at: 0 if 20 <= at < 44 else 2)
    histories = (planned(busy(0, 2)), pause, passive)
    yield from cases("ProbesNotRunning", PAGE, (45, 80), histories)
    start = Stage(120).surface(always("ok"), 300)
    yield Case("ProbesNotRunning", "below", start, PAGE, why="every 5 minutes, from the start")

    def skipping(stage: Stage) -> Stage:
        return stage.surface(within("budget"))

    third: Play = lambda stage: stage.surface(every(3, "budget"))  # noqa: E731
    benign: Play = lambda stage: stage.surface(always("no_resource"))  # noqa: E731
    yield from cases("RunsSkipped", TICKET, (38, 87), (skipping, third, benign))
    broken = Stage(120).surface(always("circuit_open"))
    yield Case("RunsSkipped", "below", broken, TICKET, why="an open circuit is a failure")


def faults() -> Iterator[Case]:
    labels = {**TICKET, **LIST}
    ours: Play = lambda stage: stage.surface(within("internal"))  # noqa: E731
    theirs: Play = lambda stage: stage.surface(within("fail"))  # noqa: E731
    yield from cases("ExporterFault", labels, (21, 94), (ours, theirs, nothing))
    one = Stage(120).surface(within("internal", 20, 21), 60)
    yield Case("ExporterFault", "fires", one, labels, (21, 34), why="one run")


def process() -> Iterator[Case]:
    name = "oran_mano_exporter_config_last_reload_successful"
    labels = {**JOB, "severity": "warning"}
    histories = (state(name, {}, bad=0), state(name, {}, bad=0, last=24), nothing)
    yield from cases("ConfigReloadFailed", labels, (25, 79), histories)

    def lag(on_time: Rate) -> Play:
        def play(stage: Stage) -> Stage:
            for bound, rate in (
                ("0.1", on_time),
                ("0.25", busy(400, 400)),
                ("+Inf", busy(400, 400)),
            ):
                stage.counter(
                    "oran_mano_exporter_event_loop_lag_seconds_bucket", rate, {"le": bound}
                )
            return stage

        return play

    histories = (lag(busy(360, 400)), lag(busy(398, 400)), nothing)
    yield from cases("ExporterSlow", labels, (31, 84), histories)

    def spans(dropped: Rate, failed: Rate) -> Play:
        prefix = "oran_mano_exporter_spans"
        return lambda stage: (
            stage.counter(f"{prefix}_total", busy(400, 400))
            .counter(f"{prefix}_dropped_total", dropped)
            .counter(f"{prefix}_failed_total", failed)
        )

    labels = {**JOB, "severity": "info"}
    histories = (spans(busy(20, 0), busy(20, 0)), spans(busy(2, 0), busy(0, 0)), nothing)
    yield from cases("SpansDropped", labels, (32, 93), histories)


CASES: Final = [*absence(), *pods(), *watched(), *schedule(), *faults(), *process()]
