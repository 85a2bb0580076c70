"""A body that is sent in pieces: a client that reads slowly has none of them copied at once."""

from collections.abc import Sequence

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload


class Pieces(Payload):
    """Bytes in pieces, of which the whole length is known."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """Take them as they are."""
        super().__init__(pieces)
        self._pieces = pieces
        self._size = sum(map(len, pieces))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Not to be had: they may be compressed.

        Raises:
            TypeError: always.
        """
        raise TypeError(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send one after the other, each when there is room for it."""
        for piece in self._pieces:
            await writer.write(piece)
