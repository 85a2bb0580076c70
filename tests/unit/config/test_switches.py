"""Switches in the environment: what they take, and what some of them need."""

from importlib.metadata import requires

import pytest

from exporter.config.problems import ConfigError
from exporter.config.switches import FAST_CLIENT, SWITCHES, UVLOOP, Switch


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
@pytest.mark.parametrize(
    ("said", "meant"), [(None, None), ("", None), (" ", None), ("0", False), (" 1 ", True)]
)
def test_a_switch_is_on_off_or_as_it_is_by_default(
    switch: Switch,
    said: str | None,
    meant: bool | None,  # noqa: FBT001  # a case
) -> None:
    environ = {} if said is None else {switch.name: said}
    assert switch.is_on(environ) is (switch.default if meant is None else meant)


def test_what_is_not_needed_is_off_and_what_is_well_known_is_on() -> None:
    assert [switch for switch in SWITCHES if switch.default] == [FAST_CLIENT]
    assert not FAST_CLIENT.needs


@pytest.mark.parametrize("said", ["yes", "true", "2", "01", "\x1b[31m"])
def test_anything_else_is_refused(said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        UVLOOP.is_on({UVLOOP.name: said})
    (problem,) = raised.value.problems
    assert problem.path == (UVLOOP.name,)
    assert problem.message.endswith("is not allowed; allowed: 0, 1")
    assert "\x1b" not in problem.message


def test_who_turns_on_what_is_not_installed_is_told_how_to_get_it() -> None:
    switch = Switch("ORAN_MANO_EXPORTER_X", needs="not_there")
    assert not switch.is_on({})
    with pytest.raises(ConfigError, match=r"not_there is not installed: pip install .*\[speed\]"):
        switch.is_on({switch.name: "1"})


def test_what_switches_need_is_in_the_extra() -> None:
    extra = [line for line in requires("oran-mano-exporter") or () if "speed" in line]
    needed = {switch.needs for switch in SWITCHES if switch.needs}
    assert {line.partition(">")[0].partition("<")[0] for line in extra} == needed
