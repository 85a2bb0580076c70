"""Lines of the log: whatever is in a record, it is one line and can be read back."""

import json
import logging
import math
import re
import sys
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.config.values import Duration, Secret
from exporter.logs.format import JsonFormatter, LogfmtFormatter, rfc3339

FORMATTERS = [LogfmtFormatter(), JsonFormatter()]
PAIR = re.compile(r'([A-Za-z0-9_.-]+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: |$)')

texts = st.text(st.characters())  # halves of surrogate pairs too
nasty = example("\ud800 \udc00", {"a": "\x00\x1c\x85\u2028\u2029\r\n", "b": '"= \\', "c": "\udfff"})
named = st.from_regex("[a-z][a-z_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("ts", "level", "msg", "logger", "trace")
)


def record(message: str = "text", fields: Mapping[str, object] | None = None) -> logging.LogRecord:
    given_: dict[str, object] = {
        "name": "exporter.x",
        "levelno": logging.INFO,
        "msg": message,
        "created": 1_800_000_000.25,
        "fields": fields or {},
    }
    return logging.makeLogRecord(given_)


def read(line: str) -> dict[str, str]:
    """Read a line of logfmt back; all of it has to be pairs."""
    pairs, end = {}, 0
    while end < len(line):
        match = PAIR.match(line, end)
        assert match is not None, line[end:]
        key, value = match.groups()
        assert key not in pairs
        pairs[key] = json.loads(value) if value.startswith('"') else value
        end = match.end()
    return pairs


def clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def test_logfmt() -> None:
    fields = {"surface": "monitoring.health", "n": 3, "x": 0.5, "ok": True, "why": "no route"}
    assert LogfmtFormatter().format(record("two words", fields)) == (
        'ts=2027-01-15T08:00:00.250Z level=info msg="two words" '
        'surface=monitoring.health n=3 x=0.5 ok=true why="no route"'
    )


def test_json() -> None:
    fields = {"surface": "monitoring.health", "n": 3, "x": 0.5, "ok": True, "why": "no route"}
    line = JsonFormatter().format(record("two words", fields))
    assert json.loads(line) == {
        "ts": "2027-01-15T08:00:00.250Z",
        "level": "info",
        "msg": "two words",
        **fields,
    }
    assert line.startswith('{"ts":')


@given(texts, st.dictionaries(named, texts, max_size=4))
@nasty
def test_no_text_can_break_a_line_of_logfmt(message: str, fields: dict[str, str]) -> None:
    line = LogfmtFormatter().format(record(message, fields))
    assert line.splitlines() == [line]
    assert line.encode().decode() == line
    expected = {"level": "info", "msg": message, **fields}
    assert {key: value for key, value in read(line).items() if key != "ts"} == {
        key: clean(text) for key, text in expected.items()
    }


@given(texts, st.dictionaries(named, texts, max_size=4))
@nasty
def test_no_text_can_break_a_line_of_json(message: str, fields: dict[str, str]) -> None:
    line = JsonFormatter().format(record(message, fields))
    assert line.splitlines() == [line]
    assert line.encode().decode() == line
    expected = {"level": "info", "msg": message, **fields}
    assert {key: value for key, value in json.loads(line).items() if key != "ts"} == {
        key: clean(text) for key, text in expected.items()
    }


@given(st.dictionaries(texts, texts | st.integers() | st.floats() | st.none() | st.booleans()))
def test_neither_can_any_key(fields: dict[str, object]) -> None:
    plain, parsed = (
        read(LogfmtFormatter().format(record("m", fields))),
        JsonFormatter().format(record("m", fields)),
    )
    assert parsed.splitlines() == [parsed]
    assert set(plain) == set(json.loads(parsed))
    assert (plain["level"], plain["msg"]) == ("info", "m")


@pytest.mark.parametrize("formatter", FORMATTERS, ids=("logfmt", "json"))
def test_what_is_not_known_is_left_out(formatter: logging.Formatter) -> None:
    line = formatter.format(record("m", {"detail": None, "empty": ""}))
    assert "detail" not in line
    assert 'empty=""' in line or '"empty":""' in line


@pytest.mark.parametrize("formatter", FORMATTERS, ids=("logfmt", "json"))
def test_fields_cannot_pass_for_those_of_the_line(formatter: logging.Formatter) -> None:
    line = formatter.format(record("m", {"level": "error", "msg": "forged", "a b": 1}))
    parsed = json.loads(line) if line.startswith("{") else read(line)
    assert (parsed["level"], parsed["msg"]) == ("info", "m")
    assert (parsed["level_"], parsed["msg_"], str(parsed["a_b"])) == ("error", "forged", "1")


@pytest.mark.parametrize("formatter", FORMATTERS, ids=("logfmt", "json"))
def test_values_that_have_no_form_of_their_own(formatter: logging.Formatter) -> None:
    line = formatter.format(
        record("m", {"every": Duration(90), "secret": Secret("hunter2"), "big": 2**80, "t": (1, 2)})
    )
    parsed = json.loads(line) if line.startswith("{") else read(line)
    assert parsed["every"] == "1m30s"
    assert parsed["secret"] == "<secret>"
    assert parsed["big"] == str(2**80)
    assert parsed["t"] == "(1, 2)"


def test_json_has_no_word_for_what_is_no_number() -> None:
    parsed = json.loads(JsonFormatter().format(record("m", {"x": math.nan})))
    assert parsed["x"] is None


@pytest.mark.parametrize("formatter", FORMATTERS, ids=("logfmt", "json"))
def test_a_traceback_is_one_field(formatter: logging.Formatter) -> None:
    made = record("fault")
    try:
        raise ValueError("two\nlines")  # noqa: TRY301 - a message is what is tested
    except ValueError:
        made.exc_info = sys.exc_info()
    made.stack_info = "Stack (most recent call last):\n  here"
    line = formatter.format(made)
    assert len(line.splitlines()) == 1
    trace = (json.loads(line) if line.startswith("{") else read(line))["trace"]
    assert trace.startswith("Traceback (most recent call last):\n")
    assert "ValueError: two\nlines\nStack (most" in trace


def test_the_lines_of_libraries_say_whose_they_are() -> None:
    made = record()
    made.name = "aiohttp.server"
    assert "logger=aiohttp.server" in LogfmtFormatter().format(made)


@pytest.mark.parametrize(
    ("number", "name"),
    [(10, "debug"), (20, "info"), (30, "warn"), (40, "error"), (50, "critical"), (25, "level 25")],
)
def test_levels(number: int, name: str) -> None:
    made = record()
    made.levelno, made.levelname = number, logging.getLevelName(number)
    assert read(LogfmtFormatter().format(made))["level"] == name


def test_arguments_are_filled_in() -> None:
    made = record("%s of %d")
    made.args = ("one", 2)
    assert read(LogfmtFormatter().format(made))["msg"] == "one of 2"


def test_times_are_utc_with_milliseconds() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"
    assert rfc3339(1_800_000_000.9996) == "2027-01-15T08:00:00.999Z"
