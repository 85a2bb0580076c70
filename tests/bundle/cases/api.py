"""Cases of ``api.rules.yaml``."""

from collections.abc import Callable, Iterator
from typing import Final

from tests.bundle.case import Case, Play, cases
from tests.bundle.stage import HEALTH, LIST, LOGIN, REFRESH, Outcome, Stage

DAY: Final = 86_400
LAB: Final = {"target": "lab"}
PAGE: Final = {**LAB, "severity": "critical"}
TICKET: Final = {**LAB, "severity": "warning"}
PART: Final = {**LAB, "component": "vnf-operator"}


def within(bad: Outcome, first: int = 20, last: int = 80) -> Callable[[int], Outcome]:
    """That outcome between two minutes, all well before and after."""
    return lambda second: bad if first * 60 <= second < last * 60 else "ok"


def every(
    nth: int, outcome: Outcome, interval: int = 30, *, otherwise: Outcome = "ok"
) -> Callable[[int], Outcome]:
    """That outcome of each nth run; all others are well, if nothing else is said."""
    return lambda second: outcome if second // interval % nth == 0 else otherwise


def always(outcome: Outcome) -> Callable[[int], Outcome]:
    return lambda _: outcome


def nothing(stage: Stage) -> Stage:
    """A target without what the alert looks at."""
    return stage.gauge("oran_mano_target_info", lambda _: 1, LAB)


def until(end: float, value: float, then: float) -> Callable[[float], float]:
    return lambda minute: value if minute < end else then


def state(
    name: str, labels: dict[str, str], *, bad: float, first: int = 20, last: int = 80
) -> Play:
    """A gauge of 0 or 1 that is bad between two minutes."""

    def play(stage: Stage) -> Stage:
        return stage.gauge(name, lambda at: bad if first <= at < last else 1 - bad, labels)

    return play


def _date(name: str, labels: dict[str, str], value: float, then: float) -> Play:
    """A date that is another one from minute 80 on."""
    return lambda stage: stage.gauge(name, until(80, value, then), labels)


def _both(list_: Callable[[int], Outcome], health: Callable[[int], Outcome]) -> Play:
    return lambda stage: stage.surface(list_).surface(health, of=HEALTH)


def _failed_until_there_was_nothing(second: int) -> Outcome:
    return "fail" if second < 60 else "no_resource"


