"""`tokcrawl worker`: starts the worker processes, restarts those that die, and stops them cleanly.

A malformed envelope in the queue ends a Celery worker process, and so does the out-of-memory killer; the pages that a
dead process held go back into the ledger at once.
"""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from socket import gethostname
from types import FrameType
from typing import Protocol

from crawler.engine.prices import PriceBook
from crawler.engine.reaper import reclaim_pages
from crawler.model.errors import UnreachableError
from crawler.settings import Settings
from crawler.store import Store

log = logging.getLogger("tokcrawl.worker")

_POLL = 0.2  # seconds between checks of the processes
_STOP_POLL = 0.05  # seconds between checks while they stop
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds before a dead process is replaced
_STEADY = 30.0  # seconds of life after which a death counts as the first again


class Process(Protocol):
    """What the supervisor needs of a `subprocess.Popen`."""

    def poll(self) -> int | None: ...
    def wait(self) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def start_process(slots: int, name: str) -> Process:
    """Start one worker process with `slots` calls in flight."""
    return subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, "-m", "workers.process", "--slots", str(slots), "--name", name]
    )


@dataclass
class _WorkerProcess:
    """One of the worker processes, across its restarts."""

    slots: int
    name: str = ""
    process: Process | None = None
    started_at: float = 0.0
    deaths: int = 0
    restart_at: float = 0.0
    dead_names: list[str] = field(default_factory=list)
    """Names of its dead processes whose pages are not reclaimed yet."""


class Supervisor:
    """Keeps `processes` worker processes running, with `concurrency` calls in flight among them."""

    def __init__(
        self,
        settings: Settings,
        concurrency: int,
        processes: int,
        grace: float,
        *,
        store: Store | None = None,
        start: Callable[[int, str], Process] = start_process,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._grace = grace
        self._store = store or Store.connect(settings.mongo_url, settings.mongo_db, connections=2, patience=2)
        self._start_process = start
        self._clock = clock
        self._sleep = sleep
        self._signals = 0
        share, rest = divmod(concurrency, processes)
        self._workers = [_WorkerProcess(share + (1 if n < rest else 0)) for n in range(processes)]

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        while not self._signals:
            for worker in self._workers:
                self._check(worker)
            self._sleep(_POLL)
        return self._stop()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _check(self, worker: _WorkerProcess) -> None:
        """Start a process whose pause is over, notice its death, and reclaim what dead ones held."""
        if worker.process is None:
            if self._clock() >= worker.restart_at:
                self._start(worker)
        elif (code := worker.process.poll()) is not None:
            self._schedule_restart(worker, code)
        if worker.dead_names:
            self._reclaim(worker)

    def _start(self, worker: _WorkerProcess) -> None:
        worker.name = f"{gethostname()}-{token_hex(4)}"
        worker.process = self._start_process(worker.slots, worker.name)
        worker.started_at = self._clock()

    def _schedule_restart(self, worker: _WorkerProcess, code: int) -> None:
        """Double the pause with each death, unless the process ran steadily before this one."""
        worker.deaths = 1 if self._clock() - worker.started_at > _STEADY else worker.deaths + 1
        pause = min(_FIRST_PAUSE * 2 ** (worker.deaths - 1), _LONGEST_PAUSE)
        log.error("worker process %s died (%s); restarting it in %.1f s", worker.name, _exit_reason(code), pause)
        worker.dead_names.append(worker.name)
        worker.process, worker.restart_at = None, self._clock() + pause

    def _reclaim(self, worker: _WorkerProcess) -> None:
        """Reclaim pages that dead processes held; tried again at the next check where the database does not answer."""
        try:
            prices = PriceBook(self._store)
            prices.refresh()
            crawl_ids = [crawl.id for crawl in self._store.crawls.active()]
            pages = self._store.leases.held_by(crawl_ids, worker.dead_names)
            reclaim_pages(self._store, prices, pages, f"worker process {', '.join(worker.dead_names)} died")
            for name in worker.dead_names:
                self._store.workers.unregister(name)
            worker.dead_names.clear()
        except UnreachableError as error:
            log.warning("%s", error)

    def _stop(self) -> int:
        """Let calls in flight finish within the grace period, or until a second signal; then kill what is left."""
        log.info("stopping: calls in flight are finished (%.0f s at most)", self._grace)
        running = [(worker, worker.process) for worker in self._workers if worker.process is not None]
        processes = [process for _, process in running]
        for process in processes:
            process.terminate()
        if not self._all_exit(processes):
            log.warning("worker processes are killed; their pages go back into the ledger")
        for worker, process in running:
            if process.poll() is None:
                process.kill()
            if process.wait() != 0:
                worker.dead_names.append(worker.name)
                self._reclaim(worker)
        log.info("stopped")
        return 0

    def _all_exit(self, processes: list[Process]) -> bool:
        """Wait for them to exit; False where the grace period ran out or another signal came first."""
        deadline, signals = self._clock() + self._grace, self._signals
        while any(process.poll() is None for process in processes):
            if self._clock() > deadline or self._signals > signals:
                return False
            self._sleep(_STOP_POLL)
        return True


def _exit_reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
