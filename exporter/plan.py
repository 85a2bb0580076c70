"""From what exists and what is wanted to what is done: pure, and where misfits are refused."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import chain, islice
from typing import Final, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import astuple

from exporter.catalog.auth import LOGIN, REFRESH
from exporter.catalog.orchestrator import DEPLOYMENT_STATUS
from exporter.catalog.surface import Safety, Surface
from exporter.config.problems import ConfigError, Path, Problem
from exporter.config.schema import ClassLimit, Config, Mode, Slo, SurfaceOptions, Target
from exporter.config.values import Duration
from exporter.job import Job, Plan, TargetPlan
from exporter.observation import Key, RateClass

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
_PAGE: Final = 50
"""What a list answers without being asked for more (OpenAPI document, LimitParam)."""
_PASSIVE: Final[Mapping[str, tuple[Surface, ...]]] = {
    "login": (LOGIN, REFRESH),
    "oauth2": (LOGIN,),
    "bearer": (),
    "basic": (),
    "none": (),
}
"""What each type of ``auth`` asks of the API by itself."""
_MODES: Final[Mapping[Safety, tuple[Mode, ...]]] = {
    "read": ("off", "read"),
    "dry_run": ("off", "dry_run"),
    "write": ("off",),
}


class Traffic(Struct, frozen=True):
    """The most that a target's own requests can come to in one rate class, per minute."""

    target: str
    rate_class: RateClass
    requests: float
    allowed: float

    @property
    def over(self) -> bool:
        """Whether it is more than its share."""
        return self.requests > self.allowed


def plan(catalog: Sequence[Surface], config: Config) -> Plan:
    """Join what exists with what is wanted.

    Args:
        catalog: every surface there is.
        config: a decoded configuration.

    Returns:
        The jobs of every target.

    Raises:
        ConfigError: something in it fits no surface, or cannot be; all such problems at once.
    """
    problems = [
        problem
        for index, target in enumerate(config.targets)
        for problem in chain(
            _problems(("targets", index, "surfaces"), target, catalog),
            _slo_problems(("targets", index, "slo"), target, catalog),
        )
    ]
    if problems:
        raise ConfigError(problems)
    targets = tuple(_target_plan(target, catalog) for target in config.targets)
    return Plan(targets, config.traces, config.state)


def traffic(target_plan: TargetPlan) -> tuple[Traffic, ...]:
    """The worst case: every id there may be, a token renewed as often as it may be.

    Args:
        target_plan: one target.

    Returns:
        A row for each rate class, beside what the configured share allows.
    """
    target = target_plan.target
    totals: dict[RateClass, float] = dict.fromkeys(DOCUMENTED, 0.0)
    for job in target_plan.every:
        ids = job.surface.ids
        calls = target.resources.max if ids is not None and ids.fan_out == "each" else 1
        totals[job.surface.rate_class] += 60 / job.interval * calls
    return tuple(
        Traffic(target.name, name, total, _allowed(target, target_plan.limits[name]))
        for name, total in totals.items()
    )


def _allowed(target: Target, limit: ClassLimit) -> float:
    return target.rate_limits.share * limit.requests * 60 / limit.window


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
    paged = surface.paged and target.resources.max > _PAGE
    return Job(
        key=Key(target.name, surface.component, surface.id),
        surface=surface,
        mode=_mode(target, surface),
        interval=interval,
        timeout=_timeout(target, options) or min(_TOTAL, interval * _TOTAL_SHARE),
        good=target.latency.good,
        bad=target.latency.bad,
        essential=surface.essential if options.essential is None else options.essential,
        endpoint=_endpoint(target, surface),
        query=f"?limit={target.resources.max}" if paged else "",
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
            pairs = zip(astuple(merged), astuple(options), strict=True)
            merged = SurfaceOptions(*(old if new is None else new for old, new in pairs))
    return merged


def _mode(target: Target, surface: Surface) -> Mode:
    """What is done with a surface: safe reads are read unless told otherwise.

    A passive surface follows from how tokens are got, and no entry changes that.
    """
    if surface.passive:
        return "read" if surface in _PASSIVE[target.auth.type] else "off"
    if surface.auth == "bearer" and target.auth.type == "none":
        return "off"
    return _options(target, surface).mode or ("read" if surface.safety == "read" else "off")


def _interval(target: Target, options: SurfaceOptions) -> Duration:
    return options.interval or target.interval


def _timeout(target: Target, options: SurfaceOptions) -> Duration | None:
    return options.timeout or target.timeouts.total


def _problems(path: Path, target: Target, catalog: Sequence[Surface]) -> Iterator[Problem]:
    for glob, options in target.surfaces.items():
        matching = [surface for surface in catalog if fnmatchcase(surface.id, glob)]
        if not matching:
            yield _no_such_surface((*path, glob), glob, catalog)
        if options.mode is not None:
            yield from _mode_problems((*path, glob, "mode"), options.mode, matching)
        if len(matching) == 1 or all(surface.passive for surface in matching):
            yield from islice(
                chain.from_iterable(
                    _misfits((*path, glob), target, options, surface) for surface in matching
                ),
                1,
            )
    yield from _timeout_problems(path, target, catalog)


def _slo_problems(path: Path, target: Target, catalog: Sequence[Surface]) -> Iterator[Problem]:
    for index, slo in enumerate(target.slo):
        if not any(fnmatchcase(surface.id, slo.surfaces) for surface in catalog):
            yield _no_such_surface((*path, index, "surfaces"), slo.surfaces, catalog)


def _no_such_surface(path: Path, glob: str, catalog: Sequence[Surface]) -> Problem:
    near = get_close_matches(glob, [surface.id for surface in catalog], n=1)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    return Problem(
        path, f"no surface is called so; {hint}allowed: an id or a glob that `surfaces` lists"
    )


def _mode_problems(path: Path, mode: Mode, matching: Sequence[Surface]) -> Iterator[Problem]:
    for surface in matching:
        allowed = _MODES[surface.safety]
        if mode not in allowed and not surface.passive:
            yield Problem(
                path, f'"{mode}" is not safe for {surface.id}; allowed: {", ".join(allowed)}'
            )
            return


def _misfits(
    path: Path, target: Target, options: SurfaceOptions, surface: Surface
) -> Iterator[Problem]:
    if surface.passive:
        for key in ("interval", "mode"):
            if getattr(options, key) is not None:
                allowed = "essential, timeout"
                message = f"{surface.id} runs when a token is needed; allowed: {allowed}"
                yield Problem((*path, key), message)
    elif options.mode == "read" and surface.auth == "bearer" and target.auth.type == "none":
        message = f"{surface.id} needs a token; allowed: off, or an auth other than none"
        yield Problem((*path, "mode"), message)


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
