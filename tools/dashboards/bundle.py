"""All dashboards, and the text of their files."""

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tools.dashboards import exporter, latency, life_cycle, on_call, rate_limits, slo
from tools.dashboards.board import Board, dashboard

FOLDER: Final = Path(__file__).parents[2] / "dashboards"
BOARDS: Final[tuple[Board, ...]] = (
    on_call.BOARD,
    rate_limits.BOARD,
    latency.BOARD,
    slo.BOARD,
    life_cycle.BOARD,
    exporter.BOARD,
)


def rendered() -> dict[str, str]:
    """The text of each file, by its name."""
    return {f"{board.page.slug}.json": _text(board) for board in BOARDS}


def _text(board: Board) -> str:
    encoded = JSONEncoder().encode(dashboard(board))
    # The SDK gives keys in an order of its own.
    return json.dumps(json.loads(encoded), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
