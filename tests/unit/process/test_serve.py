"""The order in which the process comes to life: nothing is sent before it can listen."""

import signal
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from exporter.catalog import CATALOG
from exporter.config.schema import Config, Target
from exporter.config.values import Duration
from exporter.planning.plan import plan
from exporter.probing.schedule import HORIZON, Schedule, Scheduler
from exporter.process.app import App
from exporter.process.load import LoadedPlan
from exporter.process.options import Options
from exporter.process.serve import ListenError, serve
from exporter.web.listen_address import ListenAddress
from tests.support.hostile import LOOPBACK, OK, answer, sized
from tests.support.hostile import serve as api
from tests.support.product import Scrape
from tests.support.servers import eventually, get

NOWHERE: Final = ListenAddress(LOOPBACK, 0)


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """What SIGHUP does is left as it was."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


def loaded(url: str = "http://127.0.0.1:9", **given: Any) -> LoadedPlan:  # noqa: ANN401  # keys of Target
    return LoadedPlan(plan(CATALOG, Config((Target("lab", url, **given),))), "a test")


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


async def test_while_apscheduler_does_not_wake_nothing_runs_it_is_unhealthy_and_all_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("exporter.process.app._SILENT", HORIZON + 1.0)
    monkeypatch.setattr("exporter.probing.schedule._SILENCE", 2.0)
    async with api(answer(OK + sized(b"{}"))) as server:
        app = App(loaded(server.url, interval=Duration(1)), Options(NOWHERE), again)
        url = f"http://{await app.open()}"

        async def healthy(status: int, words: bytes) -> bool | None:
            told = await get(f"{url}/-/healthy")
            return (told[0] == status and words in told[1]) or None

        async def ran(more_than: int) -> bool | None:
            return len(server.requests) > more_than or None

        app.start()
        try:
            await eventually(partial(ran, 0))
            with monkeypatch.context() as silent:
                silent.setattr(Scheduler, "wakeup", lambda _: None)
                await eventually(partial(healthy, 503, b"silent for 4 s"), within=20)
                asked = len(server.requests)
                await eventually(partial(healthy, 503, b"silent for 6 s"), within=20)
                assert len(server.requests) == asked
            await eventually(partial(healthy, 200, b"healthy"), within=20)
            await eventually(partial(ran, asked))
            scrape = Scrape((await get(f"{url}/metrics"))[1].decode())
            assert scrape.accounts_for_every_instant()
            assert scrape.sum("oran_mano_probe_skipped_total", reason="misfire") >= 2
        finally:
            await app.stop()
