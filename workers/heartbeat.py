"""The background thread of a worker process: extends leases, sends the heartbeat, refreshes caches, flushes statistics,
and leads the fleet while it holds leadership.
"""

import logging
import os
import socket
from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic

from crawler.engine.capacity import dispatch_window, fair_shares
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.dispatch_quota import DispatchQuota
from crawler.engine.page_runner import PageRunner
from crawler.engine.prices import PriceBook
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.crawls import Crawl
from crawler.model.errors import UnreachableError
from crawler.store import Store
from workers.leader import Leader

log = logging.getLogger(__name__)

TICK_INTERVAL = 0.2  # seconds
BEAT_INTERVAL = 0.8  # seconds between reads of crawls and prices: a pause acts within about a second
MAINTAIN_INTERVAL = 2.0


class _Timer:
    """Is due when `interval` seconds have passed since it was due last; at once the first time."""

    def __init__(self, interval: float, clock: Callable[[], float]) -> None:
        self._interval = interval
        self._clock = clock
        self._last = float("-inf")

    def is_due(self) -> bool:
        return self._clock() - self._last >= self._interval

    def restart(self) -> None:
        self._last = self._clock()


class Heartbeat(Thread):
    """Stops when `done` is set, after a last flush of the statistics."""

    def __init__(
        self,
        *,
        store: Store,
        crawls: CrawlCache,
        prices: PriceBook,
        quota: DispatchQuota,
        stats: StatsBuffer,
        runner: PageRunner,
        leader: Leader,
        worker: str,
        slots: int,
        lease: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._store = store
        self._cache = crawls
        self._prices = prices
        self._quota = quota
        self._stats = stats
        self._runner = runner
        self._leader = leader
        self._worker = worker
        self._slots = slots
        self._lease = lease
        self._crawls: Sequence[Crawl] = ()
        self._is_away = False
        self._extend_timer = _Timer(lease / 3, clock)
        self._beat_timer = _Timer(BEAT_INTERVAL, clock)
        self._maintain_timer = _Timer(MAINTAIN_INTERVAL, clock)
        self.done = Event()

    def run(self) -> None:
        while not self.done.wait(TICK_INTERVAL):
            self.tick()
        self._leave()

    def tick(self) -> None:
        """Do what is due; whatever fails is tried again at the next tick."""
        try:
            if self._beat_timer.is_due():
                self._beat()
                self._beat_timer.restart()
                self._note_reachable()
            if self._store.leadership.try_acquire(self._worker):
                self._lead()
        except UnreachableError as error:
            if not self._is_away:
                log.warning("%s; waiting for it", error)
            self._is_away = True
        except Exception:
            log.exception("the heartbeat goes on after an error")

    def _beat(self) -> None:
        """Extend leases before anything else: everything after it may wait for a slow database."""
        if self._extend_timer.is_due():
            self._store.leases.extend(self._runner.leases.tokens(), self._lease)
            self._extend_timer.restart()
        unleased = self._runner.unleased_messages
        self._store.workers.heartbeat(self._worker, socket.gethostname(), os.getpid(), self._slots, unleased)
        self._crawls = self._cache.refresh()
        self._prices.refresh()
        self._flush_stats()
        self._update_quota()

    def _note_reachable(self) -> None:
        if self._is_away:
            log.warning("MongoDB answers again")
            self._store.workers.reset_watch()
            self._is_away = False

    def _lead(self) -> None:
        maintain = self._maintain_timer.is_due()
        if maintain:
            self._maintain_timer.restart()
        try:
            self._leader.dispatch(self._crawls)
            if maintain:
                self._leader.maintain()
        except UnreachableError as error:
            log.warning("%s", error)

    def _flush_stats(self) -> None:
        for crawl_id, counts in self._stats.drain().items():
            self._store.crawls.increment_stats(crawl_id, counts)

    def _update_quota(self) -> None:
        """Allot this process its part of the room in the queue: follow-ups are dispatched at once while it has some."""
        active = [crawl for crawl in self._crawls if crawl.is_active]
        workers = self._store.workers.all()
        room = dispatch_window(sum(worker["slots"] for worker in workers))
        self._quota.set(
            {
                crawl.id: max(0, share - self._store.frontier.count_dispatched(crawl.id, share)) // max(1, len(workers))
                for crawl, share in fair_shares(active, room)
            }
        )

    def _leave(self) -> None:
        try:
            self._flush_stats()
            self._store.workers.unregister(self._worker)
        except UnreachableError as error:
            log.warning("%s", error)
