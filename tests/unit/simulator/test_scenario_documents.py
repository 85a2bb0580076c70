"""The documents of scenarios: how they are read, how their steps follow, what is refused."""

import math
from collections.abc import Callable

import pytest

from exporter.simulator.knobs import ForcedFault, Knobs, treatment
from exporter.simulator.routes import SURFACES
from exporter.simulator.scenario import Scenario, ScenarioError, ScenarioStep, knobs_of, phase, read
from exporter.simulator.scenarios import SCENARIOS
from tests.unit.simulator.support import Api, Json, logged_in

HEALTH = "/monitoring/health"
INTENTS = "/orchestrator/intents"
NAMES = {
    *("healthy", "slow", "throttled", "quota_eaten", "expiring_tokens", "login_refused"),
    *("failing_component", "degraded", "slice_breach", "deprecated", "sunset_moved_earlier"),
    *("contract_drift", "flapping", "down", "scripted"),
}


def test_the_rows() -> None:
    assert set(SCENARIOS) == NAMES


@pytest.mark.parametrize("row", SCENARIOS.values(), ids=lambda row: row.name)
def test_every_row_is_a_good_document(row: Scenario) -> None:
    assert row.summary.endswith(".")
    read({"name": "copy", "base": row.name, **row.knobs}, SCENARIOS, SURFACES)
    for step in row.steps:
        read({"name": "healthy", **step.knobs}, SCENARIOS, SURFACES)
        assert not step.scenario or step.scenario in SCENARIOS


def test_healthy_is_what_the_knobs_mean_by_themselves() -> None:
    assert SCENARIOS["healthy"].knobs == {}
    assert all(treatment(Knobs(), surface) == treatment(Knobs(), "x") for surface in SURFACES)


def test_the_script_walks_through_all_the_others() -> None:
    script = SCENARIOS["scripted"]
    seconds = script.steps[0].seconds
    walked = [phase(script, SCENARIOS, (number + 0.5) * seconds).path[2] for number in range(15)]
    assert set(walked) == NAMES - {"scripted"}
    assert walked[0] == walked[14] == "healthy"


STEPS = (
    ScenarioStep(seconds=20),
    ScenarioStep(seconds=10, knobs={"token_seconds": 2}),
    ScenarioStep(seconds=5, scenario="down"),
)


@pytest.mark.parametrize(
    ("elapsed", "repeat", "step", "began"),
    [
        (0, True, "1", 0),
        (19.99, True, "1", 0),
        (20, True, "2", 20),
        (34.9, True, "3", 30),
        (35, True, "1", 35),
        (56, True, "2", 55),
        (34, False, "3", 30),
        (1000, False, "3", 30),
    ],
)
def test_steps(elapsed: float, *, repeat: bool, step: str, began: float) -> None:
    row = Scenario(name="x", knobs={"token_seconds": 1}, steps=STEPS, repeat=repeat)
    found = phase(row, SCENARIOS, elapsed)
    assert found.path[:2] == ("x", step)
    assert found.began == pytest.approx(began)
    assert found.knobs["token_seconds"] == (2 if step == "2" else 1)
    assert found.knobs.get("status") == ({"*": 503} if step == "3" else None)


def test_steps_within_steps() -> None:
    row = Scenario(
        name="x", steps=(ScenarioStep(seconds=5), ScenarioStep(seconds=100, scenario="flapping"))
    )
    assert "status" not in phase(row, SCENARIOS, 6).knobs
    found = phase(row, SCENARIOS, 26)
    assert found.path == ("x", "2", "flapping", "2")
    assert found.knobs["status"] == {"*": 503}
    assert found.began == pytest.approx(25)


