"""What is asked of an answer whose head came, whichever way it was sent for."""

from typing import Protocol

from aiohttp import HttpVersion
from multidict import CIMultiDictProxy


class Stream(Protocol):
    """A body as it comes (``aiohttp.StreamReader``)."""

    def is_eof(self) -> bool:
        """Whether all of it came."""

    def at_eof(self) -> bool:
        """Whether all of it was read."""

    def exception(self) -> BaseException | None:
        """What ended it before its end."""

    async def readany(self) -> bytes:
        """Give what is there, once anything is."""


class Response(Protocol):
    """A head, and the connection that the body comes by (``aiohttp.ClientResponse``)."""

    @property
    def status(self) -> int:
        """As the server numbered it."""

    @property
    def version(self) -> HttpVersion | None:
        """Of HTTP."""

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """Look up names in any case."""

    @property
    def content(self) -> Stream:
        """The body."""

    @property
    def closed(self) -> bool:
        """Whether it has let go of its connection, as it does at the body's end."""

    def release(self) -> object:
        """Let go of it; it is kept if all of the body came."""

    def close(self) -> None:
        """Let go of it and end it."""
