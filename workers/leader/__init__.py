"""What one process of the fleet, the leader, does for all: dispatch, reap, keep the gate, complete crawls."""

import logging
from collections.abc import Sequence

from crawler.engine.prices import PriceBook
from crawler.model.crawls import Crawl
from crawler.rate_limit.limiter import RateLimiter
from crawler.store import Store
from workers.leader.completion import Completion
from workers.leader.dispatcher import Dispatcher
from workers.leader.gatekeeper import Gatekeeper
from workers.leader.reaper import Reaper
from workers.publisher import Publisher

log = logging.getLogger(__name__)


class Leader:
    """Keeps no state that matters: a new leader goes on where the last one stopped, and two at once do no harm."""

    def __init__(self, store: Store, prices: PriceBook, limiter: RateLimiter, publisher: Publisher) -> None:
        self._store = store
        self._reaper = Reaper(store, prices)
        self._dispatcher = Dispatcher(store, publisher)
        self._gatekeeper = Gatekeeper(store, limiter)
        self._completion = Completion(store)

    def dispatch(self, crawls: Sequence[Crawl]) -> None:
        """Run one quick round over the crawls that have not ended."""
        active = [crawl for crawl in crawls if crawl.is_active]
        workers = self._store.workers.all()
        self._reaper.reap(crawls, workers)
        self._dispatcher.dispatch(active, workers)
        self._completion.finish_idle(active)

    def maintain(self) -> None:
        """Run one slow round: the gate, holds of dead calls, figures of crawls that stand still."""
        self._gatekeeper.reconcile()
        if settled := self._store.budgets.settle_orphans():
            log.debug("settled %d leftover budget hold%s", settled, "" if settled == 1 else "s")
        self._completion.finalize_in_background()
