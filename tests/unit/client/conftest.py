"""Whatever is sent is sent both ways: plain GETs as they were prepared, and through a session."""

from collections.abc import Iterator
from inspect import iscoroutinefunction
from typing import Any

import aiohttp
import pytest

from exporter.client.connections import Order, Pool
from exporter.client.fast_path import Answer, PreparedGet
from exporter.client.timing import CallTiming
from exporter.config.switches import FAST_CLIENT

WAYS = {"fast": "1", "plain": "0"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What sends nothing runs once."""
    if iscoroutinefunction(metafunc.function):
        metafunc.parametrize("route", WAYS, indirect=True)


@pytest.fixture(autouse=True)
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The way that is to be taken; no test passes that took the other one."""
    wanted: str = getattr(request, "param", "fast")
    taken: set[str] = set()
    begin, send = PreparedGet.begin, Pool.send

    async def fast(get: PreparedGet, traceparent: str, progress: CallTiming) -> Answer:
        taken.add("fast")
        return await begin(get, traceparent, progress)

    async def plain(pool: Pool, order: Order, *rest: Any) -> aiohttp.ClientResponse:  # noqa: ANN401  # handed on
        if order.method == "GET" and order.body is None:
            taken.add("plain")
        return await send(pool, order, *rest)

    monkeypatch.setenv(FAST_CLIENT.name, WAYS[wanted])
    monkeypatch.setattr(PreparedGet, "begin", fast)
    monkeypatch.setattr(Pool, "send", plain)
    yield wanted
    assert taken <= {wanted}
