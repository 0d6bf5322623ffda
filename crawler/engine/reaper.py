"""Reclaim pages leased by dead workers. Their calls count as unknown charges; a page that keeps killing its workers is
parked as failed.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from crawler.api.endpoints import ENDPOINTS
from crawler.engine.prices import PriceBook
from crawler.model.charges import Charge, utc_day
from crawler.store import Store

log = logging.getLogger(__name__)

MAX_WORKER_DEATHS = 4  # after which a page is parked


def reclaim_pages(store: Store, prices: PriceBook, pages: Iterable[Mapping[str, Any]], why: str) -> int:
    """Plan leased pages again, or park them, and count what their calls may have cost; return how many."""
    reclaimed = 0
    for page in pages:
        endpoint = ENDPOINTS.get(page["endpoint"])
        expected = prices.expected(endpoint).units if endpoint else 0
        if store.leases.reclaim(dict(page), Charge(utc_day(), None, expected), MAX_WORKER_DEATHS):
            store.crawls.increment_stats(page["crawl"], {"unknown": expected, "calls": 1})
            reclaimed += 1
    if reclaimed:
        log.warning("%s; fetching its %d pages again (may be charged twice)", why, reclaimed)
    return reclaimed
