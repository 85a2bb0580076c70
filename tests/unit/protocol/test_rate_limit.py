"""Every dialect in which a quota is told, and which of several counts."""

from collections.abc import Mapping
from email.utils import formatdate
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from exporter.model.headers import RateLimit
from exporter.protocol.rate_limit import LONGEST_WAIT, rate_limit, retry_after
from exporter.simulator.headers import limit_headers
from exporter.simulator.knobs import Knobs
from exporter.simulator.limits import Quota

NOW = 1_800_000_000.0
GUIDE = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
OLDER = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
NAMES = (
    *GUIDE,
    *OLDER,
    *("RateLimit", "RateLimit-Policy", "Date", "Retry-After", "X-RateLimit-Retry-After"),
)
VALUES = (
    st.text()
    | st.text("0123456789 +-_.,eE\u0661\u00b2\udc80")
    | st.text('0123456789"rtqw;=, ()?@:')
    | st.integers().map(str)
    | st.sampled_from(['"a";r=1;t=2', '"a";q=9;w=60', "limit=1, remaining=2", "100, 100;w=60"])
)
COUNTS = st.integers(0, 10**15 - 1)
DELTAS = st.integers(0, 10**8 - 1)


def told(names: tuple[str, str, str], *values: object) -> Mapping[str, str]:
    return dict(zip(names, map(str, values), strict=True))


def read(headers: Mapping[str, str]) -> RateLimit | None:
    return rate_limit(headers, NOW)


def test_the_three_headers_of_the_guide() -> None:
    assert read(told(GUIDE, 1000, 0, 1_790_000_000)) == RateLimit(1000, 0, 1_790_000_000.0)


def test_names_are_looked_up_in_any_case() -> None:
    headers = CIMultiDict({"x-ratelimit-remaining": "7"})
    assert read(headers) == RateLimit(limit=None, remaining=7, reset=None)


def test_a_malformed_one_does_not_hide_the_others() -> None:
    assert read(told(GUIDE, 1000, "many", "soon")) == RateLimit(1000, None, None)


def test_nothing_usable_is_nothing() -> None:
    assert read({}) is None
    assert read({"Content-Type": "application/json"}) is None
    assert read(told(GUIDE, "", "-1", "1,2")) is None
    assert read({"RateLimit": "", "RateLimit-Policy": "a"}) is None


@pytest.mark.parametrize("names", [GUIDE, OLDER])
@pytest.mark.parametrize(
    ("value", "reset"),
    [
        (0, NOW),
        (30, NOW + 30),
        (10**8 - 1, NOW + 10**8 - 1),
        (10**8, 10.0**8),
        (1_800_000_030, NOW + 30),
        (10**11 - 1, 10.0**11 - 1),
        (10**11, 10.0**8),
        (1_800_000_030_500, NOW + 30.5),
        (10**14 - 1, (10**14 - 1) / 1000),
        (10**14, None),
        (10**15, None),
    ],
)
def test_the_size_of_a_reset_tells_its_unit(
    names: tuple[str, str, str], value: int, reset: float | None
) -> None:
    assert read(told(names, 100, 50, value)) == RateLimit(100, 50, reset)


@pytest.mark.parametrize("skew", [-3600, 3600])
def test_a_reset_by_a_wrong_clock_is_moved_to_ours(skew: float) -> None:
    there = NOW + skew
    date = {"Date": formatdate(there, usegmt=True)}
    for value in (there + 30, 1000 * (there + 30), 30):
        assert read({**told(GUIDE, 100, 50, int(value)), **date}) == RateLimit(100, 50, NOW + 30)


@pytest.mark.parametrize("date", [formatdate(NOW - 5, usegmt=True), "soon", "", "0"])
def test_a_clock_that_is_hardly_off_or_unknown_changes_nothing(date: str) -> None:
    headers = {**told(GUIDE, 100, 50, int(NOW) + 30), "Date": date}
    assert read(headers) == RateLimit(100, 50, NOW + 30)


@pytest.mark.parametrize("names", [GUIDE, OLDER])
@pytest.mark.parametrize(
    ("limit", "number"),
    [
        ("100", 100),
        ("100, 100;w=60", 100),
        ('10, 10;w=1, 100;w=60;x="a"', 10),
        ("1,000", None),
        ("a", None),
        ("", None),
    ],
)
def test_a_limit_may_have_policies_behind_it(
    names: tuple[str, str, str], limit: str, number: int | None
) -> None:
    """The older draft has them, and gateways wrote them into the other header too."""
    assert read(told(names, limit, 50, 30)) == RateLimit(number, 50, NOW + 30)


