"""What may block is done in a thread of its own, which no end of the process waits for."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

_T = TypeVar("_T")


def in_thread(work: Callable[[], _T], name: str) -> asyncio.Future[_T]:
    """Do it in a thread of its own.

    The event loop's own few threads are waited for at the end of the process, and one that hangs (a
    name server, a volume) would hold up whatever else is given to them. ``work`` sees to it that
    it may run beside the event loop; cancelled, it goes on and nobody hears of it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def tell(settle: Callable[[], None]) -> None:
        if not done.cancelled():
            settle()

    def failed(error: Exception) -> None:
        done.set_exception(error)
        done.exception()  # who asked may have gone: then nobody misses it

    def run() -> None:
        settle: Callable[[], None]
        try:
            settle = partial(done.set_result, work())
        except Exception as error:  # noqa: BLE001  # handed to whoever waits
            settle = partial(failed, error)
        with suppress(RuntimeError):  # the loop is closed by now
            loop.call_soon_threadsafe(tell, settle)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done
