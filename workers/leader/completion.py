"""Complete crawls: end those without an open page, and count the final figures of those that stand still."""

import logging
from collections.abc import Mapping, Sequence
from threading import Thread
from time import monotonic
from typing import Any

from crawler.model.crawls import Crawl
from crawler.model.enums import CrawlState, EndReason
from crawler.model.errors import UnreachableError
from crawler.store import Store

log = logging.getLogger(__name__)

_REST = 5  # times as long as a count took that came to nothing, before the next
_COUNT_AT_END = 50_000  # pages up to which a crawl is counted in the same write that ends it


class Completion:
    """Large crawls are counted in a thread of their own: a crawl of millions takes minutes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._finalizer = Thread()
        self._rest_until: dict[str, float] = {}

    def finish_idle(self, active: Sequence[Crawl]) -> None:
        """End the crawls that have no open page."""
        for crawl in active:
            if not self._store.frontier.has_open_pages(crawl.id):
                self._finish(crawl.id)

    def finalize_in_background(self) -> None:
        """Count the crawls that stand still, unless a count is under way."""
        if not self._finalizer.is_alive():
            self._finalizer = Thread(target=self._finalize_all, name="finalizer", daemon=True)
            self._finalizer.start()

    def _finish(self, crawl_id: str) -> None:
        """End a crawl; a small one with its exact figures in the same write."""
        state = CrawlState.FAILED if self._store.failures.exist(crawl_id) else CrawlState.COMPLETE
        document = self._store.crawls.get(crawl_id) or {}
        pages = (document.get("rollup") or {}).get("pages") or {}
        rollup = None
        if sum(pages.values()) <= _COUNT_AT_END:
            rollup = self._store.stats.recount(crawl_id)
        if self._store.crawls.finish(crawl_id, state, rollup=rollup):
            log.info("crawl %s is %s", crawl_id, state)

    def _finalize_all(self) -> None:
        try:
            for crawl in self._store.crawls.awaiting_recount():
                started = monotonic()
                if started < self._rest_until.get(crawl["_id"], 0.0):
                    continue
                try:
                    self._finalize(crawl["_id"], CrawlState(crawl["state"]), crawl.get("rollup") or {})
                finally:
                    # If it came to nothing: the longer a count took, the longer the database is left alone.
                    self._rest_until[crawl["_id"]] = monotonic() + _REST * (monotonic() - started)
        except UnreachableError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("a crawl could not be counted; trying again")

    def _finalize(self, crawl_id: str, state: CrawlState, rollup: Mapping[str, Any]) -> None:
        """Skip what a cancelled crawl still plans; count a crawl once nothing of it is in flight."""
        if state is CrawlState.CANCELLED:
            self._store.ledger.skip_planned(crawl_id, EndReason.CANCELLED)
        if not self._store.ledger.count_leased(crawl_id):
            self._store.crawls.finalize_stats(crawl_id, rollup, self._store.stats.recount(crawl_id))
