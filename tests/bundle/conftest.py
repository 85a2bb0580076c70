"""The rules are for Prometheus 2 and 3: where both of their promtools are, each test has both."""

from pathlib import Path
from typing import Final

import pytest

from tests.support import tools


def _here() -> list[str]:
    try:
        tools.promtool_3()
    except tools.ToolMissing:
        return [tools.PROMTOOL]
    return [tools.PROMTOOL, tools.PROMTOOL_3]


HERE: Final = _here()


@pytest.fixture(scope="session", params=HERE)
def promtool(request: pytest.FixtureRequest) -> Path:
    return tools.promtool_3() if request.param == tools.PROMTOOL_3 else tools.promtool()
