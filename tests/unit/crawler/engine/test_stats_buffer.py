"""What a process adds to the crawls' roll-ups between two writes."""

from collections import Counter
from threading import Thread

from crawler.api.endpoints import ENDPOINTS
from crawler.engine.stats_buffer import StatsBuffer
from crawler.model.enums import EndReason, PageState
from tests.factories import charged, page

COMMENTS = ENDPOINTS["post_comments"]


def test_nothing_was_done() -> None:
    assert StatsBuffer().drain() == {}


def test_what_was_done_is_told_once() -> None:
    rollup = StatsBuffer()
    rollup.add_planned("c", 3)
    rollup.add_charge(page(), charged(2))
    rollup.add_closed(page(), PageState.DONE, EndReason.END)
    rollup.add_entities("c", {"comments": 20, "users": 0}, 1, 4)
    assert rollup.drain() == {
        "c": Counter(
            {
                "pages.planned": 2,
                "pages.done": 1,
                "ends.end": 1,
                "calls": 1,
                "units": 2,
                "endpoints.post_comments.pages": 1,
                "endpoints.post_comments.calls": 1,
                "endpoints.post_comments.units": 2,
                "entities.comments": 20,
                "rejects": 1,
                "skipped_items": 4,
            }
        )
    }
    assert rollup.drain() == {}


def test_an_unknown_charge_is_not_spent() -> None:
    rollup = StatsBuffer()
    rollup.add_charge(page(), charged(None, expected=5))
    (added,) = rollup.drain().values()
    assert (added["unknown"], added["units"], added["calls"]) == (5, 0, 1)


def test_a_page_that_goes_on_ends_no_list_and_one_that_failed_is_no_page_of_its_endpoint() -> None:
    rollup = StatsBuffer()
    rollup.add_closed(page(), PageState.DONE, None)
    rollup.add_closed(page(), PageState.FAILED, EndReason.ERROR)
    (added,) = rollup.drain().values()
    assert {name: n for name, n in added.items() if name.startswith("ends")} == {"ends.error": 1}
    assert (added["pages.planned"], added["pages.failed"], added["endpoints.post_comments.pages"]) == (-2, 1, 1)


def test_crawls_are_kept_apart_and_threads_lose_nothing() -> None:
    rollup = StatsBuffer()
    taken: list[Counter[str]] = []

    def add() -> None:
        for _ in range(2000):
            rollup.add_planned("a", 1)
            rollup.add_planned("b", 2)

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken.append(sum((Counter({c: n["pages.planned"]}) for c, n in rollup.drain().items()), Counter()))
    taken.append(sum((Counter({c: n["pages.planned"]}) for c, n in rollup.drain().items()), Counter()))
    assert sum(taken, Counter()) == {"a": 8000, "b": 16_000}
