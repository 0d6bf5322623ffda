"""A crawl's status: counted from the ledger, read from its roll-up, or final."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.model.crawls import CrawlSpec
from crawler.model.enums import CrawlState, PauseCause, SeedKind
from crawler.model.errors import UsageError
from crawler.model.pages import PlannedPage, Request
from crawler.store import Store
from producers.status import crawl_status, find_crawl, is_finalizing

pytestmark = pytest.mark.server


@pytest.fixture
def store(real_store: Store) -> Store:
    """Counting is the database's."""
    return real_store


LARGE = {"pages": {"planned": 5, "done": 30_000}, "calls": 30_000}


@pytest.fixture
def crawl(store: Store) -> str:
    """One with three planned pages, of which one is leased."""
    store.crawls.create("c", CrawlSpec(kind=SeedKind.HASHTAG))
    store.crawls.start("c")
    plans = [PlannedPage(Request("hashtag_search", {"hashtag": f"tag{n}"}), 0) for n in range(3)]
    store.frontier.add("c", plans, max_depth=0)
    store.ledger.acquire(plans[0].request.page_id("c"), "c", "w", 60)
    return "c"


def pages_of(store: Store, rollup: dict[str, Any], **options: bool) -> dict[str, int]:
    store.db["crawls"].update_one({"_id": "c"}, {"$set": {"rollup": rollup}})
    return {name: n for name, n in crawl_status(store, find_crawl(store, "c"), **options)["pages"].items() if n}


@pytest.mark.parametrize("word", ["nobody", "half \udc80", "NUL \0", "x" * 5000])
def test_a_crawl_that_is_not_there_is_an_error_of_the_user(store: Store, crawl: str, word: str) -> None:
    with pytest.raises(UsageError, match=r"^no crawl .*`tokcrawl status` lists the latest$"):
        find_crawl(store, word)


def test_a_name_that_several_crawls_have_lists_their_ids(store: Store) -> None:
    for n in range(23):
        store.crawls.create(f"c{n:02}", CrawlSpec(kind=SeedKind.HASHTAG, name="daily" if n < 22 else "other"))
        store.db["crawls"].update_one({"_id": f"c{n:02}"}, {"$set": {"created_at": n}})
    assert find_crawl(store, "other")["_id"] == "c22"
    with pytest.raises(UsageError, match=r"^22 crawls are named 'daily': c21, c20, .*, c02 and 2 more; give the id"):
        find_crawl(store, "daily")


def test_a_small_crawl_is_counted_whatever_its_roll_up_says(store: Store, crawl: str) -> None:
    wrong = {"pages": {"planned": 9}}
    assert pages_of(store, wrong) == {"planned": 2, "leased": 1}
    assert pages_of(store, wrong, count=False) == {"planned": 8, "leased": 1}
    store.crawls.pause(PauseCause.USER, crawl)
    assert pages_of(store, wrong, count=False) == {"planned": 2, "leased": 1}


@pytest.mark.parametrize("paused", [False, True])
def test_a_large_crawl_is_read_from_its_roll_up(store: Store, crawl: str, paused: bool) -> None:
    if paused:
        store.crawls.pause(PauseCause.USER, crawl)
    assert pages_of(store, LARGE) == {"planned": 4, "leased": 1, "done": 30_000}


def test_final_figures_are_not_counted_again(store: Store, crawl: str) -> None:
    assert pages_of(store, {"pages": {"done": 7}, "final": True}) == {"done": 7}


@pytest.mark.parametrize(
    ("state", "rollup", "workers", "expected"),
    [
        (CrawlState.COMPLETE, LARGE, 1, True),
        (CrawlState.COMPLETE, LARGE, 0, False),
        (CrawlState.COMPLETE, {**LARGE, "final": True}, 1, False),
        (CrawlState.COMPLETE, {"pages": {"done": 7}}, 1, False),
        (CrawlState.PAUSED, LARGE, 1, False),
        (CrawlState.RUNNING, LARGE, 1, False),
    ],
)
def test_a_large_crawl_that_has_ended_is_finalizing_while_a_worker_is_there_to_count_it(
    store: Store, state: CrawlState, rollup: dict[str, Any], workers: int, expected: bool
) -> None:
    if workers:
        store.workers.heartbeat("w", "host", 1, 8, 0)
    crawl = {"_id": "c", "state": state, "rollup": rollup, "ended_at": datetime.now(UTC)}
    assert is_finalizing(store, crawl) == expected
