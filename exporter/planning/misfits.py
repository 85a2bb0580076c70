"""What a configuration says that fits no surface, or cannot be: pure, a line for each mistake."""

from collections.abc import Iterator, Sequence
from itertools import islice

from exporter.catalog.surface import Surface
from exporter.config.partial import as_far_as_known
from exporter.config.problems import Path, Problem
from exporter.config.quoting import near
from exporter.config.schema import Config, Mode, SurfaceOptions, Target
from exporter.planning.surface_options import (
    MODES,
    interval_for,
    is_called,
    mode_for,
    needs_credentials,
    options_for,
    timeout_for,
)


def misfits(catalog: Sequence[Surface], config: Config) -> Iterator[Problem]:
    """Find what fits no surface, or cannot be.

    Parts of the configuration may be known in part only.
    """
    for index, target in enumerate(config.targets):
        path = ("targets", index, "surfaces")
        yield from as_far_as_known(_surface_problems(path, target, catalog))
        yield from as_far_as_known(_timeout_problems(path, target, catalog))
        yield from as_far_as_known(_slo_problems(("targets", index, "slo"), target, catalog))


def _surface_problems(path: Path, target: Target, catalog: Sequence[Surface]) -> Iterator[Problem]:
    for glob, options in target.surfaces.items():
        matching = [surface for surface in catalog if is_called(surface.id, glob)]
        if matching:
            yield from as_far_as_known(_entry_problems((*path, glob), target, options, matching))
        else:
            yield _no_such_surface((*path, glob), glob, catalog)


def _entry_problems(
    path: Path, target: Target, options: SurfaceOptions, matching: Sequence[Surface]
) -> Iterator[Problem]:
    yield from islice(_unsafe((*path, "mode"), options.mode, matching), 1)
    # What fits one of them is right: the others only have no use for it.
    found = [[*_useless(path, target, options, each)] for each in matching]
    if all(found):
        yield from found[0]


def _slo_problems(path: Path, target: Target, catalog: Sequence[Surface]) -> Iterator[Problem]:
    for index, slo in enumerate(target.slo):
        glob = getattr(slo, "surfaces", None)  # of which there is none where it is wrong itself
        if glob is not None and not any(is_called(surface.id, glob) for surface in catalog):
            yield _no_such_surface((*path, index, "surfaces"), glob, catalog)


def _no_such_surface(path: Path, glob: str, catalog: Sequence[Surface]) -> Problem:
    hint = near(glob, [surface.id for surface in catalog])
    return Problem(
        path, f"no surface is called so; {hint}allowed: an id or a glob that `surfaces` lists"
    )


def _unsafe(path: Path, mode: Mode | None, matching: Sequence[Surface]) -> Iterator[Problem]:
    for surface in matching:
        allowed = MODES[surface.safety]
        if mode is not None and mode not in allowed and not surface.passive:
            yield Problem(
                path, f'"{mode}" is not safe for {surface.id}; allowed: {", ".join(allowed)}'
            )


def _useless(
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
    elif needs_credentials(target, surface) and options.mode in MODES[surface.safety][1:]:
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
        options = options_for(target, surface)
        total, interval = timeout_for(target, options), interval_for(target, options)
        if total is None or total <= interval or mode_for(target, surface) == "off":
            continue
        key = "interval" if options.timeout is None else "timeout"
        places = [
            (*path, glob, key)
            for glob, entry in target.surfaces.items()
            if is_called(surface.id, glob) and getattr(entry, key) is not None
        ]
        if places and places[-1] not in seen and not surface.passive:
            seen.add(places[-1])
            yield Problem(
                places[-1],
                f"the time-out of {surface.id}, {total}, is above its interval, {interval}; "
                "allowed: at most the interval",
            )
