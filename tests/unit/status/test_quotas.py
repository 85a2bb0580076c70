"""Quotas and certificates: what the newest answer told, and for how long that holds."""

from exporter.model.headers import RateLimit
from exporter.model.observation import Key
from exporter.status.snapshot import QuotaNow
from tests.unit.status.factories import HEALTH, LOGIN, NOW, Bench, call, job, plan, run


def quota(bench: Bench, rate_class: str = "monitoring") -> QuotaNow:
    return next(now for now in bench.latest.snapshot().quotas if now.key.rate_class == rate_class)


def limits(bench: Bench) -> tuple[float | None, ...]:
    labels = {"target": "lab", "rate_class": "monitoring", "credential": "anonymous"}
    names = (
        "limit_requests",
        "remaining_requests",
        "reset_timestamp_seconds",
        "last_sample_timestamp_seconds",
    )
    return tuple(bench.value(f"oran_mano_rate_limit_{name}", None, **labels) for name in names)


def test_the_newest_answer_tells_the_quota() -> None:
    bench = Bench()
    bench.take(call(at=NOW + 2, rate_limit=RateLimit(60, 7, NOW + 50)))
    bench.take(call(at=NOW + 1, rate_limit=RateLimit(60, 8, NOW + 50)))
    assert limits(bench) == (60, 7, NOW + 50, NOW + 2)
    assert quota(bench).remaining == 7


def test_values_of_two_answers_are_never_mixed() -> None:
    bench = Bench()
    bench.take(call(rate_limit=RateLimit(60, 7, NOW + 50)))
    bench.take(call(at=NOW + 1, rate_limit=RateLimit(None, 59, None)))
    assert limits(bench) == (None, 59, None, NOW + 1)


def test_an_answer_without_headers_says_nothing_of_the_quota() -> None:
    bench = Bench()
    bench.take(call(rate_limit=RateLimit(60, 0, NOW + 50)))
    bench.take(call(at=NOW + 1, status=502))
    bench.take(call(at=NOW + 2, rate_limit=RateLimit(None, None, None)))
    assert limits(bench) == (60, 0, NOW + 50, NOW)


def test_nothing_is_told_of_a_quota_before_headers_were_seen() -> None:
    bench = Bench()
    bench.take(call())
    assert limits(bench) == (None, None, None, None)
    assert quota(bench).documented == 5000


def test_a_quota_that_the_server_no_longer_tells_vanishes() -> None:
    bench = Bench(plan(job(HEALTH), job(Key("lab", "monitoring", "monitoring.x"), interval=60)))
    bench.take(call(rate_limit=RateLimit(60, 3, NOW + 50)))
    bench.clock.now = NOW + 179
    assert limits(bench) == (60, 3, NOW + 50, NOW)
    bench.clock.now = NOW + 180
    assert limits(bench) == (None, None, None, None)


def test_a_quota_holds_until_its_reset() -> None:
    bench = Bench()
    bench.take(call(status=429, rate_limit=RateLimit(60, 0, NOW + 3600)))
    bench.clock.now = NOW + 3599
    assert limits(bench) == (60, 0, NOW + 3600, NOW)
    bench.clock.now = NOW + 3600
    assert limits(bench) == (None, None, None, None)


def test_a_quota_that_no_schedule_uses_holds() -> None:
    bench = Bench(plan(job(LOGIN)))
    bench.take(call(LOGIN, rate_limit=RateLimit(60, 59, NOW + 60)))
    bench.clock.now = NOW + 86400
    assert quota(bench, "standard").remaining == 59


def test_a_quota_that_was_not_planned_is_shown_as_well() -> None:
    bench = Bench()
    given_headers = RateLimit(100, 99, None)
    bench.take(call(rate_class="deployment", credential="account", rate_limit=given_headers))
    now = quota(bench, "deployment")
    assert (now.documented, now.limit, now.remaining) == (100, 100, 99)


def test_quotas_survive_a_reload_but_not_a_move_to_another_server() -> None:
    bench = Bench()
    answer = call(rate_limit=RateLimit(60, 7, NOW + 50), certificate_expiry=NOW + 100)
    bench.take(answer, run())
    bench.apply(plan(job(HEALTH, interval=5)))
    assert quota(bench).remaining == 7
    assert [c.expiry for c in bench.latest.snapshot().certificates] == [NOW + 100]
    bench.apply(plan(job(HEALTH, interval=5), url="http://elsewhere.example/v1"))
    assert quota(bench).remaining is None
    assert bench.latest.snapshot().certificates == ()
    assert bench.probe("success") is None
    assert bench.probe("runs_total") == 1


def test_the_newest_certificate_counts() -> None:
    bench = Bench()
    bench.take(call(at=NOW + 1, certificate_expiry=NOW + 200))
    bench.take(call(at=NOW, certificate_expiry=NOW + 100), call(at=NOW + 2))
    name = "oran_mano_tls_certificate_expiry_timestamp_seconds"
    labels = {"target": "lab", "component": "monitoring"}
    assert bench.value(name, None, **labels) == NOW + 200
