"""The order in which the process comes to life: nothing is sent before it can listen."""

import signal
from collections.abc import Iterator
from functools import partial
from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.config.schema import Config, Target
from exporter.planning.plan import plan
from exporter.probing.schedule import Schedule, Scheduler
from exporter.process.app import App
from exporter.process.load import LoadedPlan
from exporter.process.options import Options
from exporter.process.serve import ListenError, serve
from exporter.web.listen_address import ListenAddress
from tests.support.hostile import LOOPBACK, OK, answer, sized
from tests.support.hostile import serve as api
from tests.support.servers import eventually, get

NOWHERE: Final = ListenAddress(LOOPBACK, 0)


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """What SIGHUP does is left as it was."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


def loaded(url: str = "http://127.0.0.1:9") -> LoadedPlan:
    return LoadedPlan(plan(CATALOG, Config((Target("lab", url),))), "a test")


def again() -> LoadedPlan:
    raise NotImplementedError


async def test_nothing_is_begun_where_the_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[App] = []
    monkeypatch.setattr(App, "start", begun.append)
    async with api(answer(OK + sized(b"{}"))) as server:
        taken = Options(ListenAddress(LOOPBACK, server.port))
        with pytest.raises(ListenError, match="in use"):
            await serve(loaded(server.url), taken, again, None)
        assert server.requests == []
    assert begun == []


@pytest.mark.parametrize(("silence", "status"), [(14.0, 200), (16.0, 503)])
async def test_a_schedule_that_has_gone_silent_is_unhealthy(
    silence: float, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api(answer(OK + sized(b"{}"))) as server:
        app = App(loaded(server.url), Options(NOWHERE), again)
        address = await app.open()
        healthy, ready = f"http://{address}/-/healthy", f"http://{address}/-/ready"
        assert await get(ready) == (503, b"not ready: the schedule is not running\n")
        monkeypatch.setattr(Schedule, "silence", silence)
        assert (await get(healthy))[0] == 200  # it has not even begun
        app.start()
        try:
            told = await get(healthy)
            assert told[0] == status
            assert (b"silent for 16 s" in told[1]) == (status == 503)
            assert await get(ready) == (200, b"ready\n")
        finally:
            await app.stop()


async def test_an_apscheduler_that_no_longer_wakes_is_unhealthy_until_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("exporter.process.app._SILENT", 2.0)
    monkeypatch.setattr("exporter.probing.schedule._SILENCE", 2.0)
    async with api(answer(OK + sized(b"{}"))) as server:
        app = App(loaded(server.url), Options(NOWHERE), again)
        healthy = f"http://{await app.open()}/-/healthy"

        async def answers(status: int) -> bytes | None:
            told = await get(healthy)
            return told[1] if told[0] == status else None

        app.start()
        try:
            assert await eventually(partial(answers, 200))
            with monkeypatch.context() as silent:
                silent.setattr(Scheduler, "wakeup", lambda _: None)
                assert b"has been silent for" in await eventually(partial(answers, 503), within=20)
            assert await eventually(partial(answers, 200), within=20)
        finally:
            await app.stop()
