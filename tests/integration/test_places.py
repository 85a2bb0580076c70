"""A real Alertmanager: what happens in one cluster or namespace keeps nothing of another quiet."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

import aiohttp
import pytest

from tests.support.alerting import Alertmanager
from tests.support.receiver import Receiver
from tests.support.servers import Start, eventually

Labels: TypeAlias = Mapping[str, str]
HERE: Final[Labels] = {"cluster": "north", "namespace": "a"}
ELSEWHERE: Final[tuple[Labels, ...]] = (
    {"cluster": "south", "namespace": "a"},
    {"cluster": "north", "namespace": "b"},
    {"cluster": "south"},
    {},
)
FACTOR: Final = 100.0
SURFACE: Final = {"target": "lab", "component": "rapp", "surface": "rapp.list"}
LOGIN: Final = {"target": "lab", "component": "auth", "surface": "auth.login"}
LAB: Final = {"target": "lab"}
JOB: Final = {"job": "oran-mano"}


class Pair(NamedTuple):
    """An alert, and one of the same place that it keeps quiet."""

    source: str
    of: Labels
    quiet: str
    labels: Labels
    severity: str = "critical"


PAIRS: Final = (
    Pair("TargetDown", LAB, "SurfaceFailing", SURFACE),
    Pair("TargetDown", LAB, "AvailabilityBudgetBurnFast", SURFACE),
    Pair("TargetWasDown", SURFACE, "AvailabilityBudgetBurnFast", SURFACE),
    Pair("AuthenticationFailing", LAB, "SurfaceUnauthorized", SURFACE),
    Pair("AuthenticationFailing", LAB, "SurfaceFailing", LOGIN),
    Pair("TokenRefreshRefused", LOGIN, "SurfaceFailing", LOGIN),
    Pair("SurfaceUnauthorized", SURFACE, "SurfaceFailing", SURFACE),
    Pair("CertificateExpiring", LAB, "CertificateExpiring", {**LAB, "severity": "warning"}),
    Pair("ApiSunsetNear", LAB, "ApiSunsetNear", {**LAB, "severity": "warning"}),
    Pair("CertificateExpired", LAB, "CertificateExpiring", LAB),
    Pair("RateClassThrottled", LAB, "RunsSkipped", LAB),
    Pair("TargetThrottled", LAB, "RateClassThrottled", LAB),
    Pair("AvailabilityBudgetBurnFast", SURFACE, "SurfaceFailing", SURFACE),
    Pair("LatencyBudgetBurnFast", SURFACE, "SurfaceSlow", SURFACE),
    Pair("ProbesNotRunning", LAB, "TokenNotRenewed", LAB),
    Pair("ExporterAbsent", JOB, "TargetNotWatched", {**JOB, **LAB}),
)


def alert(name: str, place: Labels, labels: Labels) -> dict[str, str]:
    return {"alertname": name, "severity": "critical", **place, **labels}


async def fire(alertmanager: Alertmanager, *alerts: Labels) -> None:
    now = datetime.now(UTC)
    body = [
        {
            "labels": dict(labels),
            "annotations": {"summary": "it is so"},
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
        }
        for labels in alerts
    ]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{alertmanager.url}/api/v2/alerts", json=body) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def quiet(alertmanager: Alertmanager) -> list[dict[str, str]]:
    """The labels of what another alert keeps quiet now."""
    held = await alertmanager.alerts(inhibited="true", active="true")
    return [each["labels"] for each in held if each["status"]["inhibitedBy"]]


async def becomes_quiet(alertmanager: Alertmanager, wanted: list[dict[str, str]]) -> None:
    """Exactly these; Alertmanager hears of an alert a moment before its inhibitor does."""

    async def look() -> bool | None:
        held = await quiet(alertmanager)
        return all(each in held for each in wanted) or None

    await eventually(look, within=20)
    assert sorted(map(str, map(sorted, (each.items() for each in wanted)))) == sorted(
        map(str, map(sorted, (each.items() for each in await quiet(alertmanager))))
    )


@pytest.fixture
async def receiver(start: Start) -> Receiver:
    return await start(Receiver())


@pytest.fixture
async def alertmanager(start: Start, receiver: Receiver) -> Alertmanager:
    return await start(Alertmanager(receiver.url, FACTOR))


async def test_an_outage_keeps_quiet_what_follows_from_it_and_only_in_its_place(
    alertmanager: Alertmanager,
) -> None:
    """Each pair has a target of its own: none meets another's alerts."""
    wanted, loud, sources = [], [], []
    for index, pair in enumerate(PAIRS):
        own = {"target": f"site-{index}"} if "target" in pair.of else {}
        of = {**pair.of, **own}
        job = {"job": f"job-{index}"} if "job" in pair.of else {}
        labels = {**pair.labels, "target": f"site-{index}", **job}
        sources.append(alert(pair.source, HERE, {**of, **job}))
        wanted.append(alert(pair.quiet, HERE, labels))
        loud += [alert(pair.quiet, place, labels) for place in ELSEWHERE]
    await fire(alertmanager, *loud, *wanted, *sources)
    await becomes_quiet(alertmanager, wanted)


@pytest.mark.parametrize(
    ("place", "silent"),
    [
        ({"cluster": "north"}, {"north a", "north b"}),
        ({"cluster": "north", "namespace": "a"}, {"north a"}),
        ({}, {" "}),
    ],
    ids=["a cluster's Prometheus", "a namespace that the operator enforces", "no labels"],
)
async def test_no_exporter_at_all_is_one_page_of_what_its_prometheus_scrapes(
    alertmanager: Alertmanager, place: Labels, silent: set[str]
) -> None:
    jobs = [alert("ExporterAbsent", each, JOB) for each in (HERE, *ELSEWHERE)]
    await fire(alertmanager, *jobs, alert("ExporterAbsent", place, {}))
    await becomes_quiet(
        alertmanager,
        [job for job in jobs if f"{job.get('cluster', '')} {job.get('namespace', '')}" in silent],
    )


async def test_each_place_has_a_message_of_its_own(
    alertmanager: Alertmanager, receiver: Receiver
) -> None:
    places = (HERE, *ELSEWHERE)
    await fire(alertmanager, *(alert("TargetDown", place, LAB) for place in places))

    async def told() -> bool | None:
        return len(receiver.messages("lab", "pager")) >= len(places) or None

    await eventually(told, within=30)
    messages = receiver.messages("lab", "pager")
    assert all(len(message.alerts) == 1 for message in messages)
    groups = [
        {k: v for k, v in each.group.items() if k in {"cluster", "namespace"}} for each in messages
    ]
    assert sorted(map(str, groups)) == sorted(map(str, places))
