"""The configuration with what only a plan tells: how long each run may take."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exporter.catalog import CATALOG
from exporter.config.encode import encode
from exporter.config.problems import ConfigError
from exporter.config.schema import Auth, Config, SurfaceOptions, Target, Timeouts
from exporter.config.values import Duration
from exporter.model.observation import Key
from exporter.planning.plan import in_force, plan
from tests.unit.config.support import decode

HEALTH: Final = "monitoring.health"
ACCOUNT: Final = Auth("login", "probe", password_file="/secret")


def shown(target: Target) -> Target:
    (found,) = in_force(plan(CATALOG, Config((target,)))).targets
    return found


def timeouts(config: Config) -> dict[Key, float]:
    return {
        job.key: job.timeout for target in plan(CATALOG, config).targets for job in target.every
    }


@pytest.mark.parametrize(
    ("interval", "total", "is_shown"),
    [(30, None, 27), (10, None, 9), (7, None, 6.3), (3600, None, 30), (60, 45, 45), (60, 5, 5)],
)
def test_the_total_is_that_which_binds(
    interval: float, total: float | None, is_shown: float
) -> None:
    said = Timeouts(total=None if total is None else Duration(total))
    found = shown(Target("lab", "http://lab", interval=Duration(interval), timeouts=said))
    assert found.timeouts.total == is_shown
    assert found.surfaces == {}


def test_a_surface_with_another_has_an_entry() -> None:
    surfaces = {
        HEALTH: SurfaceOptions(interval=Duration(5), essential=False),
        "monitoring.*": SurfaceOptions(interval=Duration(10)),
        "monitoring.metrics": SurfaceOptions(timeout=Duration(2)),
    }
    found = shown(Target("lab", "http://lab", auth=ACCOUNT, surfaces=surfaces)).surfaces
    others = [row.id for row in CATALOG if row.component == "monitoring"]
    assert found == {
        **dict.fromkeys(others, SurfaceOptions(interval=Duration(10), timeout=Duration(9))),
        "monitoring.*": SurfaceOptions(interval=Duration(10)),
        "monitoring.metrics": SurfaceOptions(timeout=Duration(2)),
        "auth.login": SurfaceOptions(timeout=Duration(9)),
        "auth.refresh": SurfaceOptions(timeout=Duration(9)),
        HEALTH: SurfaceOptions(interval=Duration(10), essential=False, timeout=Duration(9)),
    }
    assert [*found].index("monitoring.*") < [*found].index(HEALTH)


_SECONDS: Final = st.integers(1, 120).map(Duration)
_OPTIONS: Final = st.builds(
    SurfaceOptions,
    st.none() | _SECONDS,
    st.sampled_from([None, "off"]),
    st.none() | st.booleans(),
    st.none() | _SECONDS,
)
_GLOBS: Final = st.sampled_from(["*", "monitoring.*", HEALTH, "*.list", "auth.*", "auth.login"])


@given(_SECONDS, st.none() | _SECONDS, st.dictionaries(_GLOBS, _OPTIONS))
def test_what_is_shown_is_a_configuration_of_the_same_plan(
    interval: Duration, total: Duration | None, surfaces: dict[str, SurfaceOptions]
) -> None:
    assume(total is None or total <= interval)
    target = Target(
        "lab",
        "http://lab",
        auth=ACCOUNT,
        interval=interval,
        timeouts=Timeouts(total=total),
        surfaces=surfaces,
    )
    try:
        before = plan(CATALOG, Config((target,)))
    except ConfigError:
        return
    text = encode(in_force(before))
    again = decode(text.encode(), Path("/"))[0]
    after = plan(CATALOG, again)
    assert after.targets[0].every == before.targets[0].every
    assert in_force(after) == again
