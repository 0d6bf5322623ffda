"""What a call is expected to cost, learned from charges."""

import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.engine.prices import PriceBook
from crawler.store import Store
from crawler.store.budgets import ObservedPrice

FOLLOWERS = ENDPOINTS["user_followers"]  # costs 1, may cost 10
COMMENTS = ENDPOINTS["post_comments"]  # costs 1, says the table
BATCH = ENDPOINTS["multi_post_info"]  # may cost 1 an id
FULL = ENDPOINTS["full_hashtag_search"]  # may cost 250, and no call tells the next one's price


@pytest.mark.parametrize(
    ("name", "ids", "units"),
    [("user_followers", 1, 10), ("post_comments", 1, 1), ("multi_post_info", 100, 100), ("multi_post_info", 3, 3)],
)
def test_the_highest_possible_price_is_expected_until_a_charge_was_seen(
    store: Store, name: str, ids: int, units: int
) -> None:
    assert PriceBook(store).expected(ENDPOINTS[name], ids) == (units, False)


def test_the_highest_charge_seen_is_expected_whatever_the_table_says(store: Store) -> None:
    prices = PriceBook(store)
    for charge, expected in ((3, 3), (2, 3), (4, 4)):
        prices.observe(FOLLOWERS, 1, charge, held=10)
        assert prices.expected(FOLLOWERS).units == expected
    prices.observe(COMMENTS, 1, 4, held=1)
    assert prices.expected(COMMENTS).units == 4


def test_a_price_that_rose_is_not_known_until_a_charge_confirms_it(store: Store) -> None:
    prices = PriceBook(store)
    prices.observe(COMMENTS, 1, 1, held=1)
    assert prices.expected(COMMENTS) == (1, True)
    prices.observe(COMMENTS, 1, 4, held=1)
    assert prices.expected(COMMENTS) == (4, False)
    assert store.budgets.observed_prices() == {"post_comments": ObservedPrice(4.0, rising=True)}
    prices.observe(COMMENTS, 1, 4, held=4)
    assert prices.expected(COMMENTS) == (4, True)
    assert store.budgets.observed_prices() == {"post_comments": ObservedPrice(4.0, rising=False)}


def test_a_batch_teaches_a_price_per_id(store: Store) -> None:
    """A crawl of one id must not teach that a hundred cost as much as one."""
    prices = PriceBook(store)
    prices.observe(BATCH, 1, 1, held=1)
    assert prices.expected(BATCH, 100) == (100, True)
    other = PriceBook(store)
    other.refresh()
    assert other.expected(BATCH, 30) == (30, True)


def test_a_flat_price_of_a_batch_is_learned_too(store: Store) -> None:
    prices = PriceBook(store)
    prices.observe(BATCH, 100, 1, held=100)
    assert [prices.expected(BATCH, ids).units for ids in (1, 99, 100)] == [1, 1, 1]


def test_prices_of_other_processes_are_known_after_a_refresh(store: Store) -> None:
    prices = PriceBook(store)
    store.budgets.observe_price("user_followers", ObservedPrice(6))
    assert prices.expected(FOLLOWERS) == (10, False)
    prices.refresh()
    assert prices.expected(FOLLOWERS) == (6, True)


def test_a_price_of_nothing_is_known_too(store: Store) -> None:
    prices = PriceBook(store)
    prices.observe(FOLLOWERS, 1, 0, held=10)
    assert prices.expected(FOLLOWERS) == (0, True)


def test_where_no_charge_tells_the_next_one_the_most_is_held(store: Store) -> None:
    prices = PriceBook(store)
    prices.observe(FULL, 1, 63, held=250)
    assert prices.expected(FULL) == (250, True)
    prices.observe(FULL, 1, 300, held=250)
    assert prices.expected(FULL) == (300, True)
