"""Which event loop is asked for."""

import sys
from typing import Final

import pytest

from exporter.config.problems import ConfigError
from exporter.process.loop_switch import loop_factory
from exporter.system.event_loop import EventLoop
from exporter.system.millisecond_loop import MillisecondLoop

SWITCH: Final = "ORAN_MANO_EXPORTER_UVLOOP"


@pytest.mark.parametrize("value", [None, "", "0", " 0 "])
def test_by_default_it_is_asyncios(value: str | None) -> None:
    assert loop_factory({} if value is None else {SWITCH: value}) is EventLoop


def test_the_switch_makes_it_uvloop() -> None:
    assert loop_factory({SWITCH: "1"}) is MillisecondLoop


def test_a_switch_that_is_neither_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'"yes" is not allowed; allowed: 1 for uvloop, 0'):
        loop_factory({SWITCH: "yes"})


def test_who_asks_for_it_without_having_it_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "exporter.system.millisecond_loop")
    monkeypatch.setitem(sys.modules, "uvloop", None)  # as if it were not installed
    with pytest.raises(ConfigError, match=r"not installed: pip install .*\[speed\]"):
        loop_factory({SWITCH: "1"})
