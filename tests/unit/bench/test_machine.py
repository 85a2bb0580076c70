"""What the kernel tells, in the words of proc(5)."""

import os
from pathlib import Path

from tests.bench.machine import TICK, busy_told, cpu_told, ran

# pid (comm) state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime stime
PROCESS = "4242 (a ) b) S 1 4242 4242 0 -1 4194560 1083 5 6 7 300 200 11 12 20 0 1 0 99 1 2\n"
# user nice system idle iowait irq softirq steal guest guest_nice
MACHINE = "cpu  1 20 300 4000 50000 600000 7000000 80000000 1 20\ncpu0 9 9 9 9 9 9 9 9 9 9\n"


def test_cpu_is_that_of_the_process_and_of_the_kernel_for_it() -> None:
    assert cpu_told(PROCESS) == 500 / TICK
    assert cpu_told(Path(f"/proc/{os.getpid()}/stat").read_text()) > 0


def test_what_a_process_ran_is_known_at_any_moment() -> None:
    before = ran(os.getpid())
    assert 0 < before < ran(os.getpid())
    assert abs(ran(os.getpid()) - cpu_told(Path(f"/proc/{os.getpid()}/stat").read_text())) < 0.5


def test_busy_is_all_but_idle_and_waiting_for_disks() -> None:
    assert busy_told(MACHINE) == 87_600_321 / TICK
