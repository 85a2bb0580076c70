"""Pages for people in place of answers, and answers that are called pages."""

import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.checks.finding import Answer
from exporter.checks.media import media
from exporter.model.exchange import MAX_BODY
from tests.support.jobs import answer, jobs, told

PAGE: Final = "media: body_invalid: answered an HTML page: a proxy or a login page, not the API"
NO_JSON: Final = "body: body_invalid: the body is no JSON object"
NO_METRICS: Final = "exposition: body_invalid: not in the Prometheus text format: "
FIRST_LINE: Final = f"{NO_METRICS}its first line is no sample"
NO_SAMPLE: Final = f"{NO_METRICS}there is no sample in it"
HTML: Final = "text/html; charset=utf-8"
LIST, METRICS = "orchestrator.intents.list", "monitoring.metrics"

BEGINNINGS: Final[dict[str, bytes]] = {
    "as it has to": b"<!DOCTYPE html><html><title>Log in</title>",
    "in other letters": b"<!doctype  HTML>",
    "without a doctype": b"<html lang=en>",
    "with its head": b"<HEAD>",
    "with its body": b"<body>502 Bad Gateway",
    "blanks first": b"\r\n\t <html>",
    "a byte order mark first": b"\xef\xbb\xbf<html>",
    "comments first": b"<!-- a --> <!-- b -->\n<html>",
    "XHTML": b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">',
}


@pytest.mark.parametrize("called", [None, "", HTML, "application/json", "text/plain"])
@pytest.mark.parametrize("surface", [LIST, METRICS, "monitoring.health"])
@pytest.mark.parametrize("body", BEGINNINGS.values(), ids=BEGINNINGS)
async def test_what_begins_as_a_page_is_one_whatever_it_is_called(
    surface: str, called: str | None, body: bytes
) -> None:
    headers = {} if called is None else {"Content-Type": called}
    assert await told(surface, answer(body, headers=headers)) == PAGE


CALLED: Final[dict[str, tuple[str, str, bytes, str]]] = {
    "words that are called a page": (LIST, HTML, b"Please log in", PAGE),
    "a piece of one": (LIST, "Text/HTML", b"<p>Please log in", PAGE),
    "XHTML": (LIST, "application/xhtml+xml", b"<a/>", PAGE),
    "words that are not called so": (LIST, "text/plain", b"Please log in", NO_JSON),
    "a piece that is not called so": (LIST, "", b"<p>Please log in", NO_JSON),
    "XML": (LIST, "application/xml", b'<?xml version="1.0"?><health/>', NO_JSON),
    "JSON is JSON": (LIST, HTML, b' {"intents": []}', ""),
    "in another encoding too": (LIST, HTML, '{"intents": []}'.encode("utf-16"), ""),
    "as plain text": (LIST, "text/plain", b'{"intents": []}', ""),
    "as nothing that exists": (LIST, ";", b'{"intents": []}', ""),
    "broken JSON": (LIST, HTML, b'{"intents": [', NO_JSON),
    "a list": (LIST, HTML, b"[]", NO_JSON),
    "nothing": (LIST, HTML, b" \n", NO_JSON),
    "metrics are metrics": (METRICS, HTML, b"up 1\n", ""),
    "what is no page and no metrics": (METRICS, HTML, b"{}{}", FIRST_LINE),
    "nothing in place of metrics": (METRICS, HTML, b"", NO_SAMPLE),
}


@pytest.mark.parametrize(("surface", "called", "body", "found"), CALLED.values(), ids=CALLED)
async def test_what_is_called_a_page(surface: str, called: str, body: bytes, found: str) -> None:
    assert await told(surface, answer(body, headers={"Content-Type": called})) == found


async def test_a_page_with_a_bad_status_is_that_status() -> None:
    result = answer(b"<html>", status=502, headers={"Content-Type": HTML})
    assert await told(LIST, result) == "status: http_5xx: answered 502"


@pytest.mark.parametrize("body", [b"<!-- -->", b"<!--", b" ", b"<?xml ", b"<"])
@pytest.mark.parametrize("surface", [LIST, METRICS])
def test_no_body_takes_long(surface: str, body: bytes) -> None:
    large = answer(body * (MAX_BODY // len(body)), headers={"Content-Type": HTML})
    started = time.perf_counter()
    media(Answer(jobs()[surface], large))
    assert time.perf_counter() - started < 0.1


@given(st.binary(max_size=50), st.text(max_size=20))
def test_no_answer_raises(body: bytes, called: str) -> None:
    for job in jobs().values():
        media(Answer(job, answer(body, headers={"Content-Type": called})))
