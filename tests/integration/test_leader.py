"""The leader over a database, with a fake publisher and a fake limiter."""

from collections.abc import Sequence
from time import monotonic, sleep
from typing import Any

import pytest

from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.prices import PriceBook
from crawler.model.crawls import CrawlSpec
from crawler.model.enums import CrawlState, SeedKind
from crawler.model.pages import PageMessage, PlannedPage, Request
from crawler.store import Store
from workers.leader import Leader

pytestmark = pytest.mark.server


@pytest.fixture
def store(real_store: Store) -> Store:
    """Counting is the database's."""
    return real_store


class FakePublisher:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def publish(self, messages: Sequence[PageMessage]) -> None:
        self.sent += [one.request.endpoint for one in messages]

    def queue_depth(self) -> int:
        return len(self.sent)


class OpenGate:
    """A limiter whose gate is open."""

    def closed_gate(self) -> None:
        return None


class LeaderHarness:
    """A store with crawls, a worker of 16 slots, and the leader."""

    def __init__(self, store: Store) -> None:
        self.store, self.queue, self.cache = store, FakePublisher(), CrawlCache(store)
        self.leader = Leader(store, PriceBook(store), OpenGate(), self.queue)  # type: ignore[arg-type]  # a fake
        store.workers.heartbeat("w", "host", 1, 16, 0)

    def crawl(self, name: str, *plans: PlannedPage) -> str:
        self.store.crawls.create(name, CrawlSpec(kind=SeedKind.HASHTAG))
        self.store.frontier.add(name, plans, max_depth=0)
        self.store.crawls.start(name)
        return name

    def dispatch(self) -> None:
        self.leader.dispatch(self.cache.refresh())

    def until_final(self, crawl: str) -> dict[str, Any]:
        deadline = monotonic() + 10
        while monotonic() < deadline:
            self.leader.maintain()
            rollup: dict[str, Any] = (self.store.crawls.get(crawl) or {})["rollup"]
            if rollup.get("final"):
                return rollup
            sleep(0.02)
        raise AssertionError("not counted")


@pytest.fixture
def harness(store: Store) -> LeaderHarness:
    return LeaderHarness(store)


def quick(n: int) -> PlannedPage:
    return PlannedPage(Request("hashtag_search", {"hashtag": f"tag{n}"}), 0)


def slow(n: int) -> PlannedPage:
    return PlannedPage(Request("full_hashtag_search", {"hashtag": f"tag{n}", "days": 9}), 0, slow=True)


def test_a_window_of_the_frontier_is_sent_and_no_more(harness: LeaderHarness) -> None:
    harness.crawl("c", *map(quick, range(100)))
    for _ in range(3):
        harness.dispatch()
    assert harness.queue.sent == ["hashtag_search"] * 32


def test_slow_pages_are_sent_as_many_as_may_be_called_for(harness: LeaderHarness) -> None:
    harness.crawl("c", *map(slow, range(50)), *map(quick, range(50)))
    for _ in range(3):
        harness.dispatch()
    assert harness.queue.sent.count("full_hashtag_search") == 2
    assert harness.queue.sent.count("hashtag_search") >= 30


def test_slow_pages_of_two_crawls_share_their_slots(harness: LeaderHarness) -> None:
    for name in ("a", "b"):
        harness.crawl(name, *map(slow, range(9)))
    harness.dispatch()
    assert [harness.store.frontier.count_slow(name) for name in ("a", "b")] == [1, 1]


def test_a_crawl_without_open_pages_ends_with_its_figures(harness: LeaderHarness) -> None:
    harness.crawl("c")
    harness.dispatch()
    found = harness.store.crawls.get("c") or {}
    assert (found["state"], found["rollup"]["final"]) == ("complete", True)


def test_a_cancelled_crawl_is_wound_up(harness: LeaderHarness) -> None:
    harness.crawl("c", *map(quick, range(5)))
    held = harness.store.ledger.acquire(quick(0).request.page_id("c"), "c", "w", 60)
    assert held is not None
    harness.store.crawls.finish("c", CrawlState.CANCELLED)
    for _ in range(5):  # not while one is in flight
        harness.leader.maintain()
        sleep(0.02)
    assert "final" not in (harness.store.crawls.get("c") or {})["rollup"]
    harness.store.ledger.release(held, 0)
    assert harness.until_final("c")["pages"]["skipped"] == 5
