"""What a side is asked to do, whichever it is."""

from typing import NamedTuple

from tests.bench.nginx import Nginx
from tests.bench.receiver import Receiver


class Situation(NamedTuple):
    """So many targets, each asked for its health every ``interval`` seconds, and scraped as often.

    ``kept``: connections are used again. ``traced`` is the share of runs that are exported as
    spans; at 0 nothing of traces is configured.
    """

    targets: int = 1000
    interval: int = 1
    tls: bool = False
    kept: bool = True
    traced: float = 0.0


class World(NamedTuple):
    """What is around the sides, and is not measured."""

    nginx: Nginx
    receiver: Receiver
