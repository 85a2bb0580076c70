"""What headers for the collector may be: what OpenTelemetry takes, and what can be sent."""

import logging
from typing import Final, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.util.re import parse_env_headers

from exporter.config import ConfigError, describe
from exporter.model.redaction import HIDDEN, redacted
from exporter.traces.otlp.headers import ALLOWED, header_problem, headers_of
from exporter.traces.otlp.settings import settings_of

OTLP: Final = "OTEL_EXPORTER_OTLP_"
SECRET: Final = "hunter2hunter2"
PROTOCOLS: Final[tuple[Literal["http/protobuf", "grpc"], ...]] = ("http/protobuf", "grpc")

NO_EQUALS: Final = 'has no "="'
QUOTE: Final = "begins with a quote"
NAME: Final = "has no name that a header can have"
VALUE: Final = "has a character in its value that may not stand there"
DECODED: Final = "has a value that no header can have once it is decoded"


@pytest.mark.parametrize(
    "text",
    [
        f"authorization=Bearer%20{SECRET}",
        f"Authorization=Bearer {SECRET}",  # as other languages' SDKs have it
        f"authorization=Basic {SECRET}==, x-tenant=noc,",
        f"authorization=Bearer%20{SECRET}\n",  # as Kubernetes hands it on
        "x-empty=",
        " , ",
    ],
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_good_ones(text: str, protocol: Literal["http/protobuf", "grpc"]) -> None:
    assert header_problem(text, protocol) is None


@pytest.mark.parametrize("variable", [f"{OTLP}HEADERS", f"{OTLP}TRACES_HEADERS"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (SECRET, f"item 1 {NO_EQUALS}"),
        (f"a=b,{SECRET}", f"item 2 {NO_EQUALS}"),
        (f"={SECRET}", f"item 1 {NAME}"),
        (f'"authorization=Bearer {SECRET}"', f"item 1 {QUOTE}"),
        (f"'authorization=Bearer {SECRET}'", f"item 1 {QUOTE}"),
        (f'authorization="Bearer {SECRET}"', f"item 1 {VALUE}"),
        (f"authorization: Bearer {SECRET}", f"item 1 {NO_EQUALS}"),
        (f"a b={SECRET}", f"item 1 {NAME}"),
        (f"a%20b={SECRET}", f"item 1 {NAME}"),
        (f"näme={SECRET}", f"item 1 {NAME}"),
        (f"authorization={SECRET}é", f"item 1 {VALUE}"),
        (f"authorization={SECRET}\udcff", f"item 1 {VALUE}"),
        (f"authorization={SECRET};q", f"item 1 {VALUE}"),
        (f"authorization={SECRET}\\n", f"item 1 {VALUE}"),
        (f"authorization={SECRET}\nx-other: y", f"item 1 {VALUE}"),
        (f"x=1,authorization={SECRET}%0d%0aX-Other:y", f"item 2 {DECODED}"),
        (f"authorization={SECRET}%C3%A9", f"item 1 {DECODED}"),
    ],
)
def test_bad_ones_are_one_line_that_shows_nothing(
    text: str, wrong: str, variable: str, protocol: str
) -> None:
    environ = {f"{OTLP}ENDPOINT": "http://c:4318", f"{OTLP}PROTOCOL": protocol, variable: text}
    with pytest.raises(ConfigError) as raised:
        settings_of(environ)
    assert describe(raised.value, "environment") == [
        (
            f"environment: {variable}: the value (not shown) is not allowed, its {wrong}; "
            f"allowed: {ALLOWED}"
        )
    ]


@pytest.mark.parametrize(
    ("text", "wrong"), [("a!=x", f"item 1 {NAME}"), ("x=1,a-bin=x", f"item 2 {NAME}")]
)
def test_names_that_grpc_alone_refuses(text: str, wrong: str) -> None:
    assert header_problem(text, "http/protobuf") is None
    assert header_problem(text, "grpc") == wrong


blanks = st.sampled_from(("", "", " ", "\t", "\n"))
items = st.builds(
    "{}{}{}={}{}{}".format,
    blanks,
    st.text(st.sampled_from("ab%26_"), min_size=1, max_size=6),
    *(blanks, blanks),
    st.text(st.sampled_from("ab%2C03=:! /é;"), max_size=9),
    blanks,
)


@given(text=st.one_of(st.lists(items, max_size=3).map(",".join), st.text()))
@example(text="a=b c%20d")
@example(text="%61=b c")
@example(text="a\n=b")
def test_opentelemetry_takes_what_is_taken_here_and_says_nothing(text: str) -> None:
    refused = header_problem(text, "http/protobuf") is not None
    said: list[logging.LogRecord] = []

    def kept(record: logging.LogRecord) -> bool:
        said.append(record)
        return False

    logger = logging.getLogger("opentelemetry.util.re")
    logger.addFilter(kept)
    try:
        taken = parse_env_headers(text, liberal=True)
    finally:
        logger.removeFilter(kept)
    told = [argument for record in said for argument in record.args or () if str(argument).strip()]
    assert refused or not told
    assert refused or taken == {header.name: header.value for header in headers_of(text)}


def test_what_is_secret_in_the_variables_is_hidden_in_any_form() -> None:
    settings_of(
        {
            f"{OTLP}ENDPOINT": "http://me:pl4nted-1@c:4318/x?key=pl4nted-2",
            f"{OTLP}HEADERS": "authorization=Bearer%20pl4nted-3/",
            f"{OTLP}TRACES_HEADERS": "x-key=pl4nted-4%2F",
        }
    )
    for shown in ("pl4nted-1", "key=pl4nted-2", "pl4nted-3/", "pl4nted-4%2F", "pl4nted-4/"):
        assert redacted(f"because of {shown} it failed") == f"because of {HIDDEN} it failed"
