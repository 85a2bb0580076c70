"""The sink that counts. The gauges, which show what is now, are registered beside it."""

import platform
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, TypeAlias, TypeVar, assert_never

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from exporter.config.auth_schemes import scheme_of
from exporter.gates import GATES
from exporter.gates.skips import skip_reasons
from exporter.metrics.families import BY_NAME
from exporter.metrics.gauges import Gauges
from exporter.metrics.series import (
    ComponentSeries,
    EndpointSeries,
    Families,
    QuotaSeries,
    SpanSeries,
    SurfaceSeries,
    TokenSeries,
)
from exporter.model.observation import (
    Call,
    GrantKind,
    Heartbeat,
    IdsListed,
    IdsVisited,
    Key,
    Observation,
    OnDemandRun,
    Rejection,
    Renewal,
    Run,
    Skip,
)
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Job, Plan
from exporter.status.quota_retention import quota_of
from exporter.status.snapshot import QuotaKey
from exporter.status.store import StatusStore

Exemplar: TypeAlias = Callable[[TraceContext | None], dict[str, str] | None]
"""The labels that lead to the span of a call, where it is exported."""

_THROTTLED: Final = 429


class Metrics:
    """Sink that counts observations, in the library's metrics.

    Args:
        registry: where all families of the table are registered.
        latest: what the gauges show.
        version: of the exporter.
        revision: the commit it was built from, as far as that is known.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        latest: StatusStore,
        *,
        version: str,
        revision: str,
    ) -> None:
        """Register everything; nothing is planned yet."""
        self._families = Families(registry)
        self.exemplar: Exemplar = lambda _: None
        self.spans = SpanSeries(self._families)
        self._surfaces: dict[Key, SurfaceSeries] = {}
        self._components: dict[tuple[str, str], ComponentSeries] = {}
        self._endpoints: dict[tuple[str, str, str], EndpointSeries] = {}
        self._quotas: dict[QuotaKey, QuotaSeries] = {}
        self._by_grants: dict[tuple[str, tuple[GrantKind, ...]], TokenSeries] = {}
        self._tokens: dict[str, TokenSeries] = {}
        counters, histograms = self._families.counters, self._families.histograms
        self._lateness = histograms["oran_mano_exporter_schedule_lateness_seconds"]
        self._lag = histograms["oran_mano_exporter_event_loop_lag_seconds"]
        self._scrapes = histograms["oran_mano_exporter_scrape_duration_seconds"]
        self._sink_failures = counters["oran_mano_exporter_sink_failures_total"]
        prefix = "oran_mano_exporter_config_last_reload"
        self._reload_successful = _gauge(registry, f"{prefix}_successful")
        self._reloaded_at = _gauge(registry, f"{prefix}_success_timestamp_seconds")
        self.reloaded(successful=True)
        _register_build_info(registry, version, revision)
        registry.register(Gauges(latest.snapshot))
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

    def apply(self, plan: Plan) -> None:
        """Begin the series of what is planned, end those of what is not; what stays counts on."""
        jobs = [job for target in plan.targets for job in target.every]
        make = self._families
        self._surfaces = _kept(self._surfaces, make, (job.key for job in jobs), SurfaceSeries)
        for job in jobs:
            self._surfaces[job.key].expect(skip_reasons(job, GATES))
        self._components = _kept(self._components, make, map(_component_of, jobs), ComponentSeries)
        self._endpoints = _kept(self._endpoints, make, map(_endpoint_of, jobs), EndpointSeries)
        self._quotas = _kept(self._quotas, make, map(quota_of, jobs), QuotaSeries)
        owners = (
            (each.target.name, grants)
            for each in plan.targets
            if (grants := scheme_of(each.target.auth).grants)
        )
        self._by_grants = _kept(self._by_grants, make, owners, TokenSeries)
        self._tokens = {target: series for (target, _), series in self._by_grants.items()}

    def __call__(self, observation: Observation) -> None:
        """Count one observation; one of a surface that is not planned is dropped."""
        match observation:
            case Call():
                self._called(observation)
            case Run():
                self._ran(observation)
            case Skip():
                if (surface := self._surfaces.get(observation.key)) is not None:
                    surface.skip(observation)
            case Renewal():
                if (token := self._tokens.get(observation.key.target)) is not None:
                    token.renewed(observation)
            case Rejection():
                if (token := self._tokens.get(observation.key.target)) is not None:
                    token.rejected()
            case Heartbeat():
                self._lag.observe(max(0.0, observation.lag))
            case OnDemandRun() | IdsListed() | IdsVisited():
                pass  # not planned, or steering the next runs
            case _:
                assert_never(observation)

    def reloaded(self, successful: bool) -> None:  # noqa: FBT001  # that is all there is to tell
        """Tell of an attempt to put another configuration into force."""
        self._reload_successful.set(successful)
        if successful:
            self._reloaded_at.set_to_current_time()

    def scraped(self, seconds: float) -> None:
        """Count a page that was made for scrapes, and its seconds; the next scrape shows it."""
        self._scrapes.observe(seconds)

    def expect(self, sinks: Iterable[str]) -> None:
        """Count the failures of the sinks with these names from 0 on."""
        for sink in sinks:
            self._sink_failures.labels(sink)

    def sink_failed(self, sink: str) -> None:
        """Count an observation that a sink, by its name in the fan-out, could not take."""
        self._sink_failures.labels(sink).inc()

    def _called(self, call: Call) -> None:
        target = call.key.target
        if call.key not in self._surfaces:
            return
        of = (target, call.method, call.endpoint)
        if (endpoint := self._endpoints.get(of)) is not None:
            endpoint.called(call, self.exemplar(call.context))
        if call.oddities:
            self._components[target, call.key.component].odd(call.oddities)
        if call.status == _THROTTLED:
            self._quota(QuotaKey(target, call.rate_class, call.credential)).throttled()

    def _quota(self, of: QuotaKey) -> QuotaSeries:
        if of not in self._quotas:
            self._quotas[of] = QuotaSeries(self._families, of)
        return self._quotas[of]

    def _ran(self, run: Run) -> None:
        surface = self._surfaces.get(run.key)
        if surface is None:
            return
        surface.ran(run, self.exemplar(run.deciding.context if run.deciding else None))
        if run.reason is not None:
            self._components[run.key.target, run.key.component].failed(run.reason)
        if run.lateness is not None:
            self._lateness.observe(max(0.0, run.lateness))


class _Removable(Protocol):
    def remove(self) -> None: ...


_Of = TypeVar("_Of")
_Some = TypeVar("_Some", bound=_Removable)


def _kept(
    before: Mapping[_Of, _Some],
    families: Families,
    planned: Iterable[_Of],
    begin: Callable[[Families, _Of], _Some],
) -> dict[_Of, _Some]:
    """The series of each planned scope, the former where there are some; the rest is ended."""
    after = dict.fromkeys(planned)
    for of, series in before.items():
        if of not in after:
            series.remove()
    return {of: before.get(of) or begin(families, of) for of in after}


def _component_of(job: Job) -> tuple[str, str]:
    return job.key.target, job.key.component


def _endpoint_of(job: Job) -> tuple[str, str, str]:
    return job.key.target, job.surface.method, job.endpoint


def _gauge(registry: CollectorRegistry, name: str) -> Gauge:
    row = BY_NAME[name]
    return Gauge(row.name, row.help, row.labels, unit=row.unit, registry=registry)


def _register_build_info(registry: CollectorRegistry, version: str, revision: str) -> None:
    gauge = _gauge(registry, "oran_mano_exporter_build_info")
    gauge.labels(version, revision or "unknown", platform.python_version()).set(1)
