"""Reads what processes cost from /proc while they live: CPU seconds of whole trees, and memory as they share it."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event, Thread

import psutil

_TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all its living descendants."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def cpu(pids: Iterable[int]) -> float:
    """User and system seconds of processes, with those of their children that have ended and were waited for."""
    total = 0
    for pid in pids:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        total += sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])
    return total / _TICK


def busy() -> float:
    """CPU seconds that the machine was not idle since it started, what the hypervisor took included."""
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICK


def pss(pids: Iterable[int]) -> int:
    """Bytes of memory, what is shared between processes counted once."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


class Others:
    """Cores that the rest of the machine uses while ours work: `Others(pids)`, then `others.cores()`."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids
        self._at, self._busy, self._ours = time.monotonic(), busy(), cpu(pids())

    def cores(self) -> float:
        ours = cpu(self._pids()) - self._ours
        return max(0.0, (busy() - self._busy - ours) / (time.monotonic() - self._at))


class Peak(Thread):
    """Samples the memory of processes while it is open: `with Peak(...) as peak`, then `peak.bytes`."""

    def __init__(self, pids: Callable[[], Iterable[int]], every: float = 0.5) -> None:
        super().__init__(daemon=True)
        self._pids = pids
        self._every = every
        self._over = Event()
        self.bytes = 0

    def __enter__(self) -> "Peak":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        self._sample()

    def run(self) -> None:
        while not self._over.wait(self._every):
            self._sample()

    def _sample(self) -> None:
        self.bytes = max(self.bytes, pss(self._pids()))
