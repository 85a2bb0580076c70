"""What a person is told of the snapshot, in words: the page and the demo's table show it."""

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import astuple

from exporter.config.values import Duration
from exporter.model.put_off import PutOff
from exporter.status.snapshot import QuotaNow, Snapshot, SurfaceNow, SurfaceState
from exporter.status.target_health import HealthCheck, Status, TargetHealth, health

HEADINGS = ("Surface", "State", "For", "Took", "Status", "Last run", "What is wrong")

STATES: tuple[SurfaceState, ...] = ("failing", "throttled", "unknown", "skipped", "waiting", "well")
"""In the order in which somebody wants to hear of them."""


class StatusLine(Struct, frozen=True):
    """One surface in words, as ``HEADINGS`` has them; what is not known is a dash."""

    surface: str
    state: SurfaceState
    since: str
    took: str
    status: str
    last_run: str
    wrong: str

    @property
    def cells(self) -> tuple[str, ...]:
        """All of it, in that order."""
        return astuple(self)


class CheckLine(Struct, frozen=True):
    """One check of a target's health in words; what is not known is a dash."""

    name: str
    status: Status
    message: str
    took: str
    since: str


class HealthLine(Struct, frozen=True):
    """A target's health in a phrase, and the checks that make it."""

    target: str
    status: Status
    phrase: str
    checks: tuple[CheckLine, ...]
    notes: tuple[str, ...] = ()
    """What is to be known of it besides: a sentence or two each."""


def healths(snapshot: Snapshot) -> list[HealthLine]:
    """The health of every target, a line each, in the plan's order."""
    return [_health(target, snapshot.put_off.get(target.target)) for target in health(snapshot)]


def lines(snapshot: Snapshot, target: str) -> list[StatusLine]:
    """The surfaces of a target, a line each, in the plan's order."""
    return [_line(surface) for surface in snapshot.surfaces if surface.key.target == target]


def summary(snapshot: Snapshot) -> str:
    """One sentence: how many surfaces are well, and how many are not."""
    states = [surface.state for surface in snapshot.surfaces]
    counts = {state: states.count(state) for state in STATES}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"{len(states)} surfaces: {told}." if states else "Nothing is probed."


def quotas(snapshot: Snapshot, target: str) -> list[str]:
    """The rate limits of a target that headers told of.

    A phrase for each, such as ``standard (account): 953 of 1000 left, resets in 12s``.
    """
    return [
        _quota(quota)
        for quota in snapshot.quotas
        if quota.key.target == target and quota.remaining is not None
    ]


def _health(target: TargetHealth, put_off: PutOff | None) -> HealthLine:
    checks = tuple(_check(name, check) for name, check in target.checks.items())
    notes = () if put_off is None else (_no_attempt(put_off),)
    return HealthLine(target.target, target.overall_status, _phrase(target), checks, notes)


def _no_attempt(put_off: PutOff) -> str:
    """Until when, why, since when, what the API said, and what is to be done."""
    since, until = (f"{_clock(at)} UTC" for at in (put_off.since, put_off.until))
    left = Duration(max(0, round(put_off.left)))
    said = f" The API says: {put_off.said}." if put_off.said else ""
    told = f"No login before {until} (in {left}), since {since}: {put_off.because}."
    return f"{told}{said} {put_off.remedy}"


def _phrase(target: TargetHealth) -> str:
    """What is unhealthy, and since when; else how much of it is known."""
    wrong = {name: check for name, check in target.checks.items() if check.status == "unhealthy"}
    if wrong:
        longest = max((c.lasted for c in wrong.values() if c.lasted is not None), default=None)
        since = "" if longest is None else f" for {_lasted(longest)}"
        return ", ".join(wrong) + since
    if not target.checks:
        return "nothing of it is probed"
    unknown = [name for name, check in target.checks.items() if check.status == "unknown"]
    return f"not known: {', '.join(unknown)}" if unknown else "all checks are well"


def _check(name: str, check: HealthCheck) -> CheckLine:
    took = check.response_time_ms
    return CheckLine(
        name=name,
        status=check.status,
        message=check.message,
        took="-" if took is None else _took(took / 1000),
        since="-" if check.lasted is None else _lasted(check.lasted),
    )


def _quota(quota: QuotaNow) -> str:
    limit = "" if quota.limit is None else f" of {quota.limit}"
    reset = ""
    if quota.resets_in is not None:
        over = quota.resets_in <= 0
        reset = ", until it was reset" if over else f", resets in {_lasted(quota.resets_in)}"
    key = quota.key
    return f"{key.rate_class} ({key.credential}): {quota.remaining}{limit} left{reset}"


def _line(surface: SurfaceNow) -> StatusLine:
    current = surface.current is not None
    return StatusLine(
        surface=surface.key.surface,
        state=surface.state,
        since="-" if surface.lasted is None else _lasted(surface.lasted),
        took=_took(surface.duration) if current and surface.duration is not None else "-",
        status=str(surface.status) if current and surface.status is not None else "-",
        last_run="-" if surface.run_ago is None else f"{_lasted(surface.run_ago)} ago",
        wrong=_wrong(surface),
    )


def _wrong(surface: SurfaceNow) -> str:
    """Also where the last run holds and yet nobody asks any more, and what it said where not."""
    if surface.current is None:
        return "; ".join(part for part in (surface.reason, _last_result(surface)) if part)
    kept = f"not asked since: {surface.skipped}" if surface.skipped is not None else ""
    return "; ".join(part for part in (surface.wrong, kept) if part)


def _last_result(surface: SurfaceNow) -> str:
    """What was, as what it is: no state, and how old."""
    if surface.run_ago is None:
        return ""
    why = f" ({surface.last_wrong})" if surface.last_wrong else ""
    return f"the last result: {surface.last_result}{why}, {_lasted(surface.run_ago)} ago"


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def _lasted(seconds: float) -> str:
    return str(Duration(max(0, round(seconds))))
