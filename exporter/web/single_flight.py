"""What is made once for all who wait for it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class SingleFlight(Generic[_T]):
    """Makes each thing once for all who asked before its making began.

    So nobody gets what is older than the question, and of each there is at most one in the making
    and one that is due, however many ask.
    """

    def __init__(self) -> None:
        """Begin with nothing asked for."""
        self._due: dict[Hashable, asyncio.Task[_T]] = {}
        self._making: dict[Hashable, asyncio.Task[_T]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[_T]]) -> _T:
        """Have what was made for this key, perhaps for others too.

        ``make`` makes it as it is when this is called; whatever it raises is raised here.
        """
        task = self._due.get(key)
        if task is None:
            # A task begins in the next turn of the loop: who asks in this one gets the same.
            task = self._due[key] = asyncio.create_task(self._made(key, make))
        return await asyncio.shield(task)

    async def _made(self, key: Hashable, make: Callable[[], Awaitable[_T]]) -> _T:
        if (before := self._making.get(key)) is not None:
            await asyncio.wait({before})
        task = self._making[key] = self._due.pop(key)
        try:
            return await make()
        finally:
            if self._making.get(key) is task:
                del self._making[key]
