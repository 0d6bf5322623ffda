"""Record a page's life in the ledger, the `pages` collection: the truth about what was fetched and why it ended.

Every change of a page's state is one atomic operation. A page is changed only by the worker that holds its lease token,
so a stale holder, a second delivery and a replay change nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from secrets import token_hex
from typing import Any, NamedTuple

from pymongo import ReturnDocument, UpdateOne
from pymongo.database import Database

from crawler.batcher import Batcher
from crawler.model.charges import Charge, PageResult
from crawler.model.enums import EndReason, PageState
from crawler.model.pages import Page, Request
from crawler.store.connection import NEVER_SENT, Document, Repository, now, unjournaled
from crawler.store.errors import long_running, translate_errors

_PAGE_FIELDS = (
    "crawl", "endpoint", "args", "cursor", "list", "depth", "nth", "empty_streak", "attempts",
    "fetched",
)  # fmt: skip


class _Acquisition(NamedTuple):
    """A lease to be taken on a page; its token is made before the first try, so a repeated try finds its own lease."""

    page_id: str
    crawl_id: str
    worker: str
    lease: float
    token: str


class Ledger(Repository):
    """The `pages` collection, one page at a time."""

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        super().__init__(db, persistent)
        self._pages = db["pages"]
        self._unjournaled = unjournaled(db["pages"])
        self._acquisitions: Batcher[_Acquisition, Page | None] = Batcher(self._acquire)

    # --- acquire ---

    def acquire(self, page_id: str, crawl_id: str, worker: str, lease: float) -> Page | None:
        """Lease a planned page for `lease` seconds; None where it is unknown, paused, done or held by another.

        Concurrent calls share round trips.
        """
        return self._acquisitions.submit(_Acquisition(page_id, crawl_id, worker, lease, token_hex(8)))

    @translate_errors
    def _acquire(self, batch: Sequence[_Acquisition]) -> list[Page | None]:
        if len(batch) == 1:
            return [self._acquire_one(batch[0])]
        self._unjournaled.bulk_write([UpdateOne(*_lease_operation(one)) for one in batch], ordered=False)
        projection = {**dict.fromkeys(_PAGE_FIELDS, 1), "lease.token": 1}
        found = self._pages.find({"_id": {"$in": [one.page_id for one in batch]}}, projection)
        leased = {page["lease"]["token"]: page for page in found if "lease" in page}
        return [page_of(leased[one.token], one.token) if one.token in leased else None for one in batch]

    def _acquire_one(self, wanted: _Acquisition) -> Page | None:
        fields = dict.fromkeys(_PAGE_FIELDS, 1)
        found = self._unjournaled.find_one_and_update(
            *_lease_operation(wanted), projection=fields, return_document=ReturnDocument.AFTER
        ) or self._pages.find_one({"_id": wanted.page_id, "lease.token": wanted.token}, fields)
        return None if found is None else page_of(found, wanted.token)

    # --- complete ---

    @translate_errors
    def complete_many(self, results: Sequence[tuple[Page, PageResult, Charge | None]]) -> set[str]:
        """Mark pages done in one journaled write; return the ids of those that are done under our leases.

        Without a charge, no call was made: a kept answer was read again.
        """
        updates = [
            _close_operation(page, *_result_update(page, result, charge), charge) for page, result, charge in results
        ]
        if len(updates) == 1:
            matched = self._pages.update_one(*updates[0]).matched_count
        else:
            matched = self._pages.bulk_write([UpdateOne(*one) for one in updates], ordered=False).matched_count
        if matched == len(results):
            return {page.id for page, _, _ in results}
        # Some leases are lost, some pages were rediscovered at a smaller depth, or this was written already and the
        # server's answer got lost.
        wanted = [
            {
                "_id": page.id,
                "state": PageState.DONE,
                "reread.token" if charge is None else "last_charge.token": page.lease_token,
            }
            for page, _, charge in results
        ]
        return {page["_id"] for page in self._pages.find({"$or": wanted}, {"_id": 1})}

    @translate_errors
    def hold_ended(self, page_ids: Sequence[str], token: str) -> None:
        """Put pages that are done or failed under a lease, so that this process may write their result again.

        They keep their state, so nothing is fetched again if this process dies.
        """
        self._pages.update_many(
            {"_id": {"$in": list(page_ids)}, "state": {"$in": [PageState.DONE, PageState.FAILED]}},
            {"$set": {"lease": {"worker": "reread", "token": token, "at": now()}}},
        )

    @translate_errors
    def complete_replan(self, page: Page) -> bool:
        """Mark a fetched page done again, after its follow-ups were planned at a smaller depth; no call was made."""
        return self._close(page, {"state": PageState.DONE}, {}, None)

    @translate_errors
    def end_without_result(
        self, page: Page, state: PageState, end: EndReason, error: Document | None, charge: Charge | None
    ) -> bool:
        """End a page and its list without a result: failed, skipped, or done with nothing there.

        False where the lease is lost, or the page was rediscovered at a smaller depth (see `current_depth`).
        """
        moment = now()
        increments, sets = charge.update_operators(moment) if charge else ({}, {})
        if error and state is PageState.FAILED:
            increments["attempts"] = 1
        sets |= {"state": state, "end": end, "error": error, "done_at": moment}
        if state is PageState.DONE:
            sets |= {"items": [], "embedded": {}, "new": 0, "next": None, "fetched": True}
        return self._close(page, sets, increments, charge)

    @translate_errors
    def release(
        self,
        page: Page,
        after: float,
        *,
        attempt: bool = False,
        error: Document | None = None,
        charge: Charge | None = None,
    ) -> bool:
        """Plan a held page again, not before `after` seconds; with `attempt`, this used up one of its tries."""
        moment = now()
        increments, sets = charge.update_operators(moment) if charge else ({}, {})
        if attempt:
            increments["attempts"] = 1
        due = moment + timedelta(seconds=after)
        sets |= {"state": PageState.PLANNED, "due": due, "not_before": due, **_last_charge(page, charge)}
        if error:
            sets["error"] = error
        update: Document = {"$set": sets, "$unset": {"lease": 1}}
        if increments:
            update["$inc"] = increments
        return self._pages.update_one(_held(page), update).matched_count == 1

    @translate_errors
    def record_duplicate_charge(self, page: Page, charge: Charge) -> None:
        """Record the charge of a call whose page another holder has completed: nothing paid goes unrecorded."""
        increments, sets = charge.update_operators(now())
        update: Document = {"$inc": {**increments, "duplicate_calls": 1}}
        if sets:
            update["$set"] = sets
        self._pages.update_one({"_id": page.id}, update)

    @translate_errors
    def restore_attempts(self, page_ids: Sequence[str]) -> None:
        """Give back the try that each page used up on an outage."""
        self._pages.update_many(
            {"_id": {"$in": list(page_ids)}, "state": PageState.PLANNED, "attempts": {"$gt": 0}},
            {"$inc": {"attempts": -1}},
        )

    @translate_errors
    @long_running
    def skip_planned(self, crawl_id: str, end: EndReason) -> int:
        """Skip every planned page of a crawl; return how many. A fetched one that waits to be replanned is done."""
        planned = {"crawl": crawl_id, "state": PageState.PLANNED, "due": {"$gte": NEVER_SENT}}
        self._pages.update_many({**planned, "fetched": True}, {"$set": {"state": PageState.DONE}, "$unset": {"due": 1}})
        return self._pages.update_many(
            planned, {"$set": {"state": PageState.SKIPPED, "end": end, "done_at": now()}, "$unset": {"due": 1}}
        ).modified_count

    # --- read ---

    @translate_errors
    def load_many(self, page_ids: Sequence[str]) -> dict[str, Document]:
        """Return whole pages by id; those that are not there are left out."""
        return {page["_id"]: page for page in self._pages.find({"_id": {"$in": list(page_ids)}})}

    @translate_errors
    @long_running
    def has_unplanned(self, crawl_id: str) -> bool:
        """Whether pages follow from what was read again that are not planned."""
        return self._pages.find_one({"crawl": crawl_id, "unplanned": {"$gt": 0}}, {"_id": 1}) is not None

    @translate_errors
    def current_depth(self, page: Page) -> int | None:
        """Return the held page's depth now; None where the lease is no longer ours."""
        found = self._pages.find_one(_held(page), {"depth": 1})
        return None if found is None else int(found["depth"])

    @translate_errors
    def list_history(
        self, list_id: str, crawl_id: str, before: int, since: int = 0
    ) -> list[tuple[list[str], Mapping[str, Any]]]:
        """Return item ids and cursor of each of the list's pages from place `since` up to `before`."""
        found = self._pages.find(
            {"crawl": crawl_id, "list": list_id, "nth": {"$gte": since, "$lt": before}},
            {"items": 1, "cursor": 1, "_id": 0},
        )
        return [(page.get("items") or [], page["cursor"]) for page in found]

    @translate_errors
    def stored_result(self, page: Page) -> Document:
        """Return what a fetched page held, for planning its follow-ups again: kind, items, next, new, end."""
        return self._pages.find_one({"_id": page.id}, {"kind": 1, "items": 1, "next": 1, "new": 1, "end": 1}) or {}

    @translate_errors
    def count_leased(self, crawl_id: str) -> int:
        """Count the crawl's pages in flight."""
        return self._pages.count_documents({"crawl": crawl_id, "state": PageState.LEASED, "due": {"$gte": NEVER_SENT}})

    def _close(self, page: Page, sets: Document, increments: Mapping[str, int], charge: Charge | None) -> bool:
        return self._pages.update_one(*_close_operation(page, sets, increments, charge)).matched_count == 1


