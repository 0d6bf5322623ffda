"""The frontier keeps pages of slow endpoints apart, so that they hold back nothing."""

from crawler.model.pages import PlannedPage, Request
from crawler.store import Store
from tests.factories import plan, taken


def slow(name: str, depth: int = 0) -> PlannedPage:
    return PlannedPage(Request("full_hashtag_search", {"hashtag": name, "days": 9}), depth, slow=True)


def test_slow_pages_are_fed_by_themselves(store: Store) -> None:
    store.frontier.add("c", [slow("a"), slow("b"), plan(1, depth=1), plan(2, depth=1)], max_depth=0)
    assert [one.request.args for one in store.frontier.undispatched("c", 9)] == [{"aweme_id": "1"}, {"aweme_id": "2"}]
    found = store.frontier.undispatched("c", 9, slow=True)
    assert [one.request.args["hashtag"] for one in found] == ["a", "b"]
    assert len(store.frontier.undispatched("c", 1, slow=True)) == 1


def test_slow_pages_under_way_are_counted(store: Store) -> None:
    store.frontier.add("c", [slow("a"), slow("b"), slow("c"), plan(1)], max_depth=0)
    assert store.frontier.count_slow("c") == 0
    store.frontier.mark_dispatched([one.page_id for one in store.frontier.undispatched("c", 2, slow=True)])
    assert store.frontier.count_slow("c") == 2
    held = taken(store, slow("a"))
    assert store.frontier.count_slow("c") == 2
    store.ledger.release(held, 60)
    assert store.frontier.count_slow("c") == 1
    assert len(store.frontier.undispatched("c", 9, slow=True)) == 1


def test_a_slow_page_that_comes_back_is_slow_still(store: Store) -> None:
    held = taken(store, slow("a"))
    store.ledger.release(held, -1)
    store.frontier.reset_dispatch("c")
    assert [one.page_id for one in store.frontier.undispatched("c", 9, slow=True)] == [held.id]
    assert store.frontier.undispatched("c", 9) == []
