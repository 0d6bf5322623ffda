"""What a call may cost is held before it, and what it did cost is spent after it."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.engine.budget import BudgetGuard, Reservation
from crawler.engine.prices import PriceBook
from crawler.engine.reaper import MAX_WORKER_DEATHS, reclaim_pages
from crawler.model.crawls import Crawl
from crawler.model.enums import PauseCause
from crawler.model.pages import Page
from crawler.store import Store
from crawler.store.budgets import crawl_account
from tests.factories import charged, crawl, document, plan, taken

COMMENTS, FOLLOWERS = ENDPOINTS["post_comments"], ENDPOINTS["user_followers"]


def account(store: Store, name: str = "crawl:c") -> tuple[int, int, int]:
    found = store.db["budgets"].find_one({"_id": name}) or {"committed": 0, "pages": 0, "holds": {}}
    return found["committed"], found["pages"], len(found["holds"])


def started(store: Store, **fields: Any) -> Crawl:
    made = crawl(**fields)
    store.crawls.create("c", made.spec)
    store.crawls.start("c")
    return made


def test_a_crawl_without_bounds_holds_nothing(store: Store) -> None:
    guard = BudgetGuard(store, PriceBook(store), 0)
    hold = guard.reserve(taken(store, plan(1)), started(store), COMMENTS)
    assert hold is not None
    assert (hold.accounts, hold.units) == ([], 1)
    guard.settle(hold, hold.charge(1), completed=True)
    assert store.db["budgets"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("units", "completed", "expected"), [(1, True, (1, 1, 0)), (0, False, (0, 0, 0)), (None, False, (10, 0, 0))]
)
def test_a_hold_is_settled_and_an_unknown_charge_counts_as_spent(
    store: Store, units: int | None, completed: bool, expected: tuple[int, int, int]
) -> None:
    guard, made = BudgetGuard(store, PriceBook(store), 0), started(store, max_units=50)
    hold = guard.reserve(taken(store, plan(1)), made, FOLLOWERS)
    assert isinstance(hold, Reservation)
    assert account(store) == (10, 1, 1)  # its price is not known: the worst of it
    charge = hold.charge(units)
    assert (charge.units, charge.expected) == (units, 10)
    guard.settle(hold, charge, completed=completed)
    assert account(store) == expected


def test_an_exhausted_budget_pauses_the_crawl_and_releases_the_page(store: Store) -> None:
    guard, made = BudgetGuard(store, PriceBook(store), 0), started(store, max_units=1)
    first = guard.reserve(taken(store, plan(1)), made, COMMENTS)
    assert first is not None
    guard.settle(first, first.charge(1), completed=True)
    held = taken(store, plan(2))
    assert guard.reserve(held, made, COMMENTS) is None
    found = store.crawls.get("c")
    assert found is not None
    assert (found["state"], found["cause"]) == ("paused", "budget")
    assert document(store, held)["state"] == "planned"


def test_who_was_refused_by_the_old_budget_does_not_stop_the_resumed_crawl(store: Store) -> None:
    guard, made = BudgetGuard(store, PriceBook(store), 0), started(store, max_units=1)
    first = guard.reserve(taken(store, plan(1)), made, COMMENTS)
    assert first is not None
    guard.settle(first, first.charge(1), completed=True)
    store.crawls.pause(PauseCause.BUDGET, "c")
    store.crawls.resume(crawl_id="c", budget={"units": 50})
    held = taken(store, plan(2))
    assert guard.reserve(held, made, COMMENTS) is None  # `made` is what a worker knew before
    assert ((store.crawls.get("c") or {})["state"], document(store, held)["state"]) == ("running", "planned")


def test_money_that_is_only_held_makes_the_page_wait(store: Store) -> None:
    guard, made = BudgetGuard(store, PriceBook(store), 0), started(store, max_units=1)
    assert guard.reserve(taken(store, plan(1)), made, COMMENTS) is not None
    held = taken(store, plan(2))
    assert guard.reserve(held, made, COMMENTS) is None
    assert (store.crawls.get("c") or {})["state"] == "running"
    assert store.ledger.acquire(held.id, "c", "w", 60) is None  # it pauses


def test_the_days_units_bound_all_crawls_and_a_refusal_there_holds_nothing_here(store: Store) -> None:
    guard, made = BudgetGuard(store, PriceBook(store), 1), started(store, max_units=50)
    other = crawl("other")
    first = guard.reserve(taken(store, plan(1), "other"), other, COMMENTS)
    assert first is not None
    assert [name[:4] for name in first.accounts] == ["day:"]
    assert guard.reserve(taken(store, plan(2)), made, COMMENTS) is None
    assert account(store, crawl_account("c")) == (0, 0, 0)


def test_an_unknown_price_is_asked_alone_until_it_is_known(store: Store) -> None:
    prices = PriceBook(store)
    guard, made = BudgetGuard(store, prices, 0), started(store, max_units=50)
    assert guard.reserve(taken(store, plan(1)), made, FOLLOWERS) is not None
    assert guard.reserve(taken(store, plan(2)), made, FOLLOWERS) is None
    prices.observe(FOLLOWERS, 1, 1, held=10)
    hold = guard.reserve(taken(store, plan(3)), made, FOLLOWERS)
    assert hold is not None
    assert (hold.units, hold.exclusive_key) == (1, None)


def reserve_concurrently(guard: BudgetGuard, pages: Sequence[Page], made: Crawl) -> list[Reservation | None]:
    """What threads that ask at the same moment get."""
    with ThreadPoolExecutor(len(pages)) as threads:
        return list(threads.map(lambda page: guard.reserve(page, made, COMMENTS), pages))


@pytest.mark.server
@pytest.mark.parametrize(("units", "day"), [(50, 0), (20, 0), (7, 0), (50, 7), (7, 9)])
def test_who_asks_at_the_same_moment_gets_no_more_than_there_is(real_store: Store, units: int, day: int) -> None:
    store, made = real_store, started(real_store, max_units=units)
    store.budgets.open_account(crawl_account("c"), 0, 0)
    prices = PriceBook(store)
    prices.observe(COMMENTS, 1, 1, held=1)
    guard, pages = BudgetGuard(store, prices, day), [taken(store, plan(n)) for n in range(20)]
    holds = [hold for hold in reserve_concurrently(guard, pages, made) if hold is not None]
    room = min(20, units, day or 20)
    assert len(holds) == room
    assert account(store) == (room, room, room)
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda hold: guard.settle(hold, hold.charge(1), completed=True), holds))
    assert account(store) == (room, room, 0)
    assert store.db["pages"].count_documents({"state": "planned"}) == 20 - room


@pytest.mark.server
@pytest.mark.parametrize("rises_to", [{"post_comments": 4, "user_followers": 70}, {"post_comments": 1}])
def test_threads_overspend_by_at_most_one_call_of_each_endpoint_whose_price_rose(
    real_store: Store, rises_to: dict[str, int]
) -> None:
    """No charge is known at first, and the table says 1 and 10: two groups of threads ask until nobody may."""
    store, made = real_store, started(real_store, max_units=90)
    prices = PriceBook(store)
    guard = BudgetGuard(store, prices, 0)
    pages = [taken(store, plan(n)) for n in range(400)]

    def call(numbered: tuple[int, Page]) -> int:
        number, page = numbered
        endpoint = (COMMENTS, FOLLOWERS)[number % 2]
        hold = guard.reserve(page, made, endpoint)
        if hold is None:
            return 0
        units = rises_to.get(endpoint.name, 10)
        time.sleep(0.002)
        guard.settle(hold, hold.charge(units), completed=True)
        return units

    with ThreadPoolExecutor(20) as threads:
        spent = sum(threads.map(call, enumerate(pages)))
    committed, _, held = account(store)
    assert (committed, held) == (spent, 0)
    assert 80 < spent <= 90 + sum(price for price in rises_to.values() if price > 1)


def test_pages_of_the_dead_are_reclaimed_with_what_their_calls_may_have_cost(store: Store) -> None:
    started(store)
    prices = PriceBook(store)
    for n in range(MAX_WORKER_DEATHS):
        held = taken(store, plan(1), lease=-1)
        assert reclaim_pages(store, prices, store.leases.expired("c"), "its lease ran out") == 1
        assert document(store, held)["state"] == ("failed" if n == MAX_WORKER_DEATHS - 1 else "planned")
    assert reclaim_pages(store, prices, [], "nobody") == 0
    rollup = (store.crawls.get("c") or {})["rollup"]
    assert (rollup["unknown"], rollup["calls"]) == (MAX_WORKER_DEATHS, MAX_WORKER_DEATHS)
    assert sum(document(store, plan(1))["unknown"].values()) == MAX_WORKER_DEATHS


def test_a_page_that_was_released_meanwhile_is_not_reclaimed(store: Store) -> None:
    held = taken(store, plan(1), lease=-1)
    expired = store.leases.expired("c")
    store.ledger.release(held, 0, charge=charged(1))
    assert reclaim_pages(store, PriceBook(store), expired, "late") == 0
