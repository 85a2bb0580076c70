"""What a person is told of the snapshot, in words: the page and the demo's table show it."""

from msgspec import Struct

from exporter.config.values import Duration
from exporter.sinks.health import Check, Status, TargetHealth, health
from exporter.sinks.snapshot import QuotaNow, Snapshot, State, SurfaceNow

HEADINGS = ("Surface", "State", "For", "Took", "Status", "Last run", "What is wrong")


class Line(Struct, frozen=True):
    """One surface in words; what is not known is a dash."""

    surface: str
    state: State
    since: str
    took: str
    status: str
    last_run: str
    wrong: str

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of ``HEADINGS``."""
        return (
            self.surface,
            self.state,
            self.since,
            self.took,
            self.status,
            self.last_run,
            self.wrong,
        )


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


def healths(snapshot: Snapshot) -> list[HealthLine]:
    """The health of every target, in the plan's order.

    Args:
        snapshot: what is known.

    Returns:
        A line each.
    """
    return [_health(target) for target in health(snapshot)]


def lines(snapshot: Snapshot, target: str) -> list[Line]:
    """The surfaces of a target, in the plan's order.

    Args:
        snapshot: what is known.
        target: its name.

    Returns:
        A line each.
    """
    return [
        _line(surface, snapshot.at) for surface in snapshot.surfaces if surface.key.target == target
    ]


def summary(snapshot: Snapshot) -> str:
    """One sentence: how many surfaces are well, and how many are not.

    Args:
        snapshot: what is known.

    Returns:
        The sentence.
    """
    states = [surface.state for surface in snapshot.surfaces]
    counts = {state: states.count(state) for state in ("failing", "skipped", "waiting", "well")}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"{len(states)} surfaces: {told}." if states else "Nothing is probed."


def quotas(snapshot: Snapshot, target: str) -> list[str]:
    """The rate limits of a target that headers told of.

    Args:
        snapshot: what is known.
        target: its name.

    Returns:
        A phrase for each, such as ``standard (account): 953 of 1000 left, resets in 12s``.
    """
    return [
        _quota(quota, snapshot.at)
        for quota in snapshot.quotas
        if quota.key.target == target and quota.remaining is not None
    ]


def _health(target: TargetHealth) -> HealthLine:
    checks = tuple(_check(name, check, target.timestamp) for name, check in target.checks.items())
    return HealthLine(target.target, target.overall_status, _phrase(target), checks)


def _phrase(target: TargetHealth) -> str:
    """What is unhealthy, and since when; else how much of it is known."""
    wrong = {name: check for name, check in target.checks.items() if check.status == "unhealthy"}
    if wrong:
        begun = min((check.since for check in wrong.values() if check.since), default=None)
        since = "" if begun is None else f" for {_ago(target.timestamp, begun)}"
        return ", ".join(wrong) + since
    if not target.checks:
        return "nothing of it is probed"
    unknown = [name for name, check in target.checks.items() if check.status == "unknown"]
    return f"not known: {', '.join(unknown)}" if unknown else "all checks are well"


def _check(name: str, check: Check, now: float) -> CheckLine:
    took = check.response_time_ms
    return CheckLine(
        name=name,
        status=check.status,
        message=check.message,
        took="-" if took is None else _took(took / 1000),
        since="-" if check.since is None else _ago(now, check.since),
    )


def _quota(quota: QuotaNow, now: float) -> str:
    limit = "" if quota.limit is None else f" of {quota.limit}"
    reset = ""
    if quota.reset is not None:
        over = quota.reset <= now
        reset = ", until it was reset" if over else f", resets in {_ago(quota.reset, now)}"
    key = quota.key
    return f"{key.rate_class} ({key.credential}): {quota.remaining}{limit} left{reset}"


def _line(surface: SurfaceNow, now: float) -> Line:
    return Line(
        surface=surface.key.surface,
        state=surface.state,
        since="-" if surface.since is None else _ago(now, surface.since),
        took="-" if surface.duration is None else _took(surface.duration),
        status="-" if surface.status is None else str(surface.status),
        last_run="-" if surface.last_run is None else f"{_ago(now, surface.last_run)} ago",
        wrong=_wrong(surface),
    )


def _wrong(surface: SurfaceNow) -> str:
    """Also where the last run holds and yet nobody asks any more."""
    idle = surface.run is not None and surface.skipped is not None
    kept = f"not asked since: {surface.skipped}" if idle else ""
    return "; ".join(part for part in (surface.wrong, kept) if part)


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _ago(later: float, earlier: float) -> str:
    return str(Duration(max(0, round(later - earlier))))
