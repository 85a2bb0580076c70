"""From what exists and what is wanted to what is done: pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from exporter.catalog.auth import LOGIN
from exporter.catalog.orchestrator import DEPLOYMENT_STATUS
from exporter.catalog.surface import PAGE, Surface
from exporter.config.problems import ConfigError
from exporter.config.schema import ClassLimit, Config, Slo, SurfaceOptions, Target
from exporter.config.values import Duration
from exporter.model.observation import Key, RateClass
from exporter.planning.job import Job, Plan, TargetPlan
from exporter.planning.misfits import misfits
from exporter.planning.surface_options import (
    interval_for,
    is_called,
    mode_for,
    options_for,
    timeout_for,
)

_T = TypeVar("_T")

DOCUMENTED: Final[Mapping[RateClass, ClassLimit]] = {
    "standard": ClassLimit(1000),
    "deployment": ClassLimit(100),
    "monitoring": ClassLimit(5000),
}
"""The guide's limits (chapter "Understanding Rate Limits")."""

RENEWAL_SPACING: Final = 10.0
"""A token is never renewed twice within this time, in seconds."""

_TOTAL: Final = 30.0
_TOTAL_SHARE: Final = 0.9
"""Of the interval: a hanging surface must not meet its own next run."""
_MICROSECONDS: Final = 6


def plan(catalog: Sequence[Surface], config: Config) -> Plan:
    """Join what exists with what is wanted: the jobs of every target.

    Raises:
        ConfigError: something in it fits no surface, or cannot be; all such problems at once.
    """
    problems = [*misfits(catalog, config)]
    if problems:
        raise ConfigError(problems)
    return joined(catalog, config)


def joined(catalog: Sequence[Surface], config: Config) -> Plan:
    """Plan what is known to have no ``misfits``."""
    targets = tuple(_target_plan(target, catalog) for target in config.targets)
    return Plan(targets, config.traces, config.state)


def in_force(plan: Plan) -> Config:
    """Write out what follows from the configuration only as a plan: how long each run may take.

    It is a configuration of the same plan with every total time-out in it: that of the target, and
    that of each surface which has another.
    """
    return Config(tuple(map(_target_in_force, plan.targets)), plan.traces, plan.state)


def _target_in_force(each: TargetPlan) -> Target:
    target = each.target
    total = target.timeouts.total or _default_timeout(target.interval)
    surfaces = dict(target.surfaces)
    for job in each.every:
        options = options_for(target, job.surface)
        if job.timeout != (options.timeout or total):
            if job.surface.passive:  # what entries for others say besides is none of its keys
                options = SurfaceOptions(essential=options.essential)
            surfaces.pop(job.surface.id, None)  # later entries win, and this one says all
            surfaces[job.surface.id] = replace(options, timeout=Duration(job.timeout))
    return replace(target, timeouts=replace(target.timeouts, total=total), surfaces=surfaces)


def _target_plan(target: Target, catalog: Sequence[Surface]) -> TargetPlan:
    jobs = [
        _job(target, surface, options_for(target, surface))
        for surface in catalog
        if mode_for(target, surface) != "off"
    ]
    return TargetPlan(
        target=target,
        jobs=tuple(job for job in jobs if not job.surface.passive),
        passive=tuple(job for job in jobs if job.surface.passive),
        limits={**DOCUMENTED, **target.rate_limits.classes},
    )


def _job(target: Target, surface: Surface, options: SurfaceOptions) -> Job:
    interval = RENEWAL_SPACING if surface.passive else interval_for(target, options)
    return Job(
        key=Key(target.name, surface.component, surface.id),
        surface=surface,
        mode=mode_for(target, surface),
        interval=interval,
        timeout=timeout_for(target, options) or _default_timeout(interval),
        good=target.latency.good,
        bad=target.latency.bad,
        essential=surface.essential if options.essential is None else options.essential,
        endpoint=_endpoint(target, surface),
        page=max(PAGE, target.resources.max) if surface.paged else None,
        availability=_objective(target, surface, lambda slo: slo.availability),
        latency=_objective(target, surface, lambda slo: slo.latency),
    )


def _objective(target: Target, surface: Surface, read: Callable[[Slo], _T | None]) -> _T | None:
    """What the last entry says that matches and says something."""
    said = (read(slo) for slo in target.slo if is_called(surface.id, slo.surfaces))
    return next((one for one in reversed([*said]) if one is not None), None)


def _endpoint(target: Target, surface: Surface) -> str:
    """The path's template, where the configuration does not give another one."""
    if surface.id == DEPLOYMENT_STATUS.id:
        return target.deployments.status_path
    if surface.id == LOGIN.id and target.auth.token_url is not None:
        return urlsplit(target.auth.token_url).path or "/"
    return surface.path


def _default_timeout(interval: float) -> Duration:
    return Duration(min(_TOTAL, round(interval * _TOTAL_SHARE, _MICROSECONDS)))
