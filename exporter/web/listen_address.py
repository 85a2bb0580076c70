"""Where to listen, as Prometheus' users write it."""

from typing import Final

from msgspec import Struct

_HIGHEST_PORT: Final = 65535


class ListenAddress(Struct, frozen=True):
    """A place to listen; ``host`` is ``None`` for every interface."""

    host: str | None
    port: int

    def __str__(self) -> str:
        """As it stands in a URL that works on this machine."""
        if self.host is None:
            return f"localhost:{self.port}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> ListenAddress:
    """Read ``:10945``, ``127.0.0.1:10945``, ``[::1]:10945`` or ``localhost:10945``.

    Raises:
        ValueError: it is something else.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > _HIGHEST_PORT:
        raise ValueError(text)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(text)
    host.encode("idna")  # as asyncio will; what it cannot is a ValueError too
    return ListenAddress(host or None, int(port))
