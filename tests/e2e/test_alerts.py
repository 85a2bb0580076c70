"""From a scenario of the API to the message of its alerts, through real servers.

One exporter probes every scenario at once, every 2 s. All times of the shipped rules are divided by
``FACTOR``, as are the delays of Alertmanager: 10 s are 5 minutes here. The API is well for a while
(so that budgets and windows have a past), then every scenario begins at once.
"""

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.support.alerting import Alertmanager, quick_rules
from tests.support.dashboards import RIGHTLY_EMPTY, expressions
from tests.support.product import Exporter, Simulator
from tests.support.receiver import FIRING, RESOLVED, Notification, Receiver
from tests.support.servers import Prometheus, Start, eventually, free_port

FACTOR: Final = 30
SCRAPED: Final = 2
"""Seconds between scrapes: a minute."""
PAST: Final = 60
"""Seconds for which all is well: half of the hour of the budget alerts."""
QUIET: Final = 65
"""Seconds after which what is still quiet stays so: 15 minutes in a window, 15 of ``for``."""

# --- What happens, and who is told ---------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """A target, what becomes of its API, and the alerts that are told because of it.

    Attributes:
        scenario: what the simulator plays.
        told: alerts by receiver; all others are silent.
        perhaps: alerts that another one keeps quiet if it is not a moment later.
        knobs: of the scenario, turned otherwise, where its times have to be shorter too.
        options: of the target in the exporter's configuration.
    """

    scenario: str = "healthy"
    told: Mapping[str, set[str]] = field(default_factory=dict)
    perhaps: frozenset[str] = frozenset()
    knobs: Mapping[str, Any] = field(default_factory=dict)
    options: str = "slo: []"


BUDGETS: Final = 'slo: [{surfaces: "*", availability: 0.99, latency: {under: 5s, ratio: 0.95}}]'
BURNING: Final = {"pager": {"AvailabilityBudgetBurnFast"}}
DOWN: Final = {"pager": {"TargetDown"}}
STORIES: Final = {
    "healthy": Story(options=BUDGETS),
    "slow": Story(
        told={"tickets": {"SurfaceSlow"}},
        knobs={"delay": {"*": 0.6}},  # 2 s and more would not end before the next run
        options="slo: []\n    latency: {good: 500ms, bad: 1700ms}",
    ),
    "throttled": Story(
        "throttled",
        told={"tickets": {"RateClassThrottled"}},
        # A minute's quota is too long.
        knobs={"limits": {"standard": {"requests": 4, "window": 2}}},
    ),
    "login_refused": Story(
        "login_refused",
        # Surfaces that need no token stay well, and never were down.
        told={"pager": {"AuthenticationFailing"}},
    ),
    "expiring_tokens": Story("expiring_tokens", options=BUDGETS),
    "refresh_refused": Story(
        "expiring_tokens",
        told={"tickets": {"TokenRefreshRefused"}},
        perhaps=frozenset({"SurfaceFailing", "AvailabilityBudgetBurnSlow"}),
        knobs={
            "token_seconds": 12,
            "max_token_age_seconds": 12,
            "status": {"auth.refresh": 401},
        },
        options=BUDGETS,
    ),
    "failing_component": Story(
        "failing_component", BURNING, frozenset({"SurfaceFailing"}), options=BUDGETS
    ),
    "degraded": Story("degraded"),  # one failure in ten: what a budget makes of it is chance
    "slice_breach": Story("slice_breach", options=BUDGETS),
    "deprecated": Story("deprecated", told={"log": {"ApiDeprecated"}}),
    "sunset_moved_earlier": Story(
        "sunset_moved_earlier",
        told={  # of 21 days: a page, which keeps the ticket of the same name quiet
            "pager": {"ApiSunsetNear"},
            "tickets": {"ApiNoticeBelowPolicy"},
            "log": {"ApiDeprecated"},
        },
        knobs={"steps": [{"seconds": 2}, {"seconds": 2, "knobs": {"sunset_days": 21}}]},
    ),
    "contract_drift": Story("contract_drift", told={"tickets": {"SurfaceFailing"}}),
    "flapping": Story(
        "flapping",
        told={"pager": {"AvailabilityBudgetBurnFast"}},
        knobs={"steps": [{"seconds": 3}, {"seconds": 3, "knobs": {"status": {"*": 503}}}]},
        options=BUDGETS,
    ),
    "down": Story("down", told=DOWN, options=BUDGETS),
    "unreachable": Story(told=DOWN, options=BUDGETS),
}
OF_EXPORTERS: Final = {
    "exporter": {},
    "misled": {"tickets": {"ConfigReloadFailed"}, "log": {"SpansDropped"}},
    "gone": {"pager": {"ExporterAbsent"}},
}
"""By job: all scenarios; a broken file and no collector; ended."""
BUSY: Final = frozenset({"ExporterSlow"})
"""What is true on a machine that has much else to do."""
EMPTY: Final = {
    "life-cycle: How long are certificates good?",
    "life-cycle: When were certificates renewed?",
    "rate-limits: Which runs did it forgo to save quota?",
}
"""Panels without data here; why is in ``RIGHTLY_EMPTY``."""

TARGET: Final = """\
  - name: {name}
    url: {url}
    auth: {{type: login, username: demo, password: demo}}
    interval: 2s
    rate_limits: {{share: 1}}
    {options}
