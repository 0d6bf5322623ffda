"""Money: never above the limit, settled once, and mended after a crash."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.model.enums import EndReason, PageState
from crawler.model.pages import Page
from crawler.store import Store
from crawler.store.budgets import (
    BudgetClaim,
    BudgetLimit,
    BudgetRefusal,
    ObservedPrice,
    Settlement,
    crawl_account,
    day_account,
)
from tests.factories import charged, finish, plan, result_of, taken

ACCOUNT = crawl_account("c")
TEN = BudgetLimit(ACCOUNT, units=10)


def account(store: Store, name: str = ACCOUNT) -> tuple[int, int, int]:
    """Units committed, pages, and how many holds."""
    found = store.db["budgets"].find_one({"_id": name})
    assert found is not None
    return found["committed"], found["pages"], len(found["holds"])


def test_accounts_are_told_apart() -> None:
    assert crawl_account("2026-01-31") != day_account("2026-01-31")


def test_a_hold_is_made_and_becomes_what_was_charged(store: Store) -> None:
    assert store.budgets.reserve(TEN, BudgetClaim("p", "t", 6)) is None
    assert account(store) == (6, 1, 1)
    store.budgets.settle([Settlement(ACCOUNT, "t", 6, 2, True)])
    assert account(store) == (2, 1, 0)


def test_a_hold_is_settled_once(store: Store) -> None:
    store.budgets.reserve(TEN, BudgetClaim("p", "t", 6))
    for _ in range(3):
        store.budgets.settle([Settlement(ACCOUNT, "t", 6, 2, False)])
    assert account(store) == (2, 0, 0)
    store.budgets.settle([Settlement(ACCOUNT, "unknown", 6, 2, True)])
    store.budgets.settle([Settlement("crawl:unknown", "t", 6, 2, True)])
    assert account(store) == (2, 0, 0)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (BudgetLimit(ACCOUNT, units=6), True),
        (BudgetLimit(ACCOUNT, units=5), False),
        (BudgetLimit(ACCOUNT, pages=3), True),
        (BudgetLimit(ACCOUNT, pages=2), False),
    ],
)
def test_many_calls_are_held_for_at_once_or_not_at_all(store: Store, limit: BudgetLimit, expected: bool) -> None:
    store.budgets.open_account(ACCOUNT, 0, 0)
    assert store.budgets.reserve_many(limit, [BudgetClaim(f"p{n}", f"t{n}", 2) for n in range(3)]) == expected
    assert account(store) == ((6, 3, 3) if expected else (0, 0, 0))
    if expected:
        assert not store.budgets.reserve_many(
            BudgetLimit(ACCOUNT), [BudgetClaim("p0", "t0", 2), BudgetClaim("q", "u", 1)]
        )  # t0 has one
        store.budgets.settle([Settlement(ACCOUNT, f"t{n}", 2, 1, n > 0) for n in range(3)])
        assert account(store) == (3, 2, 0)


def test_a_token_holds_once(store: Store) -> None:
    assert store.budgets.reserve(TEN, BudgetClaim("p", "t", 3)) is None
    assert store.budgets.reserve(TEN, BudgetClaim("p", "t", 3)) is None  # an answer got lost, and it was asked again
    assert account(store) == (3, 1, 1)


@pytest.mark.parametrize(
    ("spent", "held", "asked", "expected"),
    [
        (0, 0, 10, None),
        (0, 0, 11, BudgetRefusal(ACCOUNT, exhausted=True, left=10)),
        (7, 0, 3, None),
        (7, 0, 4, BudgetRefusal(ACCOUNT, exhausted=True, left=3)),
        (10, 0, 1, BudgetRefusal(ACCOUNT, exhausted=True)),
        (0, 7, 4, BudgetRefusal(ACCOUNT, exhausted=False)),
        (7, 3, 1, BudgetRefusal(ACCOUNT, exhausted=False)),
        (7, 3, 4, BudgetRefusal(ACCOUNT, exhausted=True, left=3)),
        (10, 0, 0, None),
    ],
)
def test_what_a_limit_in_units_allows(store: Store, spent: int, held: int, asked: int, expected: Any) -> None:
    if spent:
        store.budgets.reserve(TEN, BudgetClaim("p0", "t0", spent))
        store.budgets.settle([Settlement(ACCOUNT, "t0", spent, spent, True)])
    if held:
        store.budgets.reserve(TEN, BudgetClaim("p1", "t1", held))
    assert store.budgets.reserve(TEN, BudgetClaim("p2", "t2", asked)) == expected


def test_what_a_limit_in_pages_allows(store: Store) -> None:
    two = BudgetLimit(ACCOUNT, pages=2)
    assert store.budgets.reserve(two, BudgetClaim("p1", "t1", 1)) is None
    assert store.budgets.reserve(two, BudgetClaim("p2", "t2", 1)) is None
    assert store.budgets.reserve(two, BudgetClaim("p3", "t3", 1)) == BudgetRefusal(ACCOUNT, exhausted=False)
    store.budgets.settle([Settlement(ACCOUNT, "t1", 1, 1, False)])  # to be tried again: its place is free
    assert store.budgets.reserve(two, BudgetClaim("p3", "t3", 1)) is None
    store.budgets.settle([Settlement(ACCOUNT, "t2", 1, 1, True)])
    store.budgets.settle([Settlement(ACCOUNT, "t3", 1, 1, True)])
    assert store.budgets.reserve(two, BudgetClaim("p4", "t4", 1)) == BudgetRefusal(ACCOUNT, exhausted=True)
    assert store.budgets.reserve(BudgetLimit(ACCOUNT, pages=3), BudgetClaim("p4", "t4", 1)) is None  # resumed with more


def test_no_limit_is_none(store: Store) -> None:
    for n in range(20):
        assert store.budgets.reserve(BudgetLimit(ACCOUNT), BudgetClaim(f"p{n}", f"t{n}", 1000)) is None


def test_a_page_whose_price_is_not_known_is_bought_alone(store: Store) -> None:
    assert store.budgets.reserve(TEN, BudgetClaim("p1", "t1", 2), "user_followers") is None
    assert store.budgets.reserve(TEN, BudgetClaim("p2", "t2", 2), "user_followers") == BudgetRefusal(
        ACCOUNT, exhausted=False
    )
    assert store.budgets.reserve(TEN, BudgetClaim("p3", "t3", 2), "user_followings") is None
    assert store.budgets.reserve(TEN, BudgetClaim("p4", "t4", 1)) is None
    store.budgets.settle([Settlement(ACCOUNT, "t1", 2, 1, True, "user_followers")])
    assert store.budgets.reserve(TEN, BudgetClaim("p2", "t2", 2), "user_followers") is None


def test_a_charge_above_the_hold_is_counted_whole(store: Store) -> None:
    store.budgets.reserve(TEN, BudgetClaim("p", "t", 2))
    store.budgets.settle([Settlement(ACCOUNT, "t", 2, 9, True)])
    assert store.budgets.reserve(TEN, BudgetClaim("q", "u", 2)) == BudgetRefusal(ACCOUNT, exhausted=True, left=1)


@pytest.mark.server
@pytest.mark.parametrize(
    "limit", [BudgetLimit(ACCOUNT, units=100), BudgetLimit(ACCOUNT, pages=50)], ids=["units", "pages"]
)
def test_32_threads_never_get_above_the_limit(real_store: Store, limit: BudgetLimit) -> None:
    """400 calls of 2 units; each third costs less than held."""
    highest = []

    def buy(n: int) -> int:
        if real_store.budgets.reserve(limit, BudgetClaim(f"p{n}", f"t{n}", 2)):
            return 0
        highest.append(account(real_store)[:2])
        charged = 1 if n % 3 == 0 else 2
        real_store.budgets.settle([Settlement(ACCOUNT, f"t{n}", 2, charged, True)])
        return charged

    with ThreadPoolExecutor(32) as pool:
        spent = sum(pool.map(buy, range(400)))
    committed, pages, holds = account(real_store)
    assert (committed, holds) == (spent, 0)
    if limit.units is not None:
        assert max(units for units, _ in highest) <= 100
        assert 99 <= spent <= 100
    else:
        assert max(bought for _, bought in highest) <= 50
        assert pages == 50


def test_an_account_opened_for_a_crawl_that_spent_already(store: Store) -> None:
    store.budgets.open_account(ACCOUNT, 7, 5)
    store.budgets.open_account(ACCOUNT, 0, 0)  # once
    assert account(store) == (7, 5, 0)
    assert store.budgets.reserve(TEN, BudgetClaim("p", "t", 4)) == BudgetRefusal(ACCOUNT, exhausted=True, left=3)
    assert store.budgets.reserve(TEN, BudgetClaim("p", "t", 3)) is None


def test_units_found_later_are_added_and_taken_off(store: Store) -> None:
    store.budgets.open_account(ACCOUNT, 7, 5)
    store.budgets.adjust(ACCOUNT, -3)
    assert account(store) == (4, 5, 0)
    store.budgets.adjust("crawl:unbounded", 3)
    assert store.db["budgets"].count_documents({}) == 1


def test_prices_only_rise(store: Store) -> None:
    assert store.budgets.observed_prices() == {}
    for units in (2, 5, 3):
        store.budgets.observe_price("user_followers", ObservedPrice(units))
    store.budgets.observe_price("multi_post_info", ObservedPrice(0))
    assert store.budgets.observed_prices() == {
        "user_followers": ObservedPrice(5),
        "multi_post_info": ObservedPrice(0),
    }


# --- after a crash ----------------------------------------------------------------------------------------


def holding(store: Store, n: int = 1, units: int = 4, alone: str | None = None) -> Page:
    """A page that is held together with units for its call."""
    held = taken(store, plan(n))
    assert store.budgets.reserve(TEN, BudgetClaim(held.id, held.lease_token, units), alone) is None
    return held


def age(store: Store, held: Page, seconds: float) -> None:
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    store.db["budgets"].update_one({"_id": ACCOUNT}, {"$set": {f"holds.{held.lease_token}.at": at}})


def test_the_hold_of_a_call_in_flight_is_left_alone(store: Store) -> None:
    age(store, holding(store), 9999)
    assert store.budgets.settle_orphans() == 0
    assert account(store) == (4, 1, 1)


@pytest.mark.parametrize(
    ("how", "spent", "pages"),
    [
        ("finished", 1, 1),
        ("finished, charge unknown", 3, 1),
        ("failed", 1, 0),
        ("given back", 1, 0),
        ("buried", 3, 0),
    ],
)
def test_a_hold_whose_settling_was_lost_is_settled_by_the_ledger(
    store: Store, how: str, spent: int, pages: int
) -> None:
    held = holding(store)
    known, unknown = charged(1), charged(None, expected=3)
    match how:
        case "finished":
            finish(store, held, result_of("a"), known)
        case "finished, charge unknown":
            finish(store, held, result_of("a"), unknown)
        case "failed":
            store.ledger.end_without_result(held, PageState.FAILED, EndReason.ERROR, {"kind": "server"}, known)
        case "given back":
            store.ledger.release(held, 0, charge=known)
        case "buried":
            dead = store.leases.held_by(["c"], ["w"])
            store.leases.reclaim(dead[0], unknown, 4)
    assert store.budgets.settle_orphans() == 1
    assert account(store) == (spent, pages, 0)
    assert store.budgets.settle_orphans() == 0


@pytest.mark.parametrize(("seconds", "settled"), [(0, 0), (60, 0), (200, 1)])
def test_a_hold_that_no_lease_knows_counts_as_spent_after_a_while(store: Store, seconds: float, settled: int) -> None:
    held = holding(store)
    store.ledger.release(held, 0)  # without a charge: it died before it could say
    age(store, held, seconds)
    assert store.budgets.settle_orphans() == settled
    assert account(store) == (4, 0 if settled else 1, 1 - settled)


def test_a_lost_hold_lets_the_next_of_its_endpoint_go(store: Store) -> None:
    held = holding(store, alone="user_followers")
    finish(store, held, result_of("a"), charged(1))
    assert store.budgets.reserve(TEN, BudgetClaim("q", "u", 1), "user_followers") is not None
    assert store.budgets.settle_orphans() == 1
    assert store.budgets.reserve(TEN, BudgetClaim("q", "u", 1), "user_followers") is None


def test_several_lost_holds_at_once(store: Store) -> None:
    lost, flying = holding(store, 1, 2), holding(store, 2, 3)
    finish(store, lost, result_of("a"), charged(1))
    assert store.budgets.settle_orphans() == 1
    assert account(store) == (4, 2, 1)
    store.budgets.settle([Settlement(ACCOUNT, flying.lease_token, 3, 3, True)])
    assert account(store) == (4, 2, 0)


def test_an_account_that_saw_a_higher_charge_refuses_the_old_price(store: Store) -> None:
    """So that processes which have not heard of it yet cannot spend at the old price."""
    old, new = ("post_comments", 1.0), ("post_comments", 4.0)
    assert store.budgets.reserve(TEN, BudgetClaim("p1", "t1", 1, old)) is None
    store.budgets.settle([Settlement(ACCOUNT, "t1", 1, 4, True, risen=new)])
    assert store.budgets.reserve(TEN, BudgetClaim("p2", "t2", 1, old)) == BudgetRefusal(ACCOUNT, exhausted=False)
    assert not store.budgets.reserve_many(TEN, [BudgetClaim("p2", "t2", 1, old), BudgetClaim("p3", "t3", 1, old)])
    assert store.budgets.reserve(TEN, BudgetClaim("p4", "t4", 1, ("hashtag_search", 1.0))) is None
    assert store.budgets.reserve(TEN, BudgetClaim("p5", "t5", 4, new)) is None
