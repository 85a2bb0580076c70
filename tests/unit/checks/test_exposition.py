"""What is text that Prometheus could read, and what only has a good status."""

import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics

from exporter.checks.exposition import exposition
from exporter.checks.finding import Answer
from exporter.model.exchange import MAX_BODY
from tests.support.jobs import answer, jobs

JOB: Final = jobs()["monitoring.metrics"]
NO_SAMPLE: Final = "not in the Prometheus text format: there is no sample in it"
FIRST_LINE: Final = "not in the Prometheus text format: its first line is no sample"


def told(body: bytes) -> str | None:
    """What is found in it."""
    finding = exposition(Answer(JOB, answer(body)))
    return None if finding is None else f"{finding.reason}: {finding.detail}"


GO: Final = b"""\
# HELP go_gc_duration_seconds A summary of the pause duration of garbage collection cycles.
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{quantile="0"} 2.4709e-05
go_gc_duration_seconds{quantile="0.25"} 4.1e-05
"""
NODE: Final = b"""\
# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} 362812.7890625
"""

GOOD: Final[dict[str, bytes]] = {
    "client_golang": GO,
    "node_exporter": NODE,
    "no comments": b"up 1\n",
    "no line break at the end": b"up 1",
    "empty lines first": b'\n \t\n\n up{a="b"} 1\n',
    "comments first": b"# by hand\n#\n#HELP\nup 1\n",
    "many families without samples": b"# HELP a b\n# TYPE a counter\n" * 5000 + b"up 1\n",
    "colons in the name": b"job:up:sum 1\n",
    "tabs": b"up\t1\t1700000000000\n",
    "blanks at the end": b"up 1 \t\n",
    "no labels in braces": b"up{} 1\n",
    "a comma after the last label": b'up{a="b",} 1\n',
    "blanks among the labels": b'up { a = "b" , c = "d" } 1\n',
    "no blank after the labels": b'up{a="b"}1\n',
    "an empty value of a label": b'up{a=""} 1\n',
    "escapes in a label": rb'up{a="x\"y\\z\n{}=,#"} 1' + b"\n",
    "UTF-8 in a label": 'up{a="bücher"} 1\n'.encode(),
    "a timestamp": b"up 1 1700000000000\n",
    "a timestamp before 1970": b"up 1 -1\n",
    "a timestamp of OpenMetrics": b"up 1 1700000000.123\n",
    "an exemplar": b'a_bucket{le="1"} 1 # {trace_id="4bf9"} 0.67 1700000000.1\n',
    "an exemplar without time": b'a_total 1 # {trace_id="4bf9"} 0.67\n',
    "an exemplar without labels": b"a_total 1 # {} 1\n",
    "not a number": b"up NaN\n",
    "small letters": b"up nan\n",
    "infinite": b"up +Inf\n",
    "infinite and negative": b"up -Inf\n",
    "infinite, spelled out": b"up infinity\n",
    "an exponent": b"up -1.5E+09\n",
    "no digit before the point": b"up .5\n",
    "no digit behind the point": b"up 1.\n",
    "a quoted name": b'{"my.name"} 1\n',
    "a quoted name with labels": b'{"my.name", a="b"} 1\n',
    "a quoted name with a comma": b'{"my.name",} 1\n',
    "a quoted name that is not first": b'{a="b","my.name",c="d"} 1\n',
    "a quoted name in UTF-8": '{"büch.er", a="b"} 1\n'.encode(),
    "a quoted name of a label": b'up{"my.label"="b"} 1\n',
    "both quoted": b'{"my.name", "my.label"="b"} 1\n',
    "nothing but the end of OpenMetrics": b"# EOF\n",
    "the same without a line break": b"# EOF",
    "no sample, and the end": b"# HELP a b\n# TYPE a counter\n# EOF\n",
    "a label of a quarter of a MiB": b'up{a="' + b"x" * 2**18 + b'"} 1\n',
    "what follows is not judged": b"up 1\n<html>",
}

