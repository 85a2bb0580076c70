"""What an answer says of the quota and of when to come back, in every dialect that is spoken.

Three dialects tell a quota. They are looked at in this order:

1. the guide's ``X-RateLimit-Limit``, ``-Remaining``, ``-Reset``;
2. ``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers; the dictionary of
   its version 07 too);
3. ``RateLimit-Limit``, ``-Remaining``, ``-Reset`` (the same draft up to version 06).

The first one that tells what *remains* is taken, or else the first one that tells anything: two
dialects count different things or at different moments, so they are never mixed.

A reset is taken for what it can only be: below 10^8 seconds from now (as a time that is 1973),
from 10^11 milliseconds (as seconds that is the year 5138), between them a Unix time. Times by the
server's clock are moved to ours where its ``Date`` is off by more than 5 seconds; below, the second
that ``Date`` is cut to and the way here would only add noise.

Of several quotas in one ``RateLimit`` the one with the least remaining counts, of equal ones the
one that resets last: that is the one to be met first, and to be rid of last. A quota of bytes or of
concurrent requests (``qu`` of its policy) is none of ours, as nothing here counts in those.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from exporter.config.values import Duration
from exporter.model.headers import RateLimit
from exporter.protocol.fields import (
    Member,
    decimal,
    each_line,
    http_date,
    lines,
    structured_dictionary,
    structured_list,
)

LONGEST_WAIT: Final = 86400.0
"""Seconds: no answer keeps us away for longer than a day."""
SKEW: Final = 5.0
"""Seconds by which a server's clock may be off before it is taken into account."""

_DELTAS_END: Final = 10**8
_SECONDS_END: Final = 10**11
_MILLISECONDS_END: Final = 10**14


def rate_limit(headers: Mapping[str, str], now: float) -> RateLimit | None:
    """Read the quota from an answer's headers; ``now`` is when it came, in Unix seconds.

    ``limit`` and ``remaining`` are in requests, ``reset`` in Unix seconds by our clock; what was
    absent, malformed or implausible is ``None``, and so is all of it where nothing was usable.
    """
    told: RateLimit | None = None
    for read in _DIALECTS:
        quota = read(headers, now)
        if quota is not None and quota.remaining is not None:
            return quota
        told = told or quota
    return told


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read for how long to stay away (RFC 9110, section 10.2.3; guide, "Rate Limit Headers").

    Seconds from ``now`` (Unix seconds, when the answer came), 0 to `LONGEST_WAIT`: of all lines of
    ``Retry-After`` and of ``X-RateLimit-Retry-After`` the longest, as each asks not to come
    earlier; ``None`` where none can be read. A date counts from the answer's own ``Date``, if it
    has one: that is how long its server meant, whatever its clock.
    """
    waits = [
        wait
        for name in ("Retry-After", "X-RateLimit-Retry-After")
        for line in each_line(headers, name)
        if (wait := _wait(line, headers, now)) is not None
    ]
    return min(max(0.0, *waits), LONGEST_WAIT) if waits else None


def retry_after_in_body(told: object) -> float | None:
    """Read for how long to stay away, as the services behind the API say it in the body of a 429.

    It is ``"1s"``, ``"1m30s"``, or a number of seconds, also as a text; it becomes seconds, 0 to
    `LONGEST_WAIT`, and anything else ``None``.
    """
    seconds: float | None = None
    if isinstance(told, str):
        seconds = decimal(told)
        if seconds is None:
            with suppress(ValueError):
                seconds = Duration.parse(told)
    elif isinstance(told, int | float) and not isinstance(told, bool) and told >= 0:
        seconds = told
    return None if seconds is None else float(min(seconds, LONGEST_WAIT))


def _wait(text: str, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, of a number of them, of several lines in one, or of a date."""
    if (date := http_date(text)) is None:
        seconds = [decimal(part.strip(" \t")) for part in text.split(",")]
        return max((float(each) for each in seconds if each is not None), default=None)
    server = http_date(headers.get("Date", ""))
    return date - (now if server is None else server)


class _Names(NamedTuple):
    """The headers of the first dialect or of the third: one for each number."""

    limit: str
    remaining: str
    reset: str

    def read(self, headers: Mapping[str, str], now: float) -> RateLimit | None:
        return _quota(
            _first_number(headers.get(self.limit)),
            decimal(headers.get(self.remaining)),
            _instant(decimal(headers.get(self.reset)), headers, now),
        )


def _structured(headers: Mapping[str, str], now: float) -> RateLimit | None:
    state, policy = lines(headers, "RateLimit"), lines(headers, "RateLimit-Policy")
    if state is None and policy is None:
        return None
    every = structured_list(policy or "")
    policies = [one for one in every if _is_of_requests(one)]
    others = {str(name) for name, _ in every} - {str(name) for name, _ in policies}
    told = [
        (remaining, _whole(of.get("t")), str(name))
        for name, of in structured_list(state or "")
        if (remaining := _whole(of.get("r"))) is not None and str(name) not in others
    ]
    if not told:
        return _version_07(state or "", headers, now) or _quota(_limit(policies), None, None)
    remaining, left, name = min(told, key=lambda quota: (quota[0], -(quota[1] or 0)))
    return _quota(_limit(policies, name), remaining, _instant(left, headers, now))


def _version_07(state: str, headers: Mapping[str, str], now: float) -> RateLimit | None:
    """``limit=100, remaining=50, reset=30``: one quota, as a dictionary."""
    values = {key: _whole(value) for key, (value, _) in structured_dictionary(state).items()}
    reset = _instant(values.get("reset"), headers, now)
    return _quota(values.get("limit"), values.get("remaining"), reset)


def _limit(policies: list[Member], name: str = "") -> int | None:
    """Of the policy that is called so, or else of the only one there is.

    Version 07 writes ``100;w=60``: the limit has the place of the name.
    """
    limits = {str(of): _whole(values.get("q", of)) for of, values in policies}
    if name in limits:
        return limits[name]
    return next(iter(limits.values())) if len(limits) == 1 else None


def _is_of_requests(policy: Member) -> bool:
    """Whether its quota unit is requests, as it is where the policy names none."""
    _, values = policy
    return str(values.get("qu", "requests")) == "requests"


def _first_number(text: str | None) -> int | None:
    """``100``, or ``100, 100;w=60``: the limit, and policies with windows that it follows from."""
    if text is None or (number := decimal(text)) is not None:
        return None if text is None else number
    members = structured_list(text)
    windows = all("w" in values for _, values in members[1:])  # 1,000 is one number, badly written
    return _whole(members[0][0]) if members and windows else None


def _quota(limit: int | None, remaining: int | None, reset: float | None) -> RateLimit | None:
    if limit is None and remaining is None and reset is None:
        return None
    return RateLimit(limit, remaining, reset)


def _whole(value: object) -> int | None:
    """A structured field's integer, but for a negative one; a boolean is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _instant(value: int | None, headers: Mapping[str, str], now: float) -> float | None:
    """When a window ends by our clock, of a number whose unit only its size tells."""
    if value is None or value >= _MILLISECONDS_END:
        return None
    if value < _DELTAS_END:
        return now + value
    seconds = float(value) if value < _SECONDS_END else value / 1000
    server = http_date(headers.get("Date", ""))
    if server is None or abs(now - server) <= SKEW:
        return seconds
    return max(0.0, seconds + now - server)


_DIALECTS: Final = (
    _Names("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset").read,
    _structured,
    _Names("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset").read,
)
