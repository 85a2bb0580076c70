"""What a scenario can turn: independent fields, each with a value that means "well"."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct, field

LimitClass = Literal["standard", "deployment", "monitoring"]
OperationGlob = str
Value = TypeVar("Value")

# Bounds are wide enough for any fault worth playing, and keep dates, sums and waits within what
# the machine can write down; they also keep out what is no number.
_CENTURY: Final = 36_525.0  # days
_DECADE: Final = 315_576_000  # seconds
_SHORTEST_CYCLE: Final = 5.0

Probability = Annotated[float, Meta(ge=0, le=1)]
Factor = Annotated[float, Meta(ge=0, le=10_000)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Life = Annotated[int, Meta(ge=1, le=_DECADE)]
Days = Annotated[float, Meta(ge=-_CENTURY, le=_CENTURY)]
StatusCode = Annotated[int, Meta(ge=200, le=599)]

# RFC 9110, sections 5.1 and 5.5: what the name and the value of a header are made of.
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_FRAMING: Final = ("content-length", "transfer-encoding")
# The HTTP library puts its own where there are none.
_STAYING: Final = ("content-type", "date", "server")

DriftKind = Literal["missing_field", "type", "enum", "range", "undocumented_status", "not_json"]
BodyKind = Literal["huge", "garbage", "html", "empty"]
SliceObjective = Literal["latency", "bandwidth", "jitter", "packet_loss", "reliability"]


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """A quota: so many requests in a window of whole seconds."""

    requests: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    window: Annotated[int, Meta(ge=1, le=86_400)] = 60


class ForcedFault(Struct, frozen=True, forbid_unknown_fields=True):
    """A status that is answered instead of the true one, to a share of the requests."""

    status: StatusCode
    ratio: Probability = 1.0
    headers: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse headers that cannot be sent.

        Raises:
            ValueError: There is one.
        """
        _check(self.headers)


