"""Sums of what both sides count."""

from tests.bench.tally import FAILED, LATENESS, SKIPPED, by_label, read, since, total

PAGE = f"""\
# HELP {SKIPPED} Due runs that did not take place.
# TYPE {SKIPPED} counter
{SKIPPED}{{target="a",component="monitoring",surface="x",reason="misfire"}} 3.0
{SKIPPED}{{target="b",component="monitoring",surface="x",reason="misfire"}} 4.0
{SKIPPED}{{target="a",component="monitoring",surface="x",reason="overrun"}} 1.0
{SKIPPED}_other 9.0
{FAILED}{{target="a}} 7, reason=\\"none\\"",component="monitoring",surface="x"}} 2.0
{LATENESS}{{le="0.0005"}} 1.0
{LATENESS}{{le="+Inf"}} 1e+06
other{{reason="misfire"}} 100.0
"""


def test_an_exposition_is_summed_up_by_label() -> None:
    counted = read(PAGE)
    assert by_label(counted, SKIPPED) == {"misfire": 7, "overrun": 1}
    assert by_label(counted, FAILED) == {"": 2}
    assert by_label(counted, LATENESS) == {"0.0005": 1, "+Inf": 1_000_000}
    assert {name for name, _ in counted} == {SKIPPED, FAILED, LATENESS}


def test_what_was_counted_between_two_readings() -> None:
    before, after = {("a", ""): 1.0}, {("a", ""): 3.0, ("b", "x"): 2.0}
    assert since(after, before) == {("a", ""): 2, ("b", "x"): 2}
    assert total([before, after]) == {("a", ""): 4, ("b", "x"): 2}
