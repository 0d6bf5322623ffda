"""Budgets with a hard upper bound: units are reserved before each call and settled with its charge afterwards."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.api.endpoints import Endpoint
from crawler.batcher import Batcher
from crawler.engine.prices import PriceBook
from crawler.model.charges import Charge, utc_day
from crawler.model.crawls import Crawl
from crawler.model.enums import PauseCause
from crawler.model.pages import Page
from crawler.store import Store
from crawler.store.budgets import BudgetClaim, BudgetLimit, BudgetRefusal, Settlement, crawl_account, day_account

_HELD_PAUSE = 1.0  # seconds until a page asks again while calls in flight hold the units it needs


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units held for one call on the accounts that bound it, under its lease token."""

    endpoint: Endpoint
    ids: int
    accounts: Sequence[str]
    token: str
    units: int
    exclusive_key: str | None
    day: str

    def charge(self, units: int | None) -> Charge:
        """Return what the call cost; None where nobody can say, which counts as all that was held."""
        return Charge(self.day, units, self.units)

    def settlements(self, spent: int, completed: bool) -> list[Settlement]:
        """Return what turns the hold into units spent, account by account."""
        risen = (self.endpoint.name, spent / self.ids) if spent > self.units else None
        return [
            Settlement(account, self.token, self.units, spent, completed, self.exclusive_key, risen)
            for account in self.accounts
        ]


@dataclass(frozen=True, slots=True)
class _Request:
    """A call that some budget bounds."""

    page: Page
    limits: tuple[BudgetLimit, ...]
    reservation: Reservation

    @property
    def claim(self) -> BudgetClaim:
        held = self.reservation
        return BudgetClaim(self.page.id, held.token, held.units, (held.endpoint.name, held.units / held.ids))


class BudgetGuard:
    """The budgets of all crawls and of the UTC day. `store` is persistent.

    Calls that reserve or settle at the same time share one operation.
    """

    def __init__(self, store: Store, prices: PriceBook, day_units: int) -> None:
        self._store = store
        self._prices = prices
        self._day_units = day_units
        self._reservations: Batcher[_Request, Reservation | None] = Batcher(self._reserve_batch)
        self._settlements: Batcher[Sequence[Settlement], None] = Batcher(self._settle_batch)

    def reserve(self, page: Page, crawl: Crawl, endpoint: Endpoint) -> Reservation | None:
        """Hold what the page's call may cost; None where a budget does not allow it now, and the page is released."""
        ids = len(page.request.args[endpoint.batch_argument]) if endpoint.batch_argument else 1
        price = self._prices.expected(endpoint, ids)
        day = utc_day()
        limits = self._limits(crawl, day)
        exclusive_key = None if price.known else endpoint.name
        accounts = [limit.account for limit in limits]
        reservation = Reservation(endpoint, ids, accounts, page.lease_token, price.units, exclusive_key, day)
        return self._reservations.submit(_Request(page, limits, reservation)) if limits else reservation

    def settle(self, reservation: Reservation, charge: Charge, *, completed: bool) -> None:
        """Turn the hold into what was spent, and learn the price; `completed`: the page will not be fetched again."""
        if charge.units is not None and (charge.units or completed):  # a refused call that cost nothing tells no price
            self._prices.observe(reservation.endpoint, reservation.ids, charge.units, reservation.units)
        if reservation.accounts:
            self._settlements.submit(reservation.settlements(charge.spent, completed))

    def _reserve_batch(self, batch: Sequence[_Request]) -> list[Reservation | None]:
        alike: defaultdict[tuple[BudgetLimit, ...], list[_Request]] = defaultdict(list)
        for request in batch:
            if request.reservation.exclusive_key is None:
                alike[request.limits].append(request)
        held = {
            id(request)
            for limits, requests in alike.items()
            if len(requests) > 1 and self._reserve_group(limits, requests)
            for request in requests
        }
        return [request.reservation if id(request) in held or self._reserve_one(request) else None for request in batch]

    def _reserve_group(self, limits: Sequence[BudgetLimit], requests: Sequence[_Request]) -> bool:
        """Hold for all of them, if every account has room for all."""
        claims = [request.claim for request in requests]
        for position, limit in enumerate(limits):
            if not self._store.budgets.reserve_many(limit, claims):
                self._release(requests, position)
                return False
        return True

    def _reserve_one(self, request: _Request) -> bool:
        """Hold for one; where there is no room, release its page, and pause its crawl if the money is spent."""
        page, claim = request.page, request.claim
        for position, limit in enumerate(request.limits):
            refused = self._store.budgets.reserve(limit, claim, request.reservation.exclusive_key)
            if refused is not None:
                self._release([request], position)
                if refused.exhausted:
                    own = limit.account == crawl_account(page.crawl_id)
                    bound = {"units": limit.units, "pages": limit.pages} if own else None
                    self._store.crawls.pause(PauseCause.BUDGET, page.crawl_id, bound, _explain(request, refused))
                self._store.ledger.release(page, 0 if refused.exhausted else _HELD_PAUSE)
                return False
        return True

    def _release(self, requests: Sequence[_Request], accounts: int) -> None:
        """Undo what the first `accounts` of their accounts hold for calls that are not made."""
        self._settle_batch([request.reservation.settlements(0, False)[:accounts] for request in requests])

    def _settle_batch(self, batch: Sequence[Sequence[Settlement]]) -> list[None]:
        self._store.budgets.settle([settlement for settlements in batch for settlement in settlements])
        return [None] * len(batch)

    def _limits(self, crawl: Crawl, day: str) -> tuple[BudgetLimit, ...]:
        limits = []
        if crawl.has_budget:
            limits.append(BudgetLimit(crawl_account(crawl.id), crawl.max_units, crawl.max_pages))
        if self._day_units:
            limits.append(BudgetLimit(day_account(day), self._day_units))
        return tuple(limits)


def _explain(request: _Request, refused: BudgetRefusal) -> str | None:
    """Say why a budget that is not used up pauses its crawl; None where it is used up."""
    if not refused.left:
        return None
    whose = "today" if refused.account.startswith("day:") else "of its budget"
    return f"{request.page.endpoint} may cost {request.reservation.units} units, {refused.left} are left {whose}"