class Knobs(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that a scenario may change; the defaults are the healthy API.

    Fields that name surfaces take globs over surface ids (``vnf-operator.*``); of several that
    fit, the last one holds.

    Attributes:
        latency_factor: Multiplies the drawn latencies; 0 answers at once.
        delay: Seconds added to every answer of the surfaces.
        status: A status, or a `ForcedFault`, answered instead of the true one.
        hang: Surfaces that never answer.
        reset: Surfaces whose connection is reset instead of an answer.
        truncate: Surfaces whose body ends early.
        body: Surfaces that answer 200 with something else than their document.
        huge_bytes: Size of a ``huge`` body.
        drift: Breaches of the document in otherwise good answers.
        limits: Quotas that replace the guide's, by rate class.
        background: Requests a minute that others take from the same quotas, by rate class.
        limit_scope: Whose requests a counter counts: the account's, or everybody's.
        limit_model: How a quota refills: at once on a whole window; steadily; or at once, in
            each of two replicas that answer in turns and know nothing of each other.
        limit_headers: The dialect in which quotas are told.
        retry_after: Seconds told on a 429 instead of the true ones; -1 leaves the header out.
        token_seconds: Life of an access token.
        refresh_seconds: Life of a refresh token.
        refresh_rotation: After a refresh the old refresh token stays good (``overlap``: the
            guide's own client keeps it), is dead and its reuse ends the session (``strict``,
            RFC 9700 section 4.14.2), is handed out again (``none``), or stays good and is not
            told again (``unsaid``, RFC 6749 section 6).
        opaque_tokens: Whether access tokens are random text instead of JWTs.
        max_token_age_seconds: Age from which tokens are refused whatever they say; 0 is never.
        revoke_tokens: Whether every access and refresh token is refused.
        version: The ``API-Version`` header; empty leaves it out.
        deprecated_days: Days from the simulator's start to the deprecation date.
        sunset_days: Days from the simulator's start to the sunset date.
        lifecycle_headers: The guide's names, or those of RFC 9745 and RFC 8594.
        headers: Headers set on every answer, by names of any case; null takes one away, but for
            ``Content-Type``, ``Date`` and ``Server``.
        clock_skew_seconds: How far the server's clock is ahead.
        unhealthy: Components that the health answer calls unhealthy.
        frozen_health: Whether the timestamp of the health answer stands still.
        agents: Transport agents that are not well, by globs over their ids.
        breach: Objectives that slices miss, by globs over their ids.
        deploy_seconds: How long a deployment takes.
        deploy_outcome: How deployments end.
        webhooks: How events are sent: signed; with a wrong signature or none; cut off; twice;
            with a timestamp of three days ago; not at all.
        churn_seconds: Cycle in which others create and remove resources, at least 5; 0 stops them.
    """

    latency_factor: Factor = 1.0
    delay: dict[OperationGlob, Seconds] = {}
    status: dict[OperationGlob, StatusCode | ForcedFault] = {}
    hang: tuple[OperationGlob, ...] = ()
    reset: tuple[OperationGlob, ...] = ()
    truncate: tuple[OperationGlob, ...] = ()
    body: dict[OperationGlob, BodyKind] = {}
    huge_bytes: Annotated[int, Meta(ge=1, le=1 << 31)] = 64 << 20
    drift: dict[OperationGlob, tuple[DriftKind, ...]] = {}

    limits: dict[LimitClass, Limit] = {}
    background: dict[LimitClass, Annotated[float, Meta(ge=0, le=1_000_000_000)]] = {}
    limit_scope: Literal["account", "global"] = "account"
    limit_model: Literal["fixed", "sliding", "per_replica"] = "fixed"
    limit_headers: Literal[
        "guide", "http_date", "delta", "milliseconds", "ietf", "ietf_old", "none"
    ] = "guide"
    retry_after: Annotated[int, Meta(ge=-1, le=_DECADE)] | None = None

    token_seconds: Life = 3600
    refresh_seconds: Life = 86400
    refresh_rotation: Literal["overlap", "strict", "none", "unsaid"] = "overlap"
    opaque_tokens: bool = False
    max_token_age_seconds: Seconds = 0.0
    revoke_tokens: bool = False

    version: str = "1.0.0"
    deprecated_days: Days | None = None
    sunset_days: Days | None = None
    lifecycle_headers: Literal["guide", "rfc"] = "guide"
    headers: dict[str, str | None] = {}
    clock_skew_seconds: Annotated[float, Meta(ge=-86_400, le=86_400)] = 0.0

    unhealthy: tuple[Literal["database", "redis", "message_queue"], ...] = ()
    frozen_health: bool = False
    agents: dict[OperationGlob, Literal["healthy", "degraded", "failed"]] = {}
    breach: dict[OperationGlob, tuple[SliceObjective, ...]] = {}
    deploy_seconds: Seconds = 20.0
    deploy_outcome: Literal["completed", "failed"] = "completed"
    webhooks: Literal[
        "signed", "forged", "unsigned", "malformed", "duplicated", "stale", "none"
    ] = "signed"
    churn_seconds: Seconds = 120.0

    def __post_init__(self) -> None:
        """Refuse what no bound can say.

        Raises:
            ValueError: A header cannot be sent or taken away, or a cycle is so short that
                following it would take all of our time.
        """
        _check({"API-Version": self.version, **self.headers})
        if 0 < self.churn_seconds < _SHORTEST_CYCLE:
            raise ValueError(f"churn_seconds: Expected 0 or `float` >= {_SHORTEST_CYCLE}")


class Treatment(Struct, frozen=True):
    """What the knobs mean for one surface."""

    delay: float = 0.0
    fault: ForcedFault | None = None
    hang: bool = False
    reset: bool = False
    truncate: bool = False
    body: BodyKind | None = None
    drift: tuple[DriftKind, ...] = field(default=())


def treatment(knobs: Knobs, surface: str) -> Treatment:
    """Collect what is to be done to one surface.

    Args:
        knobs: The knobs in force.
        surface: A surface id.

    Returns:
        The last entry that fits of every knob that names surfaces.
    """
    fault = last_fit(knobs.status, surface)
    return Treatment(
        delay=last_fit(knobs.delay, surface) or 0.0,
        fault=ForcedFault(status=fault) if isinstance(fault, int) else fault,
        hang=_fits(knobs.hang, surface),
        reset=_fits(knobs.reset, surface),
        truncate=_fits(knobs.truncate, surface),
        body=last_fit(knobs.body, surface),
        drift=last_fit(knobs.drift, surface) or (),
    )


def last_fit(choices: dict[OperationGlob, Value], name: str) -> Value | None:
    """Look a name up among globs.

    Args:
        choices: Values by glob.
        name: What the globs are compared with.

    Returns:
        The value of the last glob that fits, or None.
    """
    found = None
    for glob, value in choices.items():
        if fnmatchcase(name, glob):
            found = value
    return found


def _check(headers: Mapping[str, str | None]) -> None:
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        if name.lower() in _FRAMING:
            raise ValueError(f"{name!r} is the connection's own; truncate and body break it")
        if value is None and name.lower() in _STAYING:
            raise ValueError(f"{name!r} cannot be taken away; give it another value")
        if _NO_TEXT.search(value or ""):
            raise ValueError(f"{name!r} cannot have a line break or another control character")


def _fits(globs: tuple[OperationGlob, ...], name: str) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
