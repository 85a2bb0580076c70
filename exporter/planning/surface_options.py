"""What a configuration says of one surface, all its entries taken together. Pure."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from msgspec.structs import replace

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
    merged = SurfaceOptions()
    for glob, options in target.surfaces.items():
        if fnmatchcase(surface.id, glob):
            said = {key: getattr(options, key) for key in SurfaceOptions.__struct_fields__}
            merged = replace(merged, **{key: new for key, new in said.items() if new is not None})
    return merged


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