def test_knobs_of_a_step_win_over_its_scenario_and_that_over_the_row() -> None:
    step = ScenarioStep(seconds=5, scenario="expiring_tokens", knobs={"token_seconds": 3})
    row = Scenario(name="x", knobs={"refresh_seconds": 1, "version": "2"}, steps=(step,))
    found = phase(row, SCENARIOS, 0).knobs
    assert (found["token_seconds"], found["refresh_seconds"], found["version"]) == (3, 120, "2")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "a scenario is an object"),
        (None, "a scenario is an object"),
        ({"name": "healty"}, "unknown scenario 'healty'; did you mean 'healthy'?"),
        ({}, "name is missing; known are contract_drift, "),
        ({"base": "down"}, "name is missing"),
        ({"name": ""}, "name: Expected `str` of length >= 1"),
        ({"name": None}, "name: Expected `str`, got `null`"),
        ({"name": 5}, "name: Expected `str`, got `int`"),
        ({"name": "mine"}, "'mine'; a name of your own needs a `base` that it changes; known are "),
        ({"name": "mine", "base": "dwn"}, "unknown scenario 'dwn'; did you mean 'down'?"),
        ({"name": "mine", "base": "other"}, "unknown scenario 'other'; known are "),
        ({"name": "mine", "base": ""}, "base: Expected `str` of length >= 1"),
        ({"name": "healthy", "tokenseconds": 1}, "did you mean 'token_seconds'?"),
        ({"name": "healthy", "token_seconds": "1"}, "token_seconds: Expected `int`, got `str`"),
        ({"name": "healthy", "token_seconds": 0}, "token_seconds: Expected `int` >= 1"),
        ({"name": "healthy", "latency_factor": -1}, "latency_factor: Expected `float` >= 0"),
        ({"name": "healthy", "status": {"*": 99}}, "status: Expected `int` >= 200"),
        ({"name": "healthy", "status": {"*": {"status": 500, "ratio": 2}}}, "status: Expected"),
        ({"name": "healthy", "drift": {"*": ["typo"]}}, "drift: Invalid enum value 'typo'"),
        ({"name": "healthy", "limits": {"standrd": {"requests": 1}}}, "limits: Invalid enum"),
        (
            {"name": "healthy", "hang": ["tn-manager.agent.status"]},
            "fits no surface; did you mean 'tn-manager.agents.status'?",
        ),
        ({"name": "healthy", "steps": [5]}, "steps: Expected `object`, got `int`"),
        (
            {"name": "healthy", "steps": [{"seconds": 0}]},
            "step 1: seconds: Expected `float` >= 0.01",
        ),
        (
            {"name": "healthy", "steps": [{"seconds": 1}, {"seconds": 1, "scenario": "dwn"}]},
            "step 2: unknown scenario 'dwn'; did you mean 'down'?",
        ),
        (
            {"name": "healthy", "steps": [{"seconds": 1, "knobs": {"x": 1}}]},
            "step 1: unknown knob 'x'",
        ),
        (
            {"name": "healthy", "steps": [{"seconds": 1, "knobs": {"hang": ["x"]}}]},
            "step 1: hang: 'x' fits no surface",
        ),
        ({"name": "healthy", 5: 6}, "unknown knob 5; known are "),
        ({"name": "healthy", "repeat": "yes"}, "repeat: Expected `bool | null`"),
        ({"name": "healthy", "churn_seconds": 0.001}, "churn_seconds: Expected 0 or `float` >= 5"),
        ({"name": "healthy", "version": "a\nb"}, "'API-Version' cannot have a line break"),
        ({"name": "healthy", "headers": {"X-A": "a\r\nB: c"}}, "'X-A' cannot have a line break"),
        ({"name": "healthy", "headers": {"X-A": "\ud800"}}, "'X-A' cannot have a line break"),
        ({"name": "healthy", "headers": {"X A": "b"}}, "'X A' is no name of a header"),
        ({"name": "healthy", "headers": {"": None}}, "'' is no name of a header"),
        ({"name": "healthy", "headers": {"Content-length": "5"}}, "is the connection's own"),
        ({"name": "healthy", "headers": {"Date": None}}, "'Date' cannot be taken away"),
        ({"name": "healthy", "headers": {"server": None}}, "'server' cannot be taken away"),
        ({"name": "healthy", "headers": {"content-Type": None}}, "cannot be taken away"),
        (
            {"name": "healthy", "status": {"*": {"status": 503, "headers": {"A": "\0"}}}},
            "status: 'A' cannot have a line break",
        ),
    ],
)
def test_a_document_that_is_not_understood(document: object, told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read(document, SCENARIOS, SURFACES)
    assert told in str(error.value)


# Where each number of a document stands, and the greatest that is allowed there.
GREATEST: dict[str, tuple[Callable[[float], Json], float]] = {
    "latency_factor": (lambda n: {"latency_factor": n}, 10_000),
    "delay": (lambda n: {"delay": {"*": n}}, 86_400),
    "status": (lambda n: {"status": {"*": n}}, 599),
    "fault.status": (lambda n: {"status": {"*": {"status": n}}}, 599),
    "fault.ratio": (lambda n: {"status": {"*": {"status": 500, "ratio": n}}}, 1),
    "huge_bytes": (lambda n: {"huge_bytes": n}, 1 << 31),
    "limit.requests": (lambda n: {"limits": {"standard": {"requests": n}}}, 10**9),
    "limit.window": (lambda n: {"limits": {"standard": {"requests": 1, "window": n}}}, 86_400),
    "background": (lambda n: {"background": {"standard": n}}, 10**9),
    "retry_after": (lambda n: {"retry_after": n}, 315_576_000),
    "token_seconds": (lambda n: {"token_seconds": n}, 315_576_000),
    "refresh_seconds": (lambda n: {"refresh_seconds": n}, 315_576_000),
    "max_token_age_seconds": (lambda n: {"max_token_age_seconds": n}, 86_400),
    "deprecated_days": (lambda n: {"deprecated_days": n}, 36_525),
    "sunset_days": (lambda n: {"sunset_days": n}, 36_525),
    "clock_skew_seconds": (lambda n: {"clock_skew_seconds": n}, 86_400),
    "deploy_seconds": (lambda n: {"deploy_seconds": n}, 86_400),
    "churn_seconds": (lambda n: {"churn_seconds": n}, 86_400),
    "step.seconds": (lambda n: {"steps": [{"seconds": n}]}, 86_400),
}


@pytest.mark.parametrize("knob", GREATEST)
def test_the_greatest_number_is_playable_and_what_is_beyond_is_refused(knob: str) -> None:
    document, greatest = GREATEST[knob]
    for number in (greatest + 1, -(10**12), 10**400, 1e300, math.inf, -math.inf, math.nan):
        with pytest.raises(ScenarioError):
            read({"name": "healthy", **document(number)}, SCENARIOS, SURFACES)
    for dialect in ("http_date", "milliseconds", "ietf"):
        for model in ("fixed", "sliding"):
            others = {"limit_headers": dialect, "lifecycle_headers": "rfc", "limit_model": model}
            api = Api(**{**others, **document(greatest)})
            for _ in range(3):
                assert api.get(HEALTH).headers
                assert api.get(INTENTS).headers
                api.clock.pass_(40)


@pytest.mark.parametrize("days", [-36_525, 36_525])
@pytest.mark.parametrize("names", ["guide", "rfc"])
def test_the_farthest_dates_are_dates(days: float, names: str) -> None:
    knobs: Json = {"deprecated_days": days, "sunset_days": days, "lifecycle_headers": names}
    assert Api(**knobs, clock_skew_seconds=-86_400).get(HEALTH).status == 200


def test_a_document_of_ones_own() -> None:
    api = logged_in()
    api.gateway.stage.play(
        {
            "name": "mine",
            "base": "deprecated",
            "summary": "Mine.",
            "token_seconds": 7,
            "steps": [{"seconds": 10}, {"seconds": 10, "knobs": {"version": "2.0.0"}}],
            "repeat": True,
        },
        api.clock(),
    )
    told = api.gateway.stage.told(api.clock())
    assert (told["name"], told["summary"], told["phase"]) == ("mine", "Mine.", ["1"])
    assert told["knobs"] == {"deprecated_days": -30, "sunset_days": 180, "token_seconds": 7}
    api.clock.pass_(10)
    assert api.get("/monitoring/health").headers["API-Version"] == "2.0.0"
    assert "API-Sunset-Date" in api.get("/monitoring/health").headers


def test_overrides_lie_on_top_of_every_step() -> None:
    api = Api("flapping", status={"monitoring.health": 418})
    assert api.get("/monitoring/health").status == 418
    api.clock.pass_(20)
    assert api.get("/monitoring/health").status == 418


def test_a_bad_document_leaves_the_old_scenario() -> None:
    api = Api("down")
    with pytest.raises(ScenarioError):
        api.play("nothing")
    assert api.get("/monitoring/health").status == 503


def test_the_last_glob_that_fits_holds() -> None:
    knobs = knobs_of(
        {
            "status": {"*": 503, "monitoring.*": {"status": 500, "ratio": 0.5}},
            "delay": {"vnf-operator.*": 2, "vnf-operator.vnfs.get": 0},
            "hang": ["auth.*"],
        }
    )
    assert treatment(knobs, "auth.login").fault == ForcedFault(status=503)
    assert treatment(knobs, "auth.login").hang
    assert treatment(knobs, "monitoring.health").fault == ForcedFault(status=500, ratio=0.5)
    assert treatment(knobs, "vnf-operator.vnfs.list").delay == 2
    assert treatment(knobs, "vnf-operator.vnfs.get").delay == 0
