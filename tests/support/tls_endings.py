"""A server over Python's own TLS that ends its connections in the ways there are.

It is no asyncio server: those agree to every end by themselves.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal, TypeAlias

from tests.support.hostile import LOOPBACK, OK, RESET_ON_CLOSE, sized

Reply: TypeAlias = Literal["sized", "told to close", "without a length"]
Ending: TypeAlias = Literal["agreed", "silent", "reset"]
"""By TLS' alert (RFC 8446, section 6.1), without it, or by a RST."""

BODY: Final = b'{"items": []}'
REPLIES: Final[dict[Reply, bytes]] = {
    "sized": OK + sized(BODY),
    "told to close": OK + b"Connection: close\r\n" + sized(BODY),
    "without a length": OK + b"Connection: close\r\n\r\n" + BODY,
}


@contextmanager
def serve_until(
    tls: ssl.SSLContext, reply: Reply, ending: Ending, *, answers: int = 1
) -> Iterator[str]:
    """Answer so many requests on each connection to that URL, then end it."""
    threads: list[threading.Thread] = []

    def attend(connection: socket.socket) -> None:
        with suppress(OSError), tls.wrap_socket(connection, server_side=True) as peer:
            peer.settimeout(10)
            for _ in range(answers):
                if not _asked(peer):
                    return
                peer.sendall(REPLIES[reply])
            if ending == "agreed":
                peer.unwrap()
            elif ending == "reset":
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

    def accept() -> None:
        with suppress(OSError):  # until the listener is shut down
            while True:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                thread = threading.Thread(target=attend, args=(connection,))
                threads.append(thread)
                thread.start()

    with socket.create_server((LOOPBACK, 0), backlog=128) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"https://{LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def _asked(peer: ssl.SSLSocket) -> bool:
    """Read one request: a GET, or what has ``{}`` for a body."""
    request = b""
    while not request.endswith(b"\r\n\r\n{}" if request.startswith(b"P") else b"\r\n\r\n"):
        piece = peer.recv(65536)
        if not piece:
            return False
        request += piece
    return True
