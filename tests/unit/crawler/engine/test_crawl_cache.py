"""What a process knows of the crawls without asking."""

import pytest

from crawler.engine.crawl_cache import CrawlCache
from crawler.model.enums import CrawlState, PauseCause
from crawler.store import Store
from tests.factories import spec


@pytest.fixture
def cache(store: Store) -> CrawlCache:
    for crawl in ("runs", "new"):
        store.crawls.create(crawl, spec())
    store.crawls.start("runs")
    for cause in PauseCause:
        store.crawls.create(cause, spec())
        store.crawls.start(cause)
        store.crawls.pause(cause, cause)
    for state in (CrawlState.COMPLETE, CrawlState.FAILED, CrawlState.CANCELLED):
        store.crawls.create(state, spec())
        store.crawls.start(state)
        store.crawls.finish(state, state)
    return CrawlCache(store)


def test_calls_are_made_for_crawls_that_run_or_wait_for_the_api(cache: CrawlCache) -> None:
    assert cache.active("runs") is None  # nothing is known before the first look
    assert {crawl.id for crawl in cache.refresh()} == {"runs", "new", *PauseCause}
    asked = ("runs", "new", "nobody", *PauseCause, *CrawlState)
    assert {name for name in asked if cache.active(name)} == {"runs", "outage"}


def test_a_cache_is_as_old_as_its_last_refresh(store: Store, cache: CrawlCache) -> None:
    cache.refresh()
    store.crawls.pause(PauseCause.USER, "runs")
    assert cache.active("runs") is not None
    cache.refresh()
    assert cache.active("runs") is None
