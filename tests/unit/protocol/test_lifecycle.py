"""Version, deprecation and sunset, in the guide's headers and in the standard ones."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from exporter.model.headers import Lifecycle
from exporter.protocol.lifecycle import lifecycle
from exporter.simulator.headers import lifecycle_headers
from exporter.simulator.knobs import Knobs

AT = 1767225599.0
ISO = "2025-12-31T23:59:59Z"
HTTP = "Wed, 31 Dec 2025 23:59:59 GMT"
NAMES = (
    *("API-Version", "API-Deprecation-Date", "API-Sunset-Date"),
    *("Deprecation", "Sunset", "Link"),
)
VALUES = st.text() | st.text('<>;=",rel sunset@0123456789-:TZ\udc80') | st.sampled_from([ISO, HTTP])


def test_the_three_headers_of_the_guide() -> None:
    headers = {"API-Version": "1.0.0", "API-Deprecation-Date": ISO, "API-Sunset-Date": ISO}
    assert lifecycle(headers) == Lifecycle("1.0.0", AT, AT)
    assert lifecycle(CIMultiDict({name.lower(): v for name, v in headers.items()})) is not None


def test_without_any_of_them_nothing_is_known() -> None:
    assert lifecycle({}) is None
    assert lifecycle({"Content-Type": "application/json", "Link": '</?p=2>; rel="next"'}) is None
    assert lifecycle(dict.fromkeys(NAMES, "")) is None


@pytest.mark.parametrize("text", ["1", "0", "1.0", "1.0.0", "10.20.30", "2026.11.23"])
def test_versions(text: str) -> None:
    assert lifecycle({"API-Version": text}) == Lifecycle(text)


@pytest.mark.parametrize(
    "text", ["v1", "1.", ".1", "1.0.0.0", "1.0.0-rc1", "1,0", " 1", "\u0661", "latest", "1" * 99]
)
def test_what_is_no_version(text: str) -> None:
    assert lifecycle({"API-Version": text}) == Lifecycle("other")


@pytest.mark.parametrize(
    ("text", "deprecation", "unparseable"),
    [
        ("@1688169599", 1688169599, False),
        ("@1688169599;x=1", 1688169599, False),
        (HTTP, AT, False),
        ("true", None, False),
        ("?1", None, False),
        ("false", None, False),
        ("?0", None, False),
        ("@1688169599.5", None, True),
        ("@-1", None, True),
        ("@9999999999999", None, True),
        ("1688169599", None, True),
        ("@", None, True),
        (ISO, AT, False),
        ("soon", None, True),
    ],
)
def test_the_deprecation_of_rfc_9745(
    text: str, deprecation: float | None, unparseable: object
) -> None:
    assert lifecycle({"Deprecation": text}) == Lifecycle(
        deprecation=deprecation, unparseable=bool(unparseable)
    )


@pytest.mark.parametrize(
    "text", ["0000-01-01", "9999999999999", "Wed, 31 Dec 2025 23:59:59 CEST", "true", "@1688169599"]
)
def test_a_bad_date_is_absent_and_told(text: str) -> None:
    for name in ("Sunset", "API-Sunset-Date", "API-Deprecation-Date"):
        assert lifecycle({name: text}) == Lifecycle(unparseable=True)


def test_the_sunset_of_rfc_8594() -> None:
    assert lifecycle({"Sunset": HTTP}) == Lifecycle(sunset=AT)


@pytest.mark.parametrize("text", [ISO, HTTP])
def test_a_date_of_the_other_calendar_is_read_all_the_same(text: str) -> None:
    for name in ("Sunset", "API-Sunset-Date"):
        assert lifecycle({name: text}) == Lifecycle(sunset=AT)
    for name in ("Deprecation", "API-Deprecation-Date"):
        assert lifecycle({name: text}) == Lifecycle(deprecation=AT)


def test_the_guide_goes_before_the_standards() -> None:
    headers = {
        "API-Deprecation-Date": "2025-01-01",
        "API-Sunset-Date": "2026-01-01",
        "Deprecation": f"@{AT:.0f}",
        "Sunset": HTTP,
    }
    assert lifecycle(headers) == Lifecycle(None, 1735689600, 1767225600)


def test_what_the_guides_header_does_not_tell_the_standard_one_does() -> None:
    headers = {"API-Deprecation-Date": "soon", "Deprecation": f"@{AT:.0f}", "Sunset": HTTP}
    assert lifecycle(headers) == Lifecycle(None, AT, AT, unparseable=True)


@pytest.mark.parametrize(
    ("link", "relations"),
    [
        ('</v2>; rel="successor-version"', ("successor-version",)),
        ("</v2>;rel=SUNSET", ("sunset",)),
        ('<a>; rel="next", <b>; title="x, y; rel=sunset"; rel="deprecation"', ("deprecation",)),
        ('<a>; rel="sunset next deprecation"', ("deprecation", "sunset")),
        ('<a>; rel=next; rel="sunset"', ()),
        ('<a,b;c>; foo; rel = "sunset"', ("sunset",)),
        ('<a>; title="\\"; rel=sunset"', ()),
        ("a; rel=sunset", ()),
        ("<a; rel=sunset", ()),
        ('<a>; rel="sunset', ()),
    ],
)
def test_links(link: str, relations: tuple[str, ...]) -> None:
    said = lifecycle({"Link": link, "API-Version": "1"})
    assert said is not None
    assert said.relations == relations


def test_links_on_several_lines() -> None:
    headers = CIMultiDict([("Link", "<a>; rel=sunset"), ("Link", "<b>; rel=deprecation")])
    assert lifecycle(headers) == Lifecycle(relations=("deprecation", "sunset"))


@pytest.mark.parametrize(
    "text",
    ["<" * 8000, "<a>" + ";a " * 2600, '<a>;a="' + "\\" * 8000, "<a>" + " " * 8000, "<>," * 2600],
)
def test_no_link_takes_long(text: str) -> None:
    began = time.process_time()
    lifecycle({"Link": text})
    assert time.process_time() - began < 0.1


@given(st.integers(0, 253402300799))
def test_every_date_is_read_as_it_was_written(at: int) -> None:
    iso = datetime.fromtimestamp(at, UTC).isoformat()
    told = Lifecycle(None, at, at)
    assert lifecycle({"API-Deprecation-Date": iso, "API-Sunset-Date": iso}) == told
    assert lifecycle({"Deprecation": f"@{at}", "Sunset": formatdate(at, usegmt=True)}) == told


@pytest.mark.parametrize("dialect", ["guide", "rfc"])
def test_what_the_simulator_sends(dialect: Literal["guide", "rfc"]) -> None:
    knobs = Knobs(deprecated_days=-30, sunset_days=180, lifecycle_headers=dialect)
    said = lifecycle(lifecycle_headers(knobs, AT))
    assert said == Lifecycle("1.0.0", AT - 30 * 86400, AT + 180 * 86400)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_no_header_raises_and_no_text_comes_out(headers: Mapping[str, str]) -> None:
    said = lifecycle(headers)
    if said is not None:
        assert set(said.relations) <= {"deprecation", "successor-version", "sunset"}
        for date in (said.deprecation, said.sunset):
            assert date is None or 0 <= date < 253402300800
