"""What the kernel tells of processes and of the machine."""

import os
import platform
import resource
import time
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

_SCHEDULED: Final = 2
"""Of the clocks of a process the one that the scheduler keeps: the last bits of its number."""
TICK: Final = os.sysconf("SC_CLK_TCK")
"""How many of the units that times are told in make a second."""


class Memory(NamedTuple):
    """Resident memory in MiB."""

    now: float
    peak: float


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all of its threads together."""
    return cpu_told(Path(f"/proc/{pid}/stat").read_text())


def cpu_told(stat: str) -> float:
    """The same from what ``/proc/PID/stat`` says: utime and stime of proc(5)."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def ran(pid: int) -> float:
    """The same by its clock (clock_getcpuclockid(3)), which tells of a moment's work, too."""
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def busy_seconds() -> float:
    """Time that all cores together have been busy, whoever with."""
    return busy_told(Path("/proc/stat").read_text())


def busy_told(stat: str) -> float:
    """The same from what ``/proc/stat`` says: all of proc(5) but idle and iowait.

    What guests used is in user and nice already.
    """
    ticks = [int(field) for field in stat.partition("\n")[0].split()[1:9]]
    user, nice, system, _idle, _iowait, *interrupts_and_stolen = ticks
    return (user + nice + system + sum(interrupts_and_stolen)) / TICK


def memory(pid: int) -> Memory:
    """Resident memory of a process, now and at its most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {name: rest for name, _, rest in (line.partition(":") for line in lines)}
    now, peak = (int(sizes[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return Memory(now, peak)


def forget_peak(pid: int) -> None:
    """Let the peak of a process's memory begin anew (proc(5), ``clear_refs``)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def pin(pid: int, cores: AbstractSet[int]) -> None:
    """Let a process run on these cores alone, with all threads that it has and will have."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):  # a thread that ended meanwhile
            os.sched_setaffinity(int(task.name), cores)


def halves() -> tuple[set[int], set[int]]:
    """The first core, and the others; where there is one only, that one both times."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


def words() -> str:
    """The kind of machine, in words that name none."""
    kernel = ".".join(platform.release().split(".")[:2])
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({platform.machine()}), {platform.system()} {kernel}"


def load() -> float:
    """How many tasks wanted to run at once in the last minute, on average."""
    return os.getloadavg()[0]


def today() -> str:
    """The date, of UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def allow_files(wanted: int) -> None:
    """Let this process and its children have that many files open, or exit with a line."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        message = f"{wanted} open files are needed and {hard} allowed: ulimit -Hn"
        raise SystemExit(message)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
