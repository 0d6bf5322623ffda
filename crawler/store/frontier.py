"""The frontier: open pages of the ledger. Added when planned, dispatched to the broker, dispatched again when lost.

`due` says when an open page next needs attention: NEVER_SENT sorts first and means that it was never dispatched; for a
planned page, when its message counts as lost or its pause (`not_before`) is over; for a leased one, when its lease
ends. A page that is not open has no `due`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from pymongo import UpdateOne
from pymongo.database import Database

from crawler.model.enums import OPEN_STATES, PageState
from crawler.model.pages import PageMessage, PlannedPage, Request
from crawler.store.connection import NEVER_SENT, Document, Repository, now, unjournaled
from crawler.store.errors import long_running, translate_errors

REDISPATCH_AFTER = timedelta(seconds=15)  # after which a message that nobody took counts as lost


@dataclass(frozen=True, slots=True)
class PlanBatch:
    """Pages to be added for one crawl by one page.

    max_depth: how deep the crawl goes.     dispatch_first: how many, from the first, the caller dispatches itself.
    """

    crawl_id: str
    plans: Sequence[PlannedPage]
    parent: str | None
    max_depth: int
    dispatch_first: int = 0


class Frontier(Repository):
    """The open pages of the `pages` collection."""

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        super().__init__(db, persistent)
        self._pages = db["pages"]
        self._unjournaled = unjournaled(db["pages"])

    # --- add ---

    def add(
        self,
        crawl_id: str,
        plans: Sequence[PlannedPage],
        parent: str | None = None,
        *,
        max_depth: int,
        dispatch_first: int = 0,
    ) -> list[str]:
        """As `add_many`, for one batch."""
        return self.add_many([PlanBatch(crawl_id, plans, parent, max_depth, dispatch_first)])[0]

    @translate_errors
    def add_many(self, batches: Sequence[PlanBatch]) -> list[list[str]]:
        """Add the pages that are not there yet; return the ids of new ones, batch by batch.

        A page that is there and is now found at a smaller depth takes that depth; if it was fetched, it is opened again
        so that its follow-ups are planned at the smaller depth, without fetching it again.
        """
        moment = now()
        upserts: list[UpdateOne] = []
        depths: list[tuple[str, int, bool]] = []
        for batch in batches:
            for position, plan in enumerate(batch.plans):
                page_id = plan.request.page_id(batch.crawl_id)
                due = moment + REDISPATCH_AFTER if position < batch.dispatch_first else NEVER_SENT
                page = _document(batch.crawl_id, plan, batch.parent, due, moment)
                upserts.append(UpdateOne({"_id": page_id}, {"$setOnInsert": page}, upsert=True))
                depths.append((page_id, plan.depth, plan.depth < batch.max_depth))
        new = set(self._unjournaled.bulk_write(upserts, ordered=True).upserted_ids or {}) if upserts else set()
        lowered = [
            _lower_depth(page_id, depth)
            for index, (page_id, depth, leads_on) in enumerate(depths)
            if leads_on and index not in new
        ]
        if lowered:
            self._unjournaled.bulk_write(lowered, ordered=True)
        ids = iter([page_id if index in new else None for index, (page_id, _, _) in enumerate(depths)])
        return [[one for one in islice(ids, len(batch.plans)) if one] for batch in batches]

    # --- dispatch ---

    @translate_errors
    def undispatched(self, crawl_id: str, limit: int, *, slow: bool = False) -> list[PageMessage]:
        """Return planned pages that were never dispatched, slow ones or the others: least depth first, then oldest."""
        wanted = {"crawl": crawl_id, "state": PageState.PLANNED, "due": NEVER_SENT, "slow": slow or None}
        return self._messages(crawl_id, wanted, [("depth", 1), ("planned_at", 1)], limit)

    @translate_errors
    def lost(self, crawl_id: str, limit: int) -> list[PageMessage]:
        """Return planned pages whose message counts as lost, longest overdue first."""
        return self._messages(crawl_id, {**_overdue(crawl_id), "not_before": {"$exists": False}}, [("due", 1)], limit)

    @translate_errors
    def due_retries(self, crawl_id: str, limit: int) -> list[PageMessage]:
        """Return planned pages whose pause before the next try is over, longest first."""
        return self._messages(crawl_id, {**_overdue(crawl_id), "not_before": {"$exists": True}}, [("due", 1)], limit)

    @translate_errors
    def mark_dispatched(self, page_ids: Sequence[str]) -> None:
        """Record that messages for these pages are on their way."""
        self._pages.update_many(
            {"_id": {"$in": list(page_ids)}, "state": PageState.PLANNED},
            {"$set": {"due": now() + REDISPATCH_AFTER}, "$unset": {"not_before": 1}},
        )

    @translate_errors
    @long_running
    def reset_dispatch(self, crawl_id: str) -> None:
        """Forget which messages were sent (the crawl is resumed): all planned pages are dispatched again."""
        wanted = {
            "crawl": crawl_id,
            "state": PageState.PLANNED,
            "due": {"$gt": NEVER_SENT},
            "not_before": {"$not": {"$gt": now()}},
        }
        self._pages.update_many(wanted, {"$set": {"due": NEVER_SENT}})

    @translate_errors
    def count_dispatched(self, crawl_id: str, limit: int) -> int:
        """Count planned pages with a message on its way, up to `limit`."""
        return self._pages.count_documents({**_dispatched(crawl_id), "state": PageState.PLANNED}, limit=limit)

    @translate_errors
    def count_slow(self, crawl_id: str) -> int:
        """Count pages of slow endpoints with a message on its way or a call in flight."""
        return self._pages.count_documents({**_dispatched(crawl_id), "state": {"$in": list(OPEN_STATES)}, "slow": True})

    # --- is anything left ---

    @translate_errors
    def unplanned(self, page_ids: Sequence[str]) -> set[str]:
        """Return which of these pages are not in the ledger."""
        found = self._pages.find({"_id": {"$in": list(page_ids)}}, {"_id": 1})
        return set(page_ids) - {page["_id"] for page in found}

    @translate_errors
    def has_open_pages(self, crawl_id: str) -> bool:
        """Whether any page is planned or leased.

        One read in one snapshot: a page keeps its due date on its way from planned to leased and back, and its
        follow-ups are written before it is done, so a crawl with work left is never seen without any.
        """
        wanted = {"crawl": crawl_id, "state": {"$in": list(OPEN_STATES)}, "due": {"$gte": NEVER_SENT}}
        return self._pages.find_one(wanted, {"_id": 1}) is not None

    def _messages(self, crawl_id: str, wanted: Document, order: list[tuple[str, int]], limit: int) -> list[PageMessage]:
        if limit <= 0:
            return []
        found = self._pages.find(wanted, {"endpoint": 1, "args": 1, "cursor": 1}).sort(order).limit(limit)
        return [PageMessage(p["_id"], crawl_id, Request(p["endpoint"], p["args"], p["cursor"])) for p in found]


def _overdue(crawl_id: str) -> Document:
    return {"crawl": crawl_id, "state": PageState.PLANNED, "due": {"$gt": NEVER_SENT, "$lte": now()}}


def _dispatched(crawl_id: str) -> Document:
    return {"crawl": crawl_id, "due": {"$gt": NEVER_SENT}, "not_before": {"$exists": False}}


def _document(crawl_id: str, plan: PlannedPage, parent: str | None, due: datetime, moment: datetime) -> Document:
    request = plan.request
    return {
        "crawl": crawl_id,
        "endpoint": request.endpoint,
        "args": dict(request.args),
        "cursor": dict(request.cursor),
        "request": request.request_id(),
        "list": request.list_id(crawl_id),
        "nth": plan.nth,
        "empty_streak": plan.empty_streak,
        "depth": plan.depth,
        "parent": parent,
        "state": PageState.PLANNED,
        "attempts": 0,
        "due": due,
        **({"slow": True} if plan.slow else {}),
        "planned_at": moment,
    }


def _lower_depth(page_id: str, depth: int) -> UpdateOne:
    """Lower a page's depth; a fetched one is opened again, to be planned from without a call."""
    reopen = {"$and": [{"$eq": ["$state", PageState.DONE]}, {"$eq": ["$fetched", True]}]}
    sets = {
        "depth": depth,
        "state": {"$cond": [reopen, PageState.PLANNED, "$state"]},
        "due": {"$cond": [reopen, NEVER_SENT, "$due"]},
    }
    return UpdateOne({"_id": page_id, "depth": {"$gt": depth}}, [{"$set": sets}])
