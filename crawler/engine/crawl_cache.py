"""Per-process cache of the crawls that have not ended; a pause or a new budget reaches a worker within a second."""

from collections.abc import Mapping
from threading import Lock
from time import monotonic

from crawler.model.crawls import Crawl
from crawler.store import Store, retry_until_reachable


class CrawlCache:
    """Read by every task, refreshed by the heartbeat; reading it costs no round trip."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._crawls: Mapping[str, Crawl] = {}
        self._read_at = 0.0
        self._refreshing = Lock()

    def refresh(self) -> list[Crawl]:
        """Read the crawls that have not ended, and return them."""
        with self._refreshing:  # one after the other: an older read must not replace a newer one
            return self._read()

    def active(self, crawl_id: str) -> Crawl | None:
        """Return a crawl for which calls may be made now; None where it is unknown, over or paused."""
        found = self._crawls.get(crawl_id)
        return found if found is not None and found.is_active else None

    def refresh_after(self, crawl_id: str) -> Crawl | None:
        """As `active`, by a read that begins now or later: a message may arrive before the news of its crawl."""
        asked = monotonic()
        retry_until_reachable(lambda: self._refresh_since(asked))
        return self.active(crawl_id)

    def _refresh_since(self, asked: float) -> None:
        with self._refreshing:
            if self._read_at < asked:
                self._read()

    def _read(self) -> list[Crawl]:
        started = monotonic()
        specs = {crawl.id: crawl.spec for crawl in self._crawls.values()}
        self._crawls = {crawl.id: crawl for crawl in self._store.crawls.active(specs)}
        self._read_at = started
        return list(self._crawls.values())
