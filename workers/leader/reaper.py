"""Reap what dead workers held: pages whose lease ran out, and pages of workers without a heartbeat."""

from collections.abc import Mapping, Sequence
from typing import Any

from crawler.engine.prices import PriceBook
from crawler.engine.reaper import reclaim_pages
from crawler.model.crawls import Crawl
from crawler.store import Store


class Reaper:
    """Reclaims pages for every crawl that has not ended."""

    def __init__(self, store: Store, prices: PriceBook) -> None:
        self._store = store
        self._prices = prices

    def reap(self, crawls: Sequence[Crawl], workers: Sequence[Mapping[str, Any]]) -> None:
        for crawl in crawls:
            reclaim_pages(self._store, self._prices, self._store.leases.expired(crawl.id), "a lease ran out")
        if dead := self._store.workers.dead(workers):
            pages = self._store.leases.held_by([crawl.id for crawl in crawls], dead)
            reclaim_pages(self._store, self._prices, pages, f"worker {', '.join(dead)} stopped responding")
            for worker in dead:
                self._store.workers.unregister(worker)