@pytest.mark.parametrize(
    ("state", "policy", "quota"),
    [
        ('"default";r=50;t=30', '"default";q=100;w=60', RateLimit(100, 50, NOW + 30)),
        ("default;r=50;t=30", "default;q=100;w=60", RateLimit(100, 50, NOW + 30)),
        ('"default";r=50', None, RateLimit(None, 50, None)),
        ('"default";r=0;t=0', '"other";q=100', RateLimit(100, 0, NOW)),
        ('"a";r=5;t=30', '"b";q=1, "c";q=2', RateLimit(None, 5, NOW + 30)),
        (None, '"default";q=100;w=60', RateLimit(100, None, None)),
        (None, '"a";q=10;w=1, "b";q=100;w=60', None),
        ('"a";t=30', '"a";q=100', RateLimit(100, None, None)),
        ('"a";r=-1', None, None),
        ('"a";r=1.5', None, None),
        ('"a";r', None, None),
        ('"a";r=5;t=30,', '"a";q=9', RateLimit(9, None, None)),
        ("limit=100, remaining=50, reset=30", "100;w=60", RateLimit(100, 50, NOW + 30)),
        ("remaining=50", None, RateLimit(None, 50, None)),
        ("limit=?1, remaining=x", None, None),
        (None, "100;w=60", RateLimit(100, None, None)),
        ('"a";r=5', '"a";q=9;qu="requests"', RateLimit(9, 5, None)),
        ('"a";r=5', '"a";q=9;qu="content-bytes"', None),
        ('"a";r=5', '"a";q=9;qu=concurrent-requests', None),
        ('"a";r=5', '"b";q=9;qu="content-bytes", "c";q=7', RateLimit(7, 5, None)),
        (None, '"b";q=9;qu="content-bytes", "c";q=7', RateLimit(7, None, None)),
    ],
)
def test_the_structured_fields(state: str | None, policy: str | None, quota: RateLimit) -> None:
    headers = {"RateLimit": state, "RateLimit-Policy": policy}
    assert read({name: text for name, text in headers.items() if text is not None}) == quota


def test_of_several_quotas_the_one_with_the_least_remaining_counts() -> None:
    policy = {"RateLimit-Policy": '"second";q=10;w=1, "hour";q=1000;w=3600, "day";q=9000;w=86400'}
    state = {"RateLimit": '"second";r=9;t=1, "hour";r=3;t=600, "day";r=8000;t=5'}
    assert read({**state, **policy}) == RateLimit(1000, 3, NOW + 600)
    equal = {"RateLimit": '"second";r=0;t=1, "day";r=0;t=500, "hour";r=0;t=60'}
    assert read({**equal, **policy}) == RateLimit(9000, 0, NOW + 500)


def test_a_quota_of_something_else_than_requests_is_left_out() -> None:
    state = {"RateLimit": '"bytes";r=5;t=30, "req";r=90;t=3'}
    policy = {"RateLimit-Policy": '"bytes";q=1000;qu="content-bytes", "req";q=100'}
    assert read({**state, **policy}) == RateLimit(100, 90, NOW + 3)


def test_one_field_on_several_lines_is_one_list() -> None:
    headers = CIMultiDict([("RateLimit", '"a";r=5;t=1'), ("RateLimit", '"b";r=4;t=2')])
    assert read(headers) == RateLimit(None, 4, NOW + 2)


def test_the_order_of_precedence() -> None:
    guide, older = told(GUIDE, 1, 1, 1), told(OLDER, 3, 3, 3)
    ietf = {"RateLimit": '"a";r=2;t=2', "RateLimit-Policy": '"a";q=2'}
    assert read({**older, **ietf, **guide}) == RateLimit(1, 1, NOW + 1)
    assert read({**older, **ietf}) == RateLimit(2, 2, NOW + 2)
    assert read(older) == RateLimit(3, 3, NOW + 3)


def test_who_tells_what_remains_goes_before_who_does_not_and_they_are_never_mixed() -> None:
    only_limit = {"X-RateLimit-Limit": "1"}
    assert read({**only_limit, **told(OLDER, 3, 3, 3)}) == RateLimit(3, 3, NOW + 3)
    assert read({**only_limit, "RateLimit-Reset": "3"}) == RateLimit(1, None, None)