def _lease_operation(wanted: _Acquisition) -> tuple[Document, Document]:
    """Return filter and update that lease a page which is planned and not paused."""
    moment = now()
    planned = {"state": PageState.PLANNED, "not_before": {"$not": {"$gt": moment}}}
    lease = {"worker": wanted.worker, "token": wanted.token, "at": moment}
    sets = {"state": PageState.LEASED, "due": moment + timedelta(seconds=wanted.lease), "lease": lease}
    return {"_id": wanted.page_id, "crawl": wanted.crawl_id, **planned}, {"$set": sets}


def _result_update(page: Page, result: PageResult, charge: Charge | None) -> tuple[Document, Mapping[str, int]]:
    """Return what a fetched page's result sets and increments."""
    moment = now()
    increments: Mapping[str, int] = {}
    if charge is None:
        sets = {"reread": {"token": page.lease_token, "at": moment}, "unplanned": result.unplanned}
        sets |= dict.fromkeys(("rejects", "skipped_items"), 0)
    else:
        increments, sets = charge.update_operators(moment)
        sets["done_at"] = moment
    sets |= {
        "state": PageState.DONE,
        "kind": result.kind,
        "items": list(result.items),
        "embedded": dict(result.embedded),
        "got": result.got,
        "new": result.new,
        "next": result.next,
        "end": result.end,
        "error": None,
        "fetched": True,
    }
    for name in ("ends", "edge", "total", "rejects", "skipped_items"):
        if value := getattr(result, name):
            sets[name] = value
    return sets, increments


