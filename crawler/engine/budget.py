"""Reserves what a call may cost with every budget that bounds it, and settles with what it was charged."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.api.endpoints import Endpoint
from crawler.engine.batcher import Batcher
from crawler.engine.crawl_cache import CrawlCache
from crawler.engine.retry import insist
from crawler.model.crawls import Crawl
from crawler.model.enums import PauseCause
from crawler.model.pages import Page
from crawler.store import Store
from crawler.store.budgets import BudgetClaim, BudgetLimit, Settlement, crawl_account, day_account
from crawler.store.ledger import Charge

_HELD_PAUSE = 1.0  # seconds until a page asks again whose units are held by calls in flight


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units held for one call on the accounts that bound it."""

    accounts: Sequence[str]
    token: str
    units: int
    alone: str | None
    day: str
    _settle: Callable[[Sequence[Settlement]], None]

    def charge(self, units: int | None) -> Charge:
        """What the call was charged; None where nobody can say, which counts as all that was feared."""
        return Charge(self.day, units, self.units)

    def settle(self, charge: Charge, bought: bool) -> None:
        """`bought` is false where the page is to be tried again."""
        if self.accounts:
            self._settle(self.settlements(charge.expected if charge.units is None else charge.units, bought))

    def settlements(self, spent: int, bought: bool) -> list[Settlement]:
        """What turns it into units spent, account by account."""
        return [Settlement(one, self.token, self.units, spent, bought, self.alone) for one in self.accounts]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call that some budget bounds."""

    page: Page
    limits: tuple[BudgetLimit, ...]
    hold: Reservation

    @property
    def claim(self) -> BudgetClaim:
        return BudgetClaim(self.page.id, self.page.token, self.hold.units)


class BudgetGuard:
    """The budgets of all crawls and of the day; waits for a database that is away.

    Calls that ask or settle at the same time do it in one operation.
    """

    def __init__(self, store: Store, board: CrawlCache, day_units: int) -> None:
        self._store = store
        self._board = board
        self._day_units = day_units
        self._reserve: Batcher[_Asked, Reservation | None] = Batcher(self._reserve_all)
        self._settle: Batcher[Sequence[Settlement], None] = Batcher(self._settle_all)

    def reserve(self, page: Page, crawl: Crawl, endpoint: Endpoint) -> Reservation | None:
        """Hold what the page's call may cost; None where a budget does not allow it now, the page then given back."""
        units, known = self._board.price(endpoint)
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        limits = self._limits(crawl, day)
        accounts = [limit.account for limit in limits]
        hold = Reservation(accounts, page.token, units, None if known else endpoint.name, day, self._settle)
        return self._reserve(_Asked(page, limits, hold)) if limits else hold

    def _reserve_all(self, group: Sequence[_Asked]) -> list[Reservation | None]:
        alike: defaultdict[tuple[BudgetLimit, ...], list[_Asked]] = defaultdict(list)
        for asked in group:
            if asked.hold.alone is None:
                alike[asked.limits].append(asked)
        held = {id(a) for limits, some in alike.items() if len(some) > 1 and self._at_once(limits, some) for a in some}
        return [asked.hold if id(asked) in held or self._one(asked) else None for asked in group]

    def _at_once(self, limits: Sequence[BudgetLimit], group: Sequence[_Asked]) -> bool:
        """Hold for all of them, if every account has room for all."""
        claims = [asked.claim for asked in group]
        for position, limit in enumerate(limits):
            if not insist(self._store.budgets.reserve_all, limit, claims):
                self._let_go(group, position)
                return False
        return True

    def _one(self, asked: _Asked) -> bool:
        """Hold for one; where there is no room its page is given back, and its crawl paused if the money is spent."""
        page, claim = asked.page, asked.claim
        for position, limit in enumerate(asked.limits):
            refused = insist(self._store.budgets.reserve, limit, claim, asked.hold.alone)
            if refused is not None:
                self._let_go([asked], position)
                if refused.spent:
                    own = limit.account == crawl_account(page.crawl)
                    bound = {"units": limit.units, "pages": limit.pages} if own else None
                    insist(self._store.crawls.pause, PauseCause.BUDGET, page.crawl, bound)
                insist(self._store.ledger.give_back, page, 0 if refused.spent else _HELD_PAUSE)
                return False
        return True

    def _let_go(self, group: Sequence[_Asked], accounts: int) -> None:
        """Undo what the first `accounts` of their accounts hold for calls that are not made."""
        self._settle_all([asked.hold.settlements(0, False)[:accounts] for asked in group])

    def _settle_all(self, group: Sequence[Sequence[Settlement]]) -> list[None]:
        insist(self._store.budgets.settle, [settlement for settlements in group for settlement in settlements])
        return [None] * len(group)

    def _limits(self, crawl: Crawl, day: str) -> tuple[BudgetLimit, ...]:
        limits = []
        if crawl.bounded:
            limits.append(BudgetLimit(crawl_account(crawl.id), crawl.max_units, crawl.max_pages))
        if self._day_units:
            limits.append(BudgetLimit(day_account(day), self._day_units))
        return tuple(limits)
