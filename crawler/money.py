"""Reserves what a call may cost with every budget that bounds it, and settles with what it was charged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.board import Board
from crawler.endpoints import Endpoint
from crawler.pages import Page
from crawler.spec import Crawl
from crawler.store import Store
from crawler.store.budgets import Limit, crawl_account, day_account
from crawler.store.ledger import Charge
from crawler.words import Cause

_HELD_PAUSE = 1.0  # seconds until a page asks again whose units are held by calls in flight


@dataclass(frozen=True, slots=True)
class Hold:
    """Units held for one call on the accounts that bound it."""

    store: Store
    accounts: Sequence[str]
    token: str
    units: int
    alone: str | None
    day: str

    def charge(self, units: int | None) -> Charge:
        """What the call was charged; None where nobody can say, which counts as all that was feared."""
        return Charge(self.day, units, self.units)

    def settle(self, charge: Charge, bought: bool) -> None:
        """`bought` is false where the page is to be tried again."""
        spent = charge.expected if charge.units is None else charge.units
        for account in self.accounts:
            self.store.budgets.settle(account, self.token, self.units, spent, bought=bought, alone=self.alone)


class Purse:
    """The budgets of all crawls and of the day."""

    def __init__(self, store: Store, board: Board, day_units: int) -> None:
        self._store = store
        self._board = board
        self._day_units = day_units

    def reserve(self, page: Page, crawl: Crawl, endpoint: Endpoint) -> Hold | None:
        """Hold what the page's call may cost; None where a budget does not allow it now, the page then given back."""
        units, known = self._board.price(endpoint)
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        held: list[str] = []
        alone = None if known else endpoint.name
        for limit in self._limits(crawl, day):
            refused = self._store.budgets.reserve(limit, page.id, page.token, units, alone)
            if refused is None:
                held.append(limit.account)
                continue
            for account in held:
                self._store.budgets.settle(account, page.token, units, 0, bought=False, alone=alone)
            if refused.spent:
                self._store.crawls.pause(Cause.BUDGET, crawl.id)
            self._store.ledger.give_back(page, 0 if refused.spent else _HELD_PAUSE)
            return None
        return Hold(self._store, held, page.token, units, alone, day)

    def _limits(self, crawl: Crawl, day: str) -> list[Limit]:
        limits = []
        if crawl.bounded:
            limits.append(Limit(crawl_account(crawl.id), crawl.max_units, crawl.max_pages))
        if self._day_units:
            limits.append(Limit(day_account(day), self._day_units))
        return limits
