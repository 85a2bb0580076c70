"""Numbers, dates and structured fields: what they are made of, and that nothing raises."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from exporter.protocol.fields import (
    decimal,
    http_date,
    iso_date,
    lines,
    structured_dictionary,
    structured_item,
    structured_list,
)

MOMENTS = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001  # the strategy wants them so
    datetime(9999, 12, 31, 23, 59, 59),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
DATE_LIKE = st.text("0123456789 -:TtZz+.,@GMTSunNov\u0661\u017f\udc80")


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


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "sun, 06 nov 1994 08:49:37 gmt",
    ],
)
def test_the_dates_of_http(text: str) -> None:
    """RFC 9110, section 5.6.7, has these three."""
    assert http_date(text) == 784111777


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-12-31T23:59:59Z", 1767225599),
        ("2025-12-31t23:59:59z", 1767225599),
        ("2025-12-31 23:59:59", 1767225599),
        ("2025-12-31T23:59:59.999Z", 1767225599),
        ("2026-01-01T01:59:59+02:00", 1767225599),
        ("2025-12-31T18:29:59-0530", 1767225599),
        ("2026-01-01T01:59:59+02", 1767225599),
        ("2026-01-01T23:58:59+23:59", 1767225599),
        ("2025-12-31", 1767139200),
        ("2025-12-31T23:59Z", 1767225540),
        ("2025-12-31T23:59:60Z", 1767225600),
        ("1970-01-01", 0),
        ("9999-12-31T23:59:59Z", 253402300799),
    ],
)
def test_the_dates_of_the_guide(text: str, at: float) -> None:
    assert iso_date(text) == at


def test_a_leap_second_is_the_one_after() -> None:
    assert http_date("Sat, 31 Dec 2016 23:59:60 GMT") == 1483228800


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "0",
        "9999999999999",
        "0000-01-01T00:00:00Z",
        "1969-12-31",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:60Z",
        "9999-12-31T23:59:59-00:01",
        "2025-13-01",
        "2025-02-29",
        "2025-12-31T24:00:00Z",
        "2025-12-31T23:59:61Z",
        "2025-12-31T23:59:59 CEST",
        "2025-12-31T23:59:59+99:99",
        "2025-12-31T23:59:59+24:00",
        "2025-12-31T23:59:59+00:60",
        "2025-12-31T23:59:59+2",
        "2025-12-31T23:59:59+02:",
        "2025-W01-1",
        "20251231T235959Z",
        " 2025-12-31",
        "2025-12-31\n",
        "\u0662025-12-31",
        "31/12/2025",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CEST",
        "Sun, 06 Nov 1994 08:49:37 +0200",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 \u017fep 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun Nov  0 08:49:37 1994",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert http_date(text) is None
    assert iso_date(text) is None


@given(MOMENTS)
def test_every_date_is_read_as_it_was_written(moment: datetime) -> None:
    at = moment.timestamp()
    assert iso_date(moment.isoformat()) == at
    assert http_date(format_datetime(moment, usegmt=True)) == at
    assert http_date(f"{moment:%a %b} {moment.day:2} {moment:%H:%M:%S} {moment.year:04}") == at


@given(st.text() | DATE_LIKE)
def test_no_text_raises(text: str) -> None:
    for read in (iso_date, http_date):
        at = read(text)
        assert at is None or 0 <= at < 253402300800
    decimal(text)
    structured_item(text)
    structured_list(text)
    structured_dictionary(text)


def test_structured_fields() -> None:
    assert structured_list('"a";r=1, 7;w=60') == [("a", {"r": 1}), (7, {"w": 60})]
    assert structured_list('"a", (1 2)') == [("a", {})]
    assert structured_dictionary("a=1, b;x") == {"a": (1, {}), "b": (True, {"x": True})}
    assert structured_item("@1688169599") == datetime(2023, 6, 30, 23, 59, 59, tzinfo=UTC)
    assert structured_item('"a"; b=2') == "a"


@pytest.mark.parametrize(
    "text", ["", "a,", '"a', "\u00fc", "\udc80", "@99999999999999", "a" * 9000]
)
def test_what_is_no_structured_field(text: str) -> None:
    assert structured_list(text) == []
    assert structured_dictionary(text) == {}
    assert structured_item(text) is None


def test_a_field_may_stand_on_several_lines() -> None:
    headers = CIMultiDictProxy(CIMultiDict([("Link", "<a>"), ("X", "1"), ("link", "<b>")]))
    assert lines(headers, "Link") == "<a>, <b>"
    assert lines({"Link": "<a>"}, "Link") == "<a>"
    assert lines(headers, "RateLimit") is None
