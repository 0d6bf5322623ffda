"""Budgets with a hard upper bound: an account per crawl and UTC day; units are reserved before a call, settled after.

An account is one document, so a reservation is one atomic operation and the bound holds whatever the concurrency:
`committed` = units spent + units held by calls in flight; `holds` = what each lease token holds. A token's hold is made
once and settled once, so a crash between any two steps is repaired from the ledger (`settle_orphans`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from crawler.store.connection import Document, Repository, now, unjournaled
from crawler.store.errors import translate_errors

ORPHANED_AFTER = 120  # seconds after which a hold without a lease is settled


def crawl_account(crawl_id: str) -> str:
    return f"crawl:{crawl_id}"


def day_account(day: str) -> str:
    return f"day:{day}"


@dataclass(frozen=True, slots=True)
class BudgetLimit:
    """A bound on one account; None means no bound."""

    account: str
    units: int | None = None
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class BudgetRefusal:
    """No reservation: `exhausted` when the units left cannot pay the call, else calls in flight may return some.

    left: units that are left where they do not suffice for the call.
    """

    account: str
    exhausted: bool
    left: int = 0


@dataclass(frozen=True, slots=True)
class ObservedPrice:
    """The highest charge seen of an endpoint, per id; `rising` until a charge that was held for confirms it."""

    units: float
    rising: bool = False


@dataclass(frozen=True, slots=True)
class BudgetClaim:
    """Units to be held for one call of a page under its lease's token.

    price: the endpoint and the units per id that are held; an account that has seen a higher charge refuses.
    """

    page_id: str
    token: str
    units: int
    price: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """Turns a hold of `units` into `charged` units spent; a page that will be fetched again returns its place.

    risen: the endpoint and its units per id, where more was charged than held; the account learns it in the same write.
    """

    account: str
    token: str
    units: int
    charged: int
    completed: bool
    exclusive_key: str | None = None
    risen: tuple[str, float] | None = None

    def update(self) -> UpdateOne:
        unset = {f"holds.{self.token}": 1}
        if self.exclusive_key is not None:
            unset[f"exclusive.{self.exclusive_key}"] = 1
        update: Document = {
            "$inc": {"committed": self.charged - self.units, "pages": 0 if self.completed else -1},
            "$unset": unset,
        }
        if self.risen is not None:
            update["$max"] = {f"prices.{self.risen[0]}": self.risen[1]}
        return UpdateOne({"_id": self.account, f"holds.{self.token}": {"$exists": True}}, update)


class Budgets(Repository):
    """The `budgets` and `prices` collections."""

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        super().__init__(db, persistent)
        self._budgets = db["budgets"]
        self._unjournaled = unjournaled(db["budgets"])
        self._prices = db["prices"]
        self._pages = db["pages"]

    @translate_errors
    def reserve(self, limit: BudgetLimit, claim: BudgetClaim, exclusive_key: str | None = None) -> BudgetRefusal | None:
        """Hold units and one page for a call; with `exclusive_key`, only while no other call holds under it."""
        wanted, update = _hold_operation(limit, [claim])
        if exclusive_key is not None:
            wanted[f"exclusive.{exclusive_key}"] = {"$exists": False}
            update["$set"][f"exclusive.{exclusive_key}"] = claim.token
            update["$set"][f"holds.{claim.token}"]["exclusive_key"] = exclusive_key
        for _ in range(2):
            if self._budgets.update_one(wanted, update).matched_count:
                return None
            if not self._open(limit.account):
                break
        found = self._budgets.find_one({"_id": limit.account}) or {}
        if claim.token in (found.get("holds") or {}):  # made before its answer got lost
            return None
        held = sum(h["units"] for h in (found.get("holds") or {}).values())
        over_units = limit.units is not None and found.get("committed", 0) - held + claim.units > limit.units
        over_pages = limit.pages is not None and found.get("pages", 0) - len(found.get("holds") or {}) >= limit.pages
        left = max(0, limit.units - found.get("committed", 0) + held) if over_units and limit.units is not None else 0
        return BudgetRefusal(limit.account, over_units or over_pages, left)

    @translate_errors
    def reserve_many(self, limit: BudgetLimit, claims: Sequence[BudgetClaim]) -> bool:
        """Hold for all of these calls in one operation, if there is room for all; else for none."""
        return self._budgets.update_one(*_hold_operation(limit, claims)).matched_count == 1

    @translate_errors
    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Settle holds, each once. Not journaled: a lost write is repaired from the ledger (`settle_orphans`)."""
        if settlements:
            self._unjournaled.bulk_write([settlement.update() for settlement in settlements], ordered=False)

    @translate_errors
    def settle_orphans(self) -> int:
        """Settle the holds of ended leases by what the ledger says they were charged; return how many."""
        settled: list[Settlement] = []
        for account in self._budgets.find({"holds": {"$nin": [None, {}]}}):
            holds: Mapping[str, Document] = account["holds"]
            ids = [hold["page"] for hold in holds.values()]
            pages = {
                p["_id"]: p for p in self._pages.find({"_id": {"$in": ids}}, {"lease": 1, "last_charge": 1, "state": 1})
            }
            for token, hold in holds.items():
                page = pages.get(hold["page"], {})
                last = page.get("last_charge") or {}
                if (page.get("lease") or {}).get("token") == token:
                    continue
                if last.get("token") == token:
                    charged = int(last["units"])
                elif (now() - hold["at"]).total_seconds() < ORPHANED_AFTER:
                    continue  # between the last write of its page and its own settling
                else:
                    charged = int(hold["units"])  # nobody can say: unknown counts as spent
                completed = page.get("state") == "done"
                settled.append(
                    Settlement(account["_id"], token, int(hold["units"]), charged, completed, hold.get("exclusive_key"))
                )
        self.settle(settled)
        return len(settled)

    @translate_errors
    def open_account(self, account: str, units: int, pages: int) -> None:
        """Create the account of a crawl that had no budget before, with what it has spent so far."""
        self._budgets.update_one(
            {"_id": account},
            {"$setOnInsert": {"committed": units, "pages": pages, "holds": {}, "exclusive": {}}},
            upsert=True,
        )

    @translate_errors
    def adjust(self, account: str, units: int) -> None:
        """Add units that were spent without a hold, or subtract them: an unknown charge has been resolved."""
        self._budgets.update_one({"_id": account}, {"$inc": {"committed": units}})

    @translate_errors
    def observed_prices(self) -> dict[str, ObservedPrice]:
        """Return the highest charge seen per endpoint."""
        return {
            price["_id"]: ObservedPrice(float(price["units"]), bool(price.get("rising")))
            for price in self._prices.find()
        }

    @translate_errors
    def observe_price(self, endpoint: str, price: ObservedPrice) -> None:
        update = {"$max": {"units": price.units}, "$set": {"at": now(), "rising": price.rising}}
        self._prices.update_one({"_id": endpoint}, update, upsert=True)

    def _open(self, account: str) -> bool:
        """Create the account where there is none; return whether it was created now."""
        try:
            self._budgets.insert_one({"_id": account, "committed": 0, "pages": 0, "holds": {}, "exclusive": {}})
        except DuplicateKeyError:
            return False
        return True


def _hold_operation(limit: BudgetLimit, claims: Sequence[BudgetClaim]) -> tuple[Document, Document]:
    """Return filter and update that hold for these calls, where there is room for all of them."""
    units, moment = sum(claim.units for claim in claims), now()
    wanted: Document = {"_id": limit.account, **{f"holds.{claim.token}": {"$exists": False} for claim in claims}}
    if limit.units is not None:
        wanted["committed"] = {"$lte": limit.units - units}
    if limit.pages is not None:
        wanted["pages"] = {"$lte": limit.pages - len(claims)}
    for endpoint, price in sorted({claim.price for claim in claims if claim.price is not None}, reverse=True):
        wanted[f"prices.{endpoint}"] = {"$not": {"$gt": price}}  # the lowest one stands
    holds = {f"holds.{c.token}": {"units": c.units, "page": c.page_id, "at": moment} for c in claims}
    return wanted, {"$inc": {"committed": units, "pages": len(claims)}, "$set": holds}
