"""File descriptors: a share of them is kept for the listener and for files, whatever targets take.

The kernel gives the lowest number that is free (POSIX, `open`), so the number of a new one tells
how many there are at least, and nothing has to be counted.
"""

import errno
import os
import resource
import socket
import sys
from typing import Final

LISTENER: Final = 64
"""The most connections to the listener: some scrapers, some people, and who looks after it."""
FILES: Final = 16
"""What is kept besides: for files that are read, names that are resolved, traces on their way."""
_LISTENER_SHARE: Final = 4
_FILES_SHARE: Final = 8
"""Where the limit is low each has that part of it at most, and targets have more than half."""


def allowed() -> int:
    """How many descriptors the process may have (the soft limit, RLIMIT_NOFILE)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def for_listener(limit: int) -> int:
    """How many connections the listener may have, at least one: so many find their descriptors."""
    return max(1, min(LISTENER, limit // _LISTENER_SHARE))


def spared(made: socket.socket) -> socket.socket:
    """Let a target have a socket, if it is none of the last ones.

    Raises:
        OSError: as where no descriptor was left (EMFILE); the socket is closed.
    """
    limit = allowed()
    if made.fileno() >= limit - for_listener(limit) - min(FILES, limit // _FILES_SHARE):
        made.close()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    return made
