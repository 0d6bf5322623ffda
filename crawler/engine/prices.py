"""What a call of each endpoint is expected to cost: learned from every charge, shared through the database."""

from math import ceil
from typing import NamedTuple

from crawler.api.endpoints import Endpoint
from crawler.store import Store
from crawler.store.budgets import ObservedPrice


class Price(NamedTuple):
    """Units to be held for a call; `known` is false while no charge has confirmed them."""

    units: int
    known: bool


class PriceBook:
    """The highest charge seen per endpoint (per id where ids are fetched in batches); refreshed by the heartbeat.

    The table of endpoints is what holds before the first charge, never after it. A price that has just risen is not
    known until a charge confirms it, so that under a budget one call at a time finds out how far it rises.
    """

    def __init__(self, store: Store) -> None:
        self._budgets = store.budgets
        self._waiting_budgets = store.waiting().budgets
        self._seen: dict[str, ObservedPrice] = {}

    def refresh(self) -> None:
        """Read what other processes have observed."""
        self._seen = self._budgets.observed_prices()

    def expected(self, endpoint: Endpoint, ids: int = 1) -> Price:
        """Return the units to hold for a call for `ids` ids."""
        seen = self._seen.get(endpoint.name)
        if endpoint.price_varies:  # no charge predicts the next one
            return Price(max(endpoint.max_price, ceil(seen.units) if seen else 0), True)
        if seen is not None:
            return Price(ceil(seen.units * ids), not seen.rising)
        share = ids / endpoint.max_ids if endpoint.batch_argument else 1
        return Price(ceil(endpoint.max_price * share), False)

    def observe(self, endpoint: Endpoint, ids: int, units: int, held: int) -> None:
        """Learn from the charge of a call for which `held` units were held; news is shared with all workers."""
        units_per_id, before = units / ids, self._seen.get(endpoint.name)
        if before is None:
            after = ObservedPrice(units_per_id, rising=units > held)
        elif units_per_id > before.units:
            after = ObservedPrice(units_per_id, rising=True)
        elif before.rising and units <= held:
            after = ObservedPrice(before.units, rising=False)
        else:
            return
        self._seen[endpoint.name] = after
        self._waiting_budgets.observe_price(endpoint.name, after)
