"""What was seen: a closed union of small frozen records that every sink understands.

No body, header or token is in any of them, so nothing that flows downstream can leak a secret;
ids are in those alone that steer the next runs, and no label is made of them. Times are Unix
seconds, durations are seconds, and what was not measured is ``None``, never 0.
"""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from exporter.model.headers import Lifecycle, RateLimit
from exporter.model.reasons import Reason, SkipReason
from exporter.model.trace_context import TraceContext

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""The bounds of every histogram of durations, in seconds: what a latency can be held against."""

DELAYED_OVER: Final = 0.010
"""Seconds: what our own lateness or lag may have added more to says as much of us as of the API."""

RateClass: TypeAlias = Literal["standard", "deployment", "monitoring"]
GrantKind: TypeAlias = Literal["login", "refresh", "file"]
"""How a token was got."""
Credential: TypeAlias = Literal["anonymous", "account"]
"""Whose quota a call was counted against."""
SUCCESSES: Final = range(200, 300)
"""The statuses of what was answered well (RFC 9110, section 15.3)."""
_UNAUTHORIZED: Final = 401


class Key(Struct, frozen=True, cache_hash=True, gc=False):
    """The identity of a probed surface: the labels that all its series share."""

    target: str
    component: str
    surface: str


class Phases(Struct, frozen=True, gc=False):
    """Seconds spent in each phase of a call; ``None`` where the phase was not reached.

    ``queue`` is the wait for a slot of our own and counts in no duration.
    """

    queue: float | None = None
    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None


class Transport(Struct, frozen=True, gc=False):
    """How an exchange was carried; what it did not come to is ``None``.

    ``ip_protocol`` is 4 or 6, ``http`` such as ``1.1``, ``tls`` such as ``TLSv1.3``;
    ``redirects`` is how many were followed.
    """

    ip_protocol: Literal[4, 6] | None = None
    http: str | None = None
    tls: str | None = None
    redirects: int = 0


Oddity: TypeAlias = Literal["encoding", "number", "text"]
"""What in a body is not as JSON has it, and is read all the same (see ``json_document``)."""


class Call(Struct, frozen=True, gc=False):
    """One exchange on the wire, whoever sent it.

    ``at`` is when it ended, and so is ``steady`` on the steady clock: calls of several runs come to
    sinks when their runs are over, and which of them is the newest no step of the wall clock says.
    """

    key: Key
    at: float
    method: str
    endpoint: str
    rate_class: RateClass
    credential: Credential
    duration: float
    phases: Phases
    reused: bool | None = None
    """Whether a kept connection was used; ``None`` where none was had."""
    status: int | None = None
    """Of the head that came, also where ``fault`` tells that no whole answer did."""
    fault: Reason | None = None
    """What went wrong on the wire; ``None`` where an answer came, whatever its status."""
    response_bytes: int | None = None
    rate_limit: RateLimit | None = None
    certificate_expiry: float | None = None
    lifecycle: Lifecycle | None = None
    path: str = ""
    """What was asked for, ids filled in; below the base URL, or a whole URL. No label."""
    context: TraceContext | None = None
    """Its span."""
    transport: Transport | None = None
    stamp: float | None = None
    """When the answer was made, where its body tells: Unix seconds by the server's clock."""
    steady: float = 0.0
    oddities: tuple[Oddity, ...] = ()
    """Of its body."""
    proof: int = 0
    """Which of the account's headers it was sent with: a number that is no secret."""
    resent: bool = False
    """Whether it was sent once before, with a token that was not accepted."""
    lag: float = 0.0
    """Seconds, the most that our own event loop may have added to its duration."""

    @property
    def delayed(self) -> bool:
        """Whether that is so much that its duration tells of us, too."""
        return self.lag > DELAYED_OVER

    @property
    def accepted(self) -> bool:
        """Whether it was answered well, and what it was sent with is good."""
        return self.status is not None and self.status in SUCCESSES

    @property
    def rejected(self) -> bool:
        """Whether what it was sent with was not accepted (RFC 9110, section 15.5.2)."""
        return self.status == _UNAUTHORIZED


