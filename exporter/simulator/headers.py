"""The headers of every answer: quota and life cycle, in the guide's dialect and in others."""

from collections.abc import Mapping
from email.utils import formatdate

from exporter.simulator.knobs import Knobs
from exporter.simulator.limits import Quota
from exporter.simulator.motion import stamp

_DAY = 86400


def merged(*layers: Mapping[str, str | None]) -> dict[str, str]:
    """Lay headers over one another.

    Args:
        layers: Headers by name; None takes one away. The last that has a name decides on it, and
            the case of names does not matter (RFC 9110, section 5.1).

    Returns:
        The headers, each name once, as it was spelt last.
    """
    last = {name.lower(): (name, value) for layer in layers for name, value in layer.items()}
    return {name: value for name, value in last.values() if value is not None}


def limit_headers(knobs: Knobs, quota: Quota, now: float) -> dict[str, str]:
    """Tell a quota.

    Args:
        knobs: The dialect, and what a 429 says instead of the truth.
        quota: What the request was charged.
        now: Unix time in seconds.

    Returns:
        The headers: the guide's "Rate Limit Headers", or what gateways send in their place.
    """
    told = _window(knobs.limit_headers, quota, now)
    if quota.admitted or knobs.limit_headers == "none" or knobs.retry_after == -1:
        return told
    wait = quota.retry_after if knobs.retry_after is None else knobs.retry_after
    match knobs.limit_headers:
        case "guide" | "milliseconds":
            told["X-RateLimit-Retry-After"] = str(wait)
        case "http_date":  # RFC 9110, section 10.2.3: a date is as good as a number
            told["Retry-After"] = formatdate(now + wait, usegmt=True)
        case _:
            told["Retry-After"] = str(wait)
    return told


def _window(dialect: str, quota: Quota, now: float) -> dict[str, str]:
    limit, remaining = str(quota.limit), str(quota.remaining)
    left = max(0, quota.reset - int(now))
    if dialect == "none":
        return {}
    if dialect == "ietf":  # draft-ietf-httpapi-ratelimit-headers, from -08 on
        return {
            "RateLimit-Policy": f'"{quota.rate_class}";q={limit};w={quota.window}',
            "RateLimit": f'"{quota.rate_class}";r={remaining};t={left}',
        }
    if dialect == "ietf_old":  # the same draft up to -07
        return {
            "RateLimit-Limit": limit,
            "RateLimit-Remaining": remaining,
            "RateLimit-Reset": str(left),
        }
    reset = {"delta": left, "milliseconds": quota.reset * 1000}.get(dialect, quota.reset)
    return {
        "X-RateLimit-Limit": limit,
        "X-RateLimit-Remaining": remaining,
        "X-RateLimit-Reset": str(reset),
    }


def lifecycle_headers(knobs: Knobs, started: float) -> dict[str, str]:
    """Tell version, deprecation and sunset.

    Args:
        knobs: Version and dates; what is not set sends no header.
        started: Unix time in seconds of the simulator's start: dates count from its day, so
            that they stand still while it runs.

    Returns:
        The headers of the guide's "Version Headers", or of RFC 9745 and RFC 8594.
    """
    headers = {"API-Version": knobs.version} if knobs.version else {}
    # The guide's dates lie on the last second of a day.
    last_second = int(started // _DAY) * _DAY + _DAY - 1
    if knobs.deprecated_days is not None:
        at = last_second + knobs.deprecated_days * _DAY
        if knobs.lifecycle_headers == "guide":
            headers["API-Deprecation-Date"] = _whole(at)
        else:
            headers["Deprecation"] = f"@{int(at)}"
    if knobs.sunset_days is not None:
        at = last_second + knobs.sunset_days * _DAY
        if knobs.lifecycle_headers == "guide":
            headers["API-Sunset-Date"] = _whole(at)
        else:
            headers["Sunset"] = formatdate(at, usegmt=True)
    return headers


def _whole(at: float) -> str:
    return stamp(at)[:19] + "Z"
