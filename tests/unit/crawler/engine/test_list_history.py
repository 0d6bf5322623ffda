"""What a process remembers of the lists it works on, and what it reads from the ledger."""

from typing import Any

from crawler.engine.list_history import ListHistories
from crawler.store import Store
from tests.factories import charged, finish, page, plan, request, result_of, taken


class Ledger:
    """Counts what is asked of it."""

    def __init__(self, *pages: tuple[list[str], dict[str, Any]]) -> None:
        self.pages = pages
        self.asked: list[tuple[int, int]] = []

    def list_history(
        self, list_id: str, crawl: str, before: int, since: int = 0
    ) -> list[tuple[list[str], dict[str, Any]]]:
        self.asked.append((since, before))
        return list(self.pages[since:before])


class Shelf:
    """A store of nothing but a ledger."""

    def __init__(self, *pages: tuple[list[str], dict[str, Any]]) -> None:
        self.ledger = Ledger(*pages)


def lists(*pages: tuple[list[str], dict[str, Any]]) -> tuple[ListHistories, Ledger]:
    shelf = Shelf(*pages)
    return ListHistories(shelf), shelf.ledger  # type: ignore[arg-type]  # a fake


def nth(place: int, n: int = 0) -> Any:
    return page(request(n, cursor={"cursor": place} if place else {}), nth=place)


def test_a_first_page_has_nothing_before_it_and_asks_nobody() -> None:
    known, ledger = lists()
    history = known.load(nth(0))
    assert (history.item_ids, history.cursors, ledger.asked) == (set(), [], [])


def test_what_was_kept_is_not_read_again() -> None:
    known, ledger = lists()
    for place, items in enumerate((["a", "b"], ["b", "c"], ["d"])):
        known.append(nth(place), known.load(nth(place)), items)
    history = known.load(nth(3))
    assert history.item_ids == {"a", "b", "c", "d"}
    assert history.cursors == [{}, {"cursor": 1}, {"cursor": 2}]
    assert ledger.asked == []


def test_another_process_reads_the_ledger_and_then_only_what_it_missed() -> None:
    known, ledger = lists((["a"], {}), (["b"], {"cursor": 1}), (["c"], {"cursor": 2}), (["d"], {"cursor": 3}))
    history = known.load(nth(2))
    assert (history.item_ids, history.cursors) == ({"a", "b"}, [{}, {"cursor": 1}])
    known.append(nth(2), history, ["c"])
    history = known.load(nth(4))
    assert (history.item_ids, history.cursors) == ({"a", "b", "c", "d"}, [{}, *({"cursor": n} for n in (1, 2, 3))])
    assert ledger.asked == [(0, 2), (3, 4)]


def test_an_earlier_page_once_more_does_not_see_what_came_after_it() -> None:
    known, _ = lists((["a"], {}), (["b"], {"cursor": 1}), (["c"], {"cursor": 2}))
    known.append(nth(2), known.load(nth(2)), ["c"])
    assert known.load(nth(1)).item_ids == {"a"}


def test_lists_are_kept_apart() -> None:
    known, ledger = lists()
    known.append(nth(0, 1), known.load(nth(0, 1)), ["a"])
    known.append(nth(0, 2), known.load(nth(0, 2)), ["b"])
    assert known.load(nth(1, 1)).item_ids == {"a"}
    assert known.load(nth(1, 2)).item_ids == {"b"}
    assert ledger.asked == []


def test_the_list_used_least_recently_is_forgotten_first() -> None:
    known, ledger = lists(([], {}), ([], {}))
    many = [str(n) for n in range(50_000)]
    for n in (1, 2):
        known.append(nth(0, n), known.load(nth(0, n)), many)
    known.append(nth(1, 1), known.load(nth(1, 1)), ["x"])  # used again, hence 2 is the older one
    assert ledger.asked == []
    assert len(known.load(nth(2, 1)).item_ids) == 50_001
    assert ledger.asked == []
    assert known.load(nth(1, 2)).item_ids == set()
    assert ledger.asked == [(0, 1)]


def test_one_list_however_long_is_kept() -> None:
    known, ledger = lists()
    known.append(nth(0), known.load(nth(0)), [str(n) for n in range(100_001)])
    assert len(known.load(nth(1)).item_ids) == 100_001
    assert ledger.asked == []


def test_over_a_ledger(store: Store) -> None:
    for place, items in enumerate((["a", "b"], ["c"])):
        held = taken(store, plan(depth=0, nth=place, cursor={"cursor": place} if place else {}))
        assert finish(store, held, result_of(*items), charged())
    history = ListHistories(store).load(nth(2))
    assert history.item_ids == {"a", "b", "c"}
    assert sorted(history.cursors, key=str) == [{"cursor": 1}, {}]
