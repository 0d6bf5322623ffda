"""The ledger: the `pages` collection, which is the truth about what is to be bought, was bought and why it ended.

Every change of a page's state is one atomic operation. A page is changed only by the worker that holds its token,
so a stale holder, a second delivery and a replay change nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.database import Database

from crawler.model.enums import EndReason, PageState
from crawler.model.pages import Page, Request
from crawler.store.connection import UNSENT, Document, now, patient, reaching, unhurried

_HELD = {"lease": 1, "endpoint": 1, "deaths": 1, "crawl": 1}
_TAKEN = {
    "crawl": 1,
    "endpoint": 1,
    "args": 1,
    "cursor": 1,
    "list": 1,
    "depth": 1,
    "nth": 1,
    "barren": 1,
    "attempts": 1,
    "unreadable": 1,
    "bought": 1,
}


@dataclass(frozen=True, slots=True)
class Charge:
    """What one call did to the money: units known, or the units it may have cost (`unknown`) on UTC day `day`."""

    day: str
    units: int | None
    expected: int = 0

    def changes(self) -> tuple[dict[str, int], dict[str, Any]]:
        """The `$inc` and `$set` that write it into a page."""
        if self.units is None:
            return {"calls": 1, f"unknown.{self.day}": self.expected}, {"lost_at": now()}
        return {"calls": 1, "units": self.units, f"charged.{self.day}": self.units}, {}


@dataclass(frozen=True, slots=True)
class Result:
    """What a bought page held and where its list goes."""

    kind: str
    items: Sequence[str]
    met: Mapping[str, Sequence[str]]
    got: int
    new: int
    next: Mapping[str, Any] | None
    end: EndReason | None
    ends: Mapping[str, str] | None = None
    total: int | None = None
    rejects: int = 0


class Ledger:
    """All that is done to `pages`."""

    def __init__(self, db: "Database[Document]") -> None:
        self._pages = db["pages"]
        self._unhurried = unhurried(db["pages"])

    # --- a page's life ---

    @reaching
    def take(self, page_id: str, crawl: str, worker: str, lease: float) -> Page | None:
        """Lease a planned page that is not pausing; None where there is nothing to take."""
        token = token_hex(8)
        wanted, update = _taking(page_id, crawl, worker, token, lease)
        found = self._unhurried.find_one_and_update(
            wanted, update, projection=_TAKEN, return_document=ReturnDocument.AFTER
        )
        return None if found is None else _page(found, token)

    @reaching
    def take_all(self, wanted: Sequence[tuple[str, str]], worker: str, lease: float) -> list[Page | None]:
        """As `take`, for pages of crawls given as (page id, crawl), in two round trips."""
        if len(wanted) == 1:
            return [self.take(*wanted[0], worker, lease)]
        tokens = [token_hex(8) for _ in wanted]
        self._unhurried.bulk_write(
            [UpdateOne(*_taking(*page, worker, token, lease)) for page, token in zip(wanted, tokens, strict=True)],
            ordered=False,
        )
        found = self._pages.find({"_id": {"$in": [page_id for page_id, _ in wanted]}}, {**_TAKEN, "lease.token": 1})
        taken = {page["lease"]["token"]: page for page in found if "lease" in page}
        return [_page(taken[token], token) if token in taken else None for token in tokens]

    @reaching
    def finish_all(self, bought: Sequence[tuple[Page, Result, Charge | None]]) -> set[str]:
        """Mark pages done in one journaled write; the ids of those that are done under our leases."""
        updates = [_closing(page, *_done(result, charge), charge) for page, result, charge in bought]
        if len(updates) == 1:
            matched = self._pages.update_one(*updates[0]).matched_count
        else:
            matched = self._pages.bulk_write([UpdateOne(*one) for one in updates], ordered=False).matched_count
        if matched == len(bought):
            return {page.id for page, _, _ in bought}
        # Some leases are lost, some pages were met nearer, or this was written before an answer got lost.
        wanted = [{"_id": page.id, "state": PageState.DONE, "last.token": page.token} for page, _, _ in bought]
        return {page["_id"] for page in self._pages.find({"$or": wanted}, {"_id": 1})}

    @reaching
    def replanned(self, page: Page) -> bool:
        """Mark a page done again whose follow-ups were planned anew, without a call."""
        return self._close(page, {"state": PageState.DONE}, {}, None)

    @reaching
    def fail(self, page: Page, state: PageState, end: EndReason, error: Document | None, charge: Charge | None) -> bool:
        """End a page and its list without a result: failed, skipped, or done with nothing there."""
        increments, sets = charge.changes() if charge else ({}, {})
        if error and state is PageState.FAILED:
            increments["attempts"] = 1
        sets |= {"state": state, "end": end, "error": error, "done_at": now()}
        if state is PageState.DONE:
            sets |= {"items": [], "met": {}, "new": 0, "next": None, "bought": True}
        return self._close(page, sets, increments, charge)

    @reaching
    def give_back(
        self,
        page: Page,
        after: float,
        *,
        attempt: bool = False,
        error: Document | None = None,
        charge: Charge | None = None,
    ) -> bool:
        """Plan it again, not before `after` seconds; `attempt` tells whether this used up a try."""
        increments, sets = charge.changes() if charge else ({}, {})
        if attempt:
            increments["attempts"] = 1
            if error and error.get("kind") == "unreadable":
                increments["unreadable"] = 1
        moment = now() + timedelta(seconds=after)
        sets |= {"state": PageState.PLANNED, "due": moment, "not_before": moment, **_last(page, charge)}
        if error:
            sets["error"] = error
        update: Document = {"$set": sets, "$unset": {"lease": 1}}
        if increments:
            update["$inc"] = increments
        return self._pages.update_one(_held(page), update).matched_count == 1

    @reaching
    def charge(self, page: Page, charge: Charge) -> None:
        """Write what a call cost that another holder's page had already: nothing paid goes unrecorded."""
        increments, sets = charge.changes()
        self._pages.update_one(
            {"_id": page.id}, {"$inc": {**increments, "repeated": 1}, **({"$set": sets} if sets else {})}
        )

    @reaching
    def depth(self, page: Page) -> int | None:
        """The page's depth now, None where the lease is no longer ours."""
        found = self._pages.find_one(_held(page), {"depth": 1})
        return None if found is None else int(found["depth"])

    @reaching
    def refund(self, pages: Sequence[str]) -> None:
        """Give back the try that each page used up on an outage."""
        self._pages.update_many(
            {"_id": {"$in": list(pages)}, "state": PageState.PLANNED, "attempts": {"$gt": 0}},
            {"$inc": {"attempts": -1}},
        )

    # --- lists ---

    @reaching
    def history(
        self, list_id: str, crawl: str, before: int, since: int = 0
    ) -> list[tuple[list[str], Mapping[str, Any]]]:
        """Items and cursor of the list's pages from place `since` up to `before`."""
        found = self._pages.find(
            {"crawl": crawl, "list": list_id, "nth": {"$gte": since, "$lt": before}},
            {"items": 1, "cursor": 1, "_id": 0},
        )
        return [(page.get("items") or [], page["cursor"]) for page in found]

    @reaching
    def bought(self, page: Page) -> Document:
        """What a bought page held, for planning its follow-ups anew: kind, items, next, new, end."""
        return self._pages.find_one({"_id": page.id}, {"kind": 1, "items": 1, "next": 1, "new": 1, "end": 1}) or {}

    # --- the dead ---

    @reaching
    def expired(self, crawl: str) -> list[Document]:
        """Leased pages whose lease has run out: `_id, lease, endpoint, deaths`."""
        return list(
            self._pages.find(
                {"crawl": crawl, "state": PageState.LEASED, "due": {"$lte": now()}},
                _HELD,
            )
        )

    @reaching
    def leased_by(self, crawls: Iterable[str], workers: Iterable[str]) -> list[Document]:
        """Pages leased by these workers, as `expired` gives them."""
        return list(
            self._pages.find(
                {
                    "crawl": {"$in": list(crawls)},
                    "state": PageState.LEASED,
                    "due": {"$gt": UNSENT},
                    "lease.worker": {"$in": list(workers)},
                },
                _HELD,
            )
        )

    @reaching
    def bury(self, page: Document, charge: Charge, limit: int) -> bool:
        """Take a page back from a dead worker; its call may have been charged. Parked at its `limit`-th death."""
        increments, sets = charge.changes()
        deaths = int(page.get("deaths") or 0) + 1
        sets |= {"last": {"token": page["lease"]["token"], "units": charge.expected}}
        unset = {"lease": 1}
        if deaths >= limit:
            sets |= {
                "state": PageState.FAILED,
                "end": EndReason.ERROR,
                "done_at": now(),
                "error": {
                    "kind": "killed",
                    "status": None,
                    "detail": f"its worker died {deaths} times while holding it",
                    "at": now(),
                },
            }
            unset["due"] = 1
        else:
            sets |= {"state": PageState.PLANNED, "due": UNSENT}
        result = self._pages.update_one(
            {"_id": page["_id"], "lease.token": page["lease"]["token"]},
            {"$set": sets, "$unset": unset, "$inc": {**increments, "deaths": 1}},
        )
        return result.matched_count == 1

    @reaching
    def renew(self, tokens: Mapping[str, str], lease: float) -> None:
        """Renew the leases of pages, given as page id → token."""
        due = now() + timedelta(seconds=lease)
        if tokens:
            self._pages.bulk_write(
                [UpdateOne({"_id": i, "lease.token": t}, {"$set": {"due": due}}) for i, t in tokens.items()],
                ordered=False,
            )

    @reaching
    def has_failed(self, crawl: str) -> bool:
        return (
            self._pages.find_one({"crawl": crawl, "state": PageState.FAILED, "error.kind": {"$gt": ""}}, {"_id": 1})
            is not None
        )

    # --- what people ask for ---

    @reaching
    def leased_count(self, crawl: str) -> int:
        """Pages in flight now."""
        return self._pages.count_documents({"crawl": crawl, "state": PageState.LEASED, "due": {"$gte": UNSENT}})

    @reaching
    @patient
    def skip_planned(self, crawl: str, end: EndReason) -> int:
        """Skip every planned page; returns how many. One that is bought, and was met nearer, is done as it was."""
        planned = {"crawl": crawl, "state": PageState.PLANNED, "due": {"$gte": UNSENT}}
        self._pages.update_many({**planned, "bought": True}, {"$set": {"state": PageState.DONE}, "$unset": {"due": 1}})
        return self._pages.update_many(
            planned, {"$set": {"state": PageState.SKIPPED, "end": end, "done_at": now()}, "$unset": {"due": 1}}
        ).modified_count

    @reaching
    @patient
    def retry(self, crawl: str, kind: str | None) -> int:
        """Plan failed pages again with all their attempts; returns how many."""
        wanted: Document = {"crawl": crawl, "state": PageState.FAILED, "error.kind": kind or {"$gt": ""}}
        result = self._pages.update_many(
            wanted,
            {
                "$set": {
                    "state": PageState.PLANNED,
                    "due": UNSENT,
                    "attempts": 0,
                    "unreadable": 0,
                    "deaths": 0,
                    "end": None,
                },
                "$unset": {"not_before": 1},
            },
        )
        return result.modified_count

    @reaching
    @patient
    def failures(self, crawl: str) -> list[Document]:
        """Failed pages by class: `{kind, pages, status, detail, endpoint}` with one example each."""
        return list(
            self._pages.aggregate(
                [
                    {"$match": {"crawl": crawl, "state": PageState.FAILED, "error.kind": {"$gt": ""}}},
                    {
                        "$group": {
                            "_id": "$error.kind",
                            "pages": {"$sum": 1},
                            "status": {"$first": "$error.status"},
                            "detail": {"$first": "$error.detail"},
                            "endpoint": {"$first": "$endpoint"},
                        }
                    },
                    {"$sort": {"pages": -1}},
                    {
                        "$project": {
                            "_id": 0,
                            "kind": "$_id",
                            "pages": 1,
                            "status": 1,
                            "detail": 1,
                            "endpoint": 1,
                        }
                    },
                ]
            )
        )

    # --- money, looked back on ---

    @reaching
    @patient
    def spent_on(self, day: str) -> tuple[int, int]:
        """Units that calls of a UTC day are known to have cost, and units they may have cost beside."""
        rows = self._pages.aggregate(
            [
                {"$match": {"$or": [{f"charged.{day}": {"$exists": True}}, {f"unknown.{day}": {"$exists": True}}]}},
                {"$group": {"_id": None, "known": {"$sum": f"$charged.{day}"}, "unknown": {"$sum": f"$unknown.{day}"}}},
            ]
        )
        row = next(iter(rows), {"known": 0, "unknown": 0})
        return int(row["known"]), int(row["unknown"])

    @reaching
    def unknown_on(self, day: str) -> list[Document]:
        """Pages with calls of the day whose charge is unknown: `_id, crawl, unknown`."""
        wanted = {"lost_at": {"$exists": True}, f"unknown.{day}": {"$exists": True}}
        return list(self._pages.find(wanted, {"crawl": 1, "unknown": 1}))

    @reaching
    def settle_unknown(self, page_id: str, day: str, feared: int, charged: int) -> bool:
        """Turn what a day's calls of a page may have cost into what they did cost, once."""
        result = self._pages.update_one(
            {"_id": page_id, f"unknown.{day}": feared},
            {"$unset": {f"unknown.{day}": 1}, "$inc": {"units": charged, f"charged.{day}": charged}},
        )
        return result.modified_count == 1

    def _close(self, page: Page, sets: Document, increments: Mapping[str, int], charge: Charge | None) -> bool:
        return self._pages.update_one(*_closing(page, sets, increments, charge)).matched_count == 1


