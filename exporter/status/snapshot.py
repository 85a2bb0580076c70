"""What is now, as frozen records: the gauges, the status page and the live table read these."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from exporter.config.schema import Target
from exporter.model.headers import Relation
from exporter.model.observation import Credential, Key, RateClass, Run
from exporter.model.put_off import PutOff
from exporter.model.reasons import Reason, SkipReason
from exporter.planning.job import Job

SurfaceState: TypeAlias = Literal["well", "failing", "throttled", "unknown", "skipped", "waiting"]
"""What a surface is now.

``well``, ``failing``: its last run says so. ``skipped``: no run is to be shown, and the last due
one was skipped. ``waiting``: neither. All of that lapses when it was not asked for too long: then
it is ``failing`` where its circuit is open, ``throttled`` where the API asked to be left alone,
``skipped`` where there is nothing to ask for, and else ``unknown``.
"""

LifecycleProblem: TypeAlias = Literal[
    "unparseable",
    "sunset_before_deprecation",
    "sunset_moved_earlier",
    "notice_below_policy",
    "withdrawn",
    "version_mismatch",
]
"""What may be wrong with what a component says of its version and end."""


class QuotaKey(Struct, frozen=True, gc=False):
    """Whose quota: the labels that all rate-limit series share."""

    target: str
    rate_class: RateClass
    credential: Credential


class SurfaceNow(Struct, frozen=True, gc=False):
    """One planned surface.

    ``run`` is the last run for as long as its values hold: what is now only where it is
    ``current``, else what was. ``skipped`` tells why the last due run did not take place.
    ``since`` is when ``state`` began, ``lasted`` for how many seconds it has been so; ``run_since``
    is when runs began to be as ``run`` is, ``run_lasted`` how many seconds ago that was, and
    ``run_ago`` how many seconds ago that one ended. Seconds are by the steady clock, so that no
    step of the other one moves them.
    """

    job: Job
    state: SurfaceState = "waiting"
    since: float | None = None
    lasted: float | None = None
    run: Run | None = None
    run_since: float | None = None
    run_lasted: float | None = None
    run_ago: float | None = None
    skipped: SkipReason | None = None
    success_at: float | None = None
    consecutive_failures: int = 0
    lapsed: bool = False
    """It was not asked for too long: a run that was well says no longer that it is."""

    @property
    def key(self) -> Key:
        """Which surface this is."""
        return self.job.key

    @property
    def current(self) -> Run | None:
        """The last run where it is what makes the state."""
        result = self.last_result
        return self.run if result is not None and result == self.state else None

    @property
    def last_result(self) -> Literal["well", "failing"] | None:
        """What the last run said."""
        if self.run is None:
            return None
        return "well" if self.run.reason is None else "failing"

    @property
    def reason(self) -> Reason | SkipReason | None:
        """Why it is failing, or is not known."""
        return self.skipped if self.current is None else self.current.reason

    @property
    def detail(self) -> str:
        """A few words on the reason."""
        return "" if self.current is None else self.current.detail

    @property
    def check(self) -> str:
        """The name of the check that found it."""
        return "" if self.current is None else self.current.check

    @property
    def wrong(self) -> str:
        """What is wrong as a person reads it; nothing where all is well."""
        return (self.skipped or "") if self.current is None else self.current.wrong

    @property
    def last_wrong(self) -> str:
        """The same of the last run, whether or not it is what is now."""
        return "" if self.run is None else self.run.wrong

    @property
    def duration(self) -> float | None:
        """How long the last run took."""
        return None if self.run is None else self.run.duration

    @property
    def status(self) -> int | None:
        """The HTTP status that decided the last run."""
        call = None if self.run is None else self.run.deciding
        return None if call is None else call.status

    @property
    def last_run(self) -> float | None:
        """When the last run ended."""
        return None if self.run is None else self.run.at


class QuotaNow(Struct, frozen=True, gc=False):
    """One quota: what is documented, and what the newest headers said, if they still hold."""

    key: QuotaKey
    documented: int
    at: float | None = None
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    resets_in: float | None = None
    """Seconds by the steady clock; negative where the window is over."""


class CertificateNow(Struct, frozen=True, gc=False):
    """When the certificate of a component ends."""

    target: str
    component: str
    expiry: float


class LifecycleNow(Struct, frozen=True, gc=False):
    """What a component says of its version and end, dates in Unix seconds.

    ``promised`` is the latest sunset that any of its surfaces announced so far.
    """

    target: str
    component: str
    version: str | None
    deprecation: float | None
    sunset: float | None
    promised: float | None
    problems: frozenset[LifecycleProblem]
    relations: tuple[Relation, ...]


class TokenNow(Struct, frozen=True, gc=False):
    """The token of a target; times are Unix seconds, and what was not seen yet is ``None``.

    What depends on elapsed time is by the steady clock: ``valid``, ``overdue`` (it should have been
    renewed by now, or there should be one), ``renewed_ago`` and, once it is over, ``ended_ago``.
    """

    target: str
    valid: bool = False
    overdue: bool = False
    expires: float | None = None
    lifetime: float | None = None
    renewed_at: float | None = None
    failures: int | None = None
    skew: float | None = None
    renewed_ago: float | None = None
    ended_ago: float | None = None


class Snapshot(Struct, frozen=True):
    """All that is known at one moment, in the plan's order."""

    at: float
    targets: tuple[Target, ...]
    surfaces: tuple[SurfaceNow, ...]
    quotas: tuple[QuotaNow, ...]
    certificates: tuple[CertificateNow, ...]
    connections: Mapping[str, int]
    """Connections in use by target: its requests on the wire."""
    heartbeat: float | None
    lifecycles: tuple[LifecycleNow, ...] = ()
    """Of the components that told something."""
    tokens: tuple[TokenNow, ...] = ()
    """Of the targets that are probed with one."""
    unfollowed: Mapping[tuple[str, str], int] = {}
    """By target and kind, how much of what is listed is not asked for."""
    put_off: Mapping[str, PutOff] = {}
    """Why no attempt to get in is made now, by target."""


class ProcessNow(Struct, frozen=True):
    """What is known of the exporter itself, times in Unix seconds."""

    started: float
    loaded: float
    """When the configuration in force was read."""
    problems: tuple[str, ...] = ()
    """Why a newer one was refused."""
