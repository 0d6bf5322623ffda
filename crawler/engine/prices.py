"""What a call of each endpoint is expected to cost: learned from charges, shared through the database."""

from typing import NamedTuple

from crawler.api.endpoints import Endpoint
from crawler.store import Store


class Price(NamedTuple):
    """Units to be held for a call, and whether they are known from a charge or a fixed price."""

    units: int
    known: bool


class PriceBook:
    """The highest charge seen per endpoint; refreshed by the heartbeat."""

    def __init__(self, store: Store) -> None:
        self._budgets = store.budgets
        self._waiting_budgets = store.waiting().budgets
        self._seen: dict[str, int] = {}

    def refresh(self) -> None:
        """Read what other processes have observed."""
        self._seen = self._budgets.observed_prices()

    def expected(self, endpoint: Endpoint) -> Price:
        """Return the price to hold: the highest charge seen or, before there is one, the most a call can cost."""
        if not _is_learned(endpoint):
            return Price(endpoint.max_price, True)
        seen = self._seen.get(endpoint.name)
        return Price(endpoint.max_price, False) if seen is None else Price(seen, True)

    def observe(self, endpoint: Endpoint, units: int) -> None:
        """Learn from a charge; a higher one than seen before is shared with all workers."""
        if _is_learned(endpoint) and units > self._seen.get(endpoint.name, -1):
            self._seen[endpoint.name] = units
            self._waiting_budgets.observe_price(endpoint.name, units)


def _is_learned(endpoint: Endpoint) -> bool:
    return not endpoint.price_varies and endpoint.max_price != endpoint.expected_price
