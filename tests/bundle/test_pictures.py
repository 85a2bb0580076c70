"""The pictures of dashboards write values and names as Grafana would."""

import time

import pytest

from tools.pictures.queries import POINTS, Span
from tools.pictures.words import fitted, legend, written


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.9912, "percentunit", "99.1%"),
        (-49.8, "percentunit", "-4980%"),
        (0.25, "s", "250 ms"),
        (86400 * 181, "s", "181 d"),
        (-7200, "s", "-2 h"),
        (0, "s", "0 s"),
        (67108864, "bytes", "64 MiB"),
        (4734, "none", "4734"),
        (0.5, "short", "0.5"),
        (14.4, "suffix:x", "14.4x"),
        (3, "suffix: targets", "3 targets"),
        (float("nan"), "s", "NaN"),
        (float("inf"), "s", "∞"),
        (0, "dateTimeAsIso", "1970-01-01 00:00"),
    ],
)
def test_a_value_has_its_unit(value: float, unit: str, text: str) -> None:
    assert written(value, unit) == text


def test_times_are_told_from_now() -> None:
    assert written((time.time() - 7200) * 1000, "dateTimeFromNow") == "2 h ago"
    assert written((time.time() + 7200) * 1000, "dateTimeFromNow") == "in 2 h"


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"cluster": "east", "namespace": "mano", "target": "lab"}, "east mano lab"),
        ({"target": "lab"}, "lab"),
        ({"namespace": "mano", "target": "lab"}, "mano lab"),
    ],
)
def test_a_name_leaves_out_what_is_not_there(labels: dict[str, str], name: str) -> None:
    assert legend("{{cluster}} {{namespace}} {{target}}", labels) == name


def test_a_text_is_as_wide_as_its_place() -> None:
    assert fitted("short", 100) == "short"
    assert fitted("much too long for this", 100).endswith("…")
    assert len(fitted("much too long for this", 100)) * 12 * 0.53 <= 100


@pytest.mark.parametrize(("seconds", "step"), [(60, 2), (6 * 3600, 144)])
def test_points_are_no_closer_than_scrapes(seconds: int, step: int) -> None:
    span = Span(0, seconds, 2)
    assert span.step == step
    assert span.given()["__interval"] == f"{step}s"
    assert seconds / span.step <= POINTS
    assert span.given()["__range"] == f"{seconds}s"