def is_delayed(lateness: float | None, lag: float) -> bool:
    """Whether a run was, by how late it began and by what may have been added to its durations."""
    return lag > DELAYED_OVER or (lateness is not None and lateness > DELAYED_OVER)


class Run(Struct, frozen=True, gc=False):
    """What one execution of a probe concluded from its calls.

    ``at`` is when it ended. ``lateness`` (actual less planned start) is ``None`` for the passive
    runs that no schedule planned; ``lag`` is the most that our own event loop may have added to the
    duration of one of its calls. ``deciding`` is the call that decided it: the failed one, else the
    slowest.
    """

    key: Key
    at: float
    duration: float
    reason: Reason | None = None
    slow: bool = False
    """Well, and yet slower than is good; never so where it is ``delayed``."""
    lateness: float | None = None
    deciding: Call | None = None
    detail: str = ""
    """A few words for a person, free of anything the API sent."""
    check: str = ""
    """The name of the check that found it; nothing where none did: well, or a fault of the wire."""
    lag: float = 0.0

    @property
    def delayed(self) -> bool:
        """Whether its durations are no measure of the API, as we were short of CPU ourselves."""
        return is_delayed(self.lateness, self.lag)

    @property
    def wrong(self) -> str:
        """Reason, detail and check as a person reads them; nothing where all was well."""
        told = ": ".join(part for part in (self.reason, self.detail) if part)
        return f"{told} (check: {self.check})" if self.check else told


class OnDemandRun(Struct, frozen=True, gc=False):
    """A run that somebody asked for, and no schedule planned: no ``oran_mano_probe_`` series."""

    run: Run

    @property
    def key(self) -> Key:
        """Which surface."""
        return self.run.key

    @property
    def at(self) -> float:
        """When it ended."""
        return self.run.at


class Skip(Struct, frozen=True, gc=False):
    """A run that did not happen; with a ``count``, so many in a row for the same reason."""

    key: Key
    at: float
    reason: SkipReason
    count: int = 1


class IdsListed(Struct, frozen=True, gc=False):
    """The ids that a list named: all those of ``kind`` that hang on ``parent``.

    An id is the tuple of path parameters that leads to the resource; ``parent`` is its prefix.
    They steer the fan-out and are no label.
    """

    key: Key
    at: float
    kind: str
    parent: tuple[str, ...]
    ids: tuple[tuple[str, ...], ...]
    complete: bool = True
    """Whether the list was seen to its end: what an incomplete one does not name may be there."""
    unusable: int = 0
    """How many of its items have no id that can be asked for."""


class IdsVisited(Struct, frozen=True, gc=False):
    """What became of each followed id that a run asked for: they steer the next runs."""

    key: Key
    at: float
    kind: str
    well: tuple[tuple[str, ...], ...] = ()
    failed: tuple[tuple[str, ...], ...] = ()
    gone: tuple[tuple[str, ...], ...] = ()


class Renewal(Struct, frozen=True, gc=False):
    """A token was got, or was not. ``expires`` is Unix time, ``lifetime`` and ``skew`` seconds.

    ``skew`` is by how much the server's clock is ahead of ours, where it told the time.
    """

    key: Key
    at: float
    grant: GrantKind
    reason: Reason | None = None
    expires: float | None = None
    lifetime: float | None = None
    skew: float | None = None


class Rejection(Struct, frozen=True, gc=False):
    """A surface answered 401 to a token that should still be good.

    ``dropped`` tells that the token is given up, as no other surface says otherwise.
    """

    key: Key
    at: float
    dropped: bool = False


class Heartbeat(Struct, frozen=True, gc=False):
    """The schedule is alive. ``lag`` is how late the event loop woke it, in seconds."""

    at: float
    lag: float


Observation: TypeAlias = (
    Call | Run | OnDemandRun | Skip | IdsListed | IdsVisited | Renewal | Rejection | Heartbeat
)

Emit: TypeAlias = Callable[[Observation], None]
"""Where observations go."""
