"""What a configuration says of one surface, all its entries taken together. Pure."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from exporter.catalog.surface import Safety, Surface
from exporter.config.auth_schemes import scheme_of
from exporter.config.schema import Mode, SurfaceOptions, Target
from exporter.config.values import Duration

MODES: Final[Mapping[Safety, tuple[Mode, ...]]] = {
    "read": ("off", "read"),
    "dry_run": ("off", "dry_run"),
    "write": ("off",),
}
"""What may be done with a surface, by how safe it is."""


def options_for(target: Target, surface: Surface) -> SurfaceOptions:
    """What all matching entries say together: later ones win, key by key."""
    entries = target.surfaces.items()
    return _merged(*(options for glob, options in entries if is_called(surface.id, glob)))


@lru_cache(4096)
def is_called(surface: str, glob: str) -> bool:
    """Whether a surface's id fits: asked again and again where there are many targets."""
    return fnmatchcase(surface, glob)


@lru_cache(4096)
def _merged(*entries: SurfaceOptions) -> SurfaceOptions:
    said = {
        key: value
        for entry in entries
        for key in SurfaceOptions.__struct_fields__
        if (value := getattr(entry, key)) is not None
    }
    return SurfaceOptions(**said)


def mode_for(target: Target, surface: Surface) -> Mode:
    """What is done with a surface: safe reads are read unless told otherwise.

    A passive surface follows from how tokens are got, and no entry changes that.
    """
    if surface.passive:
        return "read" if surface.grant in scheme_of(target.auth).grants else "off"
    if needs_credentials(target, surface):
        return "off"
    return options_for(target, surface).mode or ("read" if surface.safety == "read" else "off")


def needs_credentials(target: Target, surface: Surface) -> bool:
    """Whether it cannot be asked for want of an account."""
    return surface.auth == "bearer" and scheme_of(target.auth).anonymous


def interval_for(target: Target, options: SurfaceOptions) -> Duration:
    """Seconds from one run to the next."""
    return options.interval or target.interval


def timeout_for(target: Target, options: SurfaceOptions) -> Duration | None:
    """The total of a run, where one is configured."""
    return options.timeout or target.timeouts.total
