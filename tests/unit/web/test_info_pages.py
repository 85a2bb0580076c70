"""/logs, /config and /api/v1/status: what they tell, and what they never do."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any, Final

import aiohttp
import pytest
import yaml

from exporter.config import Secret
from exporter.config.schema import Auth
from exporter.model.headers import Lifecycle, RateLimit
from exporter.model.observation import Observation, OnDemandRun, Phases, Transport
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Plan
from exporter.status.history import History
from exporter.status.snapshot import ProcessNow
from exporter.web.info_pages import InfoPages
from exporter.web.listen_address import ListenAddress
from exporter.web.server import Pages, Server
from tests.support.pages import no_metrics
from tests.support.schemas import described
from tests.support.servers import LOOPBACK, get
from tests.unit.status.factories import HEALTH, INTENTS, NOW, Bench, call, plan, run, skip
from tests.unit.status.scenario import ALL_PHASES, observations

SECRET: Final = "hunter2"
HOSTILE: Final = '<script>alert("1")</script>'
FAILED: Final = run(
    INTENTS,
    at=NOW + 1,
    reason="http_5xx",
    detail="answered 503",
    check="status",
    deciding=call(
        INTENTS,
        at=NOW + 1,
        status=503,
        phases=ALL_PHASES,
        path=f"/orchestrator/intents/{HOSTILE}",
        reused=False,
        rate_limit=RateLimit(1000, 953, NOW + 60),
        lifecycle=Lifecycle("1.0.0", NOW, NOW + 86400, unparseable=True),
        certificate_expiry=NOW + 7200,
        context=TraceContext(0xABC, 0xDEF),
        transport=Transport(4, "1.1", "TLSv1.3", 1),
    ),
)


def planned() -> Plan:
    auth = Auth("login", "probe", Secret(SECRET))
    proxy = Secret(f"http://u:{SECRET}@proxy:3128")
    return plan(auth=auth, proxy_url=proxy, headers={"X-Key": Secret(SECRET)})


@asynccontextmanager
async def serving(*seen: Observation, process: ProcessNow | None = None) -> AsyncIterator[str]:
    bench, history = Bench(planned()), History()
    history.apply(planned())
    for observation in (*observations(), *seen):
        bench.take(observation)
        history(observation)
    now = process or ProcessNow(NOW - 60, NOW - 50)
    pages = Pages(
        metrics=no_metrics,
        status=lambda: str,
        unhealthy=lambda: None,
        unready=lambda: None,
        info=InfoPages(history, planned, bench.latest.snapshot, lambda: now),
    )
    server = Server(pages, "/metrics")
    address = await server.open(ListenAddress(LOOPBACK, 0))
    try:
        yield f"http://{address}"
    finally:
        await server.close()


async def told(url: str) -> Any:  # noqa: ANN401  # whatever JSON it is
    status, body = await get(url)
    assert status == 200
    assert SECRET.encode() not in body
    return described("status" if url.endswith("/status") else "logs", body)


class Outline(HTMLParser):
    """The tags of a page, each with its attributes; every one that is opened is closed."""

    VOID: Final = ("meta", "br", "input")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


async def test_the_page_shows_the_run_and_what_was_said() -> None:
    async with serving(FAILED) as url:
        status, body = await get(f"{url}/logs")
    page = body.decode()
    assert status == 200
    for text in (
        "2027-01-15 08:00:01",
        "orchestrator.intents.list",
        "http_5xx",
        "answered 503",
        "check: status",
        "wait 100 ms",
        "953 of 1000 left, resets 08:01:00",
        "version 1.0.0",
        "ends 2027-01-16",
        "a date that cannot be read",
        "certificate until 2027-01-15 10:00:00",
        "TLSv1.3",
        "new connection",
        f"{0xABC:032x}",
        "retry_after",
    ):
        assert text in page, text
    assert page.index("answered 503") < page.index("connect_refused")


async def test_the_page_loads_nothing_and_runs_nothing() -> None:
    async with serving(FAILED) as url:
        _, body = await get(f"{url}/logs")
    page = body.decode()
    tags = Outline(page).tags
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object"} == set()
    assert not [attribute for _, given in tags for attribute in given if attribute.startswith("on")]
    assert not re.search(r"url\(|@import|https?:", page)
    links = {str(given["href"]) for tag, given in tags if tag == "a"}
    assert {link for link in links if "#" not in link} == {"./", "logs?format=json"}
    assert {link.partition("#")[0] for link in links if "#" in link} == {"reasons"}
    assert "reasons#http_5xx" in links


async def test_bars_have_one_scale() -> None:
    half, whole = (run(deciding=call(phases=Phases(wait=seconds))) for seconds in (0.5, 1))
    async with serving(half, whole) as url:
        _, body = await get(f"{url}/logs")
    assert 'class="wait" style="width:50.00%"' in body.decode()
    assert 'class="wait" style="width:100.00%"' in body.decode()


@pytest.mark.parametrize(
    ("query", "surfaces"),
    [
        ("", {"monitoring.health", "orchestrator.intents.list", "auth.login"}),
        ("?failed=1", {"monitoring.health", "orchestrator.intents.list"}),
        ("?failed=0&surface=auth.login", {"auth.login"}),
        ("?target=lab&surface=orchestrator.intents.list", {"orchestrator.intents.list"}),
        ("?target=nobody", set()),
    ],
)
async def test_what_is_asked_for_is_told(query: str, surfaces: set[str]) -> None:
    async with serving(FAILED) as url:
        asked = f"{url}/logs{query}{'&' if query else '?'}format=json"
        assert {one["surface"] for one in (await told(asked))["runs"]} == surfaces
        status, body = await get(f"{url}/logs{query}")
    assert status == 200
    assert ("no run yet" in body.decode()) == (not surfaces)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("failed=maybe", "failed: allowed: 1, 0"),
        ("format=xml", "format: allowed: html, json"),
        ("limit=-1", "limit: allowed: a number of runs"),
        ("limit=٣", "limit: allowed"),  # a digit, and none of ours
        ("surfaces=a", "'surfaces' is unknown; allowed: target, surface, failed, limit, format"),
    ],
)
async def test_a_question_that_is_not_understood_is_refused(query: str, says: str) -> None:
    async with serving() as url:
        status, body = await get(f"{url}/logs?{query}")
    assert status == 400
    assert says in body.decode()


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json", "application/json"),
        ("text/html,application/json;q=0.9", "text/html"),
        ("*/*", "text/html"),
    ],
)
async def test_programs_get_json(accept: str, content_type: str) -> None:
    async with (
        serving() as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/logs", headers={"Accept": accept}) as answer,
    ):
        assert answer.content_type == content_type


async def test_only_so_many_are_shown_and_the_rest_is_a_link() -> None:
    async with serving(FAILED) as url:
        _, body = await get(f"{url}/logs?limit=1&failed=1")
    assert "The newest 1 of 3 runs" in body.decode()
    assert 'href="logs?failed=1&amp;limit=3"' in body.decode()
    assert "connect_refused" not in body.decode()


async def test_a_run_as_json() -> None:
    async with serving(OnDemandRun(FAILED)) as url:
        logs = await told(f"{url}/logs?format=json")
    newest = logs["runs"][0]
    assert newest["at"] == "2027-01-15T08:00:01.000Z"
    assert (newest["result"], newest["reason"], newest["asked"]) == ("failed", "http_5xx", True)
    made = newest["call"]
    before = made["phases_seconds"].pop("before")
    assert made["phases_seconds"] == {
        name: getattr(ALL_PHASES, name) for name in ALL_PHASES.__struct_fields__
    }
    assert before == pytest.approx(0.1149)
    assert made["rate_limit"] == {
        "limit": 1000,
        "remaining": 953,
        "reset": "2027-01-15T08:01:00.000Z",
    }
    assert made["lifecycle"]["sunset"] == "2027-01-16T08:00:00.000Z"
    assert made["trace_id"] == f"{0xABC:032x}"
    assert logs["skips"] == [
        {
            "target": "lab",
            "component": "monitoring",
            "surface": HEALTH.surface,
            "reason": "retry_after",
            "count": 1,
            "last": "2027-01-15T08:00:00.000Z",
        }
    ]


async def test_the_configuration_hides_secrets() -> None:
    async with serving() as url:
        status, body = await get(f"{url}/config")
    assert status == 200
    assert SECRET.encode() not in body
    (target,) = yaml.safe_load(body)["targets"]
    assert target["auth"] == {"type": "login", "username": "probe", "password": "<secret>"}
    assert target["proxy_url"] == "http://<secret>@proxy:3128"
    assert target["headers"] == {"X-Key": "<secret>"}


async def test_the_configuration_tells_how_long_a_run_may_take() -> None:
    async with serving() as url:
        _, body = await get(f"{url}/config")
    (target,) = yaml.safe_load(body)["targets"]
    assert target["timeouts"] == {"connect": "10s", "read": "30s", "total": "27s"}


async def test_the_status() -> None:
    assert FAILED.deciding is not None
    async with serving(FAILED.deciding, FAILED, skip("budget", INTENTS, at=NOW + 2)) as url:
        answer = await told(f"{url}/api/v1/status")
        (run, *_) = (await told(f"{url}/logs?format=json"))["runs"]
    assert (run["at"], run["result"]) == ("2027-01-15T08:00:01.000Z", "failed")
    assert answer["status"] == "success"
    data = answer["data"]
    assert data["started"] == "2027-01-15T07:59:00.000Z"
    assert data["config"]["last_reload_successful"] is True
    (target,) = data["targets"]
    assert (target["target"], target["transport"]) == ("lab", "http")
    (health,) = data["health"]
    assert (health["target"], health["overall_status"]) == ("lab", "unhealthy")
    assert health["timestamp"] == "2027-01-15T08:00:00.000Z"
    assert {check["status"] for check in health["checks"].values()} >= {"unhealthy"}
    intents = next(one for one in data["surfaces"] if one["surface"] == INTENTS.surface)
    assert intents == {
        "target": "lab",
        "component": "orchestrator",
        "surface": "orchestrator.intents.list",
        "state": "failing",
        "since": "2027-01-15T08:00:00.000Z",
        "reason": "http_5xx",
        "detail": "answered 503",
        "check": "status",
        "last_run": run,
        "last_success": None,
        "consecutive_failures": 2,
        "skipped": "budget",
    }
    assert {one["rate_class"] for one in data["rate_limits"]} >= {"standard", "monitoring"}
    (token,) = data["tokens"]
    assert (token["valid"], token["renewal_overdue"]) == (True, False)
    assert token["expiry"] == "2027-01-15T09:00:00.000Z"
    orchestrator = next(one for one in data["lifecycle"] if one["component"] == "orchestrator")
    assert orchestrator["sunset"] == "2027-01-16T08:00:00.000Z"
    assert orchestrator["latest_sunset_announced"] is None  # a 503 promises nothing
    assert {one["component"] for one in data["certificates"]} == {"monitoring", "orchestrator"}


async def test_why_a_configuration_was_refused() -> None:
    process = ProcessNow(NOW, NOW, ("config.yaml:3: colour: unknown key",))
    async with serving(process=process) as url:
        config = (await told(f"{url}/api/v1/status"))["data"]["config"]
    assert config["last_reload_successful"] is False
    assert config["problems"] == ["config.yaml:3: colour: unknown key"]


async def test_a_date_that_no_calendar_has_is_not_known() -> None:
    far = call(lifecycle=Lifecycle("1", None, 1e18))
    async with serving(run(at=NOW + 5, deciding=far)) as url:
        logs = await told(f"{url}/logs?format=json&surface=monitoring.health")
        assert (await get(f"{url}/logs"))[0] == 200
    assert logs["runs"][0]["call"]["lifecycle"]["sunset"] is None


async def test_reasons_of_runs_and_skips_lead_to_what_they_mean() -> None:
    async with serving(FAILED, skip("no_token", INTENTS)) as url:
        _, logs = await get(f"{url}/logs")
        status, page = await get(f"{url}/reasons")
    assert status == 200
    anchors = {given.get("id") for _, given in Outline(page.decode()).tags}
    named = re.findall(r'href="reasons#(\w+)"', logs.decode())
    assert {"http_5xx", "no_token"} <= set(named) <= anchors
    assert not re.search(r"url\(|@import|https?:|<script", page.decode())