"""

# --- The stage -----------------------------------------------------------------------------------


class Stage(NamedTuple):
    """Everything runs, every scenario was played long enough."""

    simulators: Mapping[str, Simulator]
    receiver: Receiver
    alertmanager: Alertmanager
    prometheus: Prometheus


async def played(start: Start, folder: Path) -> Stage:
    """Everything is started, is well for a while, and then goes wrong for long enough."""
    started = await asyncio.gather(*(start(Simulator()) for _ in STORIES))
    simulators = dict(zip(STORIES, started, strict=True))
    file = folder / "misled.yaml"
    file.write_text(alone("misled", simulators["healthy"]))
    exporters = {
        "exporter": await start(Exporter(everything(simulators))),
        "misled": await start(Exporter(None, "--config.file", str(file), env=no_collector())),
        "gone": await start(Exporter(alone("gone", simulators["healthy"]))),
    }
    receiver = await start(Receiver())
    alertmanager = await start(Alertmanager(receiver.url, FACTOR))
    prometheus = await start(
        Prometheus(
            scrape_configs=[scraped(job, exporter) for job, exporter in exporters.items()],
            rules=quick_rules(folder, FACTOR),
            alertmanagers=[alertmanager.address],
        )
    )
    await lasts(prometheus, PAST)
    await begin(simulators)
    file.write_text("targets: nothing")
    exporters["misled"].process.signal(signal.SIGHUP)
    exporters["gone"].process.signal(signal.SIGTERM)
    await lasts(prometheus, PAST + QUIET)
    return Stage(simulators, receiver, alertmanager, prometheus)


def scraped(job: str, exporter: Exporter) -> dict[str, object]:
    return {
        "job_name": job,
        "scrape_interval": f"{SCRAPED}s",
        "static_configs": [{"targets": [exporter.address]}],
    }


def everything(simulators: Mapping[str, Simulator]) -> str:
    targets = (
        TARGET.format(name=name, url=simulators[name].url, options=story.options)
        for name, story in STORIES.items()
    )
    return "targets:\n" + "".join(targets)


def alone(name: str, simulator: Simulator) -> str:
    target = TARGET.format(name=name, url=simulator.url, options=Story().options)
    return f"targets:\n{target}traces: {{sample_ratio: 1}}\n"


def no_collector() -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.5",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }


async def lasts(prometheus: Prometheus, seconds: int) -> None:
    """Wait until Prometheus has seen so many seconds of the exporter."""
    await prometheus.wait_for(
        f'{SCRAPED} * count_over_time(up{{job="exporter"}}[1h]) >= {seconds}',
        within=2 * seconds + 30,
    )


async def begin(simulators: Mapping[str, Simulator]) -> None:
    for name, story in STORIES.items():
        if name != "unreachable":
            await simulators[name].play(story.scenario, **story.knobs)
    simulators["unreachable"].process.signal(signal.SIGTERM)


# --- What is told --------------------------------------------------------------------------------


async def test_every_scenario_is_told_by_its_alerts_and_no_others(
    start: Start, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """One test, for one stack: tests of a file are spread over processes."""
    stage = await played(start, tmp_path)
    for target, story in STORIES.items():
        with subtests.test(target):
            assert surely_told(stage, target, story.perhaps) == story.told
    for job, told in OF_EXPORTERS.items():
        with subtests.test(job):
            assert surely_told(stage, job, BUSY) == told
    with subtests.test("nothing else is told"):
        assert stage.receiver.subjects() - {"exporter"} == {
            name for name in STORIES if STORIES[name].told
        } | {job for job, told in OF_EXPORTERS.items() if told}
    for target in ("down", "unreachable"):
        with subtests.test("one page", target=target):
            await is_one_page(stage, target)
    with subtests.test("every panel and variable has data"):
        empty = {
            asked.name for asked in expressions() if not await stage.prometheus.query(asked.expr)
        }
        assert empty == EMPTY
        assert set(RIGHTLY_EMPTY) >= EMPTY
    with subtests.test("the end is told"):
        await ends_well(stage)


def surely_told(stage: Stage, target: str, perhaps: frozenset[str]) -> dict[str, set[str]]:
    """The alerts by receiver, without what may have been told or not."""
    certain = {who: names - perhaps for who, names in stage.receiver.told(target).items()}
    return {who: names for who, names in certain.items() if names}


async def is_one_page(stage: Stage, target: str) -> None:
    """Dozens of alerts fire; one message wakes somebody."""
    firing = await stage.alertmanager.alerts(filter=f'target="{target}"', active="true")
    assert len(firing) > 10
    (page,) = stage.receiver.messages(target, "pager")
    assert (page.status, len(page.alerts)) == (FIRING, 1)
    assert page.alerts[0].labels["severity"] == "critical"


async def ends_well(stage: Stage) -> None:
    """When the outage is over that is told, and no other page comes while its budget is burnt."""
    await stage.simulators["down"].play("healthy")

    async def over() -> Notification | None:
        _, *later = stage.receiver.messages("down", "pager")
        return later[0] if later else None

    page = await eventually(over, within=40)
    assert (page.status, page.alerts[0].name) == (RESOLVED, "TargetDown")
    burning = 'ALERTS{alertname=~".+BudgetBurnFast", target="down"}'
    await stage.prometheus.wait_for(f"absent({burning})", within=90)
    assert len(stage.receiver.messages("down", "pager")) == 2
