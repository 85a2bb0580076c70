"""Builders for what sinks take: give only what a test is about."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from exporter.catalog.surface import Surface
from exporter.config.schema import ClassLimit, LatencyObjective, Target
from exporter.metrics.exposition import Format
from exporter.metrics.sink import Metrics
from exporter.model.headers import RateLimit
from exporter.model.observation import Call, Key, Observation, Phases, Run, Skip
from exporter.model.put_off import PutOff
from exporter.model.reasons import SkipReason
from exporter.planning.job import Job, Plan, TargetPlan, apply_to
from exporter.status.snapshot import SurfaceNow
from exporter.status.store import StatusStore
from tests.support.jobs import ACCOUNT

NOW: Final = 1_800_000_000.0
INTERVAL: Final = 30.0
HEALTH: Final = Key("lab", "monitoring", "monitoring.health")
INTENTS: Final = Key("lab", "orchestrator", "orchestrator.intents.list")
LOGIN: Final = Key("lab", "auth", "auth.login")


class FakeClock:
    """Time that passes when ``now`` is told to; the wall clock may be set off from it besides."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now
        self.step = 0.0

    def wall(self) -> float:
        return self.now + self.step

    def steady(self) -> float:
        return self.now


def surface(key: Key, **given: object) -> Surface:
    row = Surface(
        id=key.surface,
        component=key.component,
        method="GET",
        path="/" + key.surface.replace(".", "/"),
        rate_class="monitoring" if key.component == "monitoring" else "standard",
        safety="read",
        auth="none" if key.component in ("auth", "monitoring") else "bearer",
        grant="login" if key.component == "auth" else None,
    )
    return replace(row, **given)


def job(key: Key = HEALTH, *, interval: float = INTERVAL, **given: object) -> Job:
    row = surface(key, **given)
    return Job(
        key=key,
        surface=row,
        mode="read",
        interval=interval,
        timeout=0.9 * interval,
        good=2.0,
        bad=5.0,
        essential=False,
        endpoint=row.path,
        availability=0.99,
        latency=LatencyObjective(),
    )


def target_plan(*jobs: Job, name: str = "lab", **given: object) -> TargetPlan:
    return TargetPlan(
        target=replace(Target(name=name, url=f"http://{name}.example/v1", auth=ACCOUNT), **given),
        jobs=tuple(each for each in jobs if not each.surface.passive),
        passive=tuple(each for each in jobs if each.surface.passive),
        limits={
            "standard": ClassLimit(1000),
            "deployment": ClassLimit(100),
            "monitoring": ClassLimit(5000),
        },
    )


def plan(*jobs: Job, **given: object) -> Plan:
    """One target; without jobs, one with health, a list behind a token, and the login."""
    of = jobs or (job(HEALTH), job(INTENTS), job(LOGIN))
    return Plan((target_plan(*of, name="lab", **given),))


def call(key: Key = HEALTH, *, at: float = NOW, **given: object) -> Call:
    row = surface(key)
    made = Call(
        key=key,
        at=at,
        method=row.method,
        endpoint=row.path,
        rate_class=row.rate_class,
        credential="account" if row.auth == "bearer" else "anonymous",
        duration=0.25,
        phases=Phases(wait=0.2, receive=0.05),
        status=200,
        steady=at,
    )
    return replace(made, **given)


def throttled_call(key: Key = HEALTH, *, at: float = NOW) -> Call:
    return call(key, at=at, status=429, rate_limit=RateLimit(60, 0, at + 600))


def run(key: Key = HEALTH, *, at: float = NOW, **given: object) -> Run:
    return replace(Run(key=key, at=at, duration=0.25, lateness=0.0004), **given)


def skip(reason: SkipReason, key: Key = HEALTH, *, at: float = NOW, count: int = 1) -> Skip:
    return Skip(key=key, at=at, reason=reason, count=count)


class Bench:
    """A registry with everything on it, fed through ``take``; ``value`` reads one sample."""

    def __init__(
        self,
        planned: Plan | None = None,
        connections: dict[str, int] | None = None,
        put_off: dict[str, PutOff] | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.unfollowed: dict[tuple[str, str], int] = {}
        self.latest = StatusStore(
            self.clock.wall,
            self.clock.steady,
            lambda: connections or {},
            lambda: self.unfollowed,
            lambda: put_off or {},
        )
        self.metrics = Metrics(self.latest, version="1.2.3", revision="")
        self.registry = self.metrics.registry
        self.metrics.expect(("metrics",))
        self.planned = planned or plan()
        self.apply(self.planned)

    def apply(self, planned: Plan) -> None:
        apply_to((self.latest,), planned, self.planned)
        self.metrics.apply(planned)
        self.planned = planned

    def take(self, *observations: Observation) -> None:
        """Each as it happened: it is seen at the moment that its time of day tells."""
        now = self.clock.now
        for observation in observations:
            self.clock.now = observation.at - self.clock.step
            self.latest(observation)
            self.metrics(observation)
        self.clock.now = now

    def page(self, form: Format) -> bytes:
        """The page that is scraped, made without a turn for others."""
        making = self.metrics.page.make(form)
        while True:
            try:
                making.send(None)
            except StopIteration as end:
                pieces, _ = end.value
                return b"".join(pieces)

    def value(self, name: str, key: Key | None = HEALTH, **labels: str) -> float | None:
        """By the surface's labels and further ones, or without a key by those given alone."""
        if key is not None:
            labels |= {"target": key.target, "component": key.component, "surface": key.surface}
        return self.registry.get_sample_value(name, labels)

    def probe(self, name: str, key: Key = HEALTH, **labels: str) -> float | None:
        return self.value(f"oran_mano_probe_{name}", key, **labels)

    def series(self, *prefixes: str) -> Iterable[tuple[str, dict[str, str]]]:
        """Names and labels of all samples whose names begin so."""
        for metric in self.registry.collect():
            for sample in metric.samples:
                if sample.name.startswith(prefixes):
                    yield sample.name, sample.labels


GAUGES: Final = (
    "success",
    "failure_reason",
    "consecutive_failures",
    "state_since_timestamp_seconds",
    "last_run_timestamp_seconds",
    "last_success_timestamp_seconds",
    "http_status_code",
    "response_bytes",
    "connection_reused",
    "phase_duration_seconds",
)


def shown(bench: Bench, key: Key = HEALTH) -> SurfaceNow:
    return next(now for now in bench.latest.snapshot().surfaces if now.key == key)


def gauges(bench: Bench, key: Key = HEALTH) -> set[str]:
    prefix = "oran_mano_probe_"
    return {
        name.removeprefix(prefix)
        for name, labels in bench.series(*(prefix + gauge for gauge in GAUGES))
        if labels.get("surface") == key.surface
    }
