"""`tokcrawl reread`: of which crawls, and what it prints."""

import json

import pytest

from crawler.engine.archive import AnswerArchive
from crawler.model.enums import CrawlState, EndReason
from crawler.model.errors import UsageError
from crawler.model.pages import PlannedPage, Request
from crawler.store import Store
from producers.reread import render_reread, reread_crawls
from tests.factories import charged, raw, spec, taken

# The fake says that it has no disk to use.
pytestmark = pytest.mark.filterwarnings("ignore:'allowDiskUse':UserWarning")


def failed_page(store: Store, crawl_id: str, body: bytes, endpoint: str = "post_comments") -> None:
    """A crawl of one page that could not be read when it was bought."""
    store.crawls.create(crawl_id, spec())
    store.crawls.start(crawl_id)
    page = taken(store, PlannedPage(Request(endpoint, {"aweme_id": "7300000000000000101"}), 0), crawl_id)
    AnswerArchive(store, "unread").keep(page, status=200, units=1, body=body, why="odd")
    error = {"kind": "unreadable", "status": 200, "detail": "odd"}
    assert store.ledger.end_without_result(page, "failed", EndReason.ERROR, error, charged())  # type: ignore[arg-type]
    store.crawls.finish(crawl_id, CrawlState.FAILED)


READABLE = json.dumps({"data": {"comments": [raw("comment")]}}).encode()


def test_a_crawl_is_read_again_and_its_figures_are_printed(store: Store) -> None:
    failed_page(store, "c", READABLE)
    [row] = reread_crawls(store, "c", None, False)
    assert row == {
        "crawl": "c", "state": "complete", "answers": 1, "recovered": 1, "changed": 0, "unread": 0, "orphans": 0,
        "planned": 0, "unplanned": 0,
    }  # fmt: skip
    assert render_reread([row]) == "crawl c (complete): 1 answer read, 1 failed page recovered"


def test_without_a_crawl_every_crawl_with_answers_is_read(store: Store) -> None:
    failed_page(store, "a", READABLE)
    failed_page(store, "b", b"odd")
    rows = reread_crawls(store, None, None, True)
    assert [(row["crawl"], row["recovered"], row["unread"]) for row in rows] == [("a", 1, 0), ("b", 0, 1)]
    assert render_reread(rows).splitlines()[1] == (
        "crawl b (failed): 1 answer read, 0 failed pages recovered, 1 page still unreadable"
    )


def test_answers_of_a_crawl_that_is_gone_are_passed_over(store: Store) -> None:
    failed_page(store, "a", READABLE)
    store.db["crawls"].delete_one({"_id": "a"})
    assert reread_crawls(store, None, None, False) == []
    assert render_reread([]).startswith("no answers are kept")


def test_an_unknown_crawl_or_endpoint_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="no crawl 'x'"):
        reread_crawls(store, "x", None, False)
    with pytest.raises(UsageError, match="no endpoint 'x'"):
        reread_crawls(store, None, "x", False)


def test_nothing_is_planned_in_a_cancelled_crawl(store: Store) -> None:
    failed_page(store, "c", READABLE)
    store.db["crawls"].update_one({"_id": "c"}, {"$set": {"state": "cancelled"}})
    with pytest.raises(UsageError, match="cancelled"):
        reread_crawls(store, "c", None, True)
    [row] = reread_crawls(store, None, None, True)
    assert (row["state"], row["recovered"]) == ("cancelled", 1)


@pytest.mark.parametrize("body", [b"", b"odd", b"null", b'{"data": {"comments": {"odd": 1}}}', b"\xff"])
def test_what_cannot_be_read_stays_failed(store: Store, body: bytes) -> None:
    failed_page(store, "c", body)
    [row] = reread_crawls(store, "c", None, False)
    assert (row["unread"], row["state"]) == (1, "failed")
