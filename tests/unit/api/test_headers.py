from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from exporter.api.headers import decimal, rate_limit
from exporter.observation import RateLimit

NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
VALUES = st.text() | st.text("0123456789 +-_.,eE\u0661\u00b2\udc80") | st.integers().map(str)


def quota(limit: str, remaining: str, reset: str) -> Mapping[str, str]:
    return dict(zip(NAMES, (limit, remaining, reset), strict=True))


def test_the_three_headers_of_the_guide() -> None:
    headers = quota("1000", "0", "1790000000")
    assert rate_limit(headers) == RateLimit(limit=1000, remaining=0, reset=1_790_000_000.0)


def test_names_are_looked_up_in_any_case() -> None:
    headers = CIMultiDict({"x-ratelimit-remaining": "7"})
    assert rate_limit(headers) == RateLimit(limit=None, remaining=7, reset=None)


def test_a_malformed_one_does_not_hide_the_others() -> None:
    assert rate_limit(quota("1000", "many", "soon")) == RateLimit(1000, None, None)


def test_nothing_usable_is_nothing() -> None:
    assert rate_limit({}) is None
    assert rate_limit({"Content-Type": "application/json"}) is None
    assert rate_limit(quota("", "-1", "1,2")) is None


def test_what_is_no_decimal() -> None:
    for text in (
        None, "", " ", "-1", "+1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "1_000", "1,000",
        "7, 7", "nan", "inf", "\u0661", "\u00b2", "\uff11", "1\udcff", "9" * 16, "9" * 10_000,
    ):  # fmt: skip
        assert decimal(text) is None, text


def test_what_is_a_decimal() -> None:
    assert decimal("0") == 0
    assert decimal("007") == 7
    assert decimal("9" * 15) == 10**15 - 1


@given(st.integers(0, 10**15 - 1))
def test_every_number_is_read_as_it_was_written(number: int) -> None:
    assert decimal(str(number)) == number
    read = rate_limit(quota(str(number), str(number), str(number)))
    assert read == RateLimit(number, number, float(number))
    assert read is not None
    assert read.reset == number  # nothing was rounded away


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(), VALUES))
def test_no_header_raises_and_nothing_negative_comes_out(headers: dict[str, str]) -> None:
    read = rate_limit(headers)
    if read is not None:
        values = [read.limit, read.remaining, read.reset]
        assert any(value is not None for value in values)
        assert all(value is None or 0 <= value < 10**15 for value in values)
