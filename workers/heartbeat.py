"""What each worker process does beside its pages: says that it lives, renews its leases, hears what changed."""

import logging
import os
import socket
from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic

from crawler.engine.capacity import shares, window
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.page_runner import PageRunner
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.crawls import Crawl
from crawler.model.errors import Unreachable
from crawler.store import Store
from workers.leader import Leader, lead_while

log = logging.getLogger(__name__)

TICK = 0.2  # seconds
_HEAR = 0.8  # seconds between looks at crawls and prices: a pause acts within about a second
_TEND = 2.0


class Heartbeat(Thread):
    """One thread; stops when `done` is set, after a last write of what was counted."""

    def __init__(
        self,
        store: Store,
        board: CrawlCache,
        rollup: StatsBuffer,
        step: PageRunner,
        feeder: Leader,
        worker: str,
        slots: int,
        lease: float,
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self._store = store
        self._board = board
        self._rollup = rollup
        self._step = step
        self._feeder = feeder
        self._worker = worker
        self._slots = slots
        self._lease = lease
        self._crawls: Sequence[Crawl] = ()
        self._renewed = monotonic()
        self.done = Event()

    def run(self) -> None:
        heard = tended = 0.0
        away = False
        while not self.done.wait(TICK):
            try:
                if monotonic() - heard >= _HEAR:
                    self._hear()
                    heard = monotonic()
                    if away:
                        log.warning("MongoDB answers again")
                        self._store.fleet.forget_silence()
                        away = False
                tend = monotonic() - tended >= _TEND
                if lead_while(self._store, self._worker, lambda tend=tend: self._lead(tend)) and tend:  # type: ignore[misc]
                    tended = monotonic()
            except Unreachable as error:
                if not away:
                    log.warning("%s; waiting for it", error)
                away = True
            except Exception:
                log.exception("the keeper goes on after an error")
        self._leave()

    def _lead(self, tend: bool) -> None:
        self._feeder.tick(self._crawls)
        if tend:
            self._feeder.tend()

    def _hear(self) -> None:
        self._store.fleet.beat(self._worker, socket.gethostname(), os.getpid(), self._slots, self._step.holding)
        self._crawls = self._board.refresh()
        self._write_rollup()
        self._share_room()
        if monotonic() - self._renewed > self._lease / 3:
            self._store.ledger.renew(dict(self._step.leases), self._lease)
            self._renewed = monotonic()

    def _write_rollup(self) -> None:
        for crawl, counts in self._rollup.take().items():
            self._store.crawls.add(crawl, counts)

    def _share_room(self) -> None:
        """This process's part of the room in the queue: what is planned goes straight to it while there is some."""
        active = [crawl for crawl in self._crawls if crawl.may_call]
        workers = self._store.fleet.workers()
        room = window(sum(worker["slots"] for worker in workers))
        self._board.set_room(
            {
                crawl.id: max(0, share - self._store.frontier.sent_count(crawl.id, share)) // max(1, len(workers))
                for crawl, share in shares(active, room)
            }
        )

    def _leave(self) -> None:
        try:
            self._write_rollup()
            self._store.fleet.leave(self._worker)
        except Unreachable as error:
            log.warning("%s", error)
