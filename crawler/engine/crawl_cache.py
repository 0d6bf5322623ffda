"""What a worker process knows of the crawls, the prices and the room in the queue, at most a second old."""

from collections.abc import Mapping
from threading import Lock
from time import monotonic

from crawler.api.endpoints import Endpoint
from crawler.model.crawls import Crawl
from crawler.store import Store


class CrawlCache:
    """Read by every task, refreshed by one thread; asking it costs no round trip."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._crawls: Mapping[str, Crawl] = {}
        self._prices: dict[str, int] = {}
        self._room: dict[str, int] = {}
        self._looked = 0.0
        self._lock = Lock()
        self._refreshing = Lock()

    def refresh(self) -> list[Crawl]:
        """Read crawls and prices anew; returns the crawls that have not ended."""
        with self._refreshing:  # one after the other: an older look must not replace a newer one
            return self._look()

    def _look(self) -> list[Crawl]:
        started = monotonic()
        specs = {crawl.id: crawl.spec for crawl in self._crawls.values()}
        crawls = {crawl.id: crawl for crawl in self._store.crawls.live(specs)}
        self._prices = self._store.budgets.prices()
        self._crawls = crawls
        self._looked = started
        return list(crawls.values())

    def look_again(self, crawl: str) -> Crawl | None:
        """As `crawl`, by a look that begins now or later: a message may be quicker than the news of its crawl."""
        asked = monotonic()
        with self._refreshing:
            if self._looked < asked:
                self._look()
        return self.crawl(crawl)

    def crawl(self, crawl: str) -> Crawl | None:
        """A crawl for which calls may be made now; None where it is unknown, over or paused."""
        found = self._crawls.get(crawl)
        return found if found is not None and found.may_call else None

    def price(self, endpoint: Endpoint) -> tuple[int, bool]:
        """Units a call may cost, and whether that is known rather than feared."""
        if endpoint.varies or endpoint.worst == endpoint.price:
            return endpoint.worst, True
        known = self._prices.get(endpoint.name)
        return (endpoint.worst, False) if known is None else (known, True)

    def learned(self, endpoint: Endpoint, units: int) -> bool:
        """Take note of a charge; whether it is news that others should hear of."""
        if endpoint.varies or endpoint.worst == endpoint.price or units <= self._prices.get(endpoint.name, -1):
            return False
        self._prices[endpoint.name] = units
        return True

    def set_room(self, room: Mapping[str, int]) -> None:
        """How many messages this process may send per crawl until it is told anew."""
        with self._lock:
            self._room = dict(room)

    def claim_room(self, crawl: str, wanted: int) -> int:
        """How many of `wanted` messages may be sent right away; they are counted off."""
        with self._lock:
            given = min(wanted, self._room.get(crawl, 0))
            if given > 0:
                self._room[crawl] -= given
        return max(given, 0)
