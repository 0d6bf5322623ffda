"""The exact figures of a crawl, counted from a ledger made by hand."""

from typing import Any

import pytest

from crawler.model.enums import EndReason, PageState
from crawler.model.pages import PlannedPage, Request
from crawler.store import Store
from producers.status import status_document
from tests.factories import charged, finish, plan, result_of, taken

# The fake says that it has no disk to use.
pytestmark = pytest.mark.filterwarnings("ignore:'allowDiskUse':UserWarning")


def did(store: Store, request: Request, units: int | None = 1, **fields: Any) -> None:
    items = fields.pop("items", [])
    held = taken(store, PlannedPage(request, 0))
    assert finish(store, held, result_of(*items, **fields), charged(units, expected=4))


@pytest.fixture
def ledger(store: Store) -> Store:
    tag = {"hashtag": "cats"}
    did(
        store,
        Request("hashtag_search", tag),
        kind="posts",
        items=["p1", "p2"],
        end=None,
        rejects=2,
        skipped_items=3,
        embedded={"users": ["u1", "u2"], "music": ["m1"], "hashtags": ["cats", "dogs"]},
    )
    did(
        store,
        Request("hashtag_search", tag, {"cursor": 20}),
        kind="posts",
        items=["p2", "p3"],
        embedded={"users": ["u2", "u3"], "music": ["m1"]},
        end=EndReason.PLATFORM_CAP,
    )
    did(store, Request("user_followers", {"id": "u1", "sec_uid": "s"}), 3, kind="users", edge="in", items=["u2", "u9"])
    did(
        store, Request("user_followings", {"id": "u2", "sec_uid": "s"}), 2, kind="users", edge="out", items=["u1", "u8"]
    )
    did(store, Request("user_info_from_secuid", {"sec_uid": "s"}), None, kind="users", items=["u1"])
    did(store, Request("lives_search", {"keyword": "x"}), kind="lives", items=["l1"])
    did(store, Request("post_comments", {"aweme_id": "p1"}), kind="", items=[])
    gone = taken(store, plan("gone"))
    store.ledger.end_without_result(gone, PageState.DONE, EndReason.PRIVATE, {"kind": "nothing"}, charged(1))
    broken = taken(store, plan("broken"))
    store.ledger.release(broken, 0, attempt=True, charge=charged(None, expected=5))
    again = store.ledger.acquire(broken.id, "c", "w", 60)
    assert again is not None
    store.ledger.end_without_result(again, PageState.FAILED, EndReason.ERROR, {"kind": "server"}, charged(0))
    refused = taken(store, plan("refused"))
    store.ledger.end_without_result(refused, PageState.SKIPPED, EndReason.CANCELLED, {"kind": "refused"}, None)
    store.frontier.add("c", [plan("planned")], max_depth=2)
    taken(store, plan("held"))
    other = taken(store, plan("other"), "d")
    finish(store, other, result_of("c1", embedded={"users": ["u99"]}), charged(7))
    return store


def test_a_crawl_is_counted_exactly(ledger: Store) -> None:
    assert ledger.stats.recount("c") == {
        "pages": {"planned": 1, "leased": 1, "done": 8, "failed": 1, "skipped": 1},
        "calls": 10,
        "units": 10,
        "unknown": 9,
        "rejects": 2,
        "skipped_items": 3,
        "ends": {"platform-cap": 1, "end": 5, "private": 1, "error": 1, "cancelled": 1},
        "endpoints": {
            "hashtag_search": {"pages": 2, "calls": 2, "units": 2},
            "user_followers": {"pages": 1, "calls": 1, "units": 3},
            "user_followings": {"pages": 1, "calls": 1, "units": 2},
            "user_info_from_secuid": {"pages": 1, "calls": 1, "units": 0},
            "lives_search": {"pages": 1, "calls": 1, "units": 1},
            "post_comments": {"pages": 2, "calls": 4, "units": 2},
        },
        "entities": ledger.stats.count_entities("c"),
    }


def test_each_entity_is_counted_once_and_an_edge_once_from_both_its_ends(ledger: Store) -> None:
    # u2 follows u1 is told by u1's followers and by u2's followings; u9 follows u1; u2 follows u8
    assert {kind: n for kind, n in ledger.stats.count_entities("c").items() if n} == {
        "posts": 3, "users": 5, "music": 1, "hashtags": 2, "lives": 1, "follows": 3,
    }  # fmt: skip
    assert ledger.stats.count_entities("d") == {
        "posts": 0, "users": 1, "comments": 1, "music": 0, "hashtags": 0, "follows": 0,
    }  # fmt: skip


def test_a_page_opened_again_still_counts_what_it_held(ledger: Store) -> None:
    before = ledger.stats.count_entities("c")
    made = PlannedPage(Request("hashtag_search", {"hashtag": "cats"}), -1)
    ledger.frontier.add("c", [made], max_depth=2)
    after = ledger.stats.recount("c")
    assert after["pages"]["planned"] == 2
    assert (after["entities"], after["units"]) == (before, 10)


def test_a_crawl_without_pages(store: Store) -> None:
    counted = store.stats.recount("nobody")
    assert (counted["calls"], counted["units"], counted["ends"], counted["endpoints"]) == (0, 0, {}, {})
    assert set(counted["pages"].values()) == {0}
    assert set(counted["entities"].values()) == {0}


def test_the_status_has_the_shape_of_the_contract(ledger: Store) -> None:
    crawl = {"_id": "c", "state": "running", "cause": None, "budget": {"units": 50}, "started_at": None}
    told = status_document(crawl, ledger.stats.recount("c"))
    assert told["units"] == {"spent": 10, "unknown": 9, "budget": 50}
    assert told["pages"] == {"planned": 1, "leased": 1, "done": 8, "failed": 1, "skipped": 1}
    assert told["entities"] == {"posts": 3, "users": 5, "comments": 0, "music": 1, "hashtags": 2, "follows": 3}
    assert (told["lives"], told["rejects"], told["skipped_items"], told["calls"]) == (1, 2, 3, 10)
    assert {"crawl", "state", "cause", "ends", "started_at", "ended_at"} <= told.keys()


def test_the_status_of_a_crawl_that_was_never_counted() -> None:
    told = status_document({"_id": "c", "state": "seeding"}, {})
    assert told["units"] == {"spent": 0, "unknown": 0, "budget": None}
    assert set(told["pages"].values()) == set(told["entities"].values()) == {0}
    assert status_document({"_id": "c", "state": "running"}, {"pages": {"planned": -2}})["pages"]["planned"] == 0