def _taking(page_id: str, crawl: str, worker: str, token: str, lease: float) -> tuple[Document, Document]:
    """Filter and update that lease a page."""
    moment = now()
    return (
        {"_id": page_id, "crawl": crawl, "state": PageState.PLANNED, "not_before": {"$not": {"$gt": moment}}},
        {
            "$set": {
                "state": PageState.LEASED,
                "due": moment + timedelta(seconds=lease),
                "lease": {"worker": worker, "token": token, "at": moment},
            }
        },
    )


def _done(result: Result, charge: Charge | None) -> tuple[Document, Mapping[str, int]]:
    """What a bought page's result sets and increments."""
    increments, sets = charge.changes() if charge else ({}, {})
    sets |= {
        "state": PageState.DONE,
        "kind": result.kind,
        "items": list(result.items),
        "met": dict(result.met),
        "got": result.got,
        "new": result.new,
        "next": result.next,
        "end": result.end,
        "error": None,
        "done_at": now(),
        "bought": True,
    }
    for name in ("ends", "total", "rejects"):
        if value := getattr(result, name):
            sets[name] = value
    return sets, increments


def _closing(
    page: Page, sets: Document, increments: Mapping[str, int], charge: Charge | None
) -> tuple[Document, Document]:
    """Filter and update that end a page in its holder's hands."""
    update: Document = {"$set": {**sets, **_last(page, charge)}, "$unset": {"lease": 1, "due": 1, "not_before": 1}}
    if increments:
        update["$inc"] = increments
    return {**_held(page), "depth": page.depth}, update


def _held(page: Page) -> Document:
    return {"_id": page.id, "lease.token": page.token}


def _last(page: Page, charge: Charge | None) -> Document:
    """What the holder's token was charged, so that a hold on a budget can be settled after a crash."""
    if charge is None:
        return {}
    return {"last": {"token": page.token, "units": charge.expected if charge.units is None else charge.units}}


def _page(found: Document, token: str) -> Page:
    return Page(
        id=found["_id"],
        crawl=found["crawl"],
        request=Request(found["endpoint"], found["args"], found["cursor"]),
        list_id=found["list"],
        depth=found["depth"],
        nth=found["nth"],
        barren=found.get("barren") or 0,
        attempts=found.get("attempts") or 0,
        unreadable=found.get("unreadable") or 0,
        token=token,
        paid=bool(found.get("bought")),
    )
