"""What a call is expected to cost, learned from charges."""

import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.engine.prices import PriceBook
from crawler.store import Store

FOLLOWERS = ENDPOINTS["user_followers"]  # costs 1, may cost 10


def test_the_highest_possible_price_is_expected_until_one_is_known(store: Store) -> None:
    prices = PriceBook(store)
    assert prices.expected(FOLLOWERS) == (10, False)
    prices.observe(FOLLOWERS, 3)
    assert prices.expected(FOLLOWERS) == (3, True)
    assert store.budgets.observed_prices() == {"user_followers": 3}
    prices.observe(FOLLOWERS, 2)
    assert (prices.expected(FOLLOWERS), store.budgets.observed_prices()) == ((3, True), {"user_followers": 3})
    prices.observe(FOLLOWERS, 4)
    assert prices.expected(FOLLOWERS) == (4, True)


def test_prices_of_other_processes_are_known_after_a_refresh(store: Store) -> None:
    prices = PriceBook(store)
    store.budgets.observe_price("user_followers", 6)
    assert prices.expected(FOLLOWERS) == (10, False)
    prices.refresh()
    assert prices.expected(FOLLOWERS) == (6, True)


def test_a_price_of_nothing_is_known_too(store: Store) -> None:
    prices = PriceBook(store)
    prices.observe(FOLLOWERS, 0)
    assert prices.expected(FOLLOWERS) == (0, True)


@pytest.mark.parametrize(("name", "price"), [("hashtag_search", 1), ("full_hashtag_search", 250)])
def test_what_has_one_price_or_any_is_not_learned(store: Store, name: str, price: int) -> None:
    prices, endpoint = PriceBook(store), ENDPOINTS[name]
    prices.observe(endpoint, price + 1)
    assert prices.expected(endpoint) == (price, True)
    assert store.budgets.observed_prices() == {}
