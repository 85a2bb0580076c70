"""The shapes of what ``/api/v1/status`` tells; ``docs/schemas/`` is made of them."""

from typing import Literal

from msgspec import Struct

from exporter.metrics.gauges import Carried
from exporter.model.headers import Relation
from exporter.model.observation import Credential, RateClass
from exporter.model.put_off import PutOffFor
from exporter.model.reasons import Reason, SkipReason
from exporter.report.run_json import RunJson, Time
from exporter.status.snapshot import LifecycleProblem, SurfaceState
from exporter.status.target_health import Status


class ReloadJson(Struct, frozen=True):
    """The configuration: when the one in force was read, and what is wrong with a newer one."""

    last_reload_successful: bool
    last_reload_success: Time | None
    problems: tuple[str, ...]


class TargetJson(Struct, frozen=True):
    """A target; `active_connections` are its requests on the wire."""

    target: str
    url: str
    transport: Carried
    labels: dict[str, str]
    active_connections: int | None


class CheckJson(Struct, frozen=True):
    """One check of the guide's; `since` is when it became so."""

    status: Status
    message: str
    response_time_ms: float | None
    since: Time | None


class HealthJson(Struct, frozen=True):
    """What the guide's health checker says of a target; checks are by path, as there."""

    target: str
    overall_status: Status
    timestamp: Time | None
    checks: dict[str, CheckJson]


class SurfaceJson(Struct, frozen=True):
    """What a surface is, since when and why.

    `last_run` is there for as long as its values hold, also where it is no longer what is now.
    `skipped` tells why the last due run did not take place.
    """

    target: str
    component: str
    surface: str
    state: SurfaceState
    since: Time | None
    reason: Reason | SkipReason | None
    detail: str
    check: str
    last_run: RunJson | None
    last_success: Time | None
    consecutive_failures: int
    skipped: SkipReason | None


class QuotaJson(Struct, frozen=True):
    """A quota: what is documented, and what the newest headers said, if they still hold."""

    target: str
    rate_class: RateClass
    credential: Credential
    documented: int
    limit: int | None
    remaining: int | None
    reset: Time | None
    last_sample: Time | None


class TokenJson(Struct, frozen=True):
    """The token of a target; `next_attempt` is there while the next renewal is put off."""

    target: str
    valid: bool
    renewal_overdue: bool
    expiry: Time | None
    lifetime_seconds: float | None
    last_renewal: Time | None
    consecutive_renewal_failures: int | None
    clock_skew_seconds: float | None
    next_attempt: Time | None


class PutOffJson(Struct, frozen=True):
    """Why a target's next login is put off, until when, what the API said, and what to do."""

    target: str
    why: PutOffFor
    because: str
    since: Time | None
    next_attempt: Time | None
    left_seconds: float
    api_says: str
    remedy: str


class ApiLifecycleJson(Struct, frozen=True):
    """What a component says of its version and end, and what is wrong with that.

    `latest_sunset_announced` is the latest that any of its surfaces ever announced.
    """

    target: str
    component: str
    version: str | None
    deprecation: Time | None
    sunset: Time | None
    latest_sunset_announced: Time | None
    problems: tuple[LifecycleProblem, ...]
    links: tuple[Relation, ...]


class CertificateJson(Struct, frozen=True):
    """When the certificate of a component ends."""

    target: str
    component: str
    expiry: Time | None


class NowJson(Struct, frozen=True):
    """What is now; `heartbeat` is when the schedule last showed to be alive."""

    version: str
    time: Time | None
    started: Time | None
    heartbeat: Time | None
    config: ReloadJson
    targets: tuple[TargetJson, ...]
    health: tuple[HealthJson, ...]
    surfaces: tuple[SurfaceJson, ...]
    rate_limits: tuple[QuotaJson, ...]
    tokens: tuple[TokenJson, ...]
    put_off: tuple[PutOffJson, ...]
    lifecycle: tuple[ApiLifecycleJson, ...]
    certificates: tuple[CertificateJson, ...]


class StatusJson(Struct, frozen=True):
    """What `/api/v1/status` answers, in the envelope that Prometheus' API has."""

    status: Literal["success"]
    data: NowJson
