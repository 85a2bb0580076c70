"""The row of the table, and the labels, closed sets and buckets that rows share."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from exporter.model.exchange import Method
from exporter.model.observation import BUCKETS, Credential, Oddity, Phases, RateClass
from exporter.model.reasons import Reason, SkipReason
from exporter.readers.listings import LISTINGS
from exporter.status.snapshot import LifecycleProblem

MetricKind: TypeAlias = Literal["counter", "gauge", "histogram"]

REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
SKIP_REASONS: Final[tuple[SkipReason, ...]] = get_args(SkipReason)
LIFECYCLE_PROBLEMS: Final[tuple[LifecycleProblem, ...]] = get_args(LifecycleProblem)
ODDITIES: Final[tuple[Oddity, ...]] = get_args(Oddity)
KINDS: Final = tuple(dict.fromkeys(row.kind for rows in LISTINGS.values() for row in rows))
PHASES: Final = Phases.__struct_fields__

TARGET: Final = ("target",)
COMPONENT: Final = ("target", "component")
SURFACE: Final = ("target", "component", "surface")
QUOTA: Final = ("target", "rate_class", "credential")

METHODS: Final[Mapping[str, tuple[str, ...]]] = {"method": get_args(Method)}
RATE_CLASSES: Final[Mapping[str, tuple[str, ...]]] = {"rate_class": get_args(RateClass)}
QUOTAS: Final = {**RATE_CLASSES, "credential": get_args(Credential)}

FAULTS: Final = (
    *("ArithmeticError", "AssertionError", "AttributeError", "BufferError", "ExceptionGroup"),
    *("ImportError", "IndexError", "KeyError", "MemoryError", "NameError", "NotImplementedError"),
    *("OSError", "RecursionError", "RuntimeError", "TimeoutError", "TypeError", "UnicodeError"),
    *("ValueError", "ZeroDivisionError", "open_files", "other"),
)
"""Kinds of faults of our own: the exceptions that there mostly are, and files that ran out."""

DURATIONS: Final = BUCKETS
DELAYS: Final = (0.0005, 0.001, 0.002, *BUCKETS)

_UNITS: Final = ("seconds", "bytes", "ratio")


class Family(Struct, frozen=True):
    """One metric family: all that is to be known before the first sample.

    ``closed`` names the values of those labels that have a closed set of them. ``varying`` tells
    a reader which further labels a series may have, where they differ within the family.
    """

    name: str
    kind: MetricKind
    labels: tuple[str, ...]
    help: str
    closed: Mapping[str, tuple[str, ...]] = {}
    buckets: tuple[float, ...] = ()
    varying: str = ""

    @property
    def unit(self) -> str:
        """The base unit that the name ends with, or nothing."""
        last = self.name.removesuffix("_total").rsplit("_", 1)[-1]
        return last if last in _UNITS else ""


class Group(Struct, frozen=True):
    """Families that a reader looks up together."""

    title: str
    intro: str
    families: tuple[Family, ...]
