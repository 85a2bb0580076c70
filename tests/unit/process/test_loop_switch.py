"""Which event loop is asked for."""

import asyncio

import pytest

from exporter.config.switches import UVLOOP
from exporter.process.loop_switch import loop_factory
from exporter.system.event_loop import EventLoop
from exporter.system.millisecond_loop import MillisecondLoop


@pytest.mark.parametrize(
    ("said", "made"), [("", EventLoop), ("0", EventLoop), ("1", MillisecondLoop)]
)
def test_the_switch_makes_it_uvloop(said: str, made: type[asyncio.AbstractEventLoop]) -> None:
    assert loop_factory({UVLOOP.name: said}) is made