BAD: Final[dict[str, tuple[bytes, str]]] = {
    "nothing": (b"", NO_SAMPLE),
    "only blanks": (b" \n\t\n", NO_SAMPLE),
    "only comments": (b"# HELP a b\n# TYPE a counter\n", NO_SAMPLE),
    "a heading of Markdown": (b"# Welcome\n", NO_SAMPLE),
    "an end with something behind it": (b"# EOF\n# more\n", NO_SAMPLE),
    "an end within a line": (b"# this is no # EOF\n", NO_SAMPLE),
    "a word": (b"OK", FIRST_LINE),
    "a word and the end": (b"OK\n# EOF\n", FIRST_LINE),
    "a word on a line": (b"# hello\n\nOK\n", FIRST_LINE),
    "a sentence": (b"It works!\n", FIRST_LINE),
    "another one": (b"All systems are operational\n", FIRST_LINE),
    "one with a number": (b"There are 3 of them\n", FIRST_LINE),
    "YAML": (b"status: down\n", FIRST_LINE),
    "a key and a value": (b"status=up 1\n", FIRST_LINE),
    "a proxy's page": (b"upstream connect error or disconnect/reset before headers\n", FIRST_LINE),
    "another one's": (b"502 Bad Gateway\n", FIRST_LINE),
    "no healthy upstream": (b"no healthy upstream", FIRST_LINE),
    "HTML": (b"<!DOCTYPE html><html>", FIRST_LINE),
    "HTML after a comment": (b"# x\n<html>", FIRST_LINE),
    "JSON": (b'{"status": "healthy"}', FIRST_LINE),
    "a list": (b"[1]", FIRST_LINE),
    "a text of JSON": (b'"up 1"', FIRST_LINE),
    "a set of JSON": (b'{"my.name", "another"} 1\n', FIRST_LINE),
    "a name without a value": (b"up\n", FIRST_LINE),
    "a value that is none": (b"up one\n", FIRST_LINE),
    "a value with more behind it": (b"up 1s\n", FIRST_LINE),
    "a value in hexadecimal": (b"up 0x10\n", FIRST_LINE),
    "a name that begins with a digit": (b"2up 1\n", FIRST_LINE),
    "a name with a dot": (b"my.name 1\n", FIRST_LINE),
    "labels without a name": (b'{a="b"} 1\n', FIRST_LINE),
    "an empty name": (b'{""} 1\n', FIRST_LINE),
    "two names": (b'up{"my.name"} 1\n', FIRST_LINE),
    "a label without quotes": (b"up{a=b} 1\n", FIRST_LINE),
    "a label that does not end": (b'up{a="b} 1\n', FIRST_LINE),
    "a line break in a label": (b'up{a="b\n"} 1\n', FIRST_LINE),
    "no comma between labels": (b'up{a="b" c="d"} 1\n', FIRST_LINE),
    "braces that do not close": (b'up{a="b" 1\n', FIRST_LINE),
    "three numbers": (b"up 1 2 3\n", FIRST_LINE),
    "an exemplar that is none": (b"up 1 # trace\n", FIRST_LINE),
    "CRLF, which Prometheus does not take": (b"up 1\r\n", FIRST_LINE),
    "a byte-order mark, ditto": (b"\xef\xbb\xbfup 1\n", FIRST_LINE),
    "UTF-16": ("up 1\n".encode("utf-16"), FIRST_LINE),
    "bytes": (bytes(range(256)), FIRST_LINE),
    "Prometheus's other format": (b"\x80\x01\n\x02up\x12\x00", FIRST_LINE),
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_metrics_are_metrics(body: bytes) -> None:
    assert told(body) is None


@pytest.mark.parametrize(("body", "detail"), BAD.values(), ids=BAD.keys())
def test_what_is_none_is_told(body: bytes, detail: str) -> None:
    assert told(body) == f"body_invalid: {detail}"


@pytest.mark.parametrize(
    "body",
    [
        b"\n" * MAX_BODY,
        b"#\n" * (MAX_BODY // 2),
        b" " * MAX_BODY,
        b"#" * MAX_BODY,
        b"a" * MAX_BODY,
        b'up{a="' + b"x" * MAX_BODY,
        b"up{" + b'a="b",' * (MAX_BODY // 6),
        b'{"a",' + b'a="b",' * (MAX_BODY // 6),
        b"{" + b'"a",' * (MAX_BODY // 4),
        b'{"' + b"\\\\" * (MAX_BODY // 2),
        b"up " + b"1" * MAX_BODY,
        b"up 1" + b" " * MAX_BODY,
        b"up 1 # {" + b'a="b",' * (MAX_BODY // 6),
    ],
    ids=range(13),
)
def test_a_line_of_megabytes_takes_no_time(body: bytes) -> None:
    before = time.thread_time()
    assert told(body) is not None
    assert time.thread_time() - before < 1  # a second way to read it would take minutes


@given(st.text(alphabet='ab_:0123.{}"=, #\n\\+-eENaInf'))
def test_what_is_taken_is_a_line_with_a_number(text: str) -> None:
    if told(text.encode()) is None:
        first = next(
            (line for line in text.split("\n") if line.strip() and line[0] != "#"), "# EOF"
        )
        assert first == "# EOF" or any(part in first.lower() for part in [*"0123", "nan", "inf"])


@given(st.binary(max_size=200))
def test_nothing_raises(body: bytes) -> None:
    told(body)


@given(
    st.text(alphabet="abc_:", min_size=1),
    st.dictionaries(st.from_regex(r"[a-z]\w{0,5}", fullmatch=True), st.text(), max_size=3),
    st.floats(),
)
def test_whatever_the_library_writes_is_taken(
    name: str, labels: dict[str, str], value: float
) -> None:
    registry = CollectorRegistry()
    labels = {"a": "", **{f"x{key}": text for key, text in labels.items() if key.isascii()}}
    Gauge(name, "Help.", labels, registry=registry).labels(**labels).set(value)
    Histogram("seconds", "Help.", registry=registry).observe(0.1, {"trace_id": "4bf9"})
    assert told(generate_latest(registry)) is None
    assert told(openmetrics(registry)) is None  # type: ignore[no-untyped-call]  # the library's
