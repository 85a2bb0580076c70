"""Too little CPU for a process, given from outside: by a quota, or beside a process that is busy.

The first needs root and the kernel's control groups; the second anybody has, and it takes the
neighbours on that core for what it is short of as well.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias

Starve: TypeAlias = Callable[[int], AbstractContextManager[None]]
"""Leaves a process some 6 % of a core as long as it is entered."""

_PERIOD: Final = 100_000
_QUOTA: Final = 6_000
_NICE: Final = 12
"""Beside a process that is not nice it leaves 6 %; 19 would leave 1.5."""
_GROUPS: Final = (
    (Path("/sys/fs/cgroup/cpu"), "cpu.cfs_quota_us", "{quota}", "-1"),
    (Path("/sys/fs/cgroup"), "cpu.max", "{quota} {period}", "max"),
)
"""Of both versions of control groups: where, the file, what starves, and what no longer does."""
_BUSY: Final = """
import os
os.sched_setaffinity(0, {%d})
print("busy", flush=True)
while True:
    pass
"""


@contextmanager
def beside_a_busy_one(pid: int) -> Iterator[None]:
    """Pin it to one core with a process that never rests, and the test to the others.

    What is nice stays so where it takes root to be less so: with the busy one gone it has the core.
    """
    mine, usual = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
    core = max(mine)
    busy = subprocess.Popen([sys.executable, "-I", "-S", "-c", _BUSY % core], stdout=-1)
    try:
        assert busy.stdout is not None
        busy.stdout.readline()
        for thread in _threads(pid):
            os.sched_setaffinity(thread, {core})
            os.setpriority(os.PRIO_PROCESS, thread, min(usual + _NICE, 19))
        os.sched_setaffinity(0, mine - {core} or mine)
        yield
    finally:
        busy.kill()
        busy.communicate()
        os.sched_setaffinity(0, mine)
        with suppress(OSError):  # it ended
            for thread in _threads(pid):
                os.sched_setaffinity(thread, mine)
                os.setpriority(os.PRIO_PROCESS, thread, usual)


@contextmanager
def quota(pid: int) -> Iterator[None]:
    """Put it into a control group with a quota, and lift that in the end."""
    root, file, starving, free = next(row for row in _GROUPS if _controls(*row[:2]))
    with _group(root) as group:
        (group / file).write_text(starving.format(quota=_QUOTA, period=_PERIOD))
        (group / "cgroup.procs").write_text(str(pid))
        try:
            yield
        finally:
            (group / file).write_text(free)
            with suppress(OSError):  # it ended
                (root / "cgroup.procs").write_text(str(pid))


def means() -> dict[str, Starve]:
    """What there is on this machine to starve a process with."""
    found: dict[str, Starve] = {"beside a busy one": beside_a_busy_one}
    if any(_controls(root, file) for root, file, *_ in _GROUPS):
        found["by a quota"] = quota
    return found


def _threads(pid: int) -> list[int]:
    return [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]


def _controls(root: Path, file: str) -> bool:
    """Whether a group of ours would have a quota there."""
    try:
        with _group(root) as group:
            return os.access(group / file, os.W_OK)
    except OSError:
        return False


@contextmanager
def _group(root: Path) -> Iterator[Path]:
    group = root / f"test-starving-{secrets.token_hex(4)}"
    group.mkdir()
    try:
        yield group
    finally:
        _leave(group)


def _leave(group: Path) -> None:
    """Nobody is left in it once it is gone; the kernel takes a moment over who has just ended."""
    for pid in (group / "cgroup.procs").read_text().split():
        with suppress(OSError):
            (group.parent / "cgroup.procs").write_text(pid)
    group.rmdir()