@given(COUNTS, COUNTS, DELTAS)
def test_every_dialect_is_read_as_it_was_written(limit: int, remaining: int, left: int) -> None:
    quota = RateLimit(limit, remaining, NOW + left)
    at = int(NOW) + left
    ietf = {
        "RateLimit": f'"a";r={remaining};t={left}',
        "RateLimit-Policy": f'"a";q={limit};w=60',
    }
    for headers in (
        told(GUIDE, limit, remaining, at),
        told(GUIDE, limit, remaining, left),
        told(GUIDE, limit, remaining, at * 1000),
        told(OLDER, limit, remaining, left),
        told(OLDER, f"{limit}, {limit};w=60", remaining, left),
        ietf,
        {"RateLimit": f"limit={limit}, remaining={remaining}, reset={left}"},
    ):
        assert read(headers) == quota


@pytest.mark.parametrize(
    ("dialect", "left"),
    [
        ("guide", 30.5),
        ("http_date", 30.5),
        ("delta", 31),
        ("milliseconds", 30.5),
        ("ietf", 31),
        ("ietf_old", 31),
    ],
)
def test_what_the_simulator_sends(
    dialect: Literal["guide", "http_date", "delta", "milliseconds", "ietf", "ietf_old"],
    left: float,
) -> None:
    now = NOW - 0.5  # whole seconds from a moment between two: deltas are up to one off
    quota = Quota("standard", False, 1000, 0, int(NOW) + 30, 31, 60, int(NOW) - 30)  # noqa: FBT003
    headers = limit_headers(Knobs(limit_headers=dialect), quota, now)
    assert rate_limit(headers, now) == RateLimit(1000, 0, now + left)
    wait = retry_after(headers, now)
    assert wait == pytest.approx(31, abs=1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "0"}, 0),
        ({"X-RateLimit-Retry-After": "7"}, 7),
        ({"Retry-After": "30", "X-RateLimit-Retry-After": "7"}, 30),
        ({"Retry-After": "3", "X-RateLimit-Retry-After": "7"}, 7),
        ({"Retry-After": "soon", "X-RateLimit-Retry-After": "7"}, 7),
        ({"Retry-After": "7", "X-RateLimit-Retry-After": "-1"}, 7),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "999999999"}, LONGEST_WAIT),
        ({"Retry-After": formatdate(NOW + 30, usegmt=True)}, 30),
        ({"Retry-After": formatdate(NOW - 30, usegmt=True)}, 0),
        ({"Retry-After": formatdate(NOW + 10**8, usegmt=True)}, LONGEST_WAIT),
        ({"Retry-After": "Sun, 06 Nov 9999 08:49:37 CEST"}, None),
    ],
)
def test_when_to_come_back(headers: Mapping[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize("name", ["Retry-After", "X-RateLimit-Retry-After"])
def test_of_several_lines_the_longest_wait_counts(name: str) -> None:
    assert retry_after(CIMultiDict([(name, "5"), (name, "120"), (name, "soon")]), NOW) == 120
    assert retry_after({name: "5, 120, soon"}, NOW) == 120  # as a gateway joins them


@pytest.mark.parametrize("skew", [-3600, 0, 3600])
def test_a_date_to_come_back_counts_by_the_clock_of_who_sent_it(skew: float) -> None:
    there = NOW + skew
    headers = {
        "Retry-After": formatdate(there + 30, usegmt=True),
        "Date": formatdate(there, usegmt=True),
    }
    assert retry_after(headers, NOW) == 30


@given(st.integers(0, int(LONGEST_WAIT)))
def test_every_wait_is_read_as_it_was_written(seconds: int) -> None:
    for name in ("Retry-After", "X-RateLimit-Retry-After"):
        assert retry_after({name: str(seconds)}, NOW) == seconds
    assert retry_after({"Retry-After": formatdate(NOW + seconds, usegmt=True)}, NOW) == seconds


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_no_header_raises_and_nothing_negative_comes_out(headers: dict[str, str]) -> None:
    quota = rate_limit(headers, NOW)
    if quota is not None:
        values = [quota.limit, quota.remaining, quota.reset]
        assert any(value is not None for value in values)
        assert all(value is None or 0 <= value < 10**15 for value in values)
    wait = retry_after(headers, NOW)
    assert wait is None or 0 <= wait <= LONGEST_WAIT
