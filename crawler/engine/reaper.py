"""Takes pages back from workers that died: their calls may have been charged, and may be what killed them."""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from crawler.api.endpoints import ENDPOINTS
from crawler.engine.crawl_cache import CrawlCache
from crawler.store import Store
from crawler.store.ledger import Charge

log = logging.getLogger(__name__)

MOST_DEATHS = 4  # of its workers, after which a page is parked


def bury(store: Store, board: CrawlCache, pages: Iterable[Mapping[str, Any]], why: str) -> int:
    """Plan leased pages anew (or park them), counting what their calls may have cost; returns how many."""
    buried = 0
    for page in pages:
        endpoint = ENDPOINTS.get(page["endpoint"])
        expected = board.price(endpoint)[0] if endpoint else 0
        charge = Charge(datetime.now(UTC).strftime("%Y-%m-%d"), None, expected)
        if store.ledger.bury(dict(page), charge, MOST_DEATHS):
            store.crawls.add(page["crawl"], {"unknown": expected, "calls": 1})
            buried += 1
    if buried:
        log.warning("%d pages are bought anew: %s", buried, why)
    return buried
