"""The feeder over a database, with a broker and a limiter of our own."""

from collections.abc import Sequence
from time import monotonic, sleep
from typing import Any

import pytest

from crawler.engine.crawl_cache import CrawlCache
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


class Queue:
    """A broker that keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, waiting: Sequence[PageMessage]) -> None:
        self.sent += [one.request.endpoint for one in waiting]

    def depth(self) -> int:
        return len(self.sent)


class Open:
    """A limiter whose gate is open."""

    def closed(self) -> None:
        return None


class Ground:
    """A store with crawls, a worker of 16 slots, and the feeder."""

    def __init__(self, store: Store) -> None:
        self.store, self.queue, self.board = store, Queue(), CrawlCache(store)
        self.feeder = Leader(store, self.board, Open(), self.queue)  # type: ignore[arg-type]
        store.fleet.beat("w", "host", 1, 16, 0)

    def crawl(self, name: str, *plans: PlannedPage) -> str:
        self.store.crawls.create(name, CrawlSpec(kind=SeedKind.HASHTAG))
        self.store.frontier.plan(name, plans, deepest=0)
        self.store.crawls.start(name)
        return name

    def tick(self) -> None:
        self.feeder.tick(self.board.refresh())

    def until_final(self, crawl: str) -> dict[str, Any]:
        deadline = monotonic() + 10
        while monotonic() < deadline:
            self.feeder.tend()
            rollup: dict[str, Any] = (self.store.crawls.get(crawl) or {})["rollup"]
            if rollup.get("final"):
                return rollup
            sleep(0.02)
        raise AssertionError("not counted")


@pytest.fixture
def ground(store: Store) -> Ground:
    return Ground(store)


def quick(n: int) -> PlannedPage:
    return PlannedPage(Request("hashtag_search", {"hashtag": f"tag{n}"}), 0)


def slow(n: int) -> PlannedPage:
    return PlannedPage(Request("full_hashtag_search", {"hashtag": f"tag{n}", "days": 9}), 0)


def test_a_window_of_the_frontier_is_sent_and_no_more(ground: Ground) -> None:
    ground.crawl("c", *map(quick, range(100)))
    for _ in range(3):
        ground.tick()
    assert ground.queue.sent == ["hashtag_search"] * 32


def test_slow_pages_are_sent_as_many_as_may_be_called_for(ground: Ground) -> None:
    ground.crawl("c", *map(slow, range(50)), *map(quick, range(50)))
    for _ in range(3):
        ground.tick()
    assert ground.queue.sent.count("full_hashtag_search") == 2
    assert ground.queue.sent.count("hashtag_search") >= 30


def test_slow_pages_of_two_crawls_share_their_slots(ground: Ground) -> None:
    for name in ("a", "b"):
        ground.crawl(name, *map(slow, range(9)))
    ground.tick()
    assert [ground.store.frontier.slow_count(name) for name in ("a", "b")] == [1, 1]


def test_a_crawl_without_open_pages_ends_with_its_figures(ground: Ground) -> None:
    ground.crawl("c")
    ground.tick()
    found = ground.store.crawls.get("c") or {}
    assert (found["state"], found["rollup"]["final"]) == ("complete", True)


def test_a_cancelled_crawl_is_wound_up(ground: Ground) -> None:
    ground.crawl("c", *map(quick, range(5)))
    held = ground.store.ledger.take(quick(0).request.page_id("c"), "c", "w", 60)
    assert held is not None
    ground.store.crawls.end("c", CrawlState.CANCELLED)
    for _ in range(5):  # not while one is in flight
        ground.feeder.tend()
        sleep(0.02)
    assert "final" not in (ground.store.crawls.get("c") or {})["rollup"]
    ground.store.ledger.give_back(held, 0)
    assert ground.until_final("c")["pages"]["skipped"] == 5
