"""From what exists and what is wanted to what is done: pure, and where misfits are refused."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import Final, TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from exporter.catalog.auth import LOGIN
from exporter.catalog.orchestrator import DEPLOYMENT_STATUS
from exporter.catalog.surface import PAGE, Safety, Surface
from exporter.config.auth_schemes import scheme_of
from exporter.config.partial import as_far_as_known
from exporter.config.problems import ConfigError, Path, Problem
from exporter.config.quoting import near
from exporter.config.schema import ClassLimit, Config, Mode, Slo, SurfaceOptions, Target
from exporter.config.values import Duration
from exporter.model.observation import Key, RateClass
from exporter.planning.job import Job, Plan, TargetPlan

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
_MODES: Final[Mapping[Safety, tuple[Mode, ...]]] = {
    "read": ("off", "read"),
    "dry_run": ("off", "dry_run"),
    "write": ("off",),
}


def plan(catalog: Sequence[Surface], config: Config) -> Plan:
    """Join what exists with what is wanted: the jobs of every target.

    Raises:
        ConfigError: something in it fits no surface, or cannot be; all such problems at once.
    """
    problems = [*misfits(catalog, config)]
    if problems:
        raise ConfigError(problems)
    targets = tuple(_target_plan(target, catalog) for target in config.targets)
    return Plan(targets, config.traces, config.state)


def misfits(catalog: Sequence[Surface], config: Config) -> Iterator[Problem]:
    """Find what fits no surface, or cannot be.

    Parts of the configuration may be known in part only.
    """
    for index, target in enumerate(config.targets):
        path = ("targets", index, "surfaces")
        yield from as_far_as_known(_problems(path, target, catalog))
        yield from as_far_as_known(_timeout_problems(path, target, catalog))
        yield from as_far_as_known(_slo_problems(("targets", index, "slo"), target, catalog))


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
        options = _options(target, job.surface)
        if job.timeout != (options.timeout or total):
            if job.surface.passive:  # what entries for others say besides is none of its keys
                options = SurfaceOptions(essential=options.essential)
            surfaces.pop(job.surface.id, None)  # later entries win, and this one says all
            surfaces[job.surface.id] = replace(options, timeout=Duration(job.timeout))
    return replace(target, timeouts=replace(target.timeouts, total=total), surfaces=surfaces)


def _target_plan(target: Target, catalog: Sequence[Surface]) -> TargetPlan:
    jobs = [
        _job(target, surface, _options(target, surface))
        for surface in catalog
        if _mode(target, surface) != "off"
    ]
    return TargetPlan(
        target=target,
        jobs=tuple(job for job in jobs if not job.surface.passive),
        passive=tuple(job for job in jobs if job.surface.passive),
        limits={**DOCUMENTED, **target.rate_limits.classes},
    )


def _job(target: Target, surface: Surface, options: SurfaceOptions) -> Job:
    interval = RENEWAL_SPACING if surface.passive else _interval(target, options)
    return Job(
        key=Key(target.name, surface.component, surface.id),
        surface=surface,
        mode=_mode(target, surface),
        interval=interval,
        timeout=_timeout(target, options) or _default_timeout(interval),
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
    said = (read(slo) for slo in target.slo if fnmatchcase(surface.id, slo.surfaces))
    return next((one for one in reversed([*said]) if one is not None), None)


def _endpoint(target: Target, surface: Surface) -> str:
    """The path's template, where the configuration does not give another one."""
    if surface.id == DEPLOYMENT_STATUS.id:
        return target.deployments.status_path
    if surface.id == LOGIN.id and target.auth.token_url is not None:
        return urlsplit(target.auth.token_url).path or "/"
    return surface.path


def _options(target: Target, surface: Surface) -> SurfaceOptions:
    """What all matching entries say together: later ones win, key by key."""
    merged = SurfaceOptions()
    for glob, options in target.surfaces.items():
        if fnmatchcase(surface.id, glob):
            said = {key: getattr(options, key) for key in SurfaceOptions.__struct_fields__}
            merged = replace(merged, **{key: new for key, new in said.items() if new is not None})
    return merged


def _mode(target: Target, surface: Surface) -> Mode:
    """What is done with a surface: safe reads are read unless told otherwise.

    A passive surface follows from how tokens are got, and no entry changes that.
    """
    if surface.passive:
        return "read" if surface.grant in scheme_of(target.auth).grants else "off"
    if _needs_credentials(target, surface):
        return "off"
    return _options(target, surface).mode or ("read" if surface.safety == "read" else "off")


