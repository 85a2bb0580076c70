"""Delivers events: a POST each, over a connection of its own, once."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from exporter.simulator.exchange import JsonObject
from exporter.simulator.motion import stamp
from exporter.simulator.webhook import Delivery

_PATIENCE: Final = 5.0
_ROUND: Final = 0.2
_KEPT: Final = 200
_PORTS: Final = {"http": 80, "https": 443}


class Postman:
    """Looks for events time and again, and carries them to their subscribers."""

    def __init__(self, collect: Callable[[], list[Delivery]], clock: Callable[[], float]) -> None:
        """Prepare the rounds.

        Args:
            collect: Gives what has to be delivered since it was last asked.
            clock: Unix time in seconds.
        """
        self._collect = collect
        self._clock = clock
        self._delivered: deque[JsonObject] = deque(maxlen=_KEPT)

    async def walk(self) -> None:
        """Deliver until cancelled. A receiver that is slow delays nobody else's events."""
        async with asyncio.TaskGroup() as group:
            while True:
                for delivery in self._collect():
                    group.create_task(self._deliver(delivery))
                await asyncio.sleep(_ROUND)

    def report(self) -> list[JsonObject]:
        """Tell how the last deliveries ended.

        Returns:
            Time, event, URL, and the status answered or the error, oldest first.
        """
        return list(self._delivered)

    async def _deliver(self, delivery: Delivery) -> None:
        told: JsonObject = {
            "at": stamp(self._clock()),
            "event": delivery.event,
            "url": delivery.url,
        }
        try:
            async with asyncio.timeout(_PATIENCE):
                told["status"] = await _post(delivery)
        except (OSError, ValueError) as error:  # a timeout is an OSError, a bad URL a ValueError
            told["error"] = str(error) or type(error).__name__
        self._delivered.append(told)


async def _post(delivery: Delivery) -> int:
    """Send one request and read the status line of its answer.

    By hand: the exporter has one place that speaks HTTP as a client, and this is not it.
    """
    url = urlsplit(delivery.url)
    if url.scheme not in _PORTS or not url.hostname:
        raise ValueError(f"not an http or https URL: {delivery.url}")
    secured = ssl.create_default_context() if url.scheme == "https" else None
    port = url.port or _PORTS[url.scheme]
    reader, writer = await asyncio.open_connection(url.hostname, port, ssl=secured)
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        head = {
            "Host": url.netloc.rpartition("@")[2],
            "User-Agent": "oran-mano-simulator",
            "Content-Length": str(len(delivery.body)),
            "Connection": "close",
            **delivery.headers,
        }
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + delivery.body)
        await writer.drain()
        status = (await reader.readline()).split(b" ", 2)
        return int(status[1]) if len(status) > 1 else 0
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
