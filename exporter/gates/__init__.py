"""What has to let a run pass before anything is sent: a file each, in the order they are asked."""

from typing import Final

from exporter.gates.gate import Gate
from exporter.gates.slots import Slots

GATES: Final[tuple[type[Gate], ...]] = (Slots,)
"""Whoever is kept waiting for a slot was let in by all others: so that one is the last."""
