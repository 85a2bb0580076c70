"""The sink that counts, and the page with that and with what is now."""

import platform
from collections.abc import Callable, Generator, Iterable, Mapping
from itertools import chain
from typing import Final, Protocol, TypeAlias, TypeVar

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from exporter.config.auth_schemes import scheme_of
from exporter.gates import GATES
from exporter.gates.skips import skip_reasons
from exporter.metrics.exposition import Format
from exporter.metrics.families import BY_NAME
from exporter.metrics.gauges import VIEWS
from exporter.metrics.page import Page
from exporter.metrics.series import (
    ComponentSeries,
    EndpointSeries,
    Families,
    OwnSeries,
    QuotaSeries,
    SpanSeries,
    SurfaceSeries,
    TokenSeries,
)
from exporter.metrics.shown import Gauges, shown
from exporter.model.observation import (
    Call,
    GrantKind,
    Heartbeat,
    Key,
    Rejection,
    Renewal,
    Run,
    Skip,
)
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Job, Plan
from exporter.status.fanout import Sink
from exporter.status.quota_retention import quota_of
from exporter.status.snapshot import QuotaKey, Snapshot
from exporter.status.store import StatusStore

Exemplar: TypeAlias = Callable[[TraceContext | None], TraceContext | None]
"""The span of a call, where it is exported."""

_THROTTLED: Final = 429


class Metrics(Sink):
    """Sink that counts observations, and writes the page that is scraped.

    Args:
        latest: what the gauges show.
        version: of the exporter.
        revision: the commit it was built from, as far as that is known.
    """

    def __init__(
        self,
        latest: StatusStore,
        *,
        version: str,
        revision: str,
    ) -> None:
        """Register everything; nothing is planned yet."""
        self._latest = latest
        self._families = Families()
        self.exemplar: Exemplar = lambda _: None
        self.spans = SpanSeries(self._families)
        self._own = OwnSeries(self._families)
        self._surfaces: dict[Key, SurfaceSeries] = {}
        self._components: dict[tuple[str, str], ComponentSeries] = {}
        self._endpoints: dict[tuple[str, str, str], EndpointSeries] = {}
        self._quotas: dict[QuotaKey, QuotaSeries] = {}
        self._by_grants: dict[tuple[str, tuple[GrantKind, ...]], TokenSeries] = {}
        self._tokens: dict[str, TokenSeries] = {}
        prefix = "oran_mano_exporter_config_last_reload"
        rest = CollectorRegistry()
        self._reload_successful = _gauge(rest, f"{prefix}_successful")
        self._reloaded_at = _gauge(rest, f"{prefix}_success_timestamp_seconds")
        self.reloaded(successful=True)
        _register_build_info(rest, version, revision)
        ProcessCollector(registry=rest)
        PlatformCollector(registry=rest)
        counted, gauges = [*self._families.every], shown(BY_NAME[name] for name in VIEWS)
        self.registry = CollectorRegistry()
        """All of it as the library has it."""
        for collector in (*counted, Gauges(gauges, latest.snapshot), rest):
            self.registry.register(collector)
        self.page = Page(counted, gauges, rest, self.registry, self._freeze)

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

    def called(self, call: Call) -> None:
        """See ``Sink``; one of a surface that is not planned is dropped, as all else of it is."""
        target = call.key.target
        if call.key not in self._surfaces:
            return
        of = (target, call.method, call.endpoint)
        if (endpoint := self._endpoints.get(of)) is not None:
            endpoint.called(call, None if call.delayed else self.exemplar(call.context))
        if call.oddities:
            self._components[target, call.key.component].odd(call.oddities)
        if call.status == _THROTTLED:
            self._quota(QuotaKey(target, call.rate_class, call.credential)).throttled()

    def ran(self, run: Run) -> None:
        """See ``Sink``."""
        surface = self._surfaces.get(run.key)
        if surface is None:
            return
        context = run.deciding.context if run.deciding and not run.delayed else None
        surface.ran(run, self.exemplar(context))
        if run.reason is not None:
            self._components[run.key.target, run.key.component].failed(run.reason)
        if run.lateness is not None:
            self._own.lateness.observe(max(0.0, run.lateness))

    def skipped(self, skip: Skip) -> None:
        """See ``Sink``."""
        if (surface := self._surfaces.get(skip.key)) is not None:
            surface.skip(skip)

    def renewed(self, renewal: Renewal) -> None:
        """See ``Sink``."""
        if (token := self._tokens.get(renewal.key.target)) is not None:
            token.renewed(renewal)

    def rejected(self, rejection: Rejection) -> None:
        """See ``Sink``."""
        if (token := self._tokens.get(rejection.key.target)) is not None:
            token.rejected()

    def beat(self, heartbeat: Heartbeat) -> None:
        """See ``Sink``."""
        self._own.lag.observe(max(0.0, heartbeat.lag))

    def reloaded(self, successful: bool) -> None:  # noqa: FBT001  # that is all there is to tell
        """Tell of an attempt to put another configuration into force."""
        self._reload_successful.set(successful)
        if successful:
            self._reloaded_at.set_to_current_time()

    async def scrape(self, form: Format) -> list[bytes]:
        """Write the page, in pieces; how long the loop was held for it, the next one shows."""
        pieces, held = await self.page.make(form)
        self.scraped(held)
        return pieces

    def scraped(self, seconds: float) -> None:
        """Count a page, and the seconds that the loop was held for it."""
        self._own.scrapes.observe(seconds)

    def expect(self, sinks: Iterable[str]) -> None:
        """Count the failures of the sinks with these names from 0 on."""
        for sink in sinks:
            self._own.expect(sink)

    def sink_failed(self, sink: str) -> None:
        """Count an observation that a sink, by its name in the fan-out, could not take."""
        self._own.sink_failed(sink)

    def _freeze(self) -> Generator[None, None, Snapshot]:
        """See ``Page``; each surface is frozen with what is now of it."""
        snapshot = yield from self._latest.pieces(self._freeze_surface)
        scopes = (self._components, self._endpoints, self._quotas, self._by_grants)
        for scope in (
            self._own,
            self.spans,
            *chain.from_iterable(each.values() for each in scopes),
        ):
            scope.freeze()
            yield
        return snapshot

    def _freeze_surface(self, key: Key) -> None:
        if (surface := self._surfaces.get(key)) is not None:
            surface.freeze()

    def _quota(self, of: QuotaKey) -> QuotaSeries:
        if of not in self._quotas:
            self._quotas[of] = QuotaSeries(self._families, of)
        return self._quotas[of]


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
