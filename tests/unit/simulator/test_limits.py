from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.simulator.knobs import Knobs, Limit
from exporter.simulator.limits import Background, Limiter, Quota, window_start
from tests.unit.simulator.support import START, Api

Model = Literal["fixed", "sliding", "per_replica"]


def knobs(requests: int = 3, window: int = 60, model: Model = "fixed") -> Knobs:
    return Knobs(limits={"standard": Limit(requests=requests, window=window)}, limit_model=model)


def limiter(per_minute: float = 0.0, since: float = START) -> Limiter:
    background = Background()
    background.follow({"standard": per_minute}, since)
    return Limiter(background)


def take(counter: Limiter, after: float, wanted: Knobs | None = None, owner: str = "demo") -> Quota:
    return counter.take(owner, "standard", START + after, wanted or knobs())


@pytest.mark.parametrize(
    ("rate_class", "limit"), [("standard", 1000), ("deployment", 100), ("monitoring", 5000)]
)
def test_the_guides_classes(
    rate_class: Literal["standard", "deployment", "monitoring"], limit: int
) -> None:
    quota = limiter().take("demo", rate_class, START, Knobs())
    assert (quota.limit, quota.remaining, quota.window) == (limit, limit - 1, 60)


# Seconds after the start of a window: admitted, remaining, seconds to the reset, told to wait.
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ([0.0], (True, 2, 60, 60)),
        ([0.0, 0.5, 59.9], (True, 0, 1, 1)),
        ([0.0, 1.0, 2.0, 3.25], (False, 0, 57, 57)),
        ([0.0, 1.0, 2.0, 3.0, 59.999], (False, 0, 1, 1)),
        ([0.0, 1.0, 2.0, 3.0, 60.0], (True, 2, 60, 60)),
        ([0.0, 1.0, 130.0], (True, 2, 50, 50)),
    ],
)
def test_a_window(at: list[float], expected: tuple[bool, int, int, int]) -> None:
    counter = limiter()
    quota = [take(counter, after) for after in at][-1]
    left = quota.reset - int(START + at[-1])
    assert (quota.admitted, quota.remaining, left, quota.retry_after) == expected


def test_whoever_waits_for_the_reset_is_admitted_and_not_a_moment_sooner() -> None:
    counter = limiter()
    refused = [take(counter, 0.25) for _ in range(4)][-1]
    assert not refused.admitted
    assert not counter.take("demo", "standard", refused.reset - 0.001, knobs()).admitted
    assert counter.take("demo", "standard", float(refused.reset), knobs()).remaining == 2


def test_a_refused_request_costs_nothing() -> None:
    counter = limiter()
    for _ in range(9):
        take(counter, 0)
    assert take(counter, 0, knobs(10)).remaining == 10 - 3 - 1


def test_owners_and_classes_have_quotas_of_their_own() -> None:
    counter = limiter()
    for _ in range(3):
        take(counter, 0)
    assert not take(counter, 0).admitted
    assert take(counter, 0, owner="127.0.0.1").admitted
    assert counter.take("demo", "monitoring", START, knobs()).admitted


def test_anonymous_clients_share_a_quota_with_their_address_only() -> None:
    api = Api(limits={"monitoring": {"requests": 2}})
    statuses = [
        api.ask("GET", "/monitoring/health", address=address).status
        for address in ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2", "::1", "10.0.0.2")
    ]
    assert statuses == [200, 200, 429, 200, 200, 200]


def test_a_global_quota_is_everybodys() -> None:
    counter = limiter()
    shared = Knobs(limits={"standard": Limit(requests=2)}, limit_scope="global")
    assert [take(counter, 0, shared, owner).admitted for owner in "abc"] == [True, True, False]


@pytest.mark.parametrize(
    ("after", "others"), [(0.0, 0), (0.19, 0), (0.2, 1), (10.0, 50), (30.0, 150), (59.999, 299)]
)
def test_background_takes_just_its_rate(after: float, others: int) -> None:
    quota = take(limiter(per_minute=300), after, knobs(1000))
    assert quota.remaining == 1000 - 1 - others


def test_background_begins_when_it_begins_and_stays_taken() -> None:
    background = Background()
    counter = Limiter(background)
    wide = knobs(1000)
    background.follow({"standard": 600}, START + 10)
    assert take(counter, 5, wide).remaining == 999
    assert take(counter, 20, wide).remaining == 998 - 100
    background.follow({}, START + 20)
    assert take(counter, 50, wide).remaining == 997 - 100
    assert take(counter, 60, wide).remaining == 999


def test_background_exhausts_a_quota_for_all() -> None:
    counter = limiter(per_minute=1200)
    wide = knobs(1000)
    assert take(counter, 49.9, wide).admitted
    spent = take(counter, 50, wide)
    assert (spent.admitted, spent.remaining, spent.retry_after) == (False, 0, 10)


def test_a_sliding_quota_refills_steadily() -> None:
    counter = limiter()
    sliding = knobs(60, model="sliding")
    told = [take(counter, 0, sliding) for _ in range(61)]
    assert told[59].remaining == 0
    assert told[59].reset == START + 60
    assert (told[60].admitted, told[60].retry_after) == (False, 1)
    assert take(counter, 1, sliding).admitted
    assert take(counter, 31, sliding).remaining == 29


def test_background_drains_a_sliding_quota() -> None:
    assert take(limiter(per_minute=120), 0, knobs(60, model="sliding")).remaining == 59
    counter = limiter(per_minute=120)
    take(counter, 0, knobs(60, model="sliding"))
    assert take(counter, 10, knobs(60, model="sliding")).remaining == 48


def test_replicas_know_nothing_of_each_other() -> None:
    counter = limiter()
    told = [take(counter, 0, knobs(3, model="per_replica")).remaining for _ in range(6)]
    assert told == [2, 2, 1, 1, 0, 0]


@settings(deadline=None)
@given(
    steps=st.lists(st.floats(0, 25, allow_nan=False), max_size=60),
    requests=st.integers(0, 20),
    window=st.integers(1, 90),
    per_minute=st.floats(0, 60, allow_nan=False),
)
def test_windows(steps: list[float], requests: int, window: int, per_minute: float) -> None:
    counter = limiter(per_minute)
    wanted = knobs(requests, window)
    now, used, last = START, 0, 0
    for step in steps:
        now += step
        quota = counter.take("demo", "standard", now, wanted)
        start = window_start(now, window)
        used = used if start == last else 0
        last = start
        others = round(per_minute / 60 * max(0.0, now - max(start, START)), 6)
        assert quota.reset == start + window
        assert 0 < quota.reset - now <= window
        assert 0 <= quota.retry_after - (quota.reset - now) < 1 or quota.retry_after == 1
        assert quota.admitted == (used + int(others + 1e-6) < requests)
        used += quota.admitted
        assert quota.remaining == max(0, requests - used - int(others + 1e-6))
