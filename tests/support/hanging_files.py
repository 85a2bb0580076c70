"""A file whose reading hangs as on a volume that hangs, for as long as a test wants it.

A lease for writing makes the kernel hold up whoever opens the file, until the lease is given back
(``fcntl(2)``, F_SETLEASE). The kernel takes it back itself after ``/proc/sys/fs/lease-break-time``
seconds, 45 by default.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hanging(file: Path) -> Iterator[None]:
    """Hold up all who open the file meanwhile; the process needs to own it, nothing else."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # how the kernel tells of who waits
    descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield
    finally:
        os.close(descriptor)
        signal.signal(signal.SIGIO, before)
