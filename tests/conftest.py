"""Fixtures for every test: the tools, and servers that end with the test that started them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import tools
from tests.support.servers import Start

# How long an example takes says more of the machine than of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def prometheus_binary() -> Path:
    return tools.prometheus()


@pytest.fixture(scope="session")
def promtool() -> Path:
    return tools.promtool()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a server for this test: ``prometheus = await start(Prometheus(["host:port"]))``."""
    async with AsyncExitStack() as stack:
        yield Start(stack)
