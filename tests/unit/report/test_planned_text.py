"""How a surface is probed, in words: what is configured otherwise is told otherwise."""

from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.config.schema import (
    Config,
    Connection,
    Latency,
    Resources,
    SurfaceOptions,
    Target,
    Timeouts,
    Tls,
)
from exporter.config.values import Duration
from exporter.planning.plan import plan
from exporter.report.planned_text import planned
from tests.support.jobs import ACCOUNT

OTHERWISE: Final = Target(
    name="lab",
    url="https://lab.example/v1",
    auth=ACCOUNT,
    tls=Tls(insecure_skip_verify=True),
    timeouts=Timeouts(connect=Duration(2), read=Duration(4)),
    connection=Connection(concurrency=2, ip_protocol="ip6", max_age=Duration(0)),
    latency=Latency(Duration(0.5), Duration(90)),
    follow_redirects=True,
    resources=Resources(max=500),
    surfaces={"orchestrator.plan": SurfaceOptions(mode="dry_run", interval=Duration(60))},
)


def told(surface: str, target: Target = OTHERWISE) -> dict[str, str]:
    (of,) = plan(CATALOG, Config((target,))).targets
    (job,) = [job for job in of.jobs if job.key.surface == surface]
    head, *lines = planned(job, target)
    assert head.text == "Planned job:"
    return {line.text[:16].strip(): line.text[16:] for line in lines}


def test_what_is_configured_otherwise() -> None:
    seen = told("orchestrator.plan")
    assert seen["request"] == "POST /orchestrator/plan"
    assert (seen["mode"], seen["interval"]) == ("dry_run", "1m")
    assert seen["time-out"] == "30s in all, connect 2s, read 4s"
    assert seen["latency"] == "good up to 500ms, bad above 1m30s"
    assert seen["rate class"] == "standard (account)"
    assert seen["essential"] == "no"
    assert seen["connections"] == "concurrency 2, a new one for each request, ip_protocol ip6"
    assert (seen["tls"], seen["redirects"]) == ("not verified", "followed")
    assert (seen["proxy"], seen["headers"]) == ("as the environment says", "none")
    assert "ids" not in seen


@pytest.mark.parametrize(
    ("surface", "ids"),
    [
        ("tn-manager.agents.status", "agents: each in every run, 500 at most"),
        ("vnf-operator.vnfs.get", "vnfs: one a run, in turn, 500 at most"),
    ],
)
def test_where_ids_are_asked_for(surface: str, ids: str) -> None:
    assert told(surface)["ids"] == ids


def test_how_many_items_of_a_list_are_asked_for() -> None:
    assert told("vnf-operator.vnfs.list")["request"] == "GET /vnf-operator/vnfs?limit=500"


def test_without_tls_nothing_is_said_of_it() -> None:
    assert "tls" not in told("monitoring.health", Target(name="lab", url="http://lab/v1"))
