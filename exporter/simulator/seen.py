"""What the simulator saw: the judge for tests of budgets, obedience and trace context."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from exporter.simulator.exchange import JsonObject
from exporter.simulator.hiding import shown
from exporter.simulator.motion import stamp

_CLIENTS: Final = 200
_KEYS: Final = 20_000


class SeenKey(NamedTuple):
    """What requests are counted by.

    Attributes:
        client: The User-Agent; ``other`` past the first 200 different ones.
        account: The account, or ``anonymous``.
        surface: The surface id, ``unknown`` for a path that is not the API's.
        rate_class: The class that was charged.
        window: Unix time in seconds of the start of the quota's window.
    """

    client: str
    account: str
    surface: str
    rate_class: str
    window: int


@dataclass(slots=True)
class SeenTally:
    """How many requests there were of one key, and how they were answered."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class SeenRequest:
    """One request; its status is known once it was answered.

    Attributes:
        key: What it is counted by.
        at: Unix time in seconds, by the clock that its window goes by.
        method: The HTTP method.
        path: The path, decoded.
        query: The query parameters in the order in which they came.
        headers: The headers in the order in which they came.
        status: What was answered, None when nothing was (yet).
        seconds: How long it took.
        tally: Where it was counted, so that its end is counted there too and nowhere else.
    """

    key: SeenKey
    at: float
    method: str
    path: str
    query: Iterable[tuple[str, str]]
    headers: Iterable[tuple[str, str]]
    status: int | None = None
    seconds: float | None = None
    tally: SeenTally = field(default_factory=SeenTally)


class Seen:
    """Counts requests, and keeps the last of them."""

    def __init__(self, keep: int = 1000) -> None:
        """Start empty.

        Args:
            keep: How many requests are kept in full.
        """
        self._tallies: dict[SeenKey, SeenTally] = {}
        self._clients: set[str] = set()
        self._last: deque[SeenRequest] = deque(maxlen=keep)
        self._total = 0

    def client(self, user_agent: str) -> str:
        """Bound the number of clients.

        Args:
            user_agent: The header, empty where there was none.

        Returns:
            The name that the client is counted under.
        """
        name = shown(user_agent) or "none"
        if name not in self._clients:
            if len(self._clients) >= _CLIENTS:
                return "other"
            self._clients.add(name)
        return name

    def arrived(self, entry: SeenRequest) -> None:
        """Count a request.

        Args:
            entry: The request, as yet without a status.
        """
        self._total += 1
        self._last.append(entry)
        tally = self._tallies.get(entry.key)
        if tally is None:
            if len(self._tallies) >= _KEYS:
                del self._tallies[next(iter(self._tallies))]  # the oldest window goes
            tally = self._tallies[entry.key] = entry.tally
        entry.tally = tally
        tally.requests += 1

    def answered(self, entry: SeenRequest, status: int | None, seconds: float) -> None:
        """Note how a request ended.

        Args:
            entry: The request.
            status: What was answered, None when nothing was.
            seconds: How long it took.
        """
        entry.status, entry.seconds = status, seconds
        if status is not None:
            entry.tally.statuses[status] += 1

    def clear(self) -> None:
        """Forget everything."""
        self._tallies.clear()
        self._clients.clear()
        self._last.clear()
        self._total = 0

    def report(self, last: int) -> JsonObject:
        """Tell what was seen.

        Args:
            last: How many of the last requests to tell in full, newest last.

        Returns:
            ``total``, ``counts`` (a row per `SeenKey`) and ``last``: there ``query`` is a list of
            pairs, and headers of one name are joined by commas (RFC 9110, section 5.3). No secret
            is in it.
        """
        return {
            "total": self._total,
            "counts": [_row(key, tally) for key, tally in self._tallies.items()],
            "last": [_told(entry) for entry in list(self._last)[-last:]] if last else [],
        }


def _row(key: SeenKey, tally: SeenTally) -> JsonObject:
    return {
        "client": key.client,
        "account": key.account,
        "surface": key.surface,
        "class": key.rate_class,
        "window": key.window,
        "requests": tally.requests,
        "throttled": tally.statuses[429],
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
    }


def _told(entry: SeenRequest) -> JsonObject:
    return {
        "at": stamp(entry.at),
        "client": entry.key.client,
        "account": entry.key.account,
        "surface": entry.key.surface,
        "class": entry.key.rate_class,
        "window": entry.key.window,
        "method": shown(entry.method),
        "path": shown(entry.path),
        "query": [[shown(name), shown(value, name)] for name, value in entry.query],
        "status": entry.status,
        "seconds": None if entry.seconds is None else round(entry.seconds, 6),
        "headers": _joined(entry.headers),
    }


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    told: dict[str, str] = {}
    for raw, value in headers:
        name = shown(raw.lower())
        told[name] = f"{told[name]}, {shown(value, raw)}" if name in told else shown(value, raw)
    return told
