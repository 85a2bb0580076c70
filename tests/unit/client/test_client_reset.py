"""A server in another process resets connections whenever it likes, also before it was asked."""

import sys
from collections import Counter
from typing import Final

from exporter.model.exchange import Fault
from tests.support.caller import client, get
from tests.support.servers import LOOPBACK, Process, Start, prints

RESETTING: Final = f"""
import socket, struct
listener = socket.create_server(("{LOOPBACK}", 0), backlog=1000)
print("port", listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
"""


async def test_a_connection_that_is_reset_at_once_was_not_refused(start: Start) -> None:
    process = await start(Process([sys.executable, "-c", RESETTING], ready=prints(r"^port \d+\n")))
    port = (await process.line(r"^port (\d+)"))[1]
    seen: Counter[tuple[str, str]] = Counter()
    async with client(f"http://{LOOPBACK}:{port}") as subject:
        for _ in range(100):
            fault = await get(subject)
            assert isinstance(fault, Fault)
            seen[fault.reason, fault.detail] += 1
    assert {reason for reason, _ in seen} == {"reset"}, seen
