"""The ledger: every change of a page's state, over the fake and over the real database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from crawler.model.enums import EndReason, PageState
from crawler.model.pages import PlannedPage
from crawler.store import Store
from crawler.store.connection import UNSENT
from crawler.store.frontier import PlanBatch
from tests.factories import DAY, bought, charged, document, finish, page, plan, request, taken

ERROR: dict[str, Any] = {"kind": "server", "status": 500, "detail": "broken"}
LATER = timedelta(hours=1)


def waiting(store: Store, limit: int = 100, crawl: str = "c") -> list[str]:
    """The telling arguments of the pages that nobody was told of, in their order."""
    return [str(one.request.args["aweme_id"]) for one in store.frontier.unsent(crawl, limit)]


def change(store: Store, made: Any, **fields: Any) -> None:
    """Set a page's fields behind the ledger's back."""
    store.database["pages"].update_one({"_id": document(store, made)["_id"]}, {"$set": fields})


def past() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


# --- planning ---------------------------------------------------------------------------------------------


def test_planning_twice_plans_once(store: Store) -> None:
    plans = [plan(1), plan(2, depth=2)]
    ids = [one.request.page_id("c") for one in plans]
    assert store.frontier.plan("c", plans, "parent", deepest=2) == ids
    before = [document(store, one) for one in plans]
    assert store.frontier.plan("c", plans, "another", deepest=2) == []
    assert store.frontier.plan("c", [plan(3), *plans], deepest=2) == [plan(3).request.page_id("c")]
    assert [document(store, one) for one in plans] == before
    assert store.database["pages"].count_documents({}) == 3
    assert store.frontier.plan("c", [], deepest=2) == []


def test_a_planned_page_holds_what_the_contract_names(store: Store) -> None:
    made = plan(1, depth=2, nth=3, cursor={"cursor": 60})
    store.frontier.plan("c", [made], "parent", deepest=2)
    found = document(store, made)
    assert found["_id"] == made.request.page_id("c")
    assert (found["list"], found["request"]) == (made.request.list_id("c"), made.request.request_id())
    told = {name: found[name] for name in ("crawl", "endpoint", "args", "cursor", "nth", "depth", "parent", "state")}
    assert told == {
        "crawl": "c", "endpoint": "post_comments", "args": {"aweme_id": "1"}, "cursor": {"cursor": 60},
        "nth": 3, "depth": 2, "parent": "parent", "state": "planned",
    }  # fmt: skip
    assert (found["attempts"], found["due"]) == (0, UNSENT)


def test_one_plan_given_twice_is_one_page(store: Store) -> None:
    assert len(store.frontier.plan("c", [plan(1), plan(1)], deepest=2)) == 1
    assert waiting(store) == ["1"]


def test_crawls_do_not_share_pages(store: Store) -> None:
    for crawl in ("c", "d"):
        assert len(store.frontier.plan(crawl, [plan(1)], deepest=2)) == 1
    assert store.database["pages"].count_documents({}) == 2


@pytest.mark.parametrize("first_near", [True, False])
def test_the_nearer_depth_holds_whichever_came_first(store: Store, first_near: bool) -> None:
    for depth in (0, 2) if first_near else (2, 0):
        store.frontier.plan("c", [plan(1, depth)], deepest=2)
    assert document(store, plan(1))["depth"] == 0
    assert waiting(store) == ["1"]


def test_what_is_met_nearer_while_it_is_held_cannot_be_finished_at_its_old_depth(store: Store) -> None:
    held = taken(store, plan(1, depth=2))
    store.frontier.plan("c", [plan(1, depth=1)], deepest=2)
    assert document(store, held)["state"] == "leased"
    assert not finish(store, held, bought("a"), charged())
    assert not store.ledger.fail(held, PageState.FAILED, EndReason.ERROR, ERROR, charged())
    assert store.ledger.depth(held) == 1
    assert finish(store, replace(held, depth=1), bought("a"), charged())
    assert document(store, held)["state"] == "done"


def test_a_bought_page_met_nearer_is_opened_again_to_plan_from_without_buying(store: Store) -> None:
    held = taken(store, plan(1, depth=2))
    finish(store, held, bought("a", "b"), charged(3))
    assert not store.frontier.has_open("c")
    assert store.frontier.plan("c", [plan(1, depth=1)], deepest=2) == []
    assert store.frontier.has_open("c")
    assert waiting(store) == ["1"]
    again = store.ledger.take(held.id, "c", "w", 60)
    assert again is not None
    assert (again.paid, again.depth, held.paid) == (True, 1, False)
    assert store.ledger.bought(again)["items"] == ["a", "b"]
    assert store.ledger.replanned(again)
    found = document(store, held)
    assert (found["state"], found["units"], found["items"], found["end"]) == ("done", 3, ["a", "b"], "end")
    assert not store.frontier.has_open("c")


def test_met_at_the_same_depth_or_where_nothing_follows_is_not_opened_again(store: Store) -> None:
    held = taken(store, plan(1, depth=1))
    finish(store, held, bought("a"), charged())
    store.frontier.plan("c", [plan(1, depth=1), plan(1, depth=2)], deepest=2)
    assert document(store, held)["state"] == "done"
    far = taken(store, plan(2, depth=2))
    finish(store, far, bought("a"), charged())
    store.frontier.plan("c", [plan(2, depth=1)], deepest=1)
    assert document(store, far)["state"] == "done"


@pytest.mark.parametrize("state", [PageState.FAILED, PageState.SKIPPED])
def test_what_failed_or_was_skipped_stays_so_when_met_nearer(store: Store, state: PageState) -> None:
    held = taken(store, plan(1, depth=2))
    store.ledger.fail(held, state, EndReason.ERROR, ERROR, None)
    store.frontier.plan("c", [plan(1, depth=0)], deepest=2)
    found = document(store, held)
    assert (found["state"], found["depth"], "due" in found) == (state, 0, False)


@pytest.mark.server
def test_many_planners_of_the_same_pages_plan_each_once(real_store: Store) -> None:
    plans = [plan(n, depth=n % 3) for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda _: real_store.frontier.plan("c", plans, deepest=2), range(8)))
    assert sorted(one for ids in new for one in ids) == sorted(one.request.page_id("c") for one in plans)


# --- taking -----------------------------------------------------------------------------------------------


def test_a_page_is_taken_with_all_that_its_step_needs(store: Store) -> None:
    made = PlannedPage(request(1, cursor={"cursor": 20}), 2, 3, 1)
    held = taken(store, made)
    assert held.request == made.request
    assert (held.id, held.list_id) == (made.request.page_id("c"), made.request.list_id("c"))
    assert (held.crawl, held.depth, held.nth, held.barren, held.attempts, held.paid) == ("c", 2, 3, 1, 0, False)
    assert document(store, held)["lease"]["worker"] == "w"


def test_a_page_is_taken_once(store: Store) -> None:
    held = taken(store, plan(1))
    assert store.ledger.take(held.id, "c", "other", 60) is None
    finish(store, held, bought("a"), charged())
    assert store.ledger.take(held.id, "c", "other", 60) is None  # replayed after it is done


def test_a_page_of_another_crawl_or_of_none_is_not_taken(store: Store) -> None:
    store.frontier.plan("c", [plan(1)], deepest=2)
    assert store.ledger.take(plan(1).request.page_id("c"), "d", "w", 60) is None
    assert store.ledger.take("forged", "c", "w", 60) is None
    assert store.ledger.take(plan(1).request.page_id("c"), "c", "w", 60) is not None


def test_a_page_that_pauses_is_not_taken(store: Store) -> None:
    held = taken(store, plan(1))
    store.ledger.give_back(held, 60)
    assert store.ledger.take(held.id, "c", "w", 60) is None
    change(store, held, not_before=past())
    assert store.ledger.take(held.id, "c", "w", 60) is not None


@pytest.mark.server
def test_of_many_hands_one_takes_it(real_store: Store) -> None:
    real_store.frontier.plan("c", [plan(n) for n in range(20)], deepest=2)
    ids = [plan(n).request.page_id("c") for n in range(20)] * 4
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda one: real_store.ledger.take(one, "c", "w", 60), ids))
    got = [one.id for one in held if one is not None]
    assert len(got) == len(set(got)) == 20
    assert len({one.token for one in held if one is not None}) == 20


# --- finishing --------------------------------------------------------------------------------------------


def test_finishing_writes_what_the_page_held_and_cost(store: Store) -> None:
    held = taken(store, plan(1))
    result = bought("a", "b", got=7, new=1, met={"users": ["u"]}, next={"cursor": 20}, end=None, total=9, rejects=2)
    assert finish(store, held, result, charged(3))
    found = document(store, held)
    told = {name: found[name] for name in ("state", "kind", "items", "met", "got", "new", "next", "end", "total")}
    assert told == {
        "state": "done", "kind": "comments", "items": ["a", "b"], "met": {"users": ["u"]}, "got": 7, "new": 1,
        "next": {"cursor": 20}, "end": None, "total": 9,
    }  # fmt: skip
    assert (found["units"], found["calls"], found["charged"], found["rejects"]) == (3, 1, {DAY: 3}, 2)
    assert {"lease", "due", "not_before"}.isdisjoint(found)


def test_a_stale_holder_changes_nothing(store: Store) -> None:
    held = taken(store, plan(1))
    store.ledger.give_back(held, 0)
    current = store.ledger.take(held.id, "c", "other", 60)
    assert current is not None
    before = document(store, held)
    assert not finish(store, held, bought("a"), charged())
    assert not store.ledger.fail(held, PageState.FAILED, EndReason.ERROR, ERROR, charged())
    assert not store.ledger.give_back(held, 0)
    assert not store.ledger.replanned(held)
    assert store.ledger.depth(held) is None
    store.ledger.renew({held.id: held.token}, 999)
    assert document(store, held) == before
    assert finish(store, current, bought("a"), charged())
    done = document(store, held)
    assert finish(store, current, bought("b"), charged())  # told as done: its first answer may be lost
    assert document(store, held) == done


def test_what_a_stale_holder_paid_is_recorded_all_the_same(store: Store) -> None:
    held = taken(store, plan(1))
    finish(store, held, bought("a"), charged(2))
    store.ledger.charge(held, charged(3))
    store.ledger.charge(held, charged(None, expected=5))
    found = document(store, held)
    assert (found["units"], found["calls"], found["repeated"]) == (5, 3, 2)
    assert (found["charged"], found["unknown"]) == ({DAY: 5}, {DAY: 5})
    assert "lost_at" in found


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
    assert store.ledger.fail(held, state, end, error, charged(1))
    found = document(store, held)
    assert (found["state"], found["end"], found["error"], found["attempts"]) == (state, end, error, attempts)
    assert (found["units"], "due" in found, "lease" in found) == (1, False, False)
    assert store.ledger.has_failed("c") == (state is PageState.FAILED)
    assert found.get("bought", False) == (state is PageState.DONE)


def test_a_page_with_nothing_there_is_never_bought_again(store: Store) -> None:
    held = taken(store, plan(1, depth=2))
    store.ledger.fail(held, PageState.DONE, EndReason.MISSING, {**ERROR, "kind": "nothing"}, charged(1))
    store.frontier.plan("c", [plan(1, depth=0)], deepest=2)
    again = store.ledger.take(held.id, "c", "w", 60)
    assert again is not None
    assert again.paid
    assert store.ledger.replanned(again)
    assert document(store, held)["end"] == "missing"


# --- giving back ------------------------------------------------------------------------------------------


def test_giving_back_with_and_without_a_try(store: Store) -> None:
    held = taken(store, plan(1))
    assert store.ledger.give_back(held, 0, attempt=True, error=ERROR, charge=charged(2))
    found = document(store, held)
    assert (found["state"], found["attempts"], found["error"], found["units"]) == ("planned", 1, ERROR, 2)
    again = store.ledger.take(held.id, "c", "w", 60)
    assert again is not None
    assert again.attempts == 1
    assert store.ledger.give_back(again, 30)
    found = document(store, held)
    assert (found["attempts"], found["error"]) == (1, ERROR)
    assert found["due"] > datetime.now(UTC)


def test_a_try_that_an_outage_used_up_is_given_back(store: Store) -> None:
    for n in (1, 2, 3):
        held = taken(store, plan(n))
        store.ledger.give_back(held, 0, attempt=n < 3)
    leased = store.ledger.take(plan(2).request.page_id("c"), "c", "w", 60)
    store.ledger.refund([plan(n).request.page_id("c") for n in (1, 2, 3, 4)])
    assert [document(store, plan(n))["attempts"] for n in (1, 2, 3)] == [0, 1, 0]
    assert leased is not None


def test_a_pause_that_is_over_is_told_longest_first(store: Store) -> None:
    for n, after in ((1, 60.0), (2, -5.0), (3, -9.0)):
        store.ledger.give_back(taken(store, plan(n)), after)
    store.frontier.plan("c", [plan(4)], deepest=2)
    assert [one.request.args["aweme_id"] for one in store.frontier.paused_over("c", 9)] == ["3", "2"]
    assert [one.request.args["aweme_id"] for one in store.frontier.paused_over("c", 1)] == ["3"]
    assert store.frontier.paused_over("d", 9) == []
    assert waiting(store) == ["4"]
    store.frontier.sent([one.id for one in store.frontier.paused_over("c", 9)])
    assert store.frontier.paused_over("c", 9) == []
    assert store.frontier.sent_count("c", 9) == 2


# --- feeding ----------------------------------------------------------------------------------------------


def test_pages_are_told_of_smaller_depth_first_then_oldest(store: Store) -> None:
    for n, depth in ((1, 2), (2, 0), (3, 1), (4, 0), (5, 2), (6, 1)):
        store.frontier.plan("c", [plan(n, depth)], deepest=2)
        change(store, plan(n), planned_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
    assert waiting(store) == ["2", "4", "3", "6", "1", "5"]
    assert waiting(store, 3) == ["2", "4", "3"]
    assert waiting(store, 0) == waiting(store, -3) == []
    assert waiting(store, crawl="d") == []


def test_a_page_is_sent_once_until_its_message_counts_as_lost(store: Store) -> None:
    plans = [plan(n) for n in range(3)]
    store.frontier.plan("c", plans, deepest=2, send=1)
    assert waiting(store) == ["1", "2"]
    store.frontier.sent([plan(1).request.page_id("c")])
    assert waiting(store) == ["2"]
    assert store.frontier.sent_count("c", 9) == 2
    assert store.frontier.sent_count("c", 1) == 1
    assert store.frontier.overdue("c", 9) == []
    change(store, plan(0), due=past())
    assert [one.request for one in store.frontier.overdue("c", 9)] == [plan(0).request]
    assert store.frontier.overdue("c", 0) == []
    store.frontier.sent([plan(0).request.page_id("c")])
    assert store.frontier.overdue("c", 9) == []


def test_sending_does_not_touch_what_was_taken_meanwhile(store: Store) -> None:
    held = taken(store, plan(1), lease=999)
    before = document(store, held)
    store.frontier.sent([held.id, "unknown"])
    assert document(store, held) == before


def test_after_a_resume_all_planned_pages_are_told_of_anew(store: Store) -> None:
    store.frontier.plan("c", [plan(n) for n in range(3)], deepest=2, send=3)
    store.ledger.give_back(taken(store, plan(3)), 3600)
    held = taken(store, plan(4))
    store.frontier.unsend("c")
    assert sorted(waiting(store)) == ["0", "1", "2"]
    assert document(store, held)["due"] > UNSENT


# --- leases -----------------------------------------------------------------------------------------------


def test_a_lease_runs_out_unless_it_is_renewed(store: Store) -> None:
    dead, kept = taken(store, plan(1), lease=-1), taken(store, plan(2), lease=-1)
    taken(store, plan(3), lease=60)
    store.ledger.renew({kept.id: kept.token}, 60)
    store.ledger.renew({}, 60)
    expired = store.ledger.expired("c")
    assert [one["_id"] for one in expired] == [dead.id]
    assert (expired[0]["endpoint"], expired[0]["crawl"]) == ("post_comments", "c")
    assert store.ledger.expired("d") == []


def test_the_pages_of_dead_workers_are_found_by_their_names(store: Store) -> None:
    for n, worker in ((1, "a"), (2, "b"), (3, "a")):
        taken(store, plan(n), worker=worker)
    taken(store, plan(4), "d", worker="a")
    finish(store, taken(store, plan(5), worker="a"), bought(), None)
    found = store.ledger.leased_by(["c"], ["a", "nobody"])
    assert sorted(one["_id"] for one in found) == sorted(plan(n).request.page_id("c") for n in (1, 3))
    assert store.ledger.leased_count("c") == 3


def test_a_page_is_taken_back_from_the_dead_and_its_charge_is_unknown(store: Store) -> None:
    held = taken(store, plan(1), lease=-1)
    (dead,) = store.ledger.expired("c")
    assert store.ledger.bury(dead, charged(None, expected=2), 3)
    found = document(store, held)
    assert (found["state"], found["due"], found["deaths"], found["unknown"]) == ("planned", UNSENT, 1, {DAY: 2})
    assert not store.ledger.bury(dead, charged(None, expected=2), 3)  # by another sweeper
    assert document(store, held) == found
    assert not finish(store, held, bought("a"), charged())
    assert waiting(store) == ["1"]


def test_a_page_that_kills_its_workers_is_parked(store: Store) -> None:
    for death in (1, 2, 3):
        held = taken(store, plan(1), lease=-1)
        (dead,) = store.ledger.expired("c")
        assert store.ledger.bury(dead, charged(None), 3)
        assert document(store, held)["deaths"] == death
    found = document(store, plan(1))
    assert (found["state"], found["end"], found["error"]["kind"]) == ("failed", "error", "killed")
    assert "due" not in found
    assert store.ledger.has_failed("c")
    assert not store.frontier.has_open("c")


# --- the end of a crawl -----------------------------------------------------------------------------------


def test_a_crawl_is_open_while_a_page_is_planned_pausing_or_held(store: Store) -> None:
    assert not store.frontier.has_open("c")
    held = taken(store, plan(1))
    assert store.frontier.has_open("c")
    store.ledger.give_back(held, 60)
    assert store.frontier.has_open("c")
    change(store, held, not_before=past())
    again = store.ledger.take(held.id, "c", "w", -5)
    assert again is not None
    assert store.frontier.has_open("c")
    store.ledger.fail(again, PageState.FAILED, EndReason.ERROR, ERROR, None)
    assert not store.frontier.has_open("c")


@pytest.mark.server
def test_a_crawl_never_looks_finished_while_its_chain_goes_on(real_store: Store) -> None:
    length, over = 150, Event()
    real_store.frontier.plan("c", [plan(0)], deepest=2)

    def watch() -> int:
        looked = 0
        while not over.is_set():
            open_now = real_store.frontier.has_open("c")
            assert open_now or over.is_set()
            looked += 1
        return looked

    with ThreadPoolExecutor(3) as pool:
        watchers = [pool.submit(watch) for _ in range(3)]
        try:
            for n in range(length):
                made = plan(n)
                held = real_store.ledger.take(made.request.page_id("c"), "c", "w", 60)
                assert held is not None
                if n % 5 == 4:  # given back and taken again
                    real_store.ledger.give_back(held, -1)
                    held = real_store.ledger.take(held.id, "c", "w", 60)
                    assert held is not None
                if n == length - 1:
                    over.set()
                else:
                    real_store.frontier.plan("c", [plan(n + 1)], deepest=2)
                assert finish(real_store, held, bought(), charged())
        finally:
            over.set()
        assert sum(watcher.result() for watcher in watchers) > 20
    assert not real_store.frontier.has_open("c")


def test_what_is_planned_is_skipped_and_what_is_held_is_not(store: Store) -> None:
    store.frontier.plan("c", [plan(n) for n in range(3)], deepest=2, send=1)
    store.ledger.give_back(taken(store, plan(3)), 60)
    held = taken(store, plan(4))
    finish(store, taken(store, plan(5)), bought("a"), charged())
    store.frontier.plan("d", [plan(1)], deepest=2)
    assert store.ledger.skip_planned("c", EndReason.CANCELLED) == 4
    assert store.ledger.skip_planned("c", EndReason.CANCELLED) == 0
    found = [document(store, plan(n)) for n in range(6)]
    assert [one["state"] for one in found] == ["skipped"] * 4 + ["leased", "done"]
    assert {one["end"] for one in found[:4]} == {"cancelled"}
    assert store.frontier.has_open("c")
    assert store.frontier.has_open("d")
    assert finish(store, held, bought("a"), charged())
    assert not store.frontier.has_open("c")


def test_a_bought_page_that_was_met_nearer_stays_bought_when_the_rest_is_skipped(store: Store) -> None:
    finish(store, taken(store, plan(1, depth=2)), bought("a"), charged(3))
    before = document(store, plan(1))
    store.frontier.plan("c", [plan(1, depth=1), plan(2, depth=1)], deepest=2)
    assert document(store, plan(1))["state"] == "planned"
    assert store.ledger.skip_planned("c", EndReason.CANCELLED) == 1
    assert document(store, plan(1)) == {**before, "depth": 1}
    assert not store.frontier.has_open("c")


def failed(store: Store, n: int, kind: str) -> None:
    held = taken(store, plan(n))
    error = {"kind": kind, "status": 500, "detail": f"page {n}"}
    store.ledger.fail(held, PageState.FAILED, EndReason.ERROR, error, charged(1))


def test_what_failed_is_planned_again_by_class_with_all_its_tries(store: Store) -> None:
    for n, kind in ((1, "server"), (2, "server"), (3, "mistake")):
        failed(store, n, kind)
    store.ledger.fail(taken(store, plan(4)), PageState.DONE, EndReason.MISSING, {"kind": "nothing"}, charged())
    assert store.ledger.retry("c", "transport") == 0
    assert store.ledger.retry("c", "server") == 2
    found = document(store, plan(1))
    assert (found["state"], found["attempts"], found["end"], found["due"]) == ("planned", 0, None, UNSENT)
    assert found["units"] == 1  # what it cost stays
    assert sorted(waiting(store)) == ["1", "2"]
    assert store.ledger.has_failed("c")
    assert store.ledger.retry("c", None) == 1
    assert not store.ledger.has_failed("c")
    assert store.ledger.retry("c", None) == 0
    assert document(store, plan(4))["state"] == "done"


def test_failures_are_told_by_class_with_an_example(store: Store) -> None:
    assert store.ledger.failures("c") == []
    for n, kind in ((1, "server"), (2, "mistake"), (3, "server")):
        failed(store, n, kind)
    server, mistake = store.ledger.failures("c")
    assert (server["kind"], server["pages"], server["status"]) == ("server", 2, 500)
    assert server["endpoint"] == "post_comments"
    assert server["detail"] in ("page 1", "page 3")
    assert (mistake["kind"], mistake["pages"], mistake["detail"]) == ("mistake", 1, "page 2")


# --- lists and money --------------------------------------------------------------------------------------


def test_the_history_of_a_list_up_to_a_page(store: Store) -> None:
    for nth, items in enumerate((["a"], ["b", "c"], ["d"])):
        made = plan(1, nth=nth, cursor={"cursor": nth} if nth else {})
        finish(store, taken(store, made), bought(*items), charged())
    finish(store, taken(store, plan(2)), bought("other list"), charged())
    finish(store, taken(store, plan(1), "d"), bought("other crawl"), charged())
    this = plan(1).request.list_id("c")
    assert store.ledger.history(this, "c", 0) == []
    assert sorted(store.ledger.history(this, "c", 2), key=str) == [(["a"], {}), (["b", "c"], {"cursor": 1})]
    assert store.ledger.history(this, "c", 3, 2) == [(["d"], {"cursor": 2})]
    assert len(store.ledger.history(this, "c", 99)) == 3


def test_what_calls_of_a_day_cost_and_may_have_cost(store: Store) -> None:
    assert store.ledger.spent_on(DAY) == (0, 0)
    finish(store, taken(store, plan(1)), bought("a"), charged(3))
    store.ledger.give_back(taken(store, plan(2)), 0, charge=charged(None, expected=5))
    store.ledger.give_back(taken(store, plan(3), "d"), 0, charge=charged(4))
    assert store.ledger.spent_on(DAY) == (7, 5)
    assert store.ledger.spent_on("2026-02-01") == (0, 0)


def test_an_unknown_charge_is_settled_once(store: Store) -> None:
    held = taken(store, plan(2))
    store.ledger.give_back(held, 0, charge=charged(None, expected=5))
    (unknown,) = store.ledger.unknown_on(DAY)
    assert (unknown["_id"], unknown["crawl"], unknown["unknown"]) == (held.id, "c", {DAY: 5})
    assert store.ledger.unknown_on("2026-02-01") == []
    assert not store.ledger.settle_unknown(held.id, DAY, 4, 1)  # it grew meanwhile
    assert store.ledger.settle_unknown(held.id, DAY, 5, 2)
    assert not store.ledger.settle_unknown(held.id, DAY, 5, 2)
    assert store.ledger.unknown_on(DAY) == []
    assert store.ledger.spent_on(DAY) == (2, 0)
    assert document(store, held)["units"] == 2


def test_a_page_of_no_ledger_changes_nothing(store: Store) -> None:
    assert not finish(store, page(), bought("a"), charged())
    assert not store.ledger.give_back(page(), 0)
    store.ledger.charge(page(), charged())
    assert store.ledger.bought(page()) == {}
    assert store.database["pages"].count_documents({}) == 0


# --- several pages in one go ------------------------------------------------------------------------------


def test_several_pages_are_taken_as_each_would_be_alone(store: Store) -> None:
    plans = [plan(n) for n in range(4)]
    store.frontier.plan("c", plans, deepest=2)
    ids = [one.request.page_id("c") for one in plans]
    change(store, plans[2], not_before=datetime.now(UTC) + LATER)
    wanted = [(ids[0], "c"), (ids[1], "another"), (ids[2], "c"), ("unknown", "c"), (ids[3], "c"), (ids[0], "c")]
    pages = store.ledger.take_all(wanted, "w", 60)
    assert [one and one.request.args["aweme_id"] for one in pages] == ["0", None, None, None, "3", None]
    assert [document(store, one)["state"] for one in plans] == ["leased", "planned", "planned", "leased"]
    for held in (pages[0], pages[4]):
        assert held is not None
        assert held == replace(page(held.request, depth=1), token=held.token)
        assert document(store, held)["lease"]["token"] == held.token
    assert store.ledger.take_all(wanted, "w", 60) == [None] * 6


def test_of_several_pages_those_are_done_whose_lease_is_ours_and_depth_unchanged(store: Store) -> None:
    kept, lost, nearer = (taken(store, plan(n, depth=2)) for n in range(3))
    store.ledger.bury(document(store, lost), charged(None), 4)
    store.frontier.plan("c", [plan(2, depth=0)], deepest=2)
    group = [(one, bought("a"), charged(2)) for one in (kept, lost, nearer)]
    assert store.ledger.finish_all(group) == {kept.id}
    assert [document(store, one)["state"] for one in (kept, lost, nearer)] == ["done", "planned", "leased"]
    assert store.ledger.finish_all(group) == {kept.id}  # as after an answer that got lost
    assert [document(store, one).get("units") for one in (kept, lost, nearer)] == [2, None, None]


def test_plannings_of_several_pages_tell_their_own_new_pages(store: Store) -> None:
    a, b, c = (one.request.page_id("c") for one in (plan(1), plan(2), plan(3)))
    first = PlanBatch("c", [plan(1, depth=2), plan(2, depth=2)], "x", 2, send=1)
    second = PlanBatch("c", [plan(2, depth=1), plan(3, depth=1)], "y", 2, send=2)
    assert store.frontier.plan_all([first, second, PlanBatch("d", [], "z", 2)]) == [[a, b], [c], []]
    assert [document(store, plan(n))["depth"] for n in (1, 2, 3)] == [2, 1, 1]
    assert [document(store, plan(n))["due"] > UNSENT for n in (1, 2, 3)] == [True, False, True]
