"""What ``/api/v1/status`` tells of the API and our account: quotas, tokens, life cycle."""

from collections.abc import Mapping

from msgspec import Struct

from exporter.observation import Credential, PutOff, PutOffFor, RateClass, Relation
from exporter.sinks.snapshot import (
    CertificateNow,
    LifecycleNow,
    LifecycleProblem,
    QuotaNow,
    TokenNow,
)
from exporter.story.run_json import Time, moment, rounded


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


def quota_json(quota: QuotaNow) -> QuotaJson:
    """Tell a quota.

    Args:
        quota: as it is kept.

    Returns:
        It as JSON has it.
    """
    return QuotaJson(
        target=quota.key.target,
        rate_class=quota.key.rate_class,
        credential=quota.key.credential,
        documented=quota.documented,
        limit=quota.limit,
        remaining=quota.remaining,
        reset=moment(quota.reset),
        last_sample=moment(quota.at),
    )


def token_json(token: TokenNow, put_off: Mapping[str, PutOff]) -> TokenJson:
    """Tell a token.

    Args:
        token: as it is kept.
        put_off: what is put off, by target.

    Returns:
        It as JSON has it.
    """
    waits = put_off.get(token.target)
    return TokenJson(
        target=token.target,
        valid=token.valid,
        renewal_overdue=token.overdue,
        expiry=moment(token.expires),
        lifetime_seconds=token.lifetime,
        last_renewal=moment(token.renewed_at),
        consecutive_renewal_failures=token.failures,
        clock_skew_seconds=token.skew,
        next_attempt=None if waits is None else moment(waits.until),
    )


def put_off_json(target: str, put_off: PutOff) -> PutOffJson:
    """Tell that no login is tried.

    Args:
        target: of which.
        put_off: why, and until when.

    Returns:
        It as JSON has it.
    """
    return PutOffJson(
        target=target,
        why=put_off.why,
        because=put_off.because,
        since=moment(put_off.since),
        next_attempt=moment(put_off.until),
        left_seconds=rounded(put_off.left),
        api_says=put_off.said,
        remedy=put_off.remedy,
    )


def lifecycle_json(now: LifecycleNow) -> ApiLifecycleJson:
    """Tell a component's version and end.

    Args:
        now: as it is kept.

    Returns:
        It as JSON has it.
    """
    return ApiLifecycleJson(
        target=now.target,
        component=now.component,
        version=now.version,
        deprecation=moment(now.deprecation),
        sunset=moment(now.sunset),
        latest_sunset_announced=moment(now.promised),
        problems=tuple(sorted(now.problems)),
        links=now.relations,
    )


def certificate_json(of: CertificateNow) -> CertificateJson:
    """Tell when a certificate ends.

    Args:
        of: as it is kept.

    Returns:
        It as JSON has it.
    """
    return CertificateJson(of.target, of.component, moment(of.expiry))
