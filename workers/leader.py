"""The feeder and sweeper: what one process of the fleet, the leader, does for all a few times a second.

Sends what is planned and was not sent, or whose message is lost; takes pages back from the dead; opens the gate when
its time is over; ends crawls that have no page left. All of it can be done twice without harm.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from threading import Thread
from time import monotonic
from typing import Any

from crawler.engine.capacity import shares, slow_calls, window
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.reaper import bury
from crawler.model.crawls import Crawl
from crawler.model.enums import CrawlState, EndReason, PauseCause
from crawler.model.errors import Unreachable
from crawler.model.pages import PageMessage
from crawler.rate_limit.limiter import RateLimiter
from crawler.store import Store
from crawler.store.connection import now
from workers.app import Publisher

log = logging.getLogger(__name__)

_OUTAGE_IS_TOLD = timedelta(seconds=5)  # after which an outage pauses the crawls
_REST = 5  # times as long as a count took that came to nothing, until the next
_COUNT_FIRST = 50_000  # pages up to which a crawl is counted before it is called ended


class Leader:
    """Keeps no state that matters: a new leader goes on where the last one stopped."""

    def __init__(self, store: Store, board: CrawlCache, pace: RateLimiter, broker: Publisher) -> None:
        self._store = store
        self._board = board
        self._pace = pace
        self._broker = broker
        self._doubtful_gate = False
        self._winding = Thread()
        self._rests: dict[str, float] = {}

    def tick(self, crawls: Sequence[Crawl]) -> None:
        """One round over the crawls that have not ended."""
        active = [crawl for crawl in crawls if crawl.may_call]
        workers = self._store.fleet.workers()
        self._bury(crawls, workers)
        self._feed(active, workers)
        for crawl in active:
            if not self._store.frontier.has_open(crawl.id):
                self._end(crawl)

    def tend(self) -> None:
        """The slower round: gate, holds of the dead, crawls that stand still but are not wound up."""
        self._tend_gate()
        if settled := self._store.budgets.settle_lost():
            log.info("settled %d reservations of calls that did not come back", settled)
        if not self._winding.is_alive():
            self._winding = Thread(target=self._wind_up_all, name="winding up", daemon=True)
            self._winding.start()

    # --- feeding ---

    def _feed(self, active: Sequence[Crawl], workers: Sequence[Mapping[str, Any]]) -> None:
        room = window(sum(w["slots"] for w in workers))
        frontier = self._store.frontier
        sent = {crawl.id: frontier.sent_count(crawl.id, room) for crawl in active}
        lost = 0
        if any(sent.values()):
            held = self._broker.depth() + sum(w["holding"] for w in workers)
            lost = max(0, sum(sent.values()) - held)
        for crawl, share in shares(active, room):
            again = frontier.paused_over(crawl.id, share)
            if lost:
                again += (found := frontier.overdue(crawl.id, min(lost, share)))
                lost -= len(found)
            fresh = frontier.unsent(crawl.id, share - sent[crawl.id] - len(again))
            self._send([*again, *fresh])
        self._feed_slow(active, workers)

    def _feed_slow(self, active: Sequence[Crawl], workers: Sequence[Mapping[str, Any]]) -> None:
        """Pages whose calls take minutes: no more at a time than workers have slots for them, so that none waits."""
        room = sum(slow_calls(w["slots"]) for w in workers)
        waiting = {crawl.id: self._store.frontier.unsent(crawl.id, room, slow=True) for crawl in active}
        for crawl, share in shares([crawl for crawl in active if waiting[crawl.id]], room):
            free = max(0, share - self._store.frontier.slow_count(crawl.id))
            self._send(waiting[crawl.id][:free])

    def _send(self, waiting: Sequence[PageMessage]) -> None:
        if waiting:
            self._broker.send(waiting)
            self._store.frontier.sent([page.id for page in waiting])

    # --- the dead ---

    def _bury(self, crawls: Sequence[Crawl], workers: Sequence[Mapping[str, Any]]) -> None:
        for crawl in crawls:
            bury(self._store, self._board, self._store.ledger.expired(crawl.id), "its lease ran out")
        if dead := self._store.fleet.silent(workers):
            pages = self._store.ledger.leased_by([crawl.id for crawl in crawls], dead)
            bury(self._store, self._board, pages, f"no sign of {', '.join(dead)}")
            for worker in dead:
                self._store.fleet.leave(worker)

    # --- the gate ---

    def _tend_gate(self) -> None:
        """Keep Redis's copy of the gate like MongoDB's, pause what it stops, and open it when its time is over."""
        gate, copy = self._store.fleet.gate(), self._pace.closed()
        if gate is None:
            # Redis is told first, so a copy without its original is only believed stale the second time.
            if copy in (PauseCause.ACCOUNT, PauseCause.UNITS) and self._doubtful_gate:
                self._pace.open()
            self._doubtful_gate = copy in (PauseCause.ACCOUNT, PauseCause.UNITS)
        elif gate.cause is PauseCause.OUTAGE:
            if copy is None:
                self._open(PauseCause.OUTAGE)
            elif now() - gate.since > _OUTAGE_IS_TOLD:
                self._store.crawls.pause(PauseCause.OUTAGE)
        elif gate.until is not None and gate.until <= now():
            self._open(gate.cause)
        else:
            if copy != gate.cause:
                self._pace.close(gate.cause, gate.until.timestamp() if gate.until else None)
            self._store.crawls.pause(gate.cause)

    def _open(self, cause: PauseCause) -> None:
        self._store.fleet.open_gate(cause)
        self._pace.open()
        if resumed := self._store.crawls.resume(causes=[cause]):
            log.warning("the gate is open again: %d crawls go on", resumed)

    # --- ends ---

    def _end(self, crawl: Crawl) -> None:
        """End a crawl that has no open page; small ones with their exact figures in the same write."""
        state = CrawlState.FAILED if self._store.ledger.has_failed(crawl.id) else CrawlState.COMPLETE
        document = self._store.crawls.get(crawl.id) or {}
        pages = (document.get("rollup") or {}).get("pages") or {}
        rollup = None
        if sum(pages.values()) <= _COUNT_FIRST:
            rollup = self._store.tally.count(crawl.id)
        if self._store.crawls.end(crawl.id, state, rollup=rollup):
            log.info("crawl %s is %s", crawl.id, state)

    def _wind_up_all(self) -> None:
        """In a thread of its own: counting a crawl of millions takes minutes."""
        try:
            for crawl in self._store.crawls.unsettled():
                started = monotonic()
                if started < self._rests.get(crawl["_id"], 0.0):
                    continue
                try:
                    self._wind_up(crawl["_id"], CrawlState(crawl["state"]), crawl.get("rollup") or {})
                finally:
                    # If it came to nothing: the longer a try took, the longer the database is left alone.
                    self._rests[crawl["_id"]] = monotonic() + _REST * (monotonic() - started)
        except Unreachable as error:
            log.warning("%s", error)
        except Exception:
            log.exception("a crawl could not be counted; it is tried again")

    def _wind_up(self, crawl: str, state: CrawlState, rollup: Mapping[str, Any]) -> None:
        """Skip what a cancelled crawl still plans, and count one that stands still once nothing of it is in flight."""
        if state is CrawlState.CANCELLED:
            self._store.ledger.skip_planned(crawl, EndReason.CANCELLED)
        if not self._store.ledger.leased_count(crawl):
            self._store.crawls.settle(crawl, rollup, self._store.tally.count(crawl))


def lead_while(store: Store, worker: str, do: Callable[[], None]) -> bool:
    """Do it if this worker is the leader; whether it was."""
    try:
        if not store.fleet.lead(worker):
            return False
        do()
    except Unreachable as error:
        log.warning("%s", error)
    return True
