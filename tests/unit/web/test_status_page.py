"""The status page: what is wrong stands on top, and nothing breaks it."""

import re
from html.parser import HTMLParser

from exporter.config.schema import Auth
from exporter.planning.job import Plan
from exporter.report.status_text import healths
from exporter.status.snapshot import Snapshot
from exporter.web.status_page import status_page
from tests.unit.status.factories import (
    HEALTH,
    INTENTS,
    NOW,
    Bench,
    call,
    job,
    plan,
    run,
    skip,
    target_plan,
)

EMPTY = ("meta", "wbr", "br", "link")


class Reader(HTMLParser):
    """Reads the text; a tag that is not closed, or closed twice, is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given["href"] or "")
        if identity := given.get("id"):
            self.anchors.add(identity)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data + " ")


def read(snapshot: Snapshot) -> Reader:
    return Reader(status_page(snapshot, "/metrics"))


def broken() -> Bench:
    bench = Bench(plan(job(HEALTH), job(INTENTS, interval=300), auth=Auth(type="none")))
    bench.take(run(deciding=call(), at=NOW - 5))
    failed = {"reason": "http_5xx", "detail": "answered 503", "check": "status"}
    bench.take(run(INTENTS, at=NOW - 90, deciding=call(INTENTS, status=503), **failed))
    return bench


def test_what_is_unhealthy_and_since_when_stands_above_the_surfaces() -> None:
    bench = broken()
    page = read(bench.latest.snapshot())
    path = job(INTENTS).endpoint
    found = f"lab is unhealthy : {path} for 1m30s"
    assert found in page.text
    assert page.text.index(found) < page.text.index("What is wrong")
    assert f"{path} unhealthy Orchestrator API returned 503; 250 ms; for 1m30s" in page.text
    assert f"{job(HEALTH).endpoint} healthy Health endpoint responding; 250 ms; for 5s" in page.text
    assert page.text.strip().startswith("(1 unhealthy) oran-mano-exporter")


def test_a_page_before_anything_was_seen() -> None:
    page = read(Bench().latest.snapshot())
    assert "lab is unknown : not known: authentication, " in page.text
    assert "Authentication not tried yet" in page.text


def test_a_target_of_which_nothing_is_probed() -> None:
    bench = Bench(Plan((target_plan(auth=Auth(type="none")),)))
    page = read(bench.latest.snapshot())
    assert "lab is unknown : nothing of it is probed" in page.text
    assert "Nothing is probed." in page.text


def test_links_lead_to_the_other_pages_and_to_the_targets() -> None:
    page = read(broken().latest.snapshot())
    here = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert here == {"target-lab"} == page.anchors
    assert {link for link in page.links if not link.startswith("#")} == {
        *("logs", "metrics", "api/v1/status", "config", "reasons", "-/healthy", "-/ready"),
        "reasons#http_5xx",
    }


def test_what_is_not_asked_any_more_says_so() -> None:
    bench = broken()
    bench.take(skip("budget"), skip("circuit_open", INTENTS))
    text = read(bench.latest.snapshot()).text
    assert "not asked since: budget" in text
    assert "http_5xx : answered 503 (check: status); not asked since: circuit_open" in text


def test_markup_in_words_is_shown_and_not_obeyed() -> None:
    bench = broken()
    bench.take(run(INTENTS, reason="internal", detail="<script>alert('1')</script>&amp;"))
    html = status_page(bench.latest.snapshot(), '/"><b>')
    assert "<script" not in html
    assert "<b>internal" not in html
    assert 'href=""><b>"' not in html
    assert "<script>alert('1')</script>&amp;" in Reader(html).text


def test_health_in_words() -> None:
    (line,) = healths(broken().latest.snapshot())
    assert (line.target, line.status) == ("lab", "unhealthy")
    assert [(check.took, check.since) for check in line.checks] == [
        ("250 ms", "5s"),
        ("250 ms", "1m30s"),
    ]
