"""The ledger: every change of a page's state, over the fake and over the real database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from crawler.model.enums import EndReason, PageState
from crawler.model.pages import Page, PlannedPage
from crawler.store import Store
from crawler.store.connection import NEVER_SENT
from crawler.store.frontier import PlanBatch
from crawler.store.ledger import _Acquisition
from tests.factories import DAY, charged, document, finish, page, plan, request, result_of, taken

ERROR: dict[str, Any] = {"kind": "server", "status": 500, "detail": "broken"}
LATER = timedelta(hours=1)


def waiting(store: Store, limit: int = 100, crawl: str = "c") -> list[str]:
    """The telling arguments of the pages that nobody was told of, in their order."""
    return [str(one.request.args["aweme_id"]) for one in store.frontier.undispatched(crawl, limit)]


def change(store: Store, made: Any, **fields: Any) -> None:
    """Set a page's fields behind the ledger's back."""
    store.db["pages"].update_one({"_id": document(store, made)["_id"]}, {"$set": fields})


def past() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


# --- planning ---------------------------------------------------------------------------------------------


def test_planning_twice_plans_once(store: Store) -> None:
    plans = [plan(1), plan(2, depth=2)]
    ids = [one.request.page_id("c") for one in plans]
    assert store.frontier.add("c", plans, "parent", max_depth=2) == ids
    before = [document(store, one) for one in plans]
    assert store.frontier.add("c", plans, "another", max_depth=2) == []
    assert store.frontier.add("c", [plan(3), *plans], max_depth=2) == [plan(3).request.page_id("c")]
    assert [document(store, one) for one in plans] == before
    assert store.db["pages"].count_documents({}) == 3
    assert store.frontier.add("c", [], max_depth=2) == []


def test_a_planned_page_holds_what_the_contract_names(store: Store) -> None:
    made = plan(1, depth=2, nth=3, cursor={"cursor": 60})
    store.frontier.add("c", [made], "parent", max_depth=2)
    found = document(store, made)
    assert found["_id"] == made.request.page_id("c")
    assert (found["list"], found["request"]) == (made.request.list_id("c"), made.request.request_id())
    told = {name: found[name] for name in ("crawl", "endpoint", "args", "cursor", "nth", "depth", "parent", "state")}
    assert told == {
        "crawl": "c", "endpoint": "post_comments", "args": {"aweme_id": "1"}, "cursor": {"cursor": 60},
        "nth": 3, "depth": 2, "parent": "parent", "state": "planned",
    }  # fmt: skip
    assert (found["attempts"], found["due"]) == (0, NEVER_SENT)


def test_one_plan_given_twice_is_one_page(store: Store) -> None:
    assert len(store.frontier.add("c", [plan(1), plan(1)], max_depth=2)) == 1
    assert waiting(store) == ["1"]


def test_crawls_do_not_share_pages(store: Store) -> None:
    for crawl in ("c", "d"):
        assert len(store.frontier.add(crawl, [plan(1)], max_depth=2)) == 1
    assert store.db["pages"].count_documents({}) == 2


@pytest.mark.parametrize("first_near", [True, False])
def test_the_nearer_depth_holds_whichever_came_first(store: Store, first_near: bool) -> None:
    for depth in (0, 2) if first_near else (2, 0):
        store.frontier.add("c", [plan(1, depth)], max_depth=2)
    assert document(store, plan(1))["depth"] == 0
    assert waiting(store) == ["1"]


def test_what_is_met_nearer_while_it_is_held_cannot_be_finished_at_its_old_depth(store: Store) -> None:
    held = taken(store, plan(1, depth=2))
    store.frontier.add("c", [plan(1, depth=1)], max_depth=2)
    assert document(store, held)["state"] == "leased"
    assert not finish(store, held, result_of("a"), charged())
    assert not store.ledger.end_without_result(held, PageState.FAILED, EndReason.ERROR, ERROR, charged())
    assert store.ledger.current_depth(held) == 1
    assert finish(store, replace(held, depth=1), result_of("a"), charged())
    assert document(store, held)["state"] == "done"


def test_a_bought_page_met_nearer_is_opened_again_to_plan_from_without_buying(store: Store) -> None:
    held = taken(store, plan(1, depth=2))
    finish(store, held, result_of("a", "b"), charged(3))
    assert not store.frontier.has_open_pages("c")
    assert store.frontier.add("c", [plan(1, depth=1)], max_depth=2) == []
    assert store.frontier.has_open_pages("c")
    assert waiting(store) == ["1"]
    again = store.ledger.acquire(held.id, "c", "w", 60)
    assert again is not None
    assert (again.fetched, again.depth, held.fetched) == (True, 1, False)
    assert store.ledger.stored_result(again)["items"] == ["a", "b"]
    assert store.ledger.complete_replan(again)
    found = document(store, held)
    assert (found["state"], found["units"], found["items"], found["end"]) == ("done", 3, ["a", "b"], "end")
    assert not store.frontier.has_open_pages("c")


def test_met_at_the_same_depth_or_where_nothing_follows_is_not_opened_again(store: Store) -> None:
    held = taken(store, plan(1, depth=1))
    finish(store, held, result_of("a"), charged())
    store.frontier.add("c", [plan(1, depth=1), plan(1, depth=2)], max_depth=2)
    assert document(store, held)["state"] == "done"
    far = taken(store, plan(2, depth=2))
    finish(store, far, result_of("a"), charged())
    store.frontier.add("c", [plan(2, depth=1)], max_depth=1)
    assert document(store, far)["state"] == "done"


@pytest.mark.parametrize("state", [PageState.FAILED, PageState.SKIPPED])
def test_what_failed_or_was_skipped_stays_so_when_met_nearer(store: Store, state: PageState) -> None:
    held = taken(store, plan(1, depth=2))
    store.ledger.end_without_result(held, state, EndReason.ERROR, ERROR, None)
    store.frontier.add("c", [plan(1, depth=0)], max_depth=2)
    found = document(store, held)
    assert (found["state"], found["depth"], "due" in found) == (state, 0, False)


@pytest.mark.server
def test_many_planners_of_the_same_pages_plan_each_once(real_store: Store) -> None:
    plans = [plan(n, depth=n % 3) for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda _: real_store.frontier.add("c", plans, max_depth=2), range(8)))
    assert sorted(one for ids in new for one in ids) == sorted(one.request.page_id("c") for one in plans)


# --- taking -----------------------------------------------------------------------------------------------


def test_a_page_is_taken_with_all_that_its_step_needs(store: Store) -> None:
    made = PlannedPage(request(1, cursor={"cursor": 20}), 2, 3, 1)
    held = taken(store, made)
    assert held.request == made.request
    assert (held.id, held.list_id) == (made.request.page_id("c"), made.request.list_id("c"))
    assert (held.crawl_id, held.depth, held.nth, held.empty_streak, held.attempts, held.fetched) == (
        "c",
        2,
        3,
        1,
        0,
        False,
    )
    assert document(store, held)["lease"]["worker"] == "w"


def test_a_page_is_taken_once(store: Store) -> None:
    held = taken(store, plan(1))
    assert store.ledger.acquire(held.id, "c", "other", 60) is None
    finish(store, held, result_of("a"), charged())
    assert store.ledger.acquire(held.id, "c", "other", 60) is None  # replayed after it is done


def test_a_page_of_another_crawl_or_of_none_is_not_taken(store: Store) -> None:
    store.frontier.add("c", [plan(1)], max_depth=2)
    assert store.ledger.acquire(plan(1).request.page_id("c"), "d", "w", 60) is None
    assert store.ledger.acquire("forged", "c", "w", 60) is None
    assert store.ledger.acquire(plan(1).request.page_id("c"), "c", "w", 60) is not None


def test_a_page_that_pauses_is_not_taken(store: Store) -> None:
    held = taken(store, plan(1))
    store.ledger.release(held, 60)
    assert store.ledger.acquire(held.id, "c", "w", 60) is None
    change(store, held, not_before=past())
    assert store.ledger.acquire(held.id, "c", "w", 60) is not None


@pytest.mark.server
def test_of_many_hands_one_takes_it(real_store: Store) -> None:
    real_store.frontier.add("c", [plan(n) for n in range(20)], max_depth=2)
    ids = [plan(n).request.page_id("c") for n in range(20)] * 4
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda one: real_store.ledger.acquire(one, "c", "w", 60), ids))
    got = [one.id for one in held if one is not None]
    assert len(got) == len(set(got)) == 20
    assert len({one.lease_token for one in held if one is not None}) == 20


# --- finishing --------------------------------------------------------------------------------------------


def test_finishing_writes_what_the_page_held_and_cost(store: Store) -> None:
    held = taken(store, plan(1))
    result = result_of(
        "a", "b", got=7, new=1, embedded={"users": ["u"]}, next={"cursor": 20}, end=None, total=9, rejects=2,
        skipped_items=4,
    )  # fmt: skip
    assert finish(store, held, result, charged(3))
    found = document(store, held)
    told = {name: found[name] for name in ("state", "kind", "items", "embedded", "got", "new", "next", "end", "total")}
    assert told == {
        "state": "done", "kind": "comments", "items": ["a", "b"], "embedded": {"users": ["u"]}, "got": 7, "new": 1,
        "next": {"cursor": 20}, "end": None, "total": 9,
    }  # fmt: skip
    assert (found["units"], found["calls"], found["charged"], found["rejects"]) == (3, 1, {DAY: 3}, 2)
    assert found["skipped_items"] == 4
    assert {"lease", "due", "not_before"}.isdisjoint(found)


def test_a_stale_holder_changes_nothing(store: Store) -> None:
    held = taken(store, plan(1))
    store.ledger.release(held, 0)
    current = store.ledger.acquire(held.id, "c", "other", 60)
    assert current is not None
    before = document(store, held)
    assert not finish(store, held, result_of("a"), charged())
    assert not store.ledger.end_without_result(held, PageState.FAILED, EndReason.ERROR, ERROR, charged())
    assert not store.ledger.release(held, 0)
    assert not store.ledger.complete_replan(held)
    assert store.ledger.current_depth(held) is None
    store.leases.extend({held.id: held.lease_token}, 999)
    assert document(store, held) == before
    assert finish(store, current, result_of("a"), charged())
    done = document(store, held)
    assert finish(store, current, result_of("b"), charged())  # told as done: its first answer may be lost
    assert document(store, held) == done


def test_what_a_stale_holder_paid_is_recorded_all_the_same(store: Store) -> None:
    held = taken(store, plan(1))
    finish(store, held, result_of("a"), charged(2))
    store.ledger.record_duplicate_charge(held, charged(3))
    store.ledger.record_duplicate_charge(held, charged(None, expected=5))
    found = document(store, held)
    assert (found["units"], found["calls"], found["duplicate_calls"]) == (5, 3, 2)
    assert (found["charged"], found["unknown"]) == ({DAY: 5}, {DAY: 5})
    assert "unknown_since" in found


@pytest.mark.parametrize(
    ("state", "end", "error", "attempts"),
    [
        (PageState.FAILED, EndReason.ERROR, ERROR, 1),
        (PageState.SKIPPED, EndReason.PLATFORM_CAP, ERROR, 0),
        (PageState.DONE, EndReason.PRIVATE, {**ERROR, "kind": "nothing"}, 0),
    ],
)
def test_ends_without_a_result(store: Store, state: PageState, end: EndReason, error: Any, attempts: int) -> None:
    held = taken(store, plan(1))
    assert store.ledger.end_without_result(held, state, end, error, charged(1))
    found = document(store, held)
    assert (found["state"], found["end"], found["error"], found["attempts"]) == (state, end, error, attempts)
    assert (found["units"], "due" in found, "lease" in found) == (1, False, False)
    assert store.failures.exist("c") == (state is PageState.FAILED)
    assert found.get("fetched", False) == (state is PageState.DONE)


def test_a_page_with_nothing_there_is_never_bought_again(store: Store) -> None:
    held = taken(store, plan(1, depth=2))
    store.ledger.end_without_result(held, PageState.DONE, EndReason.MISSING, {**ERROR, "kind": "nothing"}, charged(1))
    store.frontier.add("c", [plan(1, depth=0)], max_depth=2)
    again = store.ledger.acquire(held.id, "c", "w", 60)
    assert again is not None
    assert again.fetched
    assert store.ledger.complete_replan(again)
    assert document(store, held)["end"] == "missing"


# --- giving back ------------------------------------------------------------------------------------------


def test_giving_back_with_and_without_a_try(store: Store) -> None:
    held = taken(store, plan(1))
    assert store.ledger.release(held, 0, attempt=True, error=ERROR, charge=charged(2))
    found = document(store, held)
    assert (found["state"], found["attempts"], found["error"], found["units"]) == ("planned", 1, ERROR, 2)
    again = store.ledger.acquire(held.id, "c", "w", 60)
    assert again is not None
    assert again.attempts == 1
    assert store.ledger.release(again, 30)
    found = document(store, held)
    assert (found["attempts"], found["error"]) == (1, ERROR)
    assert found["due"] > datetime.now(UTC)


def test_a_try_that_an_outage_used_up_is_given_back(store: Store) -> None:
    for n in (1, 2, 3):
        held = taken(store, plan(n))
        store.ledger.release(held, 0, attempt=n < 3)
    leased = store.ledger.acquire(plan(2).request.page_id("c"), "c", "w", 60)
    store.ledger.restore_attempts([plan(n).request.page_id("c") for n in (1, 2, 3, 4)])
    assert [document(store, plan(n))["attempts"] for n in (1, 2, 3)] == [0, 1, 0]
    assert leased is not None


def test_a_pause_that_is_over_is_told_longest_first(store: Store) -> None:
    for n, after in ((1, 60.0), (2, -5.0), (3, -9.0)):
        store.ledger.release(taken(store, plan(n)), after)
    store.frontier.add("c", [plan(4)], max_depth=2)
    assert [one.request.args["aweme_id"] for one in store.frontier.due_retries("c", 9)] == ["3", "2"]
    assert [one.request.args["aweme_id"] for one in store.frontier.due_retries("c", 1)] == ["3"]
    assert store.frontier.due_retries("d", 9) == []
    assert waiting(store) == ["4"]
    store.frontier.mark_dispatched([one.page_id for one in store.frontier.due_retries("c", 9)])
    assert store.frontier.due_retries("c", 9) == []
    assert store.frontier.count_dispatched("c", 9) == 2


# --- feeding ----------------------------------------------------------------------------------------------


def test_pages_are_told_of_smaller_depth_first_then_oldest(store: Store) -> None:
    for n, depth in ((1, 2), (2, 0), (3, 1), (4, 0), (5, 2), (6, 1)):
        store.frontier.add("c", [plan(n, depth)], max_depth=2)
        change(store, plan(n), planned_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
    assert waiting(store) == ["2", "4", "3", "6", "1", "5"]
    assert waiting(store, 3) == ["2", "4", "3"]
    assert waiting(store, 0) == waiting(store, -3) == []
    assert waiting(store, crawl="d") == []


def test_a_page_is_sent_once_until_its_message_counts_as_lost(store: Store) -> None:
    plans = [plan(n) for n in range(3)]
    store.frontier.add("c", plans, max_depth=2, dispatch_first=1)
    assert waiting(store) == ["1", "2"]
    store.frontier.mark_dispatched([plan(1).request.page_id("c")])
    assert waiting(store) == ["2"]
    assert store.frontier.count_dispatched("c", 9) == 2
    assert store.frontier.count_dispatched("c", 1) == 1
    assert store.frontier.lost("c", 9) == []
    change(store, plan(0), due=past())
    assert [one.request for one in store.frontier.lost("c", 9)] == [plan(0).request]
    assert store.frontier.lost("c", 0) == []
    store.frontier.mark_dispatched([plan(0).request.page_id("c")])
    assert store.frontier.lost("c", 9) == []


def test_sending_does_not_touch_what_was_taken_meanwhile(store: Store) -> None:
    held = taken(store, plan(1), lease=999)
    before = document(store, held)
    store.frontier.mark_dispatched([held.id, "unknown"])
    assert document(store, held) == before


def test_after_a_resume_all_planned_pages_are_told_of_anew(store: Store) -> None:
    store.frontier.add("c", [plan(n) for n in range(3)], max_depth=2, dispatch_first=3)
    store.ledger.release(taken(store, plan(3)), 3600)
    held = taken(store, plan(4))
    store.frontier.reset_dispatch("c")
    assert sorted(waiting(store)) == ["0", "1", "2"]
    assert document(store, held)["due"] > NEVER_SENT


# --- leases -----------------------------------------------------------------------------------------------


def test_a_lease_runs_out_unless_it_is_renewed(store: Store) -> None:
    dead, kept = taken(store, plan(1), lease=-1), taken(store, plan(2), lease=-1)
    taken(store, plan(3), lease=60)
    store.leases.extend({kept.id: kept.lease_token}, 60)
    store.leases.extend({}, 60)
    expired = store.leases.expired("c")
    assert [one["_id"] for one in expired] == [dead.id]
    assert (expired[0]["endpoint"], expired[0]["crawl"]) == ("post_comments", "c")
    assert store.leases.expired("d") == []


def test_the_pages_of_dead_workers_are_found_by_their_names(store: Store) -> None:
    for n, worker in ((1, "a"), (2, "b"), (3, "a")):
        taken(store, plan(n), worker=worker)
    taken(store, plan(4), "d", worker="a")
    finish(store, taken(store, plan(5), worker="a"), result_of(), None)
    found = store.leases.held_by(["c"], ["a", "nobody"])
    assert sorted(one["_id"] for one in found) == sorted(plan(n).request.page_id("c") for n in (1, 3))
    assert store.ledger.count_leased("c") == 3


def test_a_page_is_taken_back_from_the_dead_and_its_charge_is_unknown(store: Store) -> None:
    held = taken(store, plan(1), lease=-1)
    (dead,) = store.leases.expired("c")
    assert store.leases.reclaim(dead, charged(None, expected=2), 3)
    found = document(store, held)
    assert (found["state"], found["due"], found["worker_deaths"], found["unknown"]) == (
        "planned",
        NEVER_SENT,
        1,
        {DAY: 2},
    )
    assert not store.leases.reclaim(dead, charged(None, expected=2), 3)  # by another sweeper
    assert document(store, held) == found
    assert not finish(store, held, result_of("a"), charged())
    assert waiting(store) == ["1"]


def test_a_page_that_kills_its_workers_is_parked(store: Store) -> None:
    for death in (1, 2, 3):
        held = taken(store, plan(1), lease=-1)
        (dead,) = store.leases.expired("c")
        assert store.leases.reclaim(dead, charged(None), 3)
        assert document(store, held)["worker_deaths"] == death
    found = document(store, plan(1))
    assert (found["state"], found["end"], found["error"]["kind"]) == ("failed", "error", "killed")
    assert "due" not in found
    assert store.failures.exist("c")
    assert not store.frontier.has_open_pages("c")


# --- the end of a crawl -----------------------------------------------------------------------------------


def test_a_crawl_is_open_while_a_page_is_planned_pausing_or_held(store: Store) -> None:
    assert not store.frontier.has_open_pages("c")
    held = taken(store, plan(1))
    assert store.frontier.has_open_pages("c")
    store.ledger.release(held, 60)
    assert store.frontier.has_open_pages("c")
    change(store, held, not_before=past())
    again = store.ledger.acquire(held.id, "c", "w", -5)
    assert again is not None
    assert store.frontier.has_open_pages("c")
    store.ledger.end_without_result(again, PageState.FAILED, EndReason.ERROR, ERROR, None)
    assert not store.frontier.has_open_pages("c")


@pytest.mark.server
def test_a_crawl_never_looks_finished_while_its_chain_goes_on(real_store: Store) -> None:
    length, over = 150, Event()
    real_store.frontier.add("c", [plan(0)], max_depth=2)

    def watch() -> int:
        looked = 0
        while not over.is_set():
            open_now = real_store.frontier.has_open_pages("c")
            assert open_now or over.is_set()
            looked += 1
        return looked

    with ThreadPoolExecutor(3) as pool:
        watchers = [pool.submit(watch) for _ in range(3)]
        try:
            for n in range(length):
                made = plan(n)
                held = real_store.ledger.acquire(made.request.page_id("c"), "c", "w", 60)
                assert held is not None
                if n % 5 == 4:  # given back and taken again
                    real_store.ledger.release(held, -1)
                    held = real_store.ledger.acquire(held.id, "c", "w", 60)
                    assert held is not None
                if n == length - 1:
                    over.set()
                else:
                    real_store.frontier.add("c", [plan(n + 1)], max_depth=2)
                assert finish(real_store, held, result_of(), charged())
        finally:
            over.set()
        assert sum(watcher.result() for watcher in watchers) > 20
    assert not real_store.frontier.has_open_pages("c")


def test_what_is_planned_is_skipped_and_what_is_held_is_not(store: Store) -> None:
    store.frontier.add("c", [plan(n) for n in range(3)], max_depth=2, dispatch_first=1)
    store.ledger.release(taken(store, plan(3)), 60)
    held = taken(store, plan(4))
    finish(store, taken(store, plan(5)), result_of("a"), charged())
    store.frontier.add("d", [plan(1)], max_depth=2)
    assert store.ledger.skip_planned("c", EndReason.CANCELLED) == 4
    assert store.ledger.skip_planned("c", EndReason.CANCELLED) == 0
    found = [document(store, plan(n)) for n in range(6)]
    assert [one["state"] for one in found] == ["skipped"] * 4 + ["leased", "done"]
    assert {one["end"] for one in found[:4]} == {"cancelled"}
    assert store.frontier.has_open_pages("c")
    assert store.frontier.has_open_pages("d")
    assert finish(store, held, result_of("a"), charged())
    assert not store.frontier.has_open_pages("c")


def test_a_bought_page_that_was_met_nearer_stays_bought_when_the_rest_is_skipped(store: Store) -> None:
    finish(store, taken(store, plan(1, depth=2)), result_of("a"), charged(3))
    before = document(store, plan(1))
    store.frontier.add("c", [plan(1, depth=1), plan(2, depth=1)], max_depth=2)
    assert document(store, plan(1))["state"] == "planned"
    assert store.ledger.skip_planned("c", EndReason.CANCELLED) == 1
    assert document(store, plan(1)) == {**before, "depth": 1}
    assert not store.frontier.has_open_pages("c")


def failed(store: Store, n: int, kind: str) -> None:
    held = taken(store, plan(n))
    error = {"kind": kind, "status": 500, "detail": f"page {n}"}
    store.ledger.end_without_result(held, PageState.FAILED, EndReason.ERROR, error, charged(1))


def test_what_failed_is_planned_again_by_class_with_all_its_tries(store: Store) -> None:
    for n, kind in ((1, "server"), (2, "server"), (3, "mistake")):
        failed(store, n, kind)
    store.ledger.end_without_result(
        taken(store, plan(4)), PageState.DONE, EndReason.MISSING, {"kind": "nothing"}, charged()
    )
    assert store.failures.retry("c", "transport") == 0
    assert store.failures.retry("c", "server") == 2
    found = document(store, plan(1))
    assert (found["state"], found["attempts"], found["end"], found["due"]) == ("planned", 0, None, NEVER_SENT)
    assert found["units"] == 1  # what it cost stays
    assert sorted(waiting(store)) == ["1", "2"]
    assert store.failures.exist("c")
    assert store.failures.retry("c", None) == 1
    assert not store.failures.exist("c")
    assert store.failures.retry("c", None) == 0
    assert document(store, plan(4))["state"] == "done"


def test_failures_are_told_by_class_with_an_example(store: Store) -> None:
    assert store.failures.summarize("c") == []
    for n, kind in ((1, "server"), (2, "mistake"), (3, "server")):
        failed(store, n, kind)
    server, mistake = store.failures.summarize("c")
    assert (server["kind"], server["pages"], server["status"]) == ("server", 2, 500)
    assert server["endpoint"] == "post_comments"
    assert server["detail"] in ("page 1", "page 3")
    assert (mistake["kind"], mistake["pages"], mistake["detail"]) == ("mistake", 1, "page 2")


# --- lists and money --------------------------------------------------------------------------------------


def test_the_history_of_a_list_up_to_a_page(store: Store) -> None:
    for nth, items in enumerate((["a"], ["b", "c"], ["d"])):
        made = plan(1, nth=nth, cursor={"cursor": nth} if nth else {})
        finish(store, taken(store, made), result_of(*items), charged())
    finish(store, taken(store, plan(2)), result_of("other list"), charged())
    finish(store, taken(store, plan(1), "d"), result_of("other crawl"), charged())
    this = plan(1).request.list_id("c")
    assert store.ledger.list_history(this, "c", 0) == []
    assert sorted(store.ledger.list_history(this, "c", 2), key=str) == [(["a"], {}), (["b", "c"], {"cursor": 1})]
    assert store.ledger.list_history(this, "c", 3, 2) == [(["d"], {"cursor": 2})]
    assert len(store.ledger.list_history(this, "c", 99)) == 3


def test_what_calls_of_a_day_cost_and_may_have_cost(store: Store) -> None:
    assert store.charges.spent_on(DAY) == (0, 0)
    finish(store, taken(store, plan(1)), result_of("a"), charged(3))
    store.ledger.release(taken(store, plan(2)), 0, charge=charged(None, expected=5))
    store.ledger.release(taken(store, plan(3), "d"), 0, charge=charged(4))
    assert store.charges.spent_on(DAY) == (7, 5)
    assert store.charges.spent_on("2026-02-01") == (0, 0)


def test_an_unknown_charge_is_settled_once(store: Store) -> None:
    held = taken(store, plan(2))
    store.ledger.release(held, 0, charge=charged(None, expected=5))
    (unknown,) = store.charges.unknown_on(DAY)
    assert (unknown["_id"], unknown["crawl"], unknown["unknown"]) == (held.id, "c", {DAY: 5})
    assert store.charges.unknown_on("2026-02-01") == []
    assert not store.charges.resolve_unknown(held.id, DAY, 4, 1)  # it grew meanwhile
    assert store.charges.resolve_unknown(held.id, DAY, 5, 2)
    assert not store.charges.resolve_unknown(held.id, DAY, 5, 2)
    assert store.charges.unknown_on(DAY) == []
    assert store.charges.spent_on(DAY) == (2, 0)
    assert document(store, held)["units"] == 2


def test_a_page_of_no_ledger_changes_nothing(store: Store) -> None:
    assert not finish(store, page(), result_of("a"), charged())
    assert not store.ledger.release(page(), 0)
    store.ledger.record_duplicate_charge(page(), charged())
    assert store.ledger.stored_result(page()) == {}
    assert store.db["pages"].count_documents({}) == 0


# --- several pages in one go ------------------------------------------------------------------------------


def test_pages_acquired_together_are_leased_as_each_would_be_alone(store: Store) -> None:
    plans = [plan(n) for n in range(4)]
    store.frontier.add("c", plans, max_depth=2)
    ids = [one.request.page_id("c") for one in plans]
    change(store, plans[2], not_before=datetime.now(UTC) + LATER)
    wanted = [(ids[0], "c"), (ids[1], "another"), (ids[2], "c"), ("unknown", "c"), (ids[3], "c"), (ids[0], "c")]

    def acquire_together() -> list[Page | None]:
        requests = [_Acquisition(page_id, crawl, "w", 60, f"token{n}") for n, (page_id, crawl) in enumerate(wanted)]
        return store.ledger._acquire(requests)

    pages = acquire_together()
    assert [one and one.request.args["aweme_id"] for one in pages] == ["0", None, None, None, "3", None]
    assert [document(store, one)["state"] for one in plans] == ["leased", "planned", "planned", "leased"]
    for held in (pages[0], pages[4]):
        assert held is not None
        assert held == replace(page(held.request, depth=1), lease_token=held.lease_token)
        assert document(store, held)["lease"]["token"] == held.lease_token
    assert [one and one.id for one in acquire_together()] == [ids[0], None, None, None, ids[3], None]  # asked again
    assert store.ledger.acquire(ids[0], "c", "w", 60) is None


def test_of_several_pages_those_are_done_whose_lease_is_ours_and_depth_unchanged(store: Store) -> None:
    kept, lost, nearer = (taken(store, plan(n, depth=2)) for n in range(3))
    store.leases.reclaim(document(store, lost), charged(None), 4)
    store.frontier.add("c", [plan(2, depth=0)], max_depth=2)
    group = [(one, result_of("a"), charged(2)) for one in (kept, lost, nearer)]
    assert store.ledger.complete_many(group) == {kept.id}
    assert [document(store, one)["state"] for one in (kept, lost, nearer)] == ["done", "planned", "leased"]
    assert store.ledger.complete_many(group) == {kept.id}  # as after an answer that got lost
    assert [document(store, one).get("units") for one in (kept, lost, nearer)] == [2, None, None]


def test_plannings_of_several_pages_tell_their_own_new_pages(store: Store) -> None:
    a, b, c = (one.request.page_id("c") for one in (plan(1), plan(2), plan(3)))
    first = PlanBatch("c", [plan(1, depth=2), plan(2, depth=2)], "x", 2, dispatch_first=1)
    second = PlanBatch("c", [plan(2, depth=1), plan(3, depth=1)], "y", 2, dispatch_first=2)
    assert store.frontier.add_many([first, second, PlanBatch("d", [], "z", 2)]) == [[a, b], [c], []]
    assert [document(store, plan(n))["depth"] for n in (1, 2, 3)] == [2, 1, 1]
    assert [document(store, plan(n))["due"] > NEVER_SENT for n in (1, 2, 3)] == [True, False, True]
