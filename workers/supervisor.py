"""`tokcrawl worker`: starts the worker processes, starts them again when they die, and stops them cleanly.

A malformed envelope in the queue ends a Celery worker process, and so does the out-of-memory killer; the pages that a
dead process held go back into the ledger at once.
"""

import logging
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from secrets import token_hex
from socket import gethostname
from time import monotonic, sleep
from types import FrameType

from crawler.engine.prices import PriceBook
from crawler.engine.reaper import reclaim_pages
from crawler.model.errors import UnreachableError
from crawler.settings import Settings
from crawler.store import Store

log = logging.getLogger("tokcrawl.worker")

_POLL = 0.2  # seconds
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds before a process is started again
_STEADY = 30.0  # seconds a process must have lived for its death to count as the first


@dataclass
class _Slot:
    """One of the processes, as often as it was started."""

    slots: int
    name: str = ""
    process: "subprocess.Popen[bytes] | None" = None
    born: float = 0.0
    deaths: int = 0
    start_at: float = 0.0
    lost: list[str] = field(default_factory=list)


class Supervisor:
    """Runs until told to stop; returns the exit code."""

    def __init__(self, settings: Settings, concurrency: int, processes: int, grace: float) -> None:
        self._settings = settings
        self._grace = grace
        share, rest = divmod(concurrency, processes)
        self._slots = [_Slot(share + (1 if n < rest else 0)) for n in range(processes)]
        self._signals = 0
        self._store = Store.connect(settings.mongo_url, settings.mongo_db, connections=2, patience=2)

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        while not self._signals:
            for slot in self._slots:
                self._tend(slot)
            sleep(_POLL)
        return self._stop()

    def _tend(self, slot: _Slot) -> None:
        if slot.process is None:
            if monotonic() >= slot.start_at:
                self._start(slot)
        elif (code := slot.process.poll()) is not None:
            slot.lost.append(slot.name)
            slot.deaths = 1 if monotonic() - slot.born > _STEADY else slot.deaths + 1
            pause = min(_FIRST_PAUSE * 2 ** (slot.deaths - 1), _LONGEST_PAUSE)
            log.error("worker process %s died (%s); starting another in %.1f s", slot.name, _reason(code), pause)
            slot.process, slot.start_at = None, monotonic() + pause
        if slot.lost:
            self._bury(slot)

    def _start(self, slot: _Slot) -> None:
        slot.name = f"{gethostname()}-{token_hex(4)}"
        slot.process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "workers.process", "--slots", str(slot.slots), "--name", slot.name]
        )
        slot.born = monotonic()

    def _bury(self, slot: _Slot) -> None:
        """Give back what dead processes held; tried again until the database takes it."""
        try:
            prices = PriceBook(self._store)
            prices.refresh()
            crawl_ids = [crawl.id for crawl in self._store.crawls.active()]
            pages = self._store.leases.held_by(crawl_ids, slot.lost)
            reclaim_pages(self._store, prices, pages, f"worker process {', '.join(slot.lost)} died")
            for name in slot.lost:
                self._store.workers.unregister(name)
            slot.lost.clear()
        except UnreachableError as error:
            log.warning("%s", error)

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _stop(self) -> int:
        """Finish calls in flight within the grace period; a second signal ends it at once. 0 when all came back."""
        log.info("stopping: calls in flight are finished (%.0f s at most)", self._grace)
        alive = [slot for slot in self._slots if slot.process is not None]
        for slot in alive:
            assert slot.process is not None
            slot.process.terminate()
        deadline = monotonic() + self._grace
        first = self._signals
        while any(s.process and s.process.poll() is None for s in alive):
            if monotonic() > deadline or self._signals > first:
                log.warning("worker processes are killed; their pages go back into the ledger")
                break
            sleep(0.05)
        for slot in alive:
            assert slot.process is not None
            if slot.process.poll() is None:
                slot.process.kill()
            if slot.process.wait() != 0:
                slot.lost.append(slot.name)
                self._bury(slot)
        log.info("stopped")
        return 0


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
