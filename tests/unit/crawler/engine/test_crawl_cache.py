"""What a process knows of the crawls, the prices and the room."""

import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.engine.crawl_cache import CrawlCache
from crawler.model.enums import CrawlState, PauseCause
from crawler.store import Store
from tests.factories import spec

FOLLOWERS = ENDPOINTS["user_followers"]  # costs 1, may cost 10


@pytest.fixture
def board(store: Store) -> CrawlCache:
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
        store.crawls.end(state, state)
    return CrawlCache(store)


def test_calls_are_made_for_crawls_that_run_or_wait_for_the_api(board: CrawlCache) -> None:
    assert board.crawl("runs") is None  # nothing is known before the first look
    assert {crawl.id for crawl in board.refresh()} == {"runs", "new", *PauseCause}
    asked = ("runs", "new", "nobody", *PauseCause, *CrawlState)
    assert {name for name in asked if board.crawl(name)} == {"runs", "outage"}


def test_a_board_is_as_old_as_its_last_look(store: Store, board: CrawlCache) -> None:
    board.refresh()
    store.crawls.pause(PauseCause.USER, "runs")
    assert board.crawl("runs") is not None
    board.refresh()
    assert board.crawl("runs") is None


def test_a_price_is_feared_until_it_is_known(store: Store, board: CrawlCache) -> None:
    assert board.price(FOLLOWERS) == (10, False)
    assert board.learned(FOLLOWERS, 3)
    assert board.price(FOLLOWERS) == (3, True)
    assert not board.learned(FOLLOWERS, 3)
    assert not board.learned(FOLLOWERS, 2)
    assert board.learned(FOLLOWERS, 4)
    store.budgets.learn("user_followers", 6)
    board.refresh()
    assert board.price(FOLLOWERS) == (6, True)


def test_a_price_of_nothing_is_known_too(board: CrawlCache) -> None:
    assert board.learned(FOLLOWERS, 0)
    assert board.price(FOLLOWERS) == (0, True)


@pytest.mark.parametrize(("name", "price"), [("hashtag_search", 1), ("full_hashtag_search", 250)])
def test_what_has_one_price_or_any_is_not_learned(board: CrawlCache, name: str, price: int) -> None:
    endpoint = ENDPOINTS[name]
    assert not board.learned(endpoint, price)
    assert board.price(endpoint) == (price, True)


def test_room_is_counted_off(board: CrawlCache) -> None:
    assert board.claim_room("runs", 5) == 0
    board.set_room({"runs": 7, "new": 1})
    assert [board.claim_room("runs", 5), board.claim_room("runs", 5), board.claim_room("runs", 5)] == [5, 2, 0]
    assert board.claim_room("new", 0) == 0
    assert board.claim_room("new", 5) == 1
    assert board.claim_room("nobody", 1) == 0
    board.set_room({"runs": 1})
    assert board.claim_room("runs", 5) == 1
