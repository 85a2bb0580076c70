"""A server that answers after a known delay, and its own account of each request."""

import json
import os
import re
import sys
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from tests.support.servers import LOOPBACK, Process, Server, get, prints

_SERVER: Final = r"""
import heapq, json, os, select, socket, sys, time
delay = float(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
poll = select.epoll()
poll.register(listener, select.EPOLLIN)
peers, due, log = {}, [], []
stat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
waited = lambda: int(os.pread(stat, 99, 0).split()[1]) / 1e9
print(listener.getsockname()[1], flush=True)

def send(peer, body):
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

now, total = time.monotonic(), waited()
while True:
    since, before = now, total
    left = max(0, due[0][0] - time.monotonic()) if due else -1
    ready = poll.poll(0)
    if not ready and left:
        ready = poll.poll(left)
        since = time.monotonic()
    now, total = time.monotonic(), waited()
    for number, _ in ready:
        if number == listener.fileno():
            peer, _ = listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peers[peer.fileno()] = peer
            poll.register(peer, select.EPOLLIN)
        elif not (head := peers[number].recv(4096)):
            peers.pop(number).close()
        elif (path := head.split()[1].decode()) == "/log":
            send(peers[number], json.dumps(log).encode())
        else:
            heapq.heappush(due, (now + delay, number, path, since, now, total - before))
    while due and due[0][0] <= time.monotonic():
        _, number, path, since, got, kept = heapq.heappop(due)
        log.append((path, since, got, time.monotonic(), kept))
        if number in peers:
            send(peers[number], b"{}")
"""


class Account(NamedTuple):
    """When it had a request and when it answered, on the clock that all processes share.

    The request may have come to it as early as ``since``. ``kept`` is how long it was not given a
    CPU just before, by the kernel's account; all of it is in seconds.
    """

    path: str
    since: float
    got: float
    answered: float
    kept: float


class Witness(Server):
    """The server, with its own log."""

    def __init__(self, delay: float) -> None:
        self._delay = delay

    async def _start(self, stack: AsyncExitStack) -> None:
        argv = [sys.executable, "-I", "-S", "-c", _SERVER, str(self._delay)]
        process = await stack.enter_async_context(Process(argv, ready=prints(r"\d+\n")))
        (port,) = re.findall(r"\d+", process.output())
        self.url = f"http://{LOOPBACK}:{port}"

    async def log(self) -> dict[str, Account]:
        """What it says of each request, by its path."""
        _, body = await get(f"{self.url}/log")
        return {row[0]: Account(*row) for row in json.loads(body)}


class Waits:
    """How long this thread was not given a CPU that it wanted."""

    def __init__(self) -> None:
        self._stat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)

    def __call__(self) -> float:
        """So far, in seconds."""
        return int(os.pread(self._stat, 99, 0).split()[1]) / 1e9

    def close(self) -> None:
        """Read no more of it."""
        os.close(self._stat)
