"""What the configuration makes of the catalog."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalog import CATALOG
from exporter.config.problems import ConfigError
from exporter.config.schema import (
    Auth,
    Config,
    Deployments,
    Latency,
    LatencyObjective,
    Resources,
    Slo,
    SurfaceOptions,
    Target,
    Timeouts,
)
from exporter.config.values import Duration, Secret
from exporter.planning.job import Job, TargetPlan
from exporter.planning.plan import plan

LOGIN: Final = Auth(type="login", username="probe", password=Secret("hunter2"))


def target(**settings: object) -> Target:
    defaults: dict[str, object] = {"name": "lab", "url": "http://lab/v1", "auth": LOGIN}
    return Target(**{**defaults, **settings})  # type: ignore[arg-type]  # a builder for tests


def planned(**settings: object) -> TargetPlan:
    return plan(CATALOG, Config((target(**settings),))).targets[0]


def jobs(**settings: object) -> dict[str, Job]:
    return {job.key.surface: job for job in planned(**settings).jobs}


def problems(**settings: object) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ConfigError) as caught:
        plan(CATALOG, Config((target(**settings),)))
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_by_default_all_safe_reads_are_probed_and_nothing_else() -> None:
    safe = {s.id for s in CATALOG if s.safety == "read" and not s.passive}
    assert set(jobs()) == safe
    assert {job.key.surface for job in planned().passive} == {s.id for s in CATALOG if s.passive}


def test_without_credentials_only_open_surfaces_are_probed() -> None:
    safe = {s.id for s in CATALOG if s.safety == "read" and not s.passive}
    assert set(jobs(auth=Auth())) == safe & {s.id for s in CATALOG if s.auth == "none"}
    assert planned(auth=Auth()).passive == ()


def test_later_entries_win_key_by_key() -> None:
    found = jobs(
        surfaces={
            "monitoring.*": SurfaceOptions(interval=Duration(15), essential=False),
            "monitoring.health": SurfaceOptions(interval=Duration(10)),
        }
    )
    health, metrics = found["monitoring.health"], found["monitoring.metrics"]
    assert (health.interval, health.essential) == (10, False)
    assert metrics.interval == 15
    assert found["orchestrator.intents.list"].interval == 30


@pytest.mark.parametrize(
    ("interval", "total", "timeout"),
    [(30, None, 27), (10, None, 9), (300, None, 30), (300, 60, 60), (30, 30, 30)],
)
def test_the_total_time_out_is_cut_below_the_interval_unless_given(
    interval: int, total: int | None, timeout: float
) -> None:
    timeouts = Timeouts(total=None if total is None else Duration(total))
    found = jobs(interval=Duration(interval), timeouts=timeouts)
    assert found["monitoring.health"].timeout == pytest.approx(timeout)


def test_a_dry_run_is_probed_where_it_is_asked_for() -> None:
    found = jobs(surfaces={"orchestrator.plan": SurfaceOptions(mode="dry_run")})
    assert found["orchestrator.plan"].mode == "dry_run"


def test_off_is_off_and_one_entry_may_bring_back_what_a_glob_took() -> None:
    found = jobs(
        surfaces={
            "*": SurfaceOptions(mode="off"),
            "monitoring.health": SurfaceOptions(mode="read"),
        }
    )
    assert set(found) == {"monitoring.health"}


def test_no_page_is_asked_for_where_the_usual_one_is_enough() -> None:
    intents = jobs(resources=Resources(max=20))["orchestrator.intents.list"]
    assert (intents.page, intents.query) == (50, "")


@pytest.mark.parametrize(
    "surfaces",
    [
        {"*": SurfaceOptions(mode="off"), "monitoring.*": SurfaceOptions(interval=Duration(60))},
        {"monitoring.*": SurfaceOptions(mode="read")},
        {"*.list": SurfaceOptions(mode="off", essential=True)},
        {"*.deploy*": SurfaceOptions(interval=Duration(60))},
        {"orchestrator.deploy": SurfaceOptions(mode="off")},
        {"auth.*": SurfaceOptions(timeout=Duration(5), essential=False)},
    ],
)
def test_an_entry_that_fits_some_surface_is_right(surfaces: dict[str, SurfaceOptions]) -> None:
    open_to_all = {row.id for row in CATALOG if row.auth == "none"}
    assert set(jobs(auth=Auth(), surfaces=surfaces)) <= open_to_all


def test_settings_reach_the_jobs() -> None:
    found = jobs(
        latency=Latency(Duration(1), Duration(3)),
        resources=Resources(max=200),
        deployments=Deployments("/v2/deployments/{deploymentId}/state"),
    )
    assert (found["monitoring.health"].good, found["monitoring.health"].bad) == (1, 3)
    intents, agents = found["orchestrator.intents.list"], found["tn-manager.agents.list"]
    assert (intents.page, intents.query) == (200, "?limit=200")
    assert (agents.page, agents.query) == (None, "")
    assert found["orchestrator.deployments.get"].endpoint == "/v2/deployments/{deploymentId}/state"


PLACE: Final = ("targets", 0, "surfaces")

MISFITS: Final[dict[str, tuple[dict[str, object], tuple[str | int, ...], str]]] = {
    "a name that fits nothing": (
        {"surfaces": {"monitoring.helth": SurfaceOptions()}},
        (*PLACE, "monitoring.helth"),
        'no surface is called so; did you mean "monitoring.health"?',
    ),
    "a glob that fits nothing": (
        {"surfaces": {"o3-*": SurfaceOptions()}},
        (*PLACE, "o3-*"),
        "no surface is called so; allowed: an id or a glob",
    ),
    "reading what writes": (
        {"surfaces": {"orchestrator.deploy": SurfaceOptions(mode="read")}},
        (*PLACE, "orchestrator.deploy", "mode"),
        '"read" is not safe for orchestrator.deploy; allowed: off',
    ),
    "a glob over what writes": (
        {"surfaces": {"orchestrator.*": SurfaceOptions(mode="read")}},
        (*PLACE, "orchestrator.*", "mode"),
        '"read" is not safe for orchestrator.intents.create; allowed: off',
    ),
    "a dry run of a read": (
        {"surfaces": {"monitoring.health": SurfaceOptions(mode="dry_run")}},
        (*PLACE, "monitoring.health", "mode"),
        '"dry_run" is not safe for monitoring.health; allowed: off, read',
    ),
    "an interval for what is passive": (
        {"surfaces": {"auth.login": SurfaceOptions(interval=Duration(60))}},
        (*PLACE, "auth.login", "interval"),
        "auth.login runs when a token is needed; allowed: essential, timeout",
    ),
    "a token wanted without credentials": (
        {"auth": Auth(), "surfaces": {"vnf-operator.vnfs.list": SurfaceOptions(mode="read")}},
        (*PLACE, "vnf-operator.vnfs.list", "mode"),
        "vnf-operator.vnfs.list needs a token",
    ),
    "a token wanted for a dry run": (
        {"auth": Auth(), "surfaces": {"orchestrator.plan": SurfaceOptions(mode="dry_run")}},
        (*PLACE, "orchestrator.plan", "mode"),
        "orchestrator.plan needs a token; allowed: off, or an auth other than none",
    ),
    "a token wanted by all that a glob fits": (
        {"auth": Auth(), "surfaces": {"*.list": SurfaceOptions(mode="read")}},
        (*PLACE, "*.list", "mode"),
        "orchestrator.intents.list needs a token",
    ),
    "reading what writes, without credentials": (
        {"auth": Auth(), "surfaces": {"orchestrator.deploy": SurfaceOptions(mode="read")}},
        (*PLACE, "orchestrator.deploy", "mode"),
        '"read" is not safe for orchestrator.deploy; allowed: off',
    ),
    "reading what can be tried dry, without credentials": (
        {"auth": Auth(), "surfaces": {"orchestrator.plan": SurfaceOptions(mode="read")}},
        (*PLACE, "orchestrator.plan", "mode"),
        '"read" is not safe for orchestrator.plan; allowed: off, dry_run',
    ),
    "an interval for all that tokens need": (
        {"surfaces": {"auth.*": SurfaceOptions(interval=Duration(60))}},
        (*PLACE, "auth.*", "interval"),
        "auth.login runs when a token is needed; allowed: essential, timeout",
    ),
    "an interval for what is always off": (
        {"surfaces": {"orchestrator.deploy": SurfaceOptions(interval=Duration(5))}},
        (*PLACE, "orchestrator.deploy", "interval"),
        "orchestrator.deploy changes state; allowed: mode off alone",
    ),
    "what is always off called essential": (
        {"surfaces": {"webhooks.*": SurfaceOptions(mode="off", essential=True)}},
        (*PLACE, "webhooks.*", "essential"),
        "webhooks.subscriptions changes state; allowed: mode off alone",
    ),
    "a time-out for what is always off": (
        {"surfaces": {"vnf-operator.vnfs.scale": SurfaceOptions(timeout=Duration(5))}},
        (*PLACE, "vnf-operator.vnfs.scale", "timeout"),
        "vnf-operator.vnfs.scale changes state; allowed: mode off alone",
    ),
    "a time-out above the interval": (
        {"surfaces": {"monitoring.health": SurfaceOptions(timeout=Duration(40))}},
        (*PLACE, "monitoring.health", "timeout"),
        "the time-out of monitoring.health, 40s, is above its interval, 30s",
    ),
    "an interval below the target's time-out": (
        {
            "timeouts": Timeouts(total=Duration(20)),
            "surfaces": {"monitoring.*": SurfaceOptions(interval=Duration(10))},
        },
        (*PLACE, "monitoring.*", "interval"),
        "the time-out of monitoring.health, 20s, is above its interval, 10s",
    ),
}


@pytest.mark.parametrize("case", MISFITS.values(), ids=MISFITS.keys())
def test_misfits_are_refused_once_with_their_place(
    case: tuple[dict[str, object], tuple[str | int, ...], str],
) -> None:
    settings, path, message = case
    found = problems(**settings)
    assert [where for where, _ in found] == [path]
    assert found[0][1].startswith(message)


@given(
    st.dictionaries(
        st.sampled_from(["*", "monitoring.*", "*.list", "orchestrator.*"]),
        st.builds(
            SurfaceOptions,
            interval=st.none() | st.integers(1, 600).map(Duration),
            mode=st.none() | st.just("off"),
            essential=st.none() | st.booleans(),
        ),
    )
)
def test_no_job_may_outlive_its_interval(surfaces: dict[str, SurfaceOptions]) -> None:
    for job in planned(surfaces=surfaces).every:
        assert 0 < job.timeout <= max(job.interval, 30)
        assert job.surface.passive or job.timeout < job.interval


@pytest.mark.parametrize(
    ("slo", "availability", "under"),
    [
        (None, 0.99, 2),
        ((), None, None),
        ((Slo("orchestrator.*", availability=0.9),), None, None),
        ((Slo("*", availability=0.9), Slo("monitoring.*", availability=0.5)), 0.5, None),
        ((Slo("monitoring.*", availability=0.5), Slo("*", latency=LatencyObjective())), 0.5, 2),
    ],
)
def test_the_last_objective_that_is_named_holds(
    slo: tuple[Slo, ...] | None, availability: float | None, under: float | None
) -> None:
    health = jobs(**({} if slo is None else {"slo": slo}))["monitoring.health"]
    assert health.availability == availability
    assert (health.latency and health.latency.under) == under


def test_an_objective_of_no_surface_is_refused() -> None:
    ((path, message),) = problems(slo=(Slo("monitorin.*", availability=0.9),))
    assert path == ("targets", 0, "slo", 0, "surfaces")
    assert "no surface is called so" in message
