"""Which sides are measured in which situation, and for how long."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from tests.bench.goals import BLACKBOX, OURS, PLAIN
from tests.bench.sides import Blackbox, Ours, Plain, Side
from tests.bench.situation import Situation

Part: TypeAlias = Literal["starts", "imports", "exposition", "blocks", "spans", "sidecar"]
"""What is measured besides profiles."""
PARTS: Final[tuple[Part, ...]] = get_args(Part)


class Contender(NamedTuple):
    """A side of a profile, and what it is asked to do."""

    side: type[Side]
    situation: Situation


class Profile(NamedTuple):
    """Sides that share the machine by turns, each by its name in the table.

    ``apart``: the servers run on a core of their own, all else on the others.
    """

    name: str
    sides: Mapping[str, Contender]
    apart: bool = False


class Scale(NamedTuple):
    """How much is measured, and how long.

    ``divisor`` makes all numbers of targets smaller; ``samples`` of whatever is repeated without
    windows are taken in each round. More than one thing ``at_once`` makes all figures worthless.
    """

    divisor: int
    rounds: int
    seconds: float
    settle: float
    samples: int
    wanted: Sequence[str]
    parts: Sequence[Part]
    sidecar: int
    at_once: int = 1

    def profiles(self) -> list[Profile]:
        """Those that are wanted, with as many targets as this scale has."""
        everything = _profiles(self.divisor)
        return [profile for profile in everything if profile.name in self.wanted]


KEEP_ALIVE: Final = "keep-alive"
NEW: Final = "new connections"
HTTPS: Final = "HTTPS"
TRACES: Final = "traces"
APART: Final = "scraper on other cores"
GROWTH: Final = "growth"
ALL: Final = (KEEP_ALIVE, NEW, HTTPS, TRACES, APART, GROWTH)


_NAMES: Final[Mapping[type[Side], str]] = {Ours: OURS, Plain: PLAIN, Blackbox: BLACKBOX}


def _profiles(divisor: int) -> list[Profile]:
    many = Situation(1000 // divisor)
    fewer = Situation(300 // min(divisor, 30), tls=True)
    traced = 1.0 if divisor == 1 else 0.5  # where it is not the cost that counts, both kinds
    sizes = {100: 1, 1000: 1, 5000: 5 if divisor == 1 else 1}
    return [
        Profile(KEEP_ALIVE, _beside(many, Plain, Blackbox)),
        Profile(NEW, _beside(many._replace(kept=False), Plain, Blackbox)),
        Profile(HTTPS, _beside(fewer, Plain, Blackbox)),
        Profile(TRACES, _beside(many._replace(traced=traced), Plain)),
        Profile(APART, _beside(many, Plain), apart=True),
        Profile(
            GROWTH,
            {
                f"{size} surfaces": Contender(Ours, Situation(max(1, size // divisor), interval))
                for size, interval in sizes.items()
            },
        ),
    ]


def _beside(situation: Situation, *peers: type[Side]) -> dict[str, Contender]:
    sides: list[type[Side]] = [Ours, *peers]
    return {_NAMES[side]: Contender(side, situation) for side in sides}


FULL: Final = Scale(
    divisor=1, rounds=3, seconds=6, settle=2, samples=40, wanted=ALL, parts=PARTS, sidecar=60
)
QUICK: Final = Scale(
    divisor=1, rounds=2, seconds=5, settle=2, samples=12, wanted=(KEEP_ALIVE, APART),
    parts=("starts", "imports", "exposition", "blocks", "spans"), sidecar=0,
)  # fmt: skip
SMALL: Final = Scale(
    divisor=100, rounds=1, seconds=2, settle=0, samples=3, wanted=ALL, parts=PARTS, sidecar=2,
    at_once=6,
)  # fmt: skip
SCALES: Final[Mapping[str, Scale]] = {"full": FULL, "quick": QUICK, "small": SMALL}