def _needs_credentials(target: Target, surface: Surface) -> bool:
    return surface.auth == "bearer" and scheme_of(target.auth).anonymous


def _interval(target: Target, options: SurfaceOptions) -> Duration:
    return options.interval or target.interval


def _timeout(target: Target, options: SurfaceOptions) -> Duration | None:
    return options.timeout or target.timeouts.total


def _default_timeout(interval: float) -> Duration:
    return Duration(min(_TOTAL, round(interval * _TOTAL_SHARE, _MICROSECONDS)))


def _problems(path: Path, target: Target, catalog: Sequence[Surface]) -> Iterator[Problem]:
    for glob, options in target.surfaces.items():
        matching = [surface for surface in catalog if fnmatchcase(surface.id, glob)]
        if matching:
            yield from as_far_as_known(_entry_problems((*path, glob), target, options, matching))
        else:
            yield _no_such_surface((*path, glob), glob, catalog)


def _entry_problems(
    path: Path, target: Target, options: SurfaceOptions, matching: Sequence[Surface]
) -> Iterator[Problem]:
    yield from islice(_unsafe((*path, "mode"), options.mode, matching), 1)
    # What fits one of them is right: the others only have no use for it.
    found = [[*_misfits(path, target, options, each)] for each in matching]
    if all(found):
        yield from found[0]


def _slo_problems(path: Path, target: Target, catalog: Sequence[Surface]) -> Iterator[Problem]:
    for index, slo in enumerate(target.slo):
        glob = getattr(slo, "surfaces", None)  # of which there is none where it is wrong itself
        if glob is not None and not any(fnmatchcase(surface.id, glob) for surface in catalog):
            yield _no_such_surface((*path, index, "surfaces"), glob, catalog)


def _no_such_surface(path: Path, glob: str, catalog: Sequence[Surface]) -> Problem:
    hint = near(glob, [surface.id for surface in catalog])
    return Problem(
        path, f"no surface is called so; {hint}allowed: an id or a glob that `surfaces` lists"
    )


def _unsafe(path: Path, mode: Mode | None, matching: Sequence[Surface]) -> Iterator[Problem]:
    for surface in matching:
        allowed = _MODES[surface.safety]
        if mode is not None and mode not in allowed and not surface.passive:
            yield Problem(
                path, f'"{mode}" is not safe for {surface.id}; allowed: {", ".join(allowed)}'
            )


def _misfits(
    path: Path, target: Target, options: SurfaceOptions, surface: Surface
) -> Iterator[Problem]:
    """What an entry says that this surface has no use for, whatever else is configured.

    What is off for want of an account only may be set all the same: the start line tells of it.
    """
    keys: tuple[str, ...]
    if surface.passive:
        keys, why = ("interval", "mode"), "runs when a token is needed; allowed: essential, timeout"
    elif surface.safety == "write":
        keys, why = ("interval", "essential", "timeout"), "changes state; allowed: mode off alone"
    elif _needs_credentials(target, surface) and options.mode in _MODES[surface.safety][1:]:
        keys, why = ("mode",), "needs a token; allowed: off, or an auth other than none"
    else:
        return
    for key in keys:
        if getattr(options, key) is not None:
            yield Problem((*path, key), f"{surface.id} {why}")


def _timeout_problems(path: Path, target: Target, catalog: Sequence[Surface]) -> Iterator[Problem]:
    """Explicit time-outs above the interval, once for the entry that made it so."""
    seen: set[Path] = set()
    for surface in catalog:
        options = _options(target, surface)
        total, interval = _timeout(target, options), _interval(target, options)
        if total is None or total <= interval or _mode(target, surface) == "off":
            continue
        key = "interval" if options.timeout is None else "timeout"
        places = [
            (*path, glob, key)
            for glob, entry in target.surfaces.items()
            if fnmatchcase(surface.id, glob) and getattr(entry, key) is not None
        ]
        if places and places[-1] not in seen and not surface.passive:
            seen.add(places[-1])
            yield Problem(
                places[-1],
                f"the time-out of {surface.id}, {total}, is above its interval, {interval}; "
                "allowed: at most the interval",
            )