def _one_in_ten(phase: int) -> Callable[[int], Outcome]:
    return lambda second: "ok" if (second // 30 + 3 * phase) % 10 == 0 else "fail"


def _hangs(second: int) -> Outcome:
    """Each third run waits until it is given up; the two after it would overlap it."""
    outcome = within("fail")(second)
    return "overrun" if outcome == "fail" and second // 30 % 3 else outcome


def afterwards() -> Iterator[Case]:
    name, info = "TargetWasDown", {**LAB, **LIST, "severity": "info"}
    hour = within("fail", 10, 70)
    down: Play = lambda stage: stage.surface(hour)  # noqa: E731
    yield from cases(name, info, (71, 109), (down, _both(hour, always("ok")), nothing))
    partly = _both(hour, within("fail", 10, 120))(Stage(120))
    yield Case(name, "fires", partly, info, (71, 109), why="only for what is well")
    skipped: dict[Outcome, str] = {"ok": "it needs no token", "budget": "it was only skipped"}
    for outcome, why in skipped.items():
        shut = state("oran_mano_token_valid", LAB, bad=0, first=10, last=70)(Stage(120))
        shut.surface(within(outcome, 10, 70))
        yield Case(name, "below", shut, info, why=f"nobody was let in, and {why}")
    added = Stage(120).surface(hour)
    added.surface(lambda second: "ok" if second >= 70 * 60 else "no_resource", of=HEALTH)
    yield Case(name, "fires", added, info, (71, 109), why="not for what began to be probed after")
    rejected = _both(within("rejected", 10, 70), always("ok"))(Stage(120))
    yield Case(name, "fires", rejected, info, (71, 104), why="a surface let nobody in")


def surfaces() -> Iterator[Case]:
    gone: Play = lambda stage: stage.surface(_failed_until_there_was_nothing)  # noqa: E731
    down = _both(within("fail"), within("fail"))
    partly = _both(always("fail"), always("ok"))
    yield from cases("TargetDown", PAGE, (26, 85), (down, partly, gone))
    now_and_then = Stage(120)
    for index in range(4):
        of = {"component": "monitoring", "surface": f"monitoring.{index}"}
        now_and_then.surface(_one_in_ten(index), of=of)
    yield Case("TargetDown", "below", now_and_then, PAGE, why="one run in ten succeeds")
    hangs = _both(_hangs, _hangs)(Stage(120))
    yield Case("TargetDown", "fires", hangs, PAGE, (26, 85), why="runs overrun")
    elsewhere: tuple[Outcome, ...] = ("rejected", "throttled", "internal")
    for outcome in elsewhere:
        stage = _both(always(outcome), always(outcome))(Stage(120))
        yield Case("TargetDown", "below", stage, PAGE, why=f"everything is {outcome}")
    ended = Stage(60)
    ended.surface(always("fail")).surface(always("ok"), of=HEALTH)
    for values in ended.series.values():
        values[61:] = [None] * 60
    yield Case("TargetDown", "absent", ended, PAGE, why="the exporter went while a surface failed")

    labels = {**TICKET, **LIST}
    failing: Play = lambda stage: stage.surface(within("fail"))  # noqa: E731
    four_of_five: Play = lambda stage: stage.surface(  # noqa: E731
        lambda second: "ok" if second // 30 % 5 == 0 else "fail"
    )
    yield from cases("SurfaceFailing", labels, (28, 80), (failing, four_of_five, gone))
    for outcome in elsewhere[1:]:
        stage = Stage(120).surface(always(outcome))
        yield Case("SurfaceFailing", "below", stage, labels, why=f"everything is {outcome}")

    slow: Play = lambda stage: stage.surface(within("slow"))  # noqa: E731
    third: Play = lambda stage: stage.surface(every(3, "slow"))  # noqa: E731
    yield from cases("SurfaceSlow", labels, (33, 87), (slow, third, gone))


def refreshes(outcome: Callable[[int], Outcome], login: Outcome = "ok") -> Play:
    """Tokens of a minute: each is refreshed, and got by login where that fails."""

    def play(stage: Stage) -> Stage:
        return stage.surface(outcome, 60, of=REFRESH).surface(always(login), 60, of=LOGIN)

    return play


def tokens() -> Iterator[Case]:
    name = "AuthenticationFailing"
    valid = "oran_mano_token_valid"
    bad, short = state(valid, LAB, bad=0), state(valid, LAB, bad=0, last=24)
    yield from cases(name, PAGE, (25, 79), (bad, short, nothing))
    rejected: Play = lambda stage: stage.surface(within("rejected"))  # noqa: E731
    failed: Play = lambda stage: stage.surface(always("fail"))  # noqa: E731
    surface = {**PAGE, **LIST}
    yield from cases("SurfaceUnauthorized", surface, (27, 80), (rejected, failed, nothing))

    refused, once = refreshes(within("rejected")), refreshes(within("rejected", 20, 21))
    yield Case("SurfaceUnauthorized", "below", refused(Stage(120)), surface, why="refreshes alone")

    part = {**TICKET, **REFRESH}
    yield from cases("TokenRefreshRefused", part, (27, 80), (refused, once, nothing))
    shut = refreshes(within("rejected"), "rejected")(Stage(120))
    yield Case("TokenRefreshRefused", "below", shut, part, why="logins are refused too")
    broken = refreshes(within("fail"))(Stage(120))
    yield Case("TokenRefreshRefused", "below", broken, part, why="they fail otherwise")

    overdue = "oran_mano_token_renewal_overdue"
    late, just = state(overdue, LAB, bad=1), state(overdue, LAB, bad=1, last=21)
    yield from cases("TokenNotRenewed", TICKET, (21, 79), (late, just, nothing))
    stepped = Stage(120).gauge(overdue, lambda _: 0, LAB)
    stepped.gauge("oran_mano_token_expiry_timestamp_seconds", until(20, 3600, -3600), LAB)
    yield Case("TokenNotRenewed", "below", stepped, TICKET, why="the clock was set forward")


def dates() -> Iterator[Case]:
    name = "oran_mano_tls_certificate_expiry_timestamp_seconds"
    steps = ((21 * DAY, TICKET), (7 * DAY, PAGE))
    yield from _nearing("CertificateExpiring", name, steps)
    over = _date(name, PART, 0, 90 * DAY)(Stage(120))
    yield Case("CertificateExpiring", "below", over, TICKET, why="it has expired")
    both = _date(name, {**LAB, "component": "auth"}, 0, 0)(
        _date(name, PART, 5 * DAY, 90 * DAY)(Stage(120))
    )
    why = "one has expired, another will"
    yield Case("CertificateExpiring", "fires", both, PAGE, (15, 79), why)
    histories = (_date(name, PART, 1200, 90 * DAY), _date(name, PART, 7300, 7300), nothing)
    yield from cases("CertificateExpired", PAGE, (21, 79), histories)

    name = "oran_mano_api_deprecation_timestamp_seconds"
    histories = (_date(name, PART, 1200, 90 * DAY), _date(name, PART, 7300, 7300), nothing)
    yield from cases("ApiDeprecated", {**LAB, "severity": "info"}, (35, 79), histories)

    name = "oran_mano_api_sunset_timestamp_seconds"
    yield from _nearing("ApiSunsetNear", name, ((90 * DAY, TICKET), (30 * DAY, PAGE)))

    def problem(reason: str) -> Play:
        return state("oran_mano_api_lifecycle_problem", {**PART, "reason": reason}, bad=1)

    histories = (problem("notice_below_policy"), problem("unparseable"), nothing)
    yield from cases("ApiNoticeBelowPolicy", TICKET, (35, 79), histories)


def _nearing(
    alert: str, name: str, steps: tuple[tuple[int, dict[str, str]], ...]
) -> Iterator[Case]:
    """A date that from minute 20 on is nearer than each of the steps; each is told by itself."""
    for step, labels in steps:
        near, far = step + 1200, step + 7300
        histories = (_date(name, PART, near, 300 * DAY), _date(name, PART, far, far), nothing)
        yield from cases(alert, labels, (35, 79), histories)
        several = Stage(120)
        for component in ("auth", "monitoring", "orchestrator", "vnf-operator"):
            _date(name, {**LAB, "component": component}, near, 300 * DAY)(several)
        yield Case(alert, "fires", several, labels, (35, 79), "one alert for all components")


def limits() -> Iterator[Case]:
    name = "oran_mano_rate_limit_throttled_responses_total"
    labels = {**LAB, "rate_class": "standard", "credential": "account"}
    many: Play = lambda stage: stage.counter(  # noqa: E731
        name, lambda at: 2 if 20 <= at < 80 else 0, labels
    )
    one: Play = lambda stage: stage.counter(name, lambda at: 2 if at == 20 else 0, labels)  # noqa: E731
    expected = {**TICKET, "rate_class": "standard"}
    yield from cases("RateClassThrottled", expected, (26, 93), (many, one, nothing))

    def unknown(stage: Stage) -> Stage:
        return many(stage.surface(within("throttled", 0, 80)))

    mostly: Play = lambda stage: many(stage.surface(every(4, "ok", otherwise="throttled")))  # noqa: E731
    skipped: Play = lambda stage: stage.surface(always("budget"))  # noqa: E731
    yield from cases("TargetThrottled", PAGE, (37, 88), (unknown, mostly, skipped))


CASES: Final = [*surfaces(), *afterwards(), *tokens(), *dates(), *limits()]