def _close_operation(
    page: Page, sets: Document, increments: Mapping[str, int], charge: Charge | None
) -> tuple[Document, Document]:
    """Return filter and update that end a page which its holder knows at its present depth."""
    update: Document = {
        "$set": {**sets, **_last_charge(page, charge)},
        "$unset": {"lease": 1, "due": 1, "not_before": 1},
    }
    if increments:
        update["$inc"] = increments
    return {**_held(page), "depth": page.depth}, update


def _held(page: Page) -> Document:
    return {"_id": page.id, "lease.token": page.lease_token}


def _last_charge(page: Page, charge: Charge | None) -> Document:
    """Return what the lease was charged, so that a crash before its budget hold is settled loses nothing."""
    return {} if charge is None else {"last_charge": {"token": page.lease_token, "units": charge.spent}}


def page_of(found: Document, lease_token: str) -> Page:
    """Return a page of the ledger as the holder of a lease knows it."""
    return Page(
        id=found["_id"],
        crawl_id=found["crawl"],
        request=Request(found["endpoint"], found["args"], found["cursor"]),
        list_id=found["list"],
        depth=found["depth"],
        nth=found["nth"],
        empty_streak=found.get("empty_streak") or 0,
        attempts=found.get("attempts") or 0,
        lease_token=lease_token,
        fetched=bool(found.get("fetched")),
    )
